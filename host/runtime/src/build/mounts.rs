//! Watching of mounts: what is mounted over a folder hides it, and the system reports no change of the folder.
//!
//! Linux reports a change of `/proc/self/mountinfo` to whoever polls it. Elsewhere nothing is watched.

#[cfg(target_os = "linux")]
use std::sync::Arc;

use super::filter::Tell;
#[cfg(target_os = "linux")]
use super::filter::Touched;
#[cfg(target_os = "linux")]
use crate::thread;

/// A thread that waits for mounts to come or go, and then reports that anything may have changed. Dropping it
/// ends the thread.
pub(super) struct MountWatch {
    #[cfg(target_os = "linux")]
    stop: Arc<rustix::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
impl MountWatch {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no list of mounts, or starts no thread.
    pub(super) fn start(tell: Tell) -> std::io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        let mounts = std::fs::File::open("/proc/self/mountinfo")?;
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let stopped = Arc::clone(&stop);
        thread::start("mounts", move || wait_for_mounts(&mounts, &stopped, &tell))?;
        Ok(Self { stop })
    }
}

#[cfg(target_os = "linux")]
fn wait_for_mounts(mounts: &std::fs::File, stopped: &rustix::fd::OwnedFd, tell: &Tell) {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    loop {
        let mut events = [
            PollFd::new(mounts, PollFlags::PRI),
            PollFd::new(stopped, PollFlags::IN),
        ];
        match poll(&mut events, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return,
        }
        if !events[1].revents().is_empty() {
            return;
        }
        tell(Touched::Anything);
    }
}

#[cfg(target_os = "linux")]
impl Drop for MountWatch {
    fn drop(&mut self) {
        // It fails only if the counter is full, and the thread has been stopped then.
        let _ = rustix::io::write(&*self.stop, &1_u64.to_ne_bytes());
    }
}

#[cfg(not(target_os = "linux"))]
impl MountWatch {
    pub(super) fn start(_: Tell) -> std::io::Result<Self> {
        Ok(Self {})
    }
}
