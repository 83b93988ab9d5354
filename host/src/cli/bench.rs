//! `host bench`: headless, as fast as it goes, with figures.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::limits::LimitArgs;
use super::{folders, start_log};
use crate::clock::{FreeClock, RealClock};
use crate::config::SessionOptions;
use crate::guest::{Code, Engine, EngineOptions};
use crate::headless;
use crate::input::Size;
use crate::reload::report::{Observer, Percentiles, Record, What};
use crate::reload::{GuestCrate, Pipeline, PipelineOptions, Source, prepare};
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
    /// Make so many updates first that count for nothing
    #[arg(long, default_value_t = 0, value_name = "N")]
    warmup: u64,
    /// Swap every N updates: to the file of --swap-with and back, or to the same code
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    swap_every: Option<u64>,
    /// The other version, a .wasm file
    #[arg(long, value_name = "GUEST", requires = "swap_every")]
    swap_with: Option<PathBuf>,
    /// End with exit code 1 when a figure is over this, such as p99-frame=4ms or max-pause=500us
    #[arg(long, value_name = "FIGURE=TIME")]
    budget: Vec<Budget>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the times as CSV: a line for each phase
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
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
    swaps: u64,
    pause_us: Percentiles,
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

    /// What is to be swapped with what. The first one is built by then where it is a folder.
    fn swaps(&self, engine: &Arc<Engine>) -> anyhow::Result<Option<Swaps>> {
        let Some(every) = self.swap_every else {
            return Ok(None);
        };
        let own = if self.guest.is_dir() {
            let guest = GuestCrate::open(&self.guest, true)?;
            let file = guest.artifact();
            if !file.is_file() {
                anyhow::bail!(
                    "--swap-every: {} has not been built yet; type: host build --release {}",
                    file.display(),
                    self.guest.display()
                );
            }
            file
        } else {
            self.guest.clone()
        };
        let other = self.swap_with.as_ref().unwrap_or(&own);
        let codes = [Code::read(other)?, Code::read(&own)?];
        Ok(Some(Swaps {
            engine: Arc::clone(engine),
            every,
            next: self.warmup + every,
            codes,
        }))
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
        let mut swaps = self.swaps(&engine)?;
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
            frames: Some(self.warmup + self.frames),
            waits_for_assets: true,
            ..SessionOptions::default()
        };
        let mut session = Session::new(parts, options);
        let mut begun = None;
        let mut swapped = Ok(());
        let code = headless::run(&mut session, |session| {
            let frames = session.frames();
            if begun.is_none() && frames > self.warmup {
                begun = Some((Instant::now(), frames));
                session.forget_timings();
            }
            if let Some(swaps) = &mut swaps
                && swaps.is_due(frames)
                && swapped.is_ok()
            {
                swapped = swaps.make(session);
            }
        });
        swapped?;
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
            swaps: times.pause.count(),
            pause_us: times.pause.percentiles(),
            guest_memory_bytes: session.guest_memory(),
            state_hash: results.try_iter().last(),
        };
        print_table(&figures);
        if let Some(path) = &self.csv {
            std::fs::write(path, figures.csv())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&figures)?;
            std::fs::write(path, json)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let missed = self.budget.iter().filter(|budget| !budget.holds(&figures));
        let missed = missed
            .inspect(|budget| outln!("over budget: {budget}"))
            .count();
        Ok(u8::from(missed > 0))
    }
}

impl Figures {
    /// Phases by the names that budgets have for them.
    fn phases(&self) -> [(&'static str, &Percentiles); 6] {
        [
            ("update", &self.update_us),
            ("draw", &self.draw_us),
            ("submit", &self.submit_us),
            ("frame", &self.frame_us),
            ("image", &self.image_us),
            ("pause", &self.pause_us),
        ]
    }

    fn csv(&self) -> String {
        let mut text = "phase,p50_us,p99_us,max_us\n".to_owned();
        for (name, times) in self.phases() {
            text += &format!("{name},{},{},{}\n", times.p50, times.p99, times.max);
        }
        text
    }
}

/// What a figure may be at most: `p99-frame=4ms`.
#[derive(Clone, Debug, PartialEq)]
struct Budget {
    which: Which,
    phase: String,
    most: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    P50,
    P99,
    Max,
}

impl Budget {
    fn holds(&self, figures: &Figures) -> bool {
        let phases = figures.phases();
        let times = phases.iter().find(|(name, _)| *name == self.phase);
        times.is_some_and(|(_, times)| self.of(times) <= self.most.as_secs_f64() * 1e6)
    }

    fn of(&self, times: &Percentiles) -> f64 {
        match self.which {
            Which::P50 => times.p50,
            Which::P99 => times.p99,
            Which::Max => times.max,
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = match self.which {
            Which::P50 => "p50",
            Which::P99 => "p99",
            Which::Max => "max",
        };
        let most = humantime::format_duration(self.most);
        write!(f, "{which}-{}={most}", self.phase)
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!(
                "{text:?} is no budget; write p50, p99 or max of update, draw, submit, frame, image or \
                 pause, such as p99-frame=4ms"
            )
        };
        let (figure, most) = text.split_once('=').ok_or_else(wanted)?;
        let (which, phase) = figure.split_once('-').ok_or_else(wanted)?;
        let which = match which {
            "p50" => Which::P50,
            "p99" => Which::P99,
            "max" => Which::Max,
            _ => return Err(wanted()),
        };
        if !["update", "draw", "submit", "frame", "image", "pause"].contains(&phase) {
            return Err(wanted());
        }
        Ok(Self {
            which,
            phase: phase.to_owned(),
            most: humantime::parse_duration(most).map_err(|error| format!("{text:?}: {error}"))?,
        })
    }
}

/// Swaps at regular intervals, to and fro between two versions.
struct Swaps {
    engine: Arc<Engine>,
    every: u64,
    next: u64,
    /// The next version, and the one after it.
    codes: [Code; 2],
}

impl Swaps {
    fn is_due(&self, frames: u64) -> bool {
        frames >= self.next
    }

    /// Prepares the next version, which counts for nothing, and swaps.
    fn make(&mut self, session: &mut Session) -> anyhow::Result<()> {
        self.next = session.frames() + self.every;
        let bytes = session.state_bytes() as u64;
        let candidate = prepare(&self.engine, &self.codes[0], bytes)
            .map_err(|error| anyhow::anyhow!("cannot swap: {error}"))?;
        session.swap_now(candidate);
        self.codes.swap(0, 1);
        Ok(())
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
    if figures.swaps > 0 {
        row("pause", &figures.pause_us);
        outln!("{} swaps", figures.swaps);
    }
    outln!(
        "images of the state: {:.2}% of the time",
        figures.image_share * 100.0
    );
    outln!(
        "guest memory {:.1} MiB",
        figures.guest_memory_bytes as f64 / f64::from(1 << 20)
    );
}
