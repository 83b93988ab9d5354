//! `Flat`: types whose slices are raw words.

use super::is_flat::FlatProof;
use super::state::State;

/// A record of fixed size without pointers and padding. Its slices cross a swap as raw memory.
///
/// Use `#[derive(Flat)]`, which checks every condition when the guest is compiled.
///
/// # Safety
/// - The layout is defined (`repr(C)`), with at least one byte, no padding and no interior
///   mutability.
/// - Every bit pattern is a value.
/// - The memory is what [`State::save`] writes on a little-endian machine.
/// - `WIDTH` is the largest size of a number in the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not flat",
    label = "not flat",
    note = "a flat record holds numbers, arrays and other flat records only",
    note = "use `u8` for a `bool` or an enum and `u32` for a `char`, or leave out `#[derive(Flat)]`"
)]
pub unsafe trait Flat: State + 'static {
    /// Width in bytes of a word of its segments: 1, 2, 4 or 8.
    const WIDTH: u8;
}

impl<T: Flat> FlatProof<T> {
    /// Returns the proof.
    #[allow(
        clippy::new_without_default,
        reason = "a proof is not a value one defaults to"
    )]
    pub const fn new() -> Self {
        assert!(matches!(T::WIDTH, 1 | 2 | 4 | 8));
        assert!(size_of::<T>() > 0 && size_of::<T>().is_multiple_of(T::WIDTH as usize));
        assert!(
            !std::mem::needs_drop::<T>(),
            "flat memory is copied, so nothing may run when it is dropped"
        );
        // SAFETY: `T` is flat and has this width.
        unsafe { FlatProof::of_width(T::WIDTH) }
    }
}
