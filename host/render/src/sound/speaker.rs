//! The speaker: the handle of the thread that plays sounds. Knows no device.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::commands::Command;
#[cfg(feature = "sound")]
use super::device;
use super::library::Library;

/// Handle of the thread. Dropping it stops all sounds.
pub struct Speaker {
    commands: Option<Sender<Vec<Command>>>,
    thread: Option<JoinHandle<()>>,
}

impl Speaker {
    /// Starts the thread. The device is opened for the first sound. On a machine without a device, the log
    /// says so once.
    ///
    /// # Errors
    /// When the system starts no thread.
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
                    // Commands are received and dropped, so that they do not pile up.
                    heard.iter().for_each(drop);
                }
            })?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Sends commands. Never waits.
    pub fn play(&self, commands: Vec<Command>) {
        if let Some(sender) = &self.commands
            && !commands.is_empty()
        {
            // An error means that the thread is gone, so nothing can be played.
            let _ = sender.send(commands);
        }
    }
}

/// Returns true if this machine seems to have a sound device. `None` in a build without sound.
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
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}
