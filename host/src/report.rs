//! The report: everything that happens in a session, as typed records.
//!
//! Serialised, a record is one JSON object on a line, for scripts. Names and fields are a contract
//! (`docs/report.md`). `present` makes the texts for people; this module makes none.

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

/// An event of a session, and the update that it preceded.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The event.
    #[serde(flatten)]
    pub event: ReportEvent,
    /// Number of the next update.
    pub frame: u64,
}

/// Events of a session. More may be added.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ReportEvent {
    /// The first version runs.
    Start {
        /// The version's code.
        hash: CodeHash,
        /// The kind of renderer: `gpu`, `software` or `null`.
        renderer: Kind,
        /// True if the compiled code was in the cache.
        cached: bool,
        /// Times from the start of the host to this event.
        stages: StageTimes,
        /// Conversion of the state that the run started from.
        #[serde(flatten)]
        state: Option<StartState>,
    },
    /// A new version has taken over.
    Swap {
        /// Number of the swap in this run, counted from 1.
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
        /// Paths of parked values.
        parked: Vec<String>,
        /// Everything between build and boundary, in milliseconds.
        prepare_ms: f64,
        /// True if the compiled code was in the cache.
        cached: bool,
        /// Changes of the schema, field by field. In the report, each is a line of text.
        #[serde(serialize_with = "as_lines")]
        changes: Vec<Change>,
        /// Notes of the migration.
        notes: Vec<String>,
        /// Times of the stages.
        stages: StageTimes,
    },
    /// The new version's first picture has been submitted.
    FirstFrame {
        /// The code that drew the picture.
        hash: CodeHash,
        /// Bytes of assets that went to the GPU for the picture: 0 if the previous version had the same
        /// assets.
        asset_bytes: u64,
        /// Time of the frame's update, draw and submit, in milliseconds.
        frame_ms: f64,
        /// Time since the file was saved, which is how long a person waited, in milliseconds.
        since_saved_ms: f64,
    },
    /// A candidate was refused; the old version continues.
    Refused {
        /// The candidate's file, if it comes from one that is watched.
        guest: Option<PathBuf>,
        /// The candidate's code, if the file could be read.
        to: Option<CodeHash>,
        /// The reason, for scripts.
        reason: Reason,
        /// The reason, for people.
        message: String,
        /// Source location of the trap, if one caused the refusal.
        #[serde(flatten)]
        location: SourceLocation,
        /// True if no version runs, and the session waits for one. For people only.
        #[serde(skip)]
        waits: bool,
    },
    /// A version failed in probation, or a person asked for an older one.
    Rollback {
        /// The code that failed or was replaced.
        from: CodeHash,
        /// The code that runs.
        to: CodeHash,
        /// The cause.
        reason: RollbackReason,
        /// Source location of the failure.
        #[serde(flatten)]
        location: SourceLocation,
        /// Details of a rollback that was requested.
        #[serde(flatten)]
        requested: Option<RequestedRollback>,
    },
    /// The game stands still at its last good update.
    Break {
        /// The guest's failure.
        message: String,
        /// Source location of the failure.
        #[serde(flatten)]
        location: SourceLocation,
        /// True if the session waits for a version that repairs the game. For people only.
        #[serde(skip)]
        waits: bool,
    },
    /// A build has ended.
    Build(BuildResult),
    /// The file is unchanged since it was last read.
    SameCode {
        /// The file's code.
        hash: CodeHash,
        /// True if this code runs. Otherwise it was refused or rolled back, and is not tried again
        /// until it changes.
        runs: bool,
    },
    /// The state was autosaved. `--resume` would continue from this image.
    Autosave {
        /// Number of the next update at the time of the image.
        saved: u64,
        /// Time for which the game stood still, in milliseconds.
        take_ms: f64,
        /// Duration of the write, which ran beside the game, in milliseconds.
        write_ms: f64,
    },
    /// A person edited a value of the state.
    Edit {
        /// Path of the value.
        path: String,
        /// Value before the edit, shortened.
        old: String,
        /// Value after the edit, shortened.
        new: String,
        /// Time for which the game stood still, in microseconds.
        pause_us: f64,
    },
    /// A person asked for a fresh game with the same code.
    Reset {
        /// Image of the previous state.
        image: PathBuf,
    },
    /// A person asked for an image of the state.
    Image {
        /// The file.
        file: PathBuf,
        /// Number of the next update at the time of the image.
        saved: u64,
    },
    /// Information that a person needs once.
    Notice {
        /// The text.
        message: String,
    },
    /// The run is over.
    End {
        /// Number of updates made.
        frames: u64,
        /// Hash of the state.
        state_hash: Option<String>,
        /// Time of a frame without presenting and waiting, in microseconds.
        frame_us: Percentiles,
        /// Number of images that were taken for recovery.
        images: u64,
        /// Time to take one of them, in microseconds.
        image_us: Percentiles,
        /// Share of the run that the images took: 0 to 1.
        image_share: f64,
        /// Bytes of assets that went to the GPU in the whole run.
        asset_bytes: u64,
        /// Number of assets that were held at the end.
        assets: usize,
    },
}

