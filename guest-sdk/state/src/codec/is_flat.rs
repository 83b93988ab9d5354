//! The proof that a type is flat, and the casts that it allows. Knows no `State`.

use crate::words::{Word, words_as_bytes};
use std::marker::PhantomData;

/// The proof that `T` is [`Flat`](crate::Flat), for code that is generic over
/// [`State`](crate::State).
pub struct FlatProof<T> {
    pub(super) width: u8,
    proof: PhantomData<fn() -> T>,
}

impl<T> Clone for FlatProof<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FlatProof<T> {}

impl<T> FlatProof<T> {
    /// Makes a proof. The only caller has checked `T: Flat`.
    pub(super) const fn of_width(width: u8) -> Self {
        FlatProof {
            width,
            proof: PhantomData,
        }
    }

    /// Returns the proof for an array. An array of a flat type is flat unless it is empty.
    pub(super) const fn array<const N: usize>(item: Option<Self>) -> Option<FlatProof<[T; N]>> {
        match item {
            Some(flat) if N > 0 => Some(FlatProof {
                width: flat.width,
                proof: PhantomData,
            }),
            _ => None,
        }
    }

    /// Returns the memory of a slice.
    pub(super) fn bytes(self, slice: &[T]) -> &[u8] {
        // SAFETY: `self` proves `T: Flat`, or an array of such. The type has no padding and no
        // interior mutability, so all of the slice's memory is initialised bytes.
        unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), size_of_val(slice)) }
    }

    /// Copies values from bytes.
    ///
    /// # Panics
    /// Panics when the length is not a multiple of the size of `T`.
    pub(super) fn copy_from(self, bytes: &[u8]) -> Vec<T> {
        let count = bytes.len() / size_of::<T>();
        assert_eq!(count * size_of::<T>(), bytes.len());
        let mut values = Vec::<T>::with_capacity(count);
        // SAFETY: the new buffer has space for `count` values, which are `bytes.len()` bytes. The
        // two buffers do not overlap. `self` proves that every bit pattern is a `T`.
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

    /// Turns words into values. The buffer is reused when its alignment and capacity allow it.
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
        // SAFETY: the buffer was allocated with this alignment and exactly `capacity` bytes, which
        // are a whole number of values. The first `len` bytes are initialised, and `self` proves
        // that every bit pattern is a `T`. The old vector is never dropped.
        unsafe {
            Vec::from_raw_parts(
                words.as_mut_ptr().cast(),
                len / size_of::<T>(),
                capacity / size_of::<T>(),
            )
        }
    }
}
