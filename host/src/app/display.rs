//! The connection to the window system, and a one-line error if there is none. This module knows no
//! game.

use std::fmt;
use std::panic;

use winit::error::{EventLoopError, OsError};
use winit::event_loop::EventLoop;

/// A connection to the window system.
#[derive(Debug)]
pub struct Display(pub(super) EventLoop<()>);

/// Error of a missing window system or of a missing library for it. The message is one line for people.
#[derive(Debug, thiserror::Error)]
pub struct NoDisplay {
    cause: String,
    /// True if the environment names a window system that could not be reached.
    named: bool,
}

/// Debian packages of the libraries that winit loads at run time for X11.
const LIBRARIES: &str = "libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0";

impl fmt::Display for NoDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, named } = self;
        if !named {
            return write!(f, "no display: {cause}");
        }
        write!(
            f,
            "the display cannot be used: {cause} (on Debian: apt install {LIBRARIES})"
        )
    }
}

impl Display {
    /// Connects to the window system. To be called once in a process, and on its first thread.
    ///
    /// # Errors
    /// Without a window system, or without the libraries for it.
    pub fn open() -> Result<Self, NoDisplay> {
        let unix = cfg!(all(unix, not(target_os = "macos")));
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if unix
            && !["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
                .into_iter()
                .any(set)
        {
            let cause = "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned();
            return Err(NoDisplay {
                cause,
                named: false,
            });
        }
        // winit panics when a library is missing, and that panic's message does not help a user.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let opened = panic::catch_unwind(EventLoop::new);
        panic::set_hook(hook);
        let cause = match opened {
            Ok(Ok(event_loop)) => return Ok(Self(event_loop)),
            Ok(Err(EventLoopError::Os(error))) => os_cause(&error),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
                (Some(text), _) => text.clone(),
                (None, Some(text)) => (*text).to_owned(),
                (None, None) => "winit panicked".to_owned(),
            },
        };
        Err(NoDisplay {
            cause: cause.trim_end_matches('.').to_owned(),
            named: true,
        })
    }
}

impl Display {
    /// Wakes the window's loop from another thread.
    pub fn waker(&self) -> impl Fn() + Clone + Send + 'static {
        let proxy = self.0.create_proxy();
        move || {
            // An error means that the loop has ended, and nothing is left to wake.
            let _ = proxy.send_event(());
        }
    }
}

/// Returns an error's cause without the location in winit's source: `os error at FILE.rs:LINE: cause`.
fn os_cause(error: &OsError) -> String {
    let text = error.to_string();
    let cause = text
        .split_once(".rs:")
        .and_then(|(_, rest)| rest.split_once(": "));
    cause.map_or(text.clone(), |(_, cause)| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_display_one_line_says_so() {
        let cause = "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned();
        let error = NoDisplay {
            cause: cause.clone(),
            named: false,
        };
        assert_eq!(error.to_string(), format!("no display: {cause}"));
        let named = NoDisplay { cause, named: true }.to_string();
        assert!(
            named.contains("apt install libx11-6") && !named.contains('\n'),
            "{named}"
        );
    }
}
