//! The speaker: the thread that plays sounds.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::commands::Command;
#[cfg(feature = "sound")]
use super::device;
use super::library::Library;

/// The thread's handle. Dropped, everything falls silent.
pub struct Speaker {
    commands: Option<Sender<Vec<Command>>>,
    thread: Option<JoinHandle<()>>,
}

impl Speaker {
    /// Starts the thread. The device is opened at the first sound, and a machine without one is told once,
    /// in the log.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(library: impl Library) -> std::io::Result<Self> {
        let (commands, heard) = channel();
        let thread = std::thread::Builder::new()
            .name("sound".to_owned())
            .spawn(move || {
                #[cfg(feature = "sound")]
                device::play(&library, &heard);
                #[cfg(not(feature = "sound"))]
                {
                    drop(library);
                    // They have to go somewhere.
                    heard.iter().for_each(drop);
                }
            })?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Hands commands over. Never waits.
    pub fn play(&self, commands: Vec<Command>) {
        if let Some(sender) = &self.commands
            && !commands.is_empty()
        {
            // Were the thread gone, it would be silent.
            let _ = sender.send(commands);
        }
    }
}

/// Whether this machine seems to have something to play on; `None` in a build without sound.
#[must_use]
pub fn has_device() -> Option<bool> {
    #[cfg(feature = "sound")]
    return Some(device::may_have_device());
    #[cfg(not(feature = "sound"))]
    None
}

impl Drop for Speaker {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}
