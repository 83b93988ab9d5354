//! A slot of any world, as a commit of several slots sees it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::SwapError;
use crate::guest::CodeHash;
use crate::supervisor::PreparedSwap;

/// A slot of any world.
pub trait Member: sealed::Sealed {
    /// The name, as in messages.
    #[doc(hidden)]
    fn name(&self) -> &str;
    /// Takes in news. True if a version is ready.
    #[doc(hidden)]
    fn look(&mut self) -> bool;
    /// Notes that the ready version is about to take over.
    #[doc(hidden)]
    fn expect(&mut self);
    /// Drops the ready version.
    #[doc(hidden)]
    fn forget(&mut self);
    /// Moves the state into the ready version.
    ///
    /// # Errors
    /// When the version cannot take over the state, or does not fit its providers or users. The running
    /// version is unchanged.
    #[doc(hidden)]
    fn prepare(&mut self) -> Result<MemberSwap, SwapError>;
    #[doc(hidden)]
    fn abort(&mut self, prepared: MemberSwap);
    #[doc(hidden)]
    fn publish(&mut self, prepared: MemberSwap, bond: &Arc<AtomicBool>);
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A version that has taken over the state and is not published yet.
#[doc(hidden)]
pub struct MemberSwap {
    pub(super) from: CodeHash,
    pub(super) to: CodeHash,
    pub(super) prepared: PreparedSwap,
}
