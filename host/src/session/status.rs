//! The status line: the running code, its age, the state of the game, and whether the newest source is
//! what runs. It is made of hashes and of the pipeline's news only, so it states nothing that is not
//! known.

use std::fmt;
use std::time::Duration;

use vblank_runtime::build::Coverage;
use vblank_runtime::guest::CodeHash;

use super::Session;
use super::source_state::SourceProgress;
use crate::game::Game;

/// State of the newest source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// The pipeline has sent no news yet.
    Unknown,
    /// The source has changed and is being read.
    Changed,
    /// The source has been in the build for this long.
    Building(Duration),
    /// The source was built to this code, which is being compiled and prepared.
    Preparing(CodeHash),
    /// This code is ready and waits for the boundary.
    Waiting(CodeHash),
    /// The newest source runs.
    Runs,
    /// The newest source runs, and has been in the build with optimisations for this long.
    Optimising(Duration),
    /// The source was built to this code. It was refused or rolled back.
    IsNewer(CodeHash),
    /// The source was built to this code. A person went back from it to an older version.
    WasLeft(CodeHash),
    /// The source does not build, so its code is unknown.
    DoesNotBuild,
    /// The build was stopped, so the code of the source is unknown.
    WasStopped,
    /// The file is no guest.
    IsNoGuest,
}

/// State of the game.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunState {
    /// No version runs yet.
    NotYet,
    /// The game moves.
    Moving,
    /// The game moves, and the version is on probation for this many more updates.
    Probation(usize),
    /// The game stands still after a failure.
    Broken,
    /// The game stands still, because a person paused it.
    Paused,
}

/// Status of a session. Its `Display` is the status line.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Hash of the running code.
    pub hash: Option<CodeHash>,
    /// Time since the running version took over.
    pub since: Duration,
    /// State of the game.
    pub run_state: RunState,
    /// Seconds of game time in a second of the clock.
    pub speed: f64,
    /// State of the newest source.
    pub source: Source,
    /// How changes of the source are noticed.
    pub coverage: Coverage,
}

