//! What the panels show, as plain data: read from the session, or made up by a test.

use std::time::Duration;

use vblank_render::assets::AssetInfo;

use super::overlay_log::OverlayLog;
use super::tree::Row;
use crate::report::Percentiles;
use crate::session::Session;

/// A snapshot of the run.
#[derive(Default)]
pub(super) struct Snapshot {
    /// The one truthful line.
    pub(super) status: String,
    pub(super) is_paused: bool,
    pub(super) speed: f64,
    /// The number of the next update.
    pub(super) frame: u64,
    /// Times of the last frames in milliseconds, oldest first.
    pub(super) frames: Vec<f32>,
    /// Which of them were the first by a new version.
    pub(super) swapped: Vec<usize>,
    /// Of all frames, in microseconds.
    pub(super) percentiles: Percentiles,
    /// The guest's memory, in bytes.
    pub(super) memory: usize,
    /// The last swaps, newest first.
    pub(super) swaps: Vec<String>,
    /// What was noticed last.
    pub(super) notice: Option<String>,
    /// What the guest was granted.
    pub(super) granted: Vec<String>,
    /// What the newest code wants beyond that.
    pub(super) wants: Option<String>,
    /// The edits that can be taken back and made again.
    pub(super) undo: Option<String>,
    pub(super) redo: Option<String>,
    /// The open part of the state.
    pub(super) rows: Vec<Row>,
    /// How long it took to read that.
    pub(super) read_took: Duration,
    pub(super) assets: Vec<AssetInfo>,
}

impl Snapshot {
    /// All but the state, which is read less often.
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
