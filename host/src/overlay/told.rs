//! What the overlay has heard of the run: the last swaps, and what has failed and is not mended yet.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::report::{Observer, Record, What};
use crate::terminal;
use super::alarm::Alarm;

/// How many swaps are kept.
const MOST_SWAPS: usize = 20;

/// Shared by the session, which tells, and the overlay, which shows.
#[derive(Clone, Default)]
pub struct Told(Rc<RefCell<Heard>>);

#[derive(Default)]
struct Heard {
    /// Newest first.
    swaps: VecDeque<String>,
    alarm: Option<Alarm>,
    /// How many alarms there were.
    alarms: u64,
    /// What the newest code wants and is not granted.
    wants: Option<String>,
    notice: Option<String>,
}

impl Told {
    /// The last swaps, newest first, each as the terminal shows it.
    pub(super) fn swaps(&self) -> Vec<String> {
        self.0.borrow().swaps.iter().cloned().collect()
    }

    pub(super) fn alarm(&self) -> Option<Alarm> {
        self.0.borrow().alarm.clone()
    }

    /// Which alarm it is, counted from 1.
    pub(super) fn alarm_number(&self) -> Option<u64> {
        let heard = self.0.borrow();
        heard.alarm.as_ref().map(|_| heard.alarms)
    }

    pub(super) fn notice(&self) -> Option<String> {
        self.0.borrow().notice.clone()
    }

    pub(super) fn wants(&self) -> Option<String> {
        self.0.borrow().wants.clone()
    }
}

impl Heard {
    fn hear(&mut self, record: &Record) {
        match &record.what {
            What::Swap { .. } => {
                let block = terminal::plain_swap(&record.what).unwrap_or_default();
                self.note(format!("{block}\n  at frame {}", record.frame));
                self.all_is_well();
            }
            What::Start { .. } => self.all_is_well(),
            What::Rollback {
                asked: Some(_),
                from,
                to,
                ..
            } => {
                let (from, to) = (terminal::short(from), terminal::short(to));
                self.note(format!(
                    "rollback  {from} → {to}   asked for\n  at frame {}",
                    record.frame
                ));
                // Whether the newest source builds is another matter.
                self.moves_on();
            }
            What::Rollback {
                asked: None,
                from,
                to,
                reason,
                place,
            } => {
                let (from, to) = (terminal::short(from), terminal::short(to));
                self.note(format!(
                    "rollback  {from} → {to}   {reason}\n  at frame {}",
                    record.frame
                ));
                let title = match from == to {
                    true => format!("the edit is taken back: {reason}"),
                    false => format!("{from} failed, and {to} runs again: {reason}"),
                };
                self.raise(Alarm::new(title, terminal::plain_details(place), false));
            }
            What::Refused {
                to,
                reason,
                message,
                place,
                ..
            } => {
                let hash = to.as_deref().map_or("the new file", terminal::short);
                let mut lines = message.lines();
                let first = lines.next().unwrap_or_default();
                let more = lines.collect::<Vec<_>>().join("\n");
                let more = format!("{more}{}", terminal::plain_details(place));
                if *reason == "capability" {
                    self.wants = Some(message.clone());
                }
                self.raise(Alarm::new(
                    format!("{hash} is refused: {first}"),
                    more,
                    false,
                ));
            }
            What::Break { message, place } => {
                let title = format!("broken at frame {}: {message}", record.frame);
                self.raise(Alarm::new(title, terminal::plain_details(place), true));
            }
            What::Build { ok: true, .. } | What::SameCode { runs: true, .. } => {
                // Whether the game stands still is another matter.
                self.alarm.take_if(|alarm| !alarm.is_break);
            }
            What::Build {
                ok: false, message, ..
            } => {
                let message = terminal::plain(message);
                self.raise(Alarm::new(
                    "the newest source does not build".to_owned(),
                    message,
                    false,
                ));
            }
            // It moves on with another state.
            What::Edit { .. } => self.moves_on(),
            What::Reset { image } => {
                self.notice = Some(format!("the state of before is in {image}"));
                self.moves_on();
            }
            What::Image { file, .. } => self.notice = Some(format!("kept in {file}")),
            What::Notice { message } => self.notice = Some(message.clone()),
            _ => {}
        }
    }

    fn note(&mut self, swap: String) {
        self.swaps.truncate(MOST_SWAPS - 1);
        self.swaps.push_front(swap);
    }

    fn raise(&mut self, alarm: Alarm) {
        // What stands still is told before what does not build.
        if self.alarm.as_ref().is_some_and(|alarm| alarm.is_break) && !alarm.is_break {
            return;
        }
        self.alarms += 1;
        self.alarm = Some(alarm);
    }

    fn moves_on(&mut self) {
        self.alarm.take_if(|alarm| alarm.is_break);
    }

    fn all_is_well(&mut self) {
        self.notice = None;
        self.alarm = None;
        self.wants = None;
    }
}

impl Observer for Told {
    fn observe(&mut self, record: &Record) {
        self.0.borrow_mut().hear(record);
    }
}
