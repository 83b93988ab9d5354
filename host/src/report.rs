//! What happened, as records: one JSON object a line for scripts, and the same records for whoever
//! tells a person.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path as FilePath;

use serde::{Serialize, Serializer};
use vblank_render::Kind;
use vblank_render::Kind;
use vblank_runtime::guest::SourceLocation;
use vblank_runtime::history::StateOf;
use vblank_runtime::supervisor::{Stages, Swap, TransferMode};
use vblank_state::{Change, Verdict};

use super::back::StateOf;
use super::candidate::Stages;
use super::place::Place;
use super::swap::{Path, Swap, parked_paths};

/// Something that happened, and before which update.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// The number of the next update.
    pub frame: u64,
}

/// What can happen. Names and fields are a contract (DESIGN §7); more may be added.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The first version runs.
    Start {
        /// Its code.
        hash: String,
        /// `gpu`, `software` or `null`.
        renderer: Kind,
        /// Whether its compiled code was known from before.
        cached: bool,
        /// From the call of the host to here.
        stages: StageTimes,
    },
    /// A new version has taken over.
    Swap {
        /// Which one of the run, from 1.
        number: u64,
        /// The guest's name: that of its folder or file.
        name: String,
        /// Code that ran.
        from: String,
        /// Code that runs.
        to: String,
        /// `identical`, `automatic` or `migrated`.
        verdict: &'static str,
        /// `copy`, `pages` or `migrate`.
        path: &'static str,
        /// How long the game stood still, in microseconds.
        pause_us: f64,
        /// Size of the state as it was taken.
        state_bytes: usize,
        /// Paths of values that have no place now.
        parked: Vec<String>,
        /// Everything between build and boundary, in milliseconds.
        prepare_ms: f64,
        /// Whether its compiled code was known from before.
        cached: bool,
        /// Field by field; a line of text for each in the report.
        #[serde(serialize_with = "as_lines")]
        changes: Vec<Change>,
        /// What the migration has to tell.
        notes: Vec<String>,
        /// What each stage took.
        stages: StageTimes,
    },
    /// The first picture of a new version has been submitted.
    FirstFrame {
        /// Code that made it.
        hash: String,
        /// Bytes of assets that went to the GPU for it: 0 where the version before had the same.
        asset_bytes: u64,
        /// Its update, draw and submit, in milliseconds.
        frame_ms: f64,
        /// Since the file was saved, in milliseconds: what a person waits.
        since_saved_ms: f64,
    },
    /// A candidate was not let in; the old version runs on.
    Refused {
        /// Its file, where it comes from one that is watched.
        guest: Option<String>,
        /// Its code, where the file could be read.
        to: Option<String>,
        /// A word for scripts.
        reason: &'static str,
        /// For people.
        message: String,
        /// Where its code trapped, if that is why.
        #[serde(flatten)]
        place: SourceLocation,
    },
    /// A new version failed in its first frames; code and state are those before the swap, and the
    /// inputs since were fed to it. Or somebody wanted an older version again.
    Rollback {
        /// Code that failed, or is no longer wanted.
        from: String,
        /// Code that runs.
        to: String,
        /// What it did, or `asked for`.
        reason: String,
        /// Where.
        #[serde(flatten)]
        place: SourceLocation,
        /// Where it was asked for.
        #[serde(flatten)]
        asked: Option<RequestedRollback>,
    },
    /// The game stands still, at its last good frame.
    Break {
        /// What the guest did.
        message: String,
        /// Where.
        #[serde(flatten)]
        place: SourceLocation,
    },
    /// cargo is done.
    Build {
        /// Whether there is a new file.
        ok: bool,
        /// How long it took.
        ms: f64,
        /// Warnings or errors, as cargo shows them.
        message: String,
    },
    /// The file is the one that was looked at last.
    SameCode {
        /// That code.
        hash: String,
        /// Whether it runs. If not, it was refused or rolled back, and stays out until it changes.
        runs: bool,
    },
    /// The state was written by itself: `--resume` would go on from there.
    Autosave {
        /// The number of the next update then.
        saved: u64,
        /// How long the game stood still for it, in milliseconds.
        take_ms: f64,
        /// How long it took to write beside the game, in milliseconds.
        write_ms: f64,
    },
    /// Somebody put another value into the state.
    Edit {
        /// Where.
        path: String,
        /// What was there, as far as it is short.
        old: String,
        /// What is there, likewise.
        new: String,
        /// How long the game stood still, in microseconds.
        pause_us: f64,
    },
    /// Somebody wanted a fresh game by the same code.
    Reset {
        /// Where the state of before was written.
        image: String,
    },
    /// Somebody wanted the state kept.
    Image {
        /// Where it was written.
        file: String,
        /// The number of the next update then.
        saved: u64,
    },
    /// Something that a person should know, once.
    Notice {
        /// What.
        message: String,
    },
    /// The run is over.
    End {
        /// Updates made.
        frames: u64,
        /// What the state is known by.
        state_hash: Option<String>,
        /// Time of a frame without presenting and waiting, in microseconds.
        frame_us: Percentiles,
        /// Images of the state that were kept, to be able to go back to them.
        images: u64,
        /// Time of one of them, in microseconds.
        image_us: Percentiles,
        /// The share of the run that they took: 0 to 1.
        image_share: f64,
        /// Bytes of assets that went to the GPU, in all.
        asset_bytes: u64,
        /// Assets that were held at the end.
        assets: usize,
    },
}

