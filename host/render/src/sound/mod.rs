//! Sound: what guests play, mixed and sent to the system's output on a thread of its own, so that no device
//! can hold the game up.
//!
//! Layer 1. Only this room names kira. A machine without a device, and a build without the feature `sound`,
//! are silent and otherwise the same.

pub mod commands;
mod data;
#[cfg(feature = "sound")]
mod device;
#[cfg(feature = "sound")]
mod mixer;

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

pub use data::{BadSound, Sound};

use commands::Command;

/// Where the thread finds sounds by their handles.
pub trait Library: Send + 'static {
    /// What there is under a handle now.
    fn sound(&self, handle: u32) -> Found;
}

/// What there is under a handle.
#[derive(Clone, Debug)]
pub enum Found {
    /// It is being loaded.
    Loading,
    /// It is here. The number goes up when it has been replaced.
    Ready(Sound, u64),
    /// Nothing, or nothing that can be played.
    Missing,
}

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