/// Conversion of the state that a run started from. The fields are those of a swap.
#[derive(Clone, Debug, Serialize)]
pub struct StartState {
    /// The verdict.
    pub verdict: SwapVerdict,
    /// Changes of the schema, field by field. In the report, each is a line of text.
    #[serde(serialize_with = "as_lines")]
    pub changes: Vec<Change>,
    /// Paths of parked values.
    pub parked: Vec<String>,
    /// Notes of the migration.
    pub notes: Vec<String>,
}

impl StartState {
    pub(crate) fn new(swap: &Swap) -> Self {
        Self {
            verdict: swap.outcome(),
            changes: swap.changes.clone(),
            parked: swap.parked_paths(),
            notes: swap.notes.clone(),
        }
    }
}

/// Cause of a rollback. Serialised as a text.
#[derive(Clone, Debug)]
pub enum RollbackReason {
    /// The new version failed.
    Failed(Trap),
    /// A person asked for the rollback.
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

/// Details of a rollback that was requested, which is a swap.
#[derive(Clone, Debug, Serialize)]
pub struct RequestedRollback {
    /// State with which the older version continues.
    pub state: StateOf,
    /// The verdict.
    pub verdict: SwapVerdict,
    /// Transfer mode of the state.
    pub path: TransferMode,
    /// Time for which the game stood still, in microseconds.
    pub pause_us: f64,
    /// Paths of parked values.
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

/// Result of a build: warnings, or the reason why there is no new file. Serialised as `ok`, `ms` and
/// `message`.
#[derive(Clone, Debug)]
pub struct BuildResult {
    /// Duration of the build.
    pub took: Duration,
    /// Warnings as cargo shows them, or the error.
    pub result: Result<String, BuildError>,
    /// True if the session waits for a change after a failure. For people only.
    pub waits: bool,
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
    /// Returns the source location, in events of a guest's failure.
    pub(crate) fn location_mut(&mut self) -> Option<&mut SourceLocation> {
        match self {
            Self::Refused { location, .. }
            | Self::Rollback { location, .. }
            | Self::Break { location, .. } => Some(location),
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

/// Receives everything that happens in a session.
pub trait Observer {
    /// Called once for each record, in order.
    fn observe(&mut self, record: &Record);

    /// Returns a message if records could not be written.
    fn failure(&self) -> Option<String> {
        None
    }
}

/// Observer for `--report FILE`. It writes each record as a line of JSON and flushes it, so that a
/// script can follow.
pub struct JsonLines {
    path: PathBuf,
    file: BufWriter<File>,
    /// The first error of the system.
    failure: Option<std::io::Error>,
}

impl JsonLines {
    /// Creates the file, and truncates an existing one.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(File::create(path)?),
            failure: None,
        })
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.file, record)?;
        self.file.write_all(b"\n")?;
        self.file.flush()
    }
}

impl Observer for JsonLines {
    fn observe(&mut self, record: &Record) {
        // A full disk must not stop the game. The exit code says that records are missing.
        if let Err(error) = self.write(record) {
            self.failure.get_or_insert(error);
        }
    }

    fn failure(&self) -> Option<String> {
        let error = self.failure.as_ref()?;
        Some(format!(
            "cannot write the report {}: {error}",
            self.path.display()
        ))
    }
}
