//! Runs a session without a window. It knows neither a display nor input devices.

use crate::session::{Flow, Session};

/// Runs turns until the session ends, and returns its exit code. `progress` is called after each frame.
pub fn run(session: &mut Session, mut progress: impl FnMut(&mut Session)) -> u8 {
    while session.turn() == Flow::Continue {
        progress(session);
        session.wait();
    }
    session.exit_code()
}
