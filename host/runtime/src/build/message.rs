//! Messages to the pipeline's worker. Knows no channel and no thread.

use super::source::GrantCallback;
use crate::guest::Capability;
use crate::history::GoBack;

/// A message to the worker.
pub(super) enum Message {
    /// The last version that was handed on has failed.
    Failed,
    /// There are changes in the backlog, which was empty before.
    Touched,
    /// A person wants the guest built and read again.
    Rebuild,
    /// A person wants the running build stopped.
    StopBuild,
    /// An older version is wanted again.
    GoBack(Box<GoBack>),
    /// A capability is granted from now on. The callback gets the outcome.
    Allow(Capability, GrantCallback),
    /// The process of the build of this number has ended.
    BuildEnded(u64),
    /// The pipeline is no longer wanted.
    Stop,
}