/// More about a rollback that somebody asked for: it is a swap.
#[derive(Clone, Debug, Serialize)]
pub struct RequestedRollback {
    /// The state that the older version goes on with.
    pub state: StateOf,
    /// `identical`, `automatic` or `migrated`.
    pub verdict: &'static str,
    /// `copy`, `pages` or `migrate`.
    pub path: &'static str,
    /// How long the game stood still, in microseconds.
    pub pause_us: f64,
    /// Paths of values that have no place now.
    pub parked: Vec<String>,
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
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        Self {
            watch_ms: ms(stages.watch),
            build_ms: ms(stages.build),
            read_ms: ms(stages.read),
            componentise_ms: ms(stages.componentise),
            compile_ms: ms(stages.compile),
            instantiate_ms: ms(stages.instantiate),
            prewarm_ms: ms(stages.prewarm),
        }
    }
}

/// Of many times, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Percentiles {
    /// Half were quicker.
    pub p50: f64,
    /// One in a hundred was slower.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl What {
    /// Where a guest's code failed, in records of that.
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
        (from, to): (String, String),
        swap: &Swap,
        stages: &Stages,
    ) -> Self {
        let (verdict, path) = words(swap);
        Self::Swap {
            number,
            name,
            from,
            to,
            verdict,
            path,
            pause_us: swap.pause.as_secs_f64() * 1e6,
            state_bytes: swap.state_bytes,
            parked: parked_paths(&swap.parked),
            prepare_ms: stages.prepare().as_secs_f64() * 1e3,
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

/// Verdict and path of a swap, as the report names them.
pub(crate) fn words(swap: &Swap) -> (&'static str, &'static str) {
    let verdict = match swap.verdict {
        _ if swap.is_explicit => "migrated",
        Verdict::Identical => "identical",
        _ => "automatic",
    };
    let path = match swap.path {
        Path::Copy => "copy",
        Path::Pages => "pages",
        Path::Migrate => "migrate",
    };
    (verdict, path)
}

impl RequestedRollback {
    pub(crate) fn new(state: StateOf, swap: &Swap) -> Self {
        let (verdict, path) = words(swap);
        Self {
            state,
            verdict,
            path,
            pause_us: swap.pause.as_secs_f64() * 1e6,
            parked: parked_paths(&swap.parked),
        }
    }
}

/// Hears of everything that happens in a session.
pub trait Observer {
    /// Once for each record, in order.
    fn observe(&mut self, record: &Record);
}

/// `--report FILE`: JSON lines, each written out at once, so that a script can follow.
pub struct JsonLines(BufWriter<File>);

impl JsonLines {
    /// Begin a file anew.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &FilePath) -> std::io::Result<Self> {
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
