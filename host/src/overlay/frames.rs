//! The panel with the times of the last frames, in which swaps are marked. It knows no session.

use egui::{Color32, Ui};
use egui_plot::{HLine, Line, Plot, PlotPoints, VLine};

use super::snapshot::Snapshot;

const TIME: Color32 = Color32::from_rgb(120, 180, 250);
const SWAP: Color32 = Color32::from_rgb(110, 210, 120);
const LIMIT: Color32 = Color32::from_gray(90);

pub(super) fn show(ui: &mut Ui, snapshot: &Snapshot) {
    let worst = snapshot.frames.iter().copied().fold(0.0_f32, f32::max);
    Plot::new("frames")
        .height(80.0)
        .show_axes([false, true])
        .show_grid([false, true])
        .show_x(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .include_y(f64::from(worst.max(1.0)))
        .show(ui, |plot| {
            if worst > 8.0 {
                plot.hline(HLine::new("60 a second", 1000.0 / 60.0).color(LIMIT));
            }
            for at in &snapshot.swapped {
                plot.vline(VLine::new("swap", *at as f64).color(SWAP));
            }
            plot.line(Line::new("ms", PlotPoints::from_ys_f32(&snapshot.frames)).color(TIME));
        });
    let times = &snapshot.percentiles;
    ui.weak(format!(
        "ms a frame; of all: p50 {:.2}, p99 {:.2}, most {:.2}; green: a new version",
        times.p50 / 1e3,
        times.p99 / 1e3,
        times.max / 1e3,
    ));
}

/// Plots a number over time.
pub(super) fn plot_number(ui: &mut Ui, path: &str, values: impl Iterator<Item = f64>) {
    let points: PlotPoints<'_> = values
        .enumerate()
        .map(|(at, value)| [at as f64, value])
        .collect();
    Plot::new(("watched", path))
        .height(60.0)
        .show_axes([false, true])
        .show_grid(false)
        .show_x(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show(ui, |plot| plot.line(Line::new(path, points).color(TIME)));
}
