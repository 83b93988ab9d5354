//! A slot of any world, as a commit of several slots needs it.

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
    /// Whether a version is ready.
    #[doc(hidden)]
    fn look(&mut self) -> bool;
    /// That version is about to come.
    #[doc(hidden)]
    fn expect(&mut self);
    /// It does not come, after all.
    #[doc(hidden)]
    fn forget(&mut self);
    /// Give it the state.
    ///
    /// # Errors
    /// When it does not take it, or does not fit those that it uses or that use it. The version before is as it was.
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

/// A version that has the state.
#[doc(hidden)]
pub struct MemberSwap {
    pub(super) from: CodeHash,
    pub(super) to: CodeHash,
    pub(super) prepared: PreparedSwap,
}
