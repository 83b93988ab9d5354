//! The words of a picture, in the order in which they were drawn: what the canvas lends to the host.
//!
//! A `Vec` would do, but it grows by calls into the library, which are not inlined into a guest that is
//! built to be built again soon, and end in `memory.copy`, a call out of the guest: a quad took almost twice
//! as long. Here the buffer is kept from picture to picture, and eight words are eight stores.

use std::ops::{Index, Range};

/// Words, and buffer for more.
pub(crate) struct Words {
    /// As long as the buffer is.
    buffer: Vec<u32>,
    len: usize,
}

impl Words {
    /// None.
    pub(crate) const fn new() -> Self {
        Self {
            buffer: Vec::new(),
            len: 0,
        }
    }

    /// So many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Forgets them, and keeps the buffer.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds these, and gives them where they lie.
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

    /// Adds these, of which it is not known how many there are.
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
    fn words_lie_one_after_the_other_and_their_room_is_used_again() {
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
