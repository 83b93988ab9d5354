//! The proof that a type is flat, and what is done with flat memory. Knows no `State`.

use crate::words::{Word, words_as_bytes};
use std::marker::PhantomData;

/// The proof that `T` is [`Flat`](crate::Flat), for code that is generic over any [`State`](crate::State).
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
    /// A proof, from the one place that has seen `T: Flat`.
    pub(super) const fn of_width(width: u8) -> Self {
        FlatProof {
            width,
            proof: PhantomData,
        }
    }

    /// An array of a flat type is flat, an empty one is not.
    pub(super) const fn array<const N: usize>(item: Option<Self>) -> Option<FlatProof<[T; N]>> {
        match item {
            Some(flat) if N > 0 => Some(FlatProof {
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
