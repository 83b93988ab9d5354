//! The history: versions that ran, and the way back to one of them. Knows no session and no terminal.

mod back;
mod entry;
mod keeper;
mod log;

pub use back::{ArchivedState, Back, BackError, GoBack, StateOf};
pub use entry::{Entry, VersionOutcome};
pub use keeper::{has_code, read};
pub use log::{Arrival, History, HistoryError};
