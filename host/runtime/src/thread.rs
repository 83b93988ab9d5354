//! Threads that work beside the frame. Knows nothing of what they work on.

/// Lowers the priority of the calling thread, so that its work makes no frame late.
///
/// Linux only: there the nice value belongs to the thread. Elsewhere it does nothing.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // A refusal costs late frames and nothing else.
        let _ = rustix::process::nice(10);
    }
}
