//! The newest source, as the pipeline's news describe it.

use std::time::Instant;

use vblank_runtime::build::{BuildError, News};
use vblank_runtime::guest::CodeHash;

/// The newest source: its progress towards a version, and the code that it last came to.
pub(super) struct SourceState {
    pub(super) progress: SourceProgress,
    /// The code that the source last came to.
    pub(super) newest: Option<CodeHash>,
}

impl SourceState {
    pub(super) fn new() -> Self {
        Self {
            progress: SourceProgress::Nothing,
            newest: None,
        }
    }

    /// Takes news of the pipeline into account.
    pub(super) fn note(&mut self, news: &News) {
        match news {
            News::Refused { to: Some(hash), .. } => self.newest = Some(*hash),
            News::Ready(candidate) => self.newest = Some(candidate.version.hash()),
            _ => {}
        }
        self.progress.note(news);
    }

    /// The code that the source last came to, where another version runs.
    pub(super) fn newer_than(&self, running: CodeHash) -> Option<CodeHash> {
        self.newest.filter(|newest| *newest != running)
    }
}

/// The last news of the pipeline about the newest source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SourceProgress {
    /// There was none.
    Nothing,
    /// It has changed.
    Changed,
    /// It is being built.
    Building(Instant),
    /// It came to this code, which is being prepared.
    Preparing(CodeHash),
    /// It came to this code. Whether that runs is found by comparing hashes.
    Came(CodeHash),
    /// It came to this code, and is being built with optimisations.
    Optimising(CodeHash, Instant),
    /// It does not build.
    DoesNotBuild,
    /// Its build was stopped.
    WasStopped,
    /// Its file is no guest.
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
            News::SameCode(hash) => Self::Came(*hash),
            News::Optimising => match *self {
                Self::Came(hash) => Self::Optimising(hash, Instant::now()),
                told => told,
            },
            News::NotOptimised => match *self {
                Self::Optimising(hash, _) => Self::Came(hash),
                told => told,
            },
            News::Refused { to, .. } => to.map_or(Self::IsNoGuest, Self::Came),
            // What was built is looked at next; the others are not about the source.
            News::Built { .. } | News::Notice(_) | News::Back(_) => return,
        }
    }
}
