//! Types whose slices are raw words, and the only casts between the two.

use super::State;
use std::marker::PhantomData;

/// A record of fixed size without pointers and padding, whose slices cross a swap as raw memory.
///
/// Use `#[derive(Flat)]`, which checks all of it when the guest is compiled.
///
/// # Safety
/// The type has a defined layout (`repr(C)`), at least one byte, no padding and no interior
/// mutability; every bit pattern is a value; its memory is what [`State::save`] writes, on a
/// little-endian machine; `WIDTH` is the largest size of a number in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not flat",
    label = "not flat",
    note = "a flat record holds numbers, arrays and other flat records only",
    note = "use `u8` for a `bool` or an enum and `u32` for a `char`, or leave out `#[derive(Flat)]`"
)]
pub unsafe trait Flat: State + 'static {
    /// The width in bytes of a word of its segments: 1, 2, 4 or 8.
    const WIDTH: u8;
}

/// The proof that `T` is [`Flat`], for code that is generic over any [`State`].
pub struct IsFlat<T> {
    pub(super) width: u8,
    proof: PhantomData<fn() -> T>,
}

impl<T> Clone for IsFlat<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for IsFlat<T> {}

impl<T: Flat> IsFlat<T> {
    /// The proof.
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
        IsFlat {
            width: T::WIDTH,
            proof: PhantomData,
        }
    }
}

impl<T> IsFlat<T> {
    /// An array of a flat type is flat, an empty one is not.
    pub(super) const fn array<const N: usize>(item: Option<Self>) -> Option<IsFlat<[T; N]>> {
        match item {
            Some(flat) if N > 0 => Some(IsFlat {
                width: flat.width,
                proof: PhantomData,
            }),
            _ => None,
        }
    }

    /// The memory of a slice.
    pub(super) fn bytes(self, slice: &[T]) -> &[u8] {
        // SAFETY: `self` proves `T: Flat` (or an array of such), which has no padding and no
        // interior mutability, so all of the slice's memory is initialised bytes.
        unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), size_of_val(slice)) }
    }

    /// As many values as the bytes hold. The length is a multiple of the size.
    pub(super) fn copy_from(self, bytes: &[u8]) -> Vec<T> {
        let count = bytes.len() / size_of::<T>();
        assert_eq!(count * size_of::<T>(), bytes.len());
        let mut values = Vec::<T>::with_capacity(count);
        // SAFETY: the new buffer has room for `count` values, which are `bytes.len()` bytes; the
        // two do not overlap; `self` proves that every bit pattern is a `T`.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                values.as_mut_ptr().cast::<u8>(),
                bytes.len(),
            );
            values.set_len(count);
        }
        values
    }

    /// The values whose words these are, in the words' own buffer where the allocator allows.
    pub(super) fn take<W: Word>(self, words: Vec<W>) -> Vec<T> {
        let (len, capacity) = (
            words.len() * size_of::<W>(),
            words.capacity() * size_of::<W>(),
        );
        assert_eq!(len % size_of::<T>(), 0);
        if align_of::<T>() != align_of::<W>() || capacity % size_of::<T>() != 0 {
            return self.copy_from(words_as_bytes(&words));
        }
        let mut words = std::mem::ManuallyDrop::new(words);
        // SAFETY: the buffer was allocated with this alignment and exactly `capacity` bytes, a
        // whole number of values; the first `len` bytes are initialised, and `self` proves that
        // every bit pattern is a `T`. The old vector is never dropped.
        unsafe {
            Vec::from_raw_parts(
                words.as_mut_ptr().cast(),
                len / size_of::<T>(),
                capacity / size_of::<T>(),
            )
        }
    }
}

#[cfg(target_endian = "big")]
compile_error!("flat memory crosses as it is, and parcels are little endian");

/// The words of segments: `u8`, `u16`, `u32` and `u64`.
pub(crate) trait Word: Copy + Default + private::Sealed {}

mod private {
    pub trait Sealed {}
}

macro_rules! words {
    ($($ty:ty)*) => {$(
        impl private::Sealed for $ty {}
        impl Word for $ty {}
    )*};
}
words!(u8 u16 u32 u64);

/// The memory of words.
pub(crate) fn words_as_bytes<W: Word>(words: &[W]) -> &[u8] {
    // SAFETY: words are unsigned integers: initialised, without padding.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// The memory of words, to write to.
pub(crate) fn words_as_bytes_mut<W: Word>(words: &mut [W]) -> &mut [u8] {
    // SAFETY: as above, and every bit pattern is a word.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// Bytes as words, when they lie where such words may and are a whole number of them.
pub(crate) fn bytes_as_words<W: Word>(bytes: &[u8]) -> Option<&[W]> {
    // SAFETY: every bit pattern is a word.
    let (before, words, after) = unsafe { bytes.align_to::<W>() };
    (before.is_empty() && after.is_empty()).then_some(words)
}
