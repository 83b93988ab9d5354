//! The seam between a session or a slot and whatever makes its candidates.

use std::time::Duration;

use super::news::News;
use crate::error::GuestError;
use crate::guest::Capability;
use crate::history::GoBack;
use crate::supervisor::ExpectedState;

/// A callback that is told whether a grant is new.
pub type GrantCallback = Box<dyn FnOnce(Result<bool, GuestError>) + Send>;

/// Makes candidates, off the frame, and tells of them. A [`Pipeline`](super::Pipeline) watches and builds;
/// a host without the feature `build` has none, or one of its own.
pub trait CandidateSource {
    /// The next news, if there is any. Never waits.
    fn poll(&self) -> Option<News>;

    /// Waits for the next news, no longer than `limit`.
    fn wait(&self, limit: Duration) -> Option<News>;

    /// Prepares an older version, and tells with [`News::Back`]. The next change is handled as usual, also
    /// where it leads back to the code that was left by this.
    fn go_back(&self, request: GoBack);

    /// Grants a capability to all versions from now on. A version that was refused for want of it is
    /// prepared again. `tell` is called on the source's thread.
    fn allow(&self, capability: Capability, tell: GrantCallback);

    /// Builds and looks once more, as after a change.
    fn rebuild(&self);

    /// Stops the build under way, if there is one, and waits for the next change.
    fn stop_build(&self);

    /// Notes that the last version failed: it is not worth optimising.
    fn has_failed(&self);

    /// Says which state the next candidate is going to be given: so much memory is warmed up, and the types
    /// are compared beforehand.
    fn expect_state(&self, expected: ExpectedState);
}
