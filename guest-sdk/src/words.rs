//! `Words`: the words of a picture in drawing order, which the canvas lends to the host.
//!
//! A `Vec` grows through library calls that are not inlined in a guest with quick builds, and that
//! end in `memory.copy`, a call out of the guest. A quad took almost twice as long with it. This
//! buffer is kept from picture to picture, and eight words are eight stores.

use std::ops::{Index, Range};

/// A growing list of words, which keeps its memory when it is cleared.
pub(crate) struct Words {
    /// Memory of the list. Its length is the capacity.
    buffer: Vec<u32>,
    len: usize,
}

impl Words {
    /// Returns an empty list.
    pub(crate) const fn new() -> Self {
        Self {
            buffer: Vec::new(),
            len: 0,
        }
    }

    /// Returns the number of words.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Removes all words, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends words, and returns them in place.
    #[inline]
    pub(crate) fn push<const N: usize>(&mut self, words: [u32; N]) -> &mut [u32; N] {
        let start = self.len;
        self.len += N;
        if self.buffer.len() < self.len {
            self.grow();
        }
        let place = self.buffer[start..].first_chunk_mut();
        let place = place.expect("there is buffer");
        *place = words;
        place
    }

    /// Appends any number of words.
    pub(crate) fn extend(&mut self, words: &[u32]) {
        for word in words {
            self.push([*word]);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let buffer = self.len.next_power_of_two();
        self.buffer.resize(buffer, 0);
    }
}

impl Index<Range<usize>> for Words {
    type Output = [u32];

    fn index(&self, range: Range<usize>) -> &[u32] {
        &self.buffer[..self.len][range]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_contiguous_and_their_memory_is_reused() {
        let mut words = Words::new();
        for round in 0..3 {
            for first in 0..100 {
                let place = words.push([first, 0, round]);
                place[1] = first + 1;
            }
            words.extend(&[7, 8]);
            assert_eq!(words.len(), 302);
            assert_eq!(words[297..302], [99, 100, round, 7, 8]);
            assert_eq!(words.buffer.len(), 512);
            words.clear();
            assert_eq!((words.len(), &words[0..0]), (0, &[][..]));
        }
    }
}
