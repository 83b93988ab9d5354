//! Threads that work beside the frame. Knows nothing of their work.

/// Lowers the priority of the calling thread, so that its work delays no frame.
///
/// Has an effect on Linux only, where each thread has its own nice value.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // A refusal only delays frames.
        let _ = rustix::process::nice(10);
    }
}
