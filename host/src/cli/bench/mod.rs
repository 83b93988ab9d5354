//! `host bench`: measures games, headless and as fast as possible. `docs/bench.md` is its manual.

mod budget;
mod compare;
mod figures;
mod lane;
mod profile;
mod results;
mod swaps;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{Args, Command};
use vblank_input::Size;
use vblank_render::RendererChoice;
use vblank_runtime::guest::Profiler;

use self::budget::Budget;
use self::compare::{Comparison, Plan, alternate};
use self::lane::{Lane, LaneOptions, Until};
use self::profile::ProfileFile;
use self::results::Results;
use self::swaps::PlannedSwaps;
use super::features::FeatureArgs;
use super::limits::LimitArgs;
use super::log::start_log;
use crate::terminal::Terminal;

/// Measure a game: headless, as fast as possible
#[derive(Args)]
pub(super) struct Bench {
    /// A component, a core module, or the folder of a guest crate (built with optimisations)
    guest: PathBuf,
    /// Number of updates to make; 1000 by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    frames: Option<u64>,
    /// Duration of the measurement in seconds; 5 by default with --compare
    #[arg(long, value_name = "S", value_parser = parse_seconds, conflicts_with = "frames")]
    seconds: Option<Duration>,
    /// Make N updates a second, instead of running as fast as possible
    #[arg(long, value_name = "N", value_parser = super::parse::parse_hz)]
    hz: Option<f64>,
    /// Size of the picture in pixels
    #[arg(long, default_value = "1280x720", value_name = "WxH")]
    size: Size,
    /// The guest's random seed
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// Make N updates before measuring starts
    #[arg(long, default_value_t = 0, value_name = "N")]
    warmup: u64,
    /// Alternate with another game in the same process, and print the ratio of their times
    #[arg(long, value_name = "GUEST", conflicts_with_all = ["hz", "swap_every", "profile"])]
    compare: Option<PathBuf>,
    /// Swap every N updates: to the file of --swap-with and back, or to the same code
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    swap_every: Option<u64>,
    /// The other version of --swap-every, a .wasm file
    #[arg(long, value_name = "GUEST", requires = "swap_every")]
    swap_with: Option<PathBuf>,
    /// Sample the guest's stack every millisecond, and write a flame graph (FILE.svg) or the stacks as text
    /// (FILE.folded)
    #[arg(long, value_name = "FILE", conflicts_with = "swap_every")]
    profile: Option<ProfileFile>,
    /// Exit with 1 when a figure is over this, such as p99-frame=4ms, max-pause=500us or, with
    /// --compare, ratio-frame=1.05
    #[arg(long, value_name = "FIGURE=MOST")]
    budget: Vec<Budget>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the times as CSV: a line for each phase
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Renderer of the pictures: auto, gpu, software or null
    #[arg(long, default_value_t = RendererChoice::Auto)]
    renderer: RendererChoice,
    /// The folder of the guest's pictures and fonts, instead of `assets` in or beside GUEST
    #[arg(long, value_name = "DIR")]
    assets: Option<PathBuf>,
    #[command(flatten)]
    features: FeatureArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Bench {
    pub(super) fn execute(self) -> u8 {
        if let Err(mistake) = self.check() {
            let command = Command::new("bench").bin_name("host bench");
            let mut command = Self::augment_args(command);
            command.error(ErrorKind::ArgumentConflict, mistake).exit();
        }
        let terminal = Terminal::new(false);
        start_log(&terminal, false, None);
        let code = self.bench(&terminal);
        terminal.finish();
        code.unwrap_or_else(|error| {
            terminal.error(&format!("{error:#}"));
            1
        })
    }

    /// Refuses combinations of flags that make no sense and that clap cannot exclude.
    fn check(&self) -> Result<(), String> {
        if let Some(budget) = self.budget.iter().find(|budget| budget.is_ratio())
            && self.compare.is_none()
        {
            return Err(format!(
                "--budget {budget} is of two games; give the other one with --compare"
            ));
        }
        if let Some(budget) = self.budget.iter().find(|budget| budget.is_of_swaps())
            && self.swap_every.is_none()
        {
            return Err(format!(
                "--budget {budget} is of swaps; have some with --swap-every"
            ));
        }
        if let (Some(every), Some(frames)) = (self.swap_every, self.frames)
            && every >= frames
        {
            return Err(format!(
                "--swap-every {every} swaps never in {frames} updates"
            ));
        }
        let profile = self.profile.as_ref().map(|profile| &profile.path);
        let written: Vec<&PathBuf> = [self.json.as_ref(), self.csv.as_ref(), profile]
            .into_iter()
            .flatten()
            .collect();
        for (at, file) in written.iter().enumerate() {
            if written[..at].contains(file) {
                return Err(format!("{} is to be written twice", file.display()));
            }
        }
        Ok(())
    }

    fn until(&self) -> Until {
        match (self.frames, self.seconds) {
            (Some(frames), _) => Until::Updates(frames),
            (None, Some(seconds)) => Until::Time(seconds),
            (None, None) if self.compare.is_some() => Until::Time(Duration::from_secs(5)),
            (None, None) => Until::Updates(1000),
        }
    }

    fn bench(&self, terminal: &Terminal) -> anyhow::Result<u8> {
        self.features.check(&self.guest)?;
        let measured = match &self.compare {
            Some(other) => self.compare(other, terminal)?,
            None => self.measure(terminal)?,
        };
        let results = match measured {
            Ok(results) => results,
            // The session has reported the reason.
            Err(code) => return Ok(code),
        };
        if let Some(path) = &self.csv {
            std::fs::write(path, results.csv())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_vec_pretty(&results)?;
            std::fs::write(path, json)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let Results { figures, compare } = &results;
        let missed = self
            .budget
            .iter()
            .filter(|budget| !budget.holds(figures, compare.as_ref()))
            .inspect(|budget| outln!("over budget: {budget}"))
            .count();
        Ok(u8::from(missed > 0))
    }

    fn lane(&self) -> LaneOptions<'_> {
        LaneOptions {
            hz: self.hz,
            seed: self.seed,
            size: self.size,
            renderer: self.renderer,
            limits: self.limits.limits(),
            cargo: self.features.flags(true),
            assets: self.assets.as_deref(),
            shows_swaps: self.swap_every.is_none(),
        }
    }

    /// Measures one game. The inner error is the exit code of a game that ended by itself.
    fn measure(&self, terminal: &Terminal) -> anyhow::Result<Result<Results, u8>> {
        let profiler = self
            .profile
            .as_ref()
            .map(|_| Arc::new(Profiler::new(profile::EVERY)));
        let mut lane = Lane::start(&self.lane(), &self.guest, profiler.clone(), terminal)?;
        let planned = |every| {
            let flags = self.features.flags(true);
            PlannedSwaps::new(every, &self.guest, &flags, self.swap_with.as_ref())
        };
        let planned = self.swap_every.map(planned).transpose()?;
        if !lane.warm_up(self.warmup) {
            return Ok(Err(lane.exit_code()));
        }
        let start = |planned: PlannedSwaps| planned.start(&lane.engine, lane.session.frames());
        let mut swaps = planned.map(start).transpose()?;
        profiler.iter().for_each(|profiler| profiler.forget());
        let ran = lane.run(self.until(), |session| match &mut swaps {
            Some(swaps) => swaps.make(session),
            None => Ok(()),
        })?;
        if ran.is_none() {
            return Ok(Err(lane.exit_code()));
        }
        let samples = profiler.map(|profiler| profiler.samples());
        let results = Results {
            figures: lane.finish(),
            compare: None,
        };
        results.print();
        if let (Some(file), Some(samples)) = (&self.profile, samples) {
            profile::write(file, &self.guest, &samples)?;
        }
        Ok(Ok(results))
    }

    /// Measures two games by turns. The inner error is that of [`Bench::measure`].
    fn compare(&self, other: &Path, terminal: &Terminal) -> anyhow::Result<Result<Results, u8>> {
        let mut game = Lane::start(&self.lane(), &self.guest, None, terminal)?;
        let mut other = Lane::start(&self.lane(), other, None, terminal)?;
        for lane in [&mut game, &mut other] {
            if !lane.warm_up(self.warmup) {
                return Ok(Err(lane.exit_code()));
            }
        }
        let plan = Plan {
            until: self.until(),
            seed: self.seed,
        };
        let Some((pairs, updates)) = alternate([&mut game, &mut other], &plan)? else {
            return Ok(Err(game.exit_code().max(other.exit_code())));
        };
        let figures = game.finish();
        let other = other.finish();
        let results = Results {
            figures,
            compare: Some(Comparison::of(other, &pairs, updates, self.seed)),
        };
        results.print();
        Ok(Ok(results))
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    const HOUR: f64 = 3600.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.01..=HOUR).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("expected a number of seconds from 0.01 to 3600".to_owned()),
    }
}
