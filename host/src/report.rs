//! The report: everything that happens in a session, as typed records.
//!
//! Serialised, a record is one JSON object a line for scripts; names and fields are a contract
//! (`docs/report.md`). The texts for people are made in `present`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use vblank_render::Kind;
use vblank_runtime::build::BuildError;
use vblank_runtime::error::{Reason, Trap};
use vblank_runtime::guest::{CodeHash, SourceLocation};
use vblank_runtime::history::StateOf;
use vblank_runtime::supervisor::{Stages, Swap, SwapVerdict, TransferMode};
use vblank_state::Change;

/// Something that happened, and before which update.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The event.
    #[serde(flatten)]
    pub event: ReportEvent,
    /// The number of the next update.
    pub frame: u64,
}

/// Everything that can happen. More may be added.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ReportEvent {
    /// The first version runs.
    Start {
        /// Its code.
        hash: CodeHash,
        /// The kind of renderer: `gpu`, `software` or `null`.
        renderer: Kind,
        /// Whether its compiled code was known from before.
        cached: bool,
        /// Times from the call of the host to here.
        stages: StageTimes,
    },
    /// A new version has taken over.
    Swap {
        /// The number of the swap in this run, from 1.
        number: u64,
        /// The guest's name: that of its folder or file.
        name: String,
        /// The code that ran.
        from: CodeHash,
        /// The code that runs.
        to: CodeHash,
        /// The verdict.
        verdict: SwapVerdict,
        /// The way in which the state crossed.
        path: TransferMode,
        /// Time for which the game stood still, in microseconds.
        pause_us: f64,
        /// Size of the state as it was taken, in bytes.
        state_bytes: usize,
        /// Paths of values that have no place now.
        parked: Vec<String>,
        /// Everything between build and boundary, in milliseconds.
        prepare_ms: f64,
        /// Whether its compiled code was known from before.
        cached: bool,
        /// The changes of the type, field by field; in the report a line of text for each.
        #[serde(serialize_with = "as_lines")]
        changes: Vec<Change>,
        /// Notes of the migration.
        notes: Vec<String>,
        /// Times of the stages.
        stages: StageTimes,
    },
    /// The first picture of a new version has been submitted.
    FirstFrame {
        /// The code that made it.
        hash: CodeHash,
        /// Bytes of assets that went to the GPU for it: 0 where the version before had the same.
        asset_bytes: u64,
        /// Time of its update, draw and submit, in milliseconds.
        frame_ms: f64,
        /// Time since the file was saved, in milliseconds: what a person waits.
        since_saved_ms: f64,
    },
    /// A candidate was not let in; the old version runs on.
    Refused {
        /// Its file, where it comes from one that is watched.
        guest: Option<PathBuf>,
        /// Its code, where the file could be read.
        to: Option<CodeHash>,
        /// The reason, for scripts.
        reason: Reason,
        /// The reason, for people.
        message: String,
        /// The place where its code trapped, if that is why.
        #[serde(flatten)]
        place: SourceLocation,
    },
    /// A version failed in probation, or somebody asked for an older one.
    Rollback {
        /// The code that failed, or is no longer wanted.
        from: CodeHash,
        /// The code that runs.
        to: CodeHash,
        /// The cause.
        reason: RollbackReason,
        /// The place where its code failed.
        #[serde(flatten)]
        place: SourceLocation,
        /// More about a rollback that was requested.
        #[serde(flatten)]
        requested: Option<RequestedRollback>,
    },
    /// The game stands still, at its last good update.
    Break {
        /// The guest's failure.
        message: String,
        /// The place of the failure.
        #[serde(flatten)]
        place: SourceLocation,
    },
    /// A build has ended.
    Build(BuildResult),
    /// The file is the one that was looked at last.
    SameCode {
        /// Its code.
        hash: CodeHash,
        /// Whether it runs. If not, it was refused or rolled back, and stays out until it changes.
        runs: bool,
    },
    /// The state was autosaved: `--resume` would go on from there.
    Autosave {
        /// The number of the next update then.
        saved: u64,
        /// Time for which the game stood still, in milliseconds.
        take_ms: f64,
        /// Time of writing, beside the game, in milliseconds.
        write_ms: f64,
    },
    /// Somebody edited a value of the state.
    Edit {
        /// Path of the value.
        path: String,
        /// The value before, shortened.
        old: String,
        /// The value now, shortened.
        new: String,
        /// Time for which the game stood still, in microseconds.
        pause_us: f64,
    },
    /// Somebody asked for a fresh game with the same code.
    Reset {
        /// The image of the state before.
        image: PathBuf,
    },
    /// Somebody asked for an image of the state.
    Image {
        /// The file.
        file: PathBuf,
        /// The number of the next update then.
        saved: u64,
    },
    /// Something that a person should know, once.
    Notice {
        /// The text.
        message: String,
    },
    /// The run is over.
    End {
        /// Number of updates made.
        frames: u64,
        /// The hash of the state.
        state_hash: Option<String>,
        /// Time of a frame without presenting and waiting, in microseconds.
        frame_us: Percentiles,
        /// Number of images of the state that were kept to go back to.
        images: u64,
        /// Time of one of them, in microseconds.
        image_us: Percentiles,
        /// The share of the run that they took: 0 to 1.
        image_share: f64,
        /// Bytes of assets that went to the GPU, in all.
        asset_bytes: u64,
        /// Number of assets that were held at the end.
        assets: usize,
    },
}

