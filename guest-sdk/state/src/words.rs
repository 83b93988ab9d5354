//! Casts between the words of segments and bytes. Knows no types of guests.

#[cfg(target_endian = "big")]
compile_error!("flat memory crosses as it is, and parcels are little endian");

/// A word of a segment: `u8`, `u16`, `u32` or `u64`.
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

/// Returns the memory of words.
pub(crate) fn words_as_bytes<W: Word>(words: &[W]) -> &[u8] {
    // SAFETY: words are unsigned integers, so all of their memory is initialised, without padding.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// Returns the memory of words for writing.
pub(crate) fn words_as_bytes_mut<W: Word>(words: &mut [W]) -> &mut [u8] {
    // SAFETY: words have no padding, and every bit pattern is a word.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

/// Returns bytes as words. Returns `None` when they are not aligned or not a whole number of words.
pub(crate) fn bytes_as_words<W: Word>(bytes: &[u8]) -> Option<&[W]> {
    // SAFETY: every bit pattern is a word.
    let (before, words, after) = unsafe { bytes.align_to::<W>() };
    (before.is_empty() && after.is_empty()).then_some(words)
}
