//! Runs a session without a window.

use crate::session::{Flow, Session};

/// Turn until the session ends. Returns the exit code.
///
/// `progress` is called after each frame.
pub fn run(session: &mut Session, mut progress: impl FnMut(&mut Session)) -> u8 {
    while session.turn() == Flow::Continue {
        progress(session);
        session.wait();
    }
    session.exit_code()
}