impl Session {
    /// Returns the present status.
    #[must_use]
    pub fn status(&self) -> Status {
        let game = self.slot.game.as_ref();
        let hash = game.map(Game::hash);
        Status {
            hash,
            since: self.slot.came_in.elapsed(),
            run_state: match game {
                None => RunState::NotYet,
                Some(game) if game.is_broken() => RunState::Broken,
                Some(_) if self.timeline.pace().is_paused() => RunState::Paused,
                Some(game) => match game.probation_left() {
                    Some(left) => RunState::Probation(left),
                    None => RunState::Moving,
                },
            },
            speed: self.timeline.pace().speed(),
            coverage: self.source.coverage.clone(),
            source: match self.source.progress {
                SourceProgress::Nothing => Source::Unknown,
                SourceProgress::Changed => Source::Changed,
                SourceProgress::Building(since) => Source::Building(since.elapsed()),
                SourceProgress::Preparing(hash) => Source::Preparing(hash),
                SourceProgress::Came(newest) if hash == Some(newest) => Source::Runs,
                SourceProgress::Optimising(newest, since) if hash == Some(newest) => {
                    Source::Optimising(since.elapsed())
                }
                SourceProgress::Came(newest) | SourceProgress::Optimising(newest, _)
                    if self.slot.candidate.is_some() =>
                {
                    Source::Waiting(newest)
                }
                SourceProgress::Came(newest) | SourceProgress::Optimising(newest, _)
                    if self.slot.left_source == Some(newest) =>
                {
                    Source::WasLeft(newest)
                }
                SourceProgress::Came(newest) | SourceProgress::Optimising(newest, _) => {
                    Source::IsNewer(newest)
                }
                SourceProgress::DoesNotBuild => Source::DoesNotBuild,
                SourceProgress::WasStopped => Source::WasStopped,
                SourceProgress::IsNoGuest => Source::IsNoGuest,
            },
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hash {
            Some(hash) => write!(f, "{} for {}, ", hash.short(), Span(self.since))?,
            None => f.write_str("nothing runs yet")?,
        }
        match self.run_state {
            RunState::NotYet => {}
            RunState::Moving => f.write_str("running")?,
            RunState::Probation(left) => write!(f, "on probation for {left} more updates")?,
            RunState::Broken => f.write_str("broken")?,
            RunState::Paused => f.write_str("paused")?,
        }
        if self.speed != 1.0 && !matches!(self.run_state, RunState::NotYet | RunState::Broken) {
            write!(f, " at {}×", self.speed)?;
        }
        f.write_str("; ")?;
        match self.source {
            Source::Unknown => f.write_str("the source has not been looked at"),
            Source::Changed => f.write_str("the source has changed"),
            Source::Building(time) => write!(f, "building for {}", Span(time)),
            Source::Preparing(hash) => write!(f, "compiling {}", hash.short()),
            Source::Waiting(hash) => write!(f, "{} waits for the boundary", hash.short()),
            Source::Runs => f.write_str("this is the newest source"),
            Source::Optimising(time) => write!(
                f,
                "this is the newest source, being optimised for {}",
                Span(time)
            ),
            Source::IsNewer(hash) => {
                write!(f, "the newest source is {} and does not run", hash.short())
            }
            Source::WasLeft(hash) => write!(
                f,
                "an older version, as you asked; the newest source is {}",
                hash.short()
            ),
            Source::DoesNotBuild => f.write_str("the newest source does not build"),
            Source::WasStopped => f.write_str("the newest source's build was stopped"),
            Source::IsNoGuest => f.write_str("the newest file is not a guest"),
        }?;
        let is_newest = matches!(self.source, Source::Runs | Source::Optimising(_));
        match &self.coverage {
            _ if !is_newest => Ok(()),
            Coverage::Notified | Coverage::Polled { reason: None, .. } => Ok(()),
            Coverage::Polled { interval, .. } => {
                write!(f, ", as of a look every {}", Span(*interval))
            }
            Coverage::Partial { path, .. } => {
                write!(f, ", except for changes of {}", path.display())
            }
        }
    }
}

/// Time span as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0..10 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            seconds @ 10..60 => write!(f, "{seconds} s"),
            seconds @ 60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            seconds => write!(f, "{} h {} min", seconds / 3600, seconds % 3600 / 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_runs_and_whether_it_is_the_newest() {
        let (runs, newer) = (CodeHash::of(b"a"), CodeHash::of(b"b"));
        let status = Status {
            hash: Some(runs),
            since: Duration::from_secs(185),
            run_state: RunState::Moving,
            speed: 1.0,
            source: Source::Runs,
            coverage: Coverage::Notified,
        };
        let (runs, short) = (runs.short(), newer.short());
        assert_eq!(
            status.to_string(),
            format!("{runs} for 3 min 5 s, running; this is the newest source")
        );
        let slow = Status {
            run_state: RunState::Paused,
            speed: 0.25,
            source: Source::IsNewer(newer),
            ..status.clone()
        };
        assert_eq!(
            slow.to_string(),
            format!(
                "{runs} for 3 min 5 s, paused at 0.25×; the newest source is {short} and does not run"
            )
        );
        let optimising = Status {
            source: Source::Optimising(Duration::from_secs(12)),
            ..status.clone()
        };
        assert_eq!(
            optimising.to_string(),
            format!(
                "{runs} for 3 min 5 s, running; this is the newest source, being optimised for 12 s"
            )
        );
        let polled = Status {
            coverage: Coverage::Polled {
                interval: Duration::from_millis(500),
                reason: Some("it is a network drive".to_owned()),
            },
            ..status.clone()
        };
        assert_eq!(
            polled.to_string(),
            format!(
                "{runs} for 3 min 5 s, running; this is the newest source, as of a look every 0.5 s"
            )
        );
        let none = Status {
            hash: None,
            run_state: RunState::NotYet,
            source: Source::Building(Duration::from_millis(1300)),
            ..status.clone()
        };
        assert_eq!(none.to_string(), "nothing runs yet; building for 1.3 s");
    }
}
