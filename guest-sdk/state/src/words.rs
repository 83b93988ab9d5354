//! The words of segments as bytes, and the only casts between the two.

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
