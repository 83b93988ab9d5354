//! The seam between a session or a slot and whatever makes its candidates.

use std::time::Duration;

use super::news::News;
use crate::error::GuestError;
use crate::guest::Capability;
use crate::history::GoBack;
use crate::supervisor::ExpectedState;

/// A callback for the outcome of a grant: true if it is new.
pub type GrantCallback = Box<dyn FnOnce(Result<bool, GuestError>) + Send>;

/// A source of candidates, which makes them off the frame and sends news of them. A
/// [`Pipeline`](super::Pipeline) watches and builds. A host without the feature `build` has no source, or
/// one of its own.
pub trait CandidateSource {
    /// Returns the next news, if there is any. Never waits.
    fn poll(&self) -> Option<News>;

    /// Waits for the next news, no longer than `limit`.
    fn wait(&self, limit: Duration) -> Option<News>;

    /// Prepares an older version, and reports with [`News::Back`]. Later changes are handled as usual, also
    /// if they lead back to the code that was left.
    fn go_back(&self, request: GoBack);

    /// Grants a capability to all versions from now on. A version that was refused because it lacked it is
    /// prepared again. `tell` is called on the source's thread.
    fn allow(&self, capability: Capability, tell: GrantCallback);

    /// Builds and reads the guest once more, as after a change.
    fn rebuild(&self);

    /// Stops the running build, if there is one, and waits for the next change.
    fn stop_build(&self);

    /// Notes that the last version failed, so that it is not optimised.
    fn has_failed(&self);

    /// Sets the state that the next candidate will take over. Memory of that size is prepared, and the
    /// types are compared in advance.
    fn expect_state(&self, expected: ExpectedState);
}
