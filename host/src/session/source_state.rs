//! The newest source, as the pipeline's news describe it. This module knows no game.

use std::time::Instant;

use vblank_runtime::build::{BuildError, Coverage, News};
use vblank_runtime::guest::CodeHash;

/// Progress of the newest source towards a version, and the last code that was built from it.
pub(super) struct SourceState {
    pub(super) progress: SourceProgress,
    /// Code that the source was last built to.
    pub(super) newest: Option<CodeHash>,
    /// True if a build has succeeded.
    has_built: bool,
    /// How the inputs of the source are watched.
    pub(super) coverage: Coverage,
}

impl SourceState {
    pub(super) fn new() -> Self {
        Self {
            progress: SourceProgress::Nothing,
            newest: None,
            has_built: false,
            coverage: Coverage::default(),
        }
    }

    /// Updates the progress from news of the pipeline.
    pub(super) fn note(&mut self, news: &News) {
        match news {
            News::Refused { to: Some(hash), .. } => self.newest = Some(*hash),
            News::Ready(candidate) => self.newest = Some(candidate.version.hash()),
            News::Built { .. } => self.has_built = true,
            News::Watching(coverage) => self.coverage = coverage.clone(),
            _ => {}
        }
        self.progress.note(news);
    }

    /// True while the build tool writes to the terminal itself. It does so until a build has succeeded.
    pub(super) fn is_building_aloud(&self) -> bool {
        !self.has_built && matches!(self.progress, SourceProgress::Building(_))
    }

    /// Code that the source was last built to, if another version runs.
    pub(super) fn newer_than(&self, running: CodeHash) -> Option<CodeHash> {
        self.newest.filter(|newest| *newest != running)
    }
}

/// Last news of the pipeline about the newest source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SourceProgress {
    /// There was no news.
    Nothing,
    /// The source has changed.
    Changed,
    /// The source has been in the build since this time.
    Building(Instant),
    /// The source was built to this code, which is being prepared.
    Preparing(CodeHash),
    /// The source was built to this code. Comparing hashes tells whether it runs.
    Came(CodeHash),
    /// The source was built to this code, which has been built again with optimisations since this
    /// time.
    Optimising(CodeHash, Instant),
    /// The source does not build.
    DoesNotBuild,
    /// The build of the source was stopped.
    WasStopped,
    /// The file is no guest.
    IsNoGuest,
}

impl SourceProgress {
    fn note(&mut self, news: &News) {
        *self = match news {
            News::Changed => Self::Changed,
            News::Building => Self::Building(Instant::now()),
            News::BuildFailed { error, .. } => match error {
                BuildError::Stopped => Self::WasStopped,
                _ => Self::DoesNotBuild,
            },
            News::Preparing(hash) => Self::Preparing(*hash),
            News::Ready(candidate) => Self::Came(candidate.version.hash()),
            News::SameCode(hash) | News::Unchanged(hash) => Self::Came(*hash),
            News::Optimising => match *self {
                Self::Came(hash) => Self::Optimising(hash, Instant::now()),
                told => told,
            },
            News::NotOptimised => match *self {
                Self::Optimising(hash, _) => Self::Came(hash),
                told => told,
            },
            News::Refused { to, .. } => to.map_or(Self::IsNoGuest, Self::Came),
            // After a build, the file is read and reported by later news. Notices and rollbacks do not
            // concern the source.
            News::Built { .. } | News::Watching(_) | News::Notice(_) | News::Back(_) => return,
        }
    }
}
