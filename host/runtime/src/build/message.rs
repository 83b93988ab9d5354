//! Messages to the pipeline's worker.

use std::path::PathBuf;
use std::time::SystemTime;

use super::source::GrantCallback;
use crate::guest::Capability;
use crate::history::GoBack;

/// A message to the worker.
pub(super) enum Message {
    /// The version that was handed on last has failed.
    Failed,
    /// This path, which matters, was written at this time, by the file system's clock where it says.
    Touched(PathBuf, SystemTime),
    /// The same, of a file of the asset folder: a guest may have it in its code too.
    TouchedAsset(PathBuf, SystemTime),
    /// Somebody wants it built and looked at once more.
    Rebuild,
    /// Somebody does not want to wait for the build that runs.
    StopBuild,
    /// An older version is wanted again.
    GoBack(Box<GoBack>),
    /// Something is granted from now on; tell when it is.
    Allow(Capability, GrantCallback),
    /// The process of the build of this number has ended.
    BuildEnded(u64),
    /// The pipeline is no longer wanted.
    Stop,
}
