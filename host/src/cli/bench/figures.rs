//! Figures of a measured game, which are printed as a table or serialised.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vblank_render::Kind;

use crate::frame::Timings;
use crate::report::Percentiles;
use crate::session::Session;

/// Figures of one game. The names of the fields are a contract.
#[derive(Serialize)]
pub(super) struct Figures {
    pub(super) guest: PathBuf,
    pub(super) renderer: Kind,
    pub(super) renderer_name: String,
    pub(super) frames: u64,
    pub(super) seconds: f64,
    pub(super) frames_per_second: f64,
    pub(super) update_us: Percentiles,
    pub(super) draw_us: Percentiles,
    pub(super) submit_us: Percentiles,
    pub(super) frame_us: Percentiles,
    pub(super) image_us: Percentiles,
    pub(super) image_share: f64,
    pub(super) swaps: u64,
    pub(super) pause_us: Percentiles,
    pub(super) guest_memory_bytes: usize,
    /// Growth of the guest's memory during the measurement.
    pub(super) guest_memory_growth_bytes: usize,
    pub(super) state_hash: Option<String>,
}

/// Extent of a measurement.
pub(super) struct Measured {
    pub(super) seconds: f64,
    /// Number of measured updates.
    pub(super) frames: u64,
    /// Size of the guest's memory at the start of the measurement, in bytes.
    pub(super) memory_before: usize,
}

impl Figures {
    pub(super) fn of(
        guest: &Path,
        session: &mut Session,
        times: &Timings,
        measured: &Measured,
    ) -> Self {
        let memory = session.guest_memory();
        Self {
            guest: guest.to_owned(),
            renderer: session.renderer().kind(),
            renderer_name: session.renderer().name().to_owned(),
            frames: session.frames(),
            seconds: measured.seconds,
            frames_per_second: measured.frames as f64 / measured.seconds.max(f64::MIN_POSITIVE),
            update_us: times.update.percentiles(),
            draw_us: times.draw.percentiles(),
            submit_us: times.submit.percentiles(),
            frame_us: times.frame.percentiles(),
            image_us: times.image.percentiles(),
            image_share: times.image.sum().as_secs_f64() / measured.seconds.max(f64::MIN_POSITIVE),
            swaps: times.pause.count(),
            pause_us: times.pause.percentiles(),
            guest_memory_bytes: memory,
            guest_memory_growth_bytes: memory.saturating_sub(measured.memory_before),
            state_hash: None,
        }
    }

    /// Returns the times of all phases, with the names that budgets use.
    pub(super) fn phases(&self) -> [(&'static str, &Percentiles); 6] {
        [
            ("update", &self.update_us),
            ("draw", &self.draw_us),
            ("submit", &self.submit_us),
            ("frame", &self.frame_us),
            ("image", &self.image_us),
            ("pause", &self.pause_us),
        ]
    }

    pub(super) fn print(&self) {
        let row = |name: &str, times: &Percentiles| {
            outln!(
                "{name:<8} {:>10.1} {:>10.1} {:>10.1}",
                times.p50,
                times.p99,
                times.max
            );
        };
        outln!("{}", self.renderer_name);
        outln!(
            "{} frames in {:.2} s: {:.0} frames a second",
            self.frames,
            self.seconds,
            self.frames_per_second
        );
        outln!("{:<8} {:>10} {:>10} {:>10}", "µs", "p50", "p99", "max");
        row("update", &self.update_us);
        row("draw", &self.draw_us);
        row("submit", &self.submit_us);
        row("frame", &self.frame_us);
        row("image", &self.image_us);
        if self.swaps > 0 {
            row("pause", &self.pause_us);
            outln!("{} swaps", self.swaps);
        }
        outln!(
            "images of the state: {:.2}% of the time",
            self.image_share * 100.0
        );
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        outln!(
            "guest memory {:.1} MiB, of it {:.1} MiB since it was measured",
            mib(self.guest_memory_bytes),
            mib(self.guest_memory_growth_bytes)
        );
    }
}