/// The cause of a rollback. Serialised, it is a text.
#[derive(Clone, Debug)]
pub enum RollbackReason {
    /// The new version failed.
    Failed(Trap),
    /// Somebody asked for it.
    Requested,
}

impl std::fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(trap) => trap.fmt(f),
            Self::Requested => f.write_str("asked for"),
        }
    }
}

impl Serialize for RollbackReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// More about a rollback that was requested: it is a swap.
#[derive(Clone, Debug, Serialize)]
pub struct RequestedRollback {
    /// The state that the older version goes on with.
    pub state: StateOf,
    /// The verdict.
    pub verdict: SwapVerdict,
    /// The way in which the state crossed.
    pub path: TransferMode,
    /// Time for which the game stood still, in microseconds.
    pub pause_us: f64,
    /// Paths of values that have no place now.
    pub parked: Vec<String>,
}

impl RequestedRollback {
    pub(crate) fn new(state: StateOf, swap: &Swap) -> Self {
        Self {
            state,
            verdict: swap.outcome(),
            path: swap.mode,
            pause_us: micros(swap.pause),
            parked: swap.parked_paths(),
        }
    }
}

/// The end of a build: its warnings, or why there is no new file. Serialised, it is `ok`, `ms` and
/// `message`.
#[derive(Clone, Debug)]
pub struct BuildResult {
    /// Duration of the build.
    pub took: Duration,
    /// Warnings as cargo shows them, or the error.
    pub result: Result<String, BuildError>,
}

impl Serialize for BuildResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Build", 3)?;
        fields.serialize_field("ok", &self.result.is_ok())?;
        fields.serialize_field("ms", &millis(self.took))?;
        match &self.result {
            Ok(warnings) => fields.serialize_field("message", warnings)?,
            Err(error) => fields.serialize_field("message", &error.to_string())?,
        }
        fields.end()
    }
}

/// Milliseconds of each stage from a saved file to a candidate; see [`Stages`].
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "the same as in `Stages`")]
pub struct StageTimes {
    pub watch_ms: f64,
    pub build_ms: f64,
    pub read_ms: f64,
    pub componentise_ms: f64,
    pub compile_ms: f64,
    pub instantiate_ms: f64,
    pub prewarm_ms: f64,
}

impl From<&Stages> for StageTimes {
    fn from(stages: &Stages) -> Self {
        Self {
            watch_ms: millis(stages.watch),
            build_ms: millis(stages.build),
            read_ms: millis(stages.read),
            componentise_ms: millis(stages.componentise),
            compile_ms: millis(stages.compile),
            instantiate_ms: millis(stages.instantiate),
            prewarm_ms: millis(stages.prewarm),
        }
    }
}

/// Percentiles of many times, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl ReportEvent {
    /// The place of a guest's failure, in events of one.
    pub(crate) fn place_mut(&mut self) -> Option<&mut SourceLocation> {
        match self {
            Self::Refused { place, .. }
            | Self::Rollback { place, .. }
            | Self::Break { place, .. } => Some(place),
            _ => None,
        }
    }

    pub(crate) fn swap(
        (number, name): (u64, String),
        (from, to): (CodeHash, CodeHash),
        swap: &Swap,
        stages: &Stages,
    ) -> Self {
        Self::Swap {
            number,
            name,
            from,
            to,
            verdict: swap.outcome(),
            path: swap.mode,
            pause_us: micros(swap.pause),
            state_bytes: swap.state_bytes,
            parked: swap.parked_paths(),
            prepare_ms: millis(stages.prepare()),
            cached: stages.cached,
            changes: swap.changes.clone(),
            notes: swap.notes.clone(),
            stages: StageTimes::from(stages),
        }
    }
}

fn as_lines<S: Serializer>(changes: &[Change], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(changes.iter().map(ToString::to_string))
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Hears of everything that happens in a session.
pub trait Observer {
    /// Called once for each record, in order.
    fn observe(&mut self, record: &Record);
}

/// `--report FILE`: JSON lines, each written out at once, so that a script can follow.
pub struct JsonLines(BufWriter<File>);

impl JsonLines {
    /// Starts a new file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self(BufWriter::new(File::create(path)?)))
    }
}

impl Observer for JsonLines {
    fn observe(&mut self, record: &Record) {
        // A full disk must not stop the game.
        let _ = serde_json::to_writer(&mut self.0, record);
        let _ = self.0.write_all(b"\n");
        let _ = self.0.flush();
    }
}
