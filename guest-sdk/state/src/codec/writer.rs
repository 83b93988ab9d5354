//! `Writer`: the destination to which a state is saved. Knows no Rust types of the guest.

use super::levels::Levels;
use crate::bounds::SEGMENT_MIN;
use crate::parcel::{Parcel, ParcelRef};
use crate::words::{bytes_as_words, words_as_bytes, words_as_bytes_mut};

/// Collects the bytes of a state, and borrows its large flat slices.
#[derive(Default)]
pub struct Writer<'a> {
    tree: Vec<u8>,
    segments: Vec<Segment<'a>>,
    inline: bool,
    /// Boxes and collections around the present value.
    levels: Levels,
    /// Length of the tree when the first value was left out because it lies too deep.
    left_out: Option<usize>,
}

/// A large flat slice of the state.
pub struct Segment<'a> {
    width: u8,
    memory: SegmentMemory<'a>,
    owns_pages: bool,
}

enum SegmentMemory<'a> {
    Borrowed(&'a [u8]),
    /// Words and their length in bytes, for a list that lies in two pieces, such as a `VecDeque`
    /// that wraps around.
    Owned(Vec<u64>, usize),
}

/// A saved state: its tree, and its segments in the order in which the tree refers to them.
pub struct SavedState<'a> {
    /// Tree of inline values.
    pub tree: Vec<u8>,
    /// Segments of all widths.
    pub segments: Vec<Segment<'a>>,
    pub(super) left_out: Option<usize>,
}

impl<'a> Writer<'a> {
    /// Returns a writer that reuses the memory of an old tree.
    pub fn new(mut tree: Vec<u8>) -> Writer<'a> {
        tree.clear();
        Writer {
            tree,
            ..Writer::default()
        }
    }

    /// Returns a writer that appends to a tree and makes no segments.
    pub(crate) fn inline(tree: Vec<u8>) -> Writer<'a> {
        Writer {
            tree,
            inline: true,
            ..Writer::default()
        }
    }

    /// Enters a box or collection. A value that lies too deep for a guest's stack is left out, which
    /// [`SavedState::fault`] reports.
    pub(super) fn within<T>(&mut self, save: impl FnOnce(&mut Self)) {
        if !self.levels.enter::<T>() {
            self.left_out.get_or_insert(self.tree.len());
            return;
        }
        save(self);
        self.levels.leave::<T>();
    }

    /// Writes bytes unchanged.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.tree.extend_from_slice(bytes);
    }

    /// Writes a number of items.
    ///
    /// # Panics
    /// Panics when the number does not fit 32 bits. No guest's memory holds so many items.
    pub fn count(&mut self, count: usize) {
        let count = u32::try_from(count).expect("a list of a state has at most 2^32 - 1 items");
        self.bytes(&count.to_le_bytes());
    }

    /// Writes the number of one of `cases` cases.
    pub fn tag(&mut self, tag: u32, cases: usize) {
        if cases <= 256 {
            self.tree.push(tag as u8)
        } else {
            self.bytes(&tag.to_le_bytes())
        }
    }

    /// Writes the memory of a flat list of `count` items. A large one is lent.
    pub(super) fn flat(&mut self, count: usize, width: u8, bytes: &'a [u8]) {
        self.count(count);
        if self.inline || bytes.len() < SEGMENT_MIN {
            self.bytes(bytes);
        } else {
            self.segments.push(Segment {
                width,
                memory: SegmentMemory::Borrowed(bytes),
                owns_pages: false,
            });
        }
    }

    /// Writes a flat list in pages that hold nothing else.
    pub(super) fn flat_pages(&mut self, count: usize, width: u8, bytes: &'a [u8]) {
        let before = self.segments.len();
        self.flat(count, width, bytes);
        if let Some(segment) = self.segments.get_mut(before) {
            segment.owns_pages = true;
        }
    }

    /// Writes a flat list whose memory lies in two pieces.
    pub(super) fn flat_pieces(&mut self, count: usize, width: u8, front: &'a [u8], back: &'a [u8]) {
        if back.is_empty() {
            return self.flat(count, width, front);
        }
        self.count(count);
        let len = front.len() + back.len();
        if self.inline || len < SEGMENT_MIN {
            self.bytes(front);
            self.bytes(back);
        } else {
            let mut words = vec![0_u64; len.div_ceil(8)];
            let bytes = words_as_bytes_mut(&mut words);
            bytes[..front.len()].copy_from_slice(front);
            bytes[front.len()..len].copy_from_slice(back);
            self.segments.push(Segment {
                width,
                memory: SegmentMemory::Owned(words, len),
                owns_pages: false,
            });
        }
    }

    /// Ends the writing.
    pub fn finish(self) -> SavedState<'a> {
        SavedState {
            tree: self.tree,
            segments: self.segments,
            left_out: self.left_out,
        }
    }
}

impl Segment<'_> {
    /// Returns the width of its words in bytes: 1, 2, 4 or 8.
    pub fn width(&self) -> usize {
        usize::from(self.width)
    }

    /// Returns true when its pages hold nothing else, so that a host may move them.
    pub fn owns_pages(&self) -> bool {
        self.owns_pages
    }

    /// Returns its memory, which is aligned to the width.
    pub fn bytes(&self) -> &[u8] {
        match &self.memory {
            SegmentMemory::Borrowed(bytes) => bytes,
            SegmentMemory::Owned(words, len) => &words_as_bytes(words)[..*len],
        }
    }

    /// Returns its words when they have two bytes.
    pub fn as_u16s(&self) -> Option<&[u16]> {
        (self.width == 2)
            .then(|| bytes_as_words(self.bytes()))
            .flatten()
    }

    /// Returns its words when they have four bytes.
    pub fn as_u32s(&self) -> Option<&[u32]> {
        (self.width == 4)
            .then(|| bytes_as_words(self.bytes()))
            .flatten()
    }

    /// Returns its words when they have eight bytes.
    pub fn as_u64s(&self) -> Option<&[u64]> {
        (self.width == 8)
            .then(|| bytes_as_words(self.bytes()))
            .flatten()
    }
}

impl SavedState<'_> {
    /// Borrows the saved state as a parcel.
    pub fn as_ref(&self) -> ParcelRef<'_> {
        let mut parcel = ParcelRef {
            tree: &self.tree,
            ..ParcelRef::default()
        };
        for segment in &self.segments {
            match segment.width {
                1 => parcel.w8.push(segment.bytes()),
                2 => parcel.w16.extend(segment.as_u16s()),
                4 => parcel.w32.extend(segment.as_u32s()),
                _ => parcel.w64.extend(segment.as_u64s()),
            }
        }
        parcel
    }

    /// Returns the buffers that must stay in memory while the state is lent: the tree, and segments
    /// that do not lie in the state. Moving these vectors does not move their bytes.
    pub fn into_buffers(self) -> (Vec<u8>, Vec<Vec<u64>>) {
        let owned = |segment: Segment<'_>| match segment.memory {
            SegmentMemory::Borrowed(_) => None,
            SegmentMemory::Owned(words, _) => Some(words),
        };
        (
            self.tree,
            self.segments.into_iter().filter_map(owned).collect(),
        )
    }

    /// Copies everything into a parcel.
    pub fn to_parcel(&self) -> Parcel {
        self.as_ref().to_owned()
    }
}
