//! `host bench`: headless, as fast as it goes, with figures.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::limits::LimitArgs;
use super::{folders, start_log};
use crate::clock::{FreeClock, RealClock};
use crate::config::SessionOptions;
use crate::guest::{Engine, EngineOptions};
use crate::headless;
use crate::input::Size;
use crate::reload::report::{Observer, Percentiles, Record, What};
use crate::reload::{Pipeline, PipelineOptions, Source};
use crate::render::{self, Kind, RendererChoice};
use crate::session::{Parts, Session};
use crate::terminal::Terminal;

/// Measure a game: headless, as fast as it goes
#[derive(Args)]
pub(super) struct Bench {
    /// A component, a core module, or the folder of a guest crate (built with optimisations)
    guest: PathBuf,
    /// How many updates to make
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    frames: u64,
    /// Make so many updates a second, instead of going as fast as it goes
    #[arg(long, value_name = "N", value_parser = super::parse_hz)]
    hz: Option<f64>,
    /// Size of the picture in pixels
    #[arg(long, default_value = "1280x720", value_name = "WxH")]
    size: Size,
    /// The guest's source of chance
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What makes the pictures: auto, gpu, software or null
    #[arg(long, default_value_t = RendererChoice::Auto)]
    renderer: RendererChoice,
    /// The folder of the guest's pictures and fonts, instead of `assets` in or beside GUEST
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// The figures. Names are a contract.
#[derive(Serialize)]
struct Figures {
    guest: PathBuf,
    renderer: Kind,
    renderer_name: String,
    frames: u64,
    seconds: f64,
    frames_per_second: f64,
    update_us: Percentiles,
    draw_us: Percentiles,
    submit_us: Percentiles,
    frame_us: Percentiles,
    image_us: Percentiles,
    image_share: f64,
    guest_memory_bytes: usize,
    state_hash: Option<String>,
}

impl Bench {
    pub(super) fn execute(self) -> u8 {
        let terminal = Terminal::new(false);
        start_log(&terminal, false, None);
        let code = self.bench(&terminal);
        terminal.finish();
        code.unwrap_or_else(|error| {
            terminal.error(&format!("{error:#}"));
            1
        })
    }

    fn bench(&self, terminal: &Terminal) -> anyhow::Result<u8> {
        let source = if self.guest.is_dir() {
            Source::Folder(self.guest.clone())
        } else if self.guest.exists() {
            Source::File(self.guest.clone())
        } else {
            anyhow::bail!("no such file or folder: {}", self.guest.display());
        };
        let engine = Arc::new(Engine::new(EngineOptions {
            limits: self.limits.limits(),
            cache: folders::compiled(),
            ..EngineOptions::default()
        })?);
        let (renderer, notice) = render::headless(self.renderer, self.size)?;
        if let Some(notice) = notice {
            terminal.say(&notice);
        }
        let options = PipelineOptions {
            release: true,
            assets: Some(folders::assets_of(&self.guest, self.assets.as_deref())),
            ..PipelineOptions::default()
        };
        let (_tell, outside) = channel();
        let (sender, results) = channel();
        let parts = Parts {
            pipeline: Some(Pipeline::start(
                Arc::clone(&engine),
                source,
                options,
                || (),
            )?),
            engine,
            renderer,
            speaker: None,
            clock: match self.hz {
                Some(_) => Box::new(RealClock::default()),
                None => Box::new(FreeClock::default()),
            },
            outside,
            observers: vec![Box::new(Watch(sender, terminal.clone()))],
            script: Default::default(),
        };
        let options = SessionOptions {
            hz: self.hz.unwrap_or(60.0),
            seed: self.seed,
            size: self.size,
            frames: Some(self.frames),
            waits_for_assets: true,
            ..SessionOptions::default()
        };
        let mut session = Session::new(parts, options);
        let mut begun = None;
        let code = headless::run(&mut session, |session| {
            if begun.is_none() && session.frames() > 0 {
                begun = Some((Instant::now(), session.frames()));
            }
        });
        if code != 0 {
            return Ok(code);
        }
        let (since, first) = begun.unwrap_or((Instant::now(), 0));
        let seconds = since.elapsed().as_secs_f64();
        let frames = session.frames();
        let times = session.timings();
        let figures = Figures {
            guest: self.guest.clone(),
            renderer: session.renderer().kind(),
            renderer_name: session.renderer().name().to_owned(),
            frames,
            seconds,
            frames_per_second: (frames - first) as f64 / seconds.max(f64::MIN_POSITIVE),
            update_us: times.update.percentiles(),
            draw_us: times.draw.percentiles(),
            submit_us: times.submit.percentiles(),
            frame_us: times.frame.percentiles(),
            image_us: times.image.percentiles(),
            image_share: session.image_share(),
            guest_memory_bytes: session.guest_memory(),
            state_hash: results.try_iter().last(),
        };
        print_table(&figures);
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&figures)?;
            std::fs::write(path, json)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(0)
    }
}

/// Shows what goes wrong, and keeps the state's hash.
struct Watch(std::sync::mpsc::Sender<String>, Terminal);

impl Observer for Watch {
    fn observe(&mut self, record: &Record) {
        match &record.what {
            What::End { state_hash, .. } => {
                if let Some(hash) = state_hash {
                    // Nobody listens any more only when the figures are already shown.
                    let _ = self.0.send(hash.clone());
                }
            }
            What::Start { .. } | What::FirstFrame { .. } => {}
            _ => self.1.observe(record),
        }
    }
}

fn print_table(figures: &Figures) {
    let row = |name: &str, times: &Percentiles| {
        outln!(
            "{name:<8} {:>10.1} {:>10.1} {:>10.1}",
            times.p50,
            times.p99,
            times.max
        );
    };
    outln!("{}", figures.renderer_name);
    outln!(
        "{} frames in {:.2} s: {:.0} frames a second",
        figures.frames,
        figures.seconds,
        figures.frames_per_second
    );
    outln!("{:<8} {:>10} {:>10} {:>10}", "µs", "p50", "p99", "max");
    row("update", &figures.update_us);
    row("draw", &figures.draw_us);
    row("submit", &figures.submit_us);
    row("frame", &figures.frame_us);
    row("image", &figures.image_us);
    outln!(
        "images of the state: {:.2}% of the time",
        figures.image_share * 100.0
    );
    outln!(
        "guest memory {:.1} MiB",
        figures.guest_memory_bytes as f64 / f64::from(1 << 20)
    );
}
