//! The panels' data, as plain values that are read from the session or made up by a test.

use std::time::Duration;

use vblank_render::assets::AssetInfo;

use super::overlay_log::OverlayLog;
use super::tree::Row;
use crate::report::Percentiles;
use crate::session::Session;

/// A snapshot of the run.
#[derive(Default)]
pub(super) struct Snapshot {
    /// The status line.
    pub(super) status: String,
    pub(super) is_paused: bool,
    pub(super) speed: f64,
    /// The number of the next update.
    pub(super) frame: u64,
    /// Times of the last frames in milliseconds, oldest first.
    pub(super) frames: Vec<f32>,
    /// Indices into `frames` of the first frames of new versions.
    pub(super) swapped: Vec<usize>,
    /// Percentiles of all frames, in microseconds.
    pub(super) percentiles: Percentiles,
    /// The guest's memory, in bytes.
    pub(super) memory: usize,
    /// The last swaps, newest first.
    pub(super) swaps: Vec<String>,
    /// The last notice.
    pub(super) notice: Option<String>,
    /// Capabilities that the guest was granted.
    pub(super) granted: Vec<String>,
    /// Capabilities that the newest code wants in addition.
    pub(super) wants: Option<String>,
    /// The edits that can be undone and redone.
    pub(super) undo: Option<String>,
    pub(super) redo: Option<String>,
    /// The open part of the state.
    pub(super) rows: Vec<Row>,
    /// Time that reading the state took.
    pub(super) read_took: Duration,
    pub(super) assets: Vec<AssetInfo>,
}

impl Snapshot {
    /// Reads everything except the state and the assets, which are read less often.
    pub(super) fn look(&mut self, session: &mut Session, run: &OverlayLog) {
        self.status = session.status().to_string();
        self.is_paused = session.pace().is_paused();
        self.speed = session.pace().speed();
        self.frame = session.next_update();
        self.memory = session.guest_memory();
        let timings = session.timings();
        self.percentiles = timings.frame.percentiles();
        self.frames.clear();
        self.swapped.clear();
        for (index, (time, is_first)) in timings.recent.iter().enumerate() {
            self.frames.push(time.as_secs_f32() * 1e3);
            if is_first {
                self.swapped.push(index);
            }
        }
        self.granted = session.granted();
        self.swaps = run.swaps();
        self.wants = run.wants();
        self.notice = run.notice();
        let (undo, redo) = session.edits();
        let said = |path: &str, value: &str| format!("{path} = {value}");
        self.undo = undo.map(|edit| said(&edit.path, &edit.old));
        self.redo = redo.map(|edit| said(&edit.path, &edit.new));
    }
}
