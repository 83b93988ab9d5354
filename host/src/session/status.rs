//! One truthful line: which code runs, since when, what is being done, and whether the newest source
//! is what runs. It is made of hashes and of what the pipeline has told, never of hope.

use std::fmt;
use std::time::Duration;

use vblank_runtime::guest::CodeHash;

use super::Session;
use super::source_state::SourceProgress;
use crate::game::Game;

/// What is known of the newest source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// Nothing yet.
    Unknown,
    /// It has changed, and that is being looked at.
    Changed,
    /// It is being built, for so long.
    Building(Duration),
    /// It came to this code, which is being compiled and made ready.
    Preparing(CodeHash),
    /// That is ready, and waits for the boundary between two frames.
    Waiting(CodeHash),
    /// It is what runs.
    Runs,
    /// It is what runs, and is being built with optimisations, for so long.
    Optimising(Duration),
    /// It came to this code, which was refused or rolled back, or is not wanted.
    IsNewer(CodeHash),
    /// It does not build, so nobody knows.
    DoesNotBuild,
    /// Its build was stopped, so nobody knows.
    WasStopped,
    /// Its file is no guest.
    IsNoGuest,
}

/// What the game does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunState {
    /// There is none yet.
    NotYet,
    /// It moves on.
    Running,
    /// It moves on, and so many updates from now the version before is let go.
    Probation(usize),
    /// It stands still after a failure.
    Broken,
    /// It stands still, since somebody wants it to.
    Paused,
}

/// How it goes. Printed, it is the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Status {
    /// The code that runs.
    pub hash: Option<CodeHash>,
    /// For how long it has.
    pub since: Duration,
    /// What the game does.
    pub run_state: RunState,
    /// Seconds of the game in a second of the clock.
    pub speed: f64,
    /// Whether the newest source is what runs.
    pub source: Source,
}

impl Session {
    /// How it goes, now.
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
                    None => RunState::Running,
                },
            },
            speed: self.timeline.pace().speed(),
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
            RunState::Running => f.write_str("running")?,
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
            Source::DoesNotBuild => f.write_str("the newest source does not build"),
            Source::WasStopped => f.write_str("the newest source's build was stopped"),
            Source::IsNoGuest => f.write_str("the newest file is no guest"),
        }
    }
}

/// A time as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
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
            run_state: RunState::Running,
            speed: 1.0,
            source: Source::Runs,
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
            ..status
        };
        assert_eq!(
            slow.to_string(),
            format!(
                "{runs} for 3 min 5 s, paused at 0.25×; the newest source is {short} and does not run"
            )
        );
        let optimising = Status {
            source: Source::Optimising(Duration::from_secs(12)),
            ..status
        };
        assert_eq!(
            optimising.to_string(),
            format!(
                "{runs} for 3 min 5 s, running; this is the newest source, being optimised for 12 s"
            )
        );
        let none = Status {
            hash: None,
            run_state: RunState::NotYet,
            source: Source::Building(Duration::from_millis(1300)),
            ..status
        };
        assert_eq!(none.to_string(), "nothing runs yet; building for 1.3 s");
    }
}
