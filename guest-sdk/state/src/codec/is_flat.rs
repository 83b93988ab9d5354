//! The proof that a type is flat, and the casts that it allows. Knows no `State`.

use crate::words::{Word, words_as_bytes};

/// The proof that `T` is [`Flat`](crate::Flat), for code that is generic over
/// [`State`](crate::State).
///
/// The casts are function pointers, so the compiler instantiates them for flat types only.
pub struct FlatProof<T> {
    /// Width in bytes of a word of its segments.
    pub(super) width: u8,
    /// Size in bytes of a value.
    pub(super) size: usize,
    /// Returns the memory of a slice.
    pub(super) bytes: fn(&[T]) -> &[u8],
    /// Copies a value from exactly its bytes.
    pub(super) value: fn(&[u8]) -> T,
    /// Makes values of memory that holds a whole number of them.
    pub(super) values: fn(FlatMemory<'_>) -> Vec<T>,
}

/// The memory of a flat list that is restored.
pub(super) enum FlatMemory<'a> {
    /// A part of the tree.
    Bytes(&'a [u8]),
    /// A segment, whose buffer can become the list's.
    W8(Vec<u8>),
    W16(Vec<u16>),
    W32(Vec<u32>),
    W64(Vec<u64>),
}

impl<T> Clone for FlatProof<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FlatProof<T> {}

impl<T> FlatProof<T> {
    /// Makes a proof.
    ///
    /// # Safety
    /// `T` is [`Flat`](crate::Flat) or a non-empty array of such, and `width` is its width.
    pub(super) const unsafe fn of_width(width: u8) -> Self {
        FlatProof {
            width,
            size: size_of::<T>(),
            bytes: |slice| {
                // SAFETY: the proof exists only for a flat `T`, which has no padding and no interior
                // mutability. All of the slice's memory is initialised bytes.
                unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), size_of_val(slice)) }
            },
            value: |bytes| {
                assert_eq!(bytes.len(), size_of::<T>());
                // SAFETY: the bytes are as many as `T` has, and every bit pattern of a flat type is
                // a value. The read needs no alignment.
                unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
            },
            values: |memory| {
                // SAFETY: the proof exists only for a flat `T`, of which every bit pattern is a value.
                unsafe {
                    match memory {
                        FlatMemory::Bytes(bytes) => copy_from(bytes),
                        FlatMemory::W8(words) => take(words),
                        FlatMemory::W16(words) => take(words),
                        FlatMemory::W32(words) => take(words),
                        FlatMemory::W64(words) => take(words),
                    }
                }
            },
        }
    }

    /// Returns the proof for an array. An array of a flat type is flat unless it is empty.
    pub(super) const fn array<const N: usize>(item: Option<Self>) -> Option<FlatProof<[T; N]>> {
        match item {
            // SAFETY: the item is flat, and the array is not empty.
            Some(flat) if N > 0 => Some(unsafe { FlatProof::of_width(flat.width) }),
            _ => None,
        }
    }
}

/// Copies values from bytes.
///
/// # Safety
/// Every bit pattern is a `T`.
///
/// # Panics
/// Panics when the length is not a multiple of the size of `T`.
unsafe fn copy_from<T>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    assert_eq!(count * size_of::<T>(), bytes.len());
    let mut values = Vec::<T>::with_capacity(count);
    // SAFETY: the new buffer has space for `count` values, which are `bytes.len()` bytes. The two
    // buffers do not overlap. The caller promises that every bit pattern is a `T`.
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
///
/// # Safety
/// Every bit pattern is a `T`.
unsafe fn take<T, W: Word>(words: Vec<W>) -> Vec<T> {
    let (len, capacity) = (
        words.len() * size_of::<W>(),
        words.capacity() * size_of::<W>(),
    );
    assert_eq!(len % size_of::<T>(), 0);
    if align_of::<T>() != align_of::<W>() || capacity % size_of::<T>() != 0 {
        // SAFETY: the caller's promise.
        return unsafe { copy_from(words_as_bytes(&words)) };
    }
    let mut words = std::mem::ManuallyDrop::new(words);
    // SAFETY: the buffer was allocated with this alignment and exactly `capacity` bytes, which are a
    // whole number of values. The first `len` bytes are initialised, and the caller promises that
    // every bit pattern is a `T`. The old vector is never dropped.
    unsafe {
        Vec::from_raw_parts(
            words.as_mut_ptr().cast(),
            len / size_of::<T>(),
            capacity / size_of::<T>(),
        )
    }
}
