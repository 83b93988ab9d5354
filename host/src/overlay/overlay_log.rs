//! The overlay's log of the run: the last swaps, and the failure that is not repaired yet.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use vblank_runtime::error::Reason;

use super::alarm::Alarm;
use crate::present::{Level, Presentation, plain, present};
use crate::report::{Observer, Record, ReportEvent};

/// Number of swaps that are kept.
const MOST_SWAPS: usize = 20;

/// A handle, shared by the session, which reports, and the overlay, which shows.
#[derive(Clone, Default)]
pub struct OverlayLog(Rc<RefCell<Entries>>);

#[derive(Default)]
struct Entries {
    /// The last swaps, newest first.
    swaps: VecDeque<String>,
    alarm: Option<Alarm>,
    /// Number of alarms so far.
    alarms: u64,
    /// The capabilities that the newest code wants and is not granted.
    wants: Option<String>,
    notice: Option<String>,
}

impl OverlayLog {
    /// The last swaps, newest first, each as the terminal shows it.
    pub(super) fn swaps(&self) -> Vec<String> {
        self.0.borrow().swaps.iter().cloned().collect()
    }

    pub(super) fn alarm(&self) -> Option<Alarm> {
        self.0.borrow().alarm.clone()
    }

    /// The number of the alarm that is shown, counted from 1.
    pub(super) fn alarm_number(&self) -> Option<u64> {
        let entries = self.0.borrow();
        entries.alarm.as_ref().map(|_| entries.alarms)
    }

    pub(super) fn notice(&self) -> Option<String> {
        self.0.borrow().notice.clone()
    }

    pub(super) fn wants(&self) -> Option<String> {
        self.0.borrow().wants.clone()
    }
}

impl Observer for OverlayLog {
    fn observe(&mut self, record: &Record) {
        if let Some(presentation) = present(record) {
            self.0.borrow_mut().add(record, &presentation);
        } else if let ReportEvent::Build(build) = &record.event
            && build.result.is_ok()
        {
            self.0.borrow_mut().end_failure();
        }
    }
}

impl Entries {
    fn add(&mut self, record: &Record, presentation: &Presentation) {
        match &record.event {
            ReportEvent::Swap { .. } => {
                self.add_swap(record, &presentation.line());
                self.settle();
            }
            ReportEvent::Start { .. } => self.settle(),
            ReportEvent::Rollback { requested, .. } => {
                // The details belong to the alarm.
                let line = presentation.line();
                self.add_swap(record, line.lines().next().unwrap_or_default());
                if requested.is_some() {
                    // The newest source may still fail to build.
                    self.end_break();
                }
            }
            ReportEvent::Refused {
                reason: Reason::Capability,
                message,
                ..
            } => self.wants = Some(message.clone()),
            ReportEvent::Build(build) if build.result.is_ok() => self.end_failure(),
            ReportEvent::SameCode { runs: true, .. } => self.end_failure(),
            // The game moves again, with another state.
            ReportEvent::Edit { .. } | ReportEvent::Reset { .. } => self.end_break(),
            _ => {}
        }
        match presentation.level {
            Level::Failure => self.raise(presentation, false),
            Level::Break => self.raise(presentation, true),
            Level::Note | Level::Done => {}
        }
        if let ReportEvent::Reset { .. } | ReportEvent::Image { .. } | ReportEvent::Notice { .. } =
            &record.event
        {
            self.notice = Some(plain(&presentation.title));
        }
    }

    fn add_swap(&mut self, record: &Record, block: &str) {
        let block = plain(block);
        self.swaps.truncate(MOST_SWAPS - 1);
        self.swaps
            .push_front(format!("{block}\n  at frame {}", record.frame));
    }

    fn raise(&mut self, presentation: &Presentation, is_break: bool) {
        // A break takes precedence over a failure.
        if self.alarm.as_ref().is_some_and(|alarm| alarm.is_break) && !is_break {
            return;
        }
        let (title, detail) = (plain(&presentation.title), plain(&presentation.detail));
        self.alarms += 1;
        self.alarm = Some(Alarm::new(title, detail, is_break));
    }

    /// Removes the alarm of a break, because the game moves again.
    fn end_break(&mut self) {
        self.alarm.take_if(|alarm| alarm.is_break);
    }

    /// Removes the alarm of a failure, because the newest source fails no more.
    fn end_failure(&mut self) {
        self.alarm.take_if(|alarm| !alarm.is_break);
    }

    fn settle(&mut self) {
        self.notice = None;
        self.alarm = None;
        self.wants = None;
    }
}
