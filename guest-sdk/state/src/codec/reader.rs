//! `Reader`: the source from which a state is restored. Knows no Rust types of the guest.

use super::is_flat::FlatMemory;
use super::levels::{Levels, too_deep};
use crate::bounds::{MAX_EMPTY_ITEMS, SEGMENT_MIN};
use crate::leftovers::{Old, OldValues};
use crate::parcel::Segments;
use crate::words::Word;
use std::collections::VecDeque;
use std::fmt;

/// Bytes of memory that the lists of a tree may reserve before their items are read, for each byte of the tree.
/// Honest lists need less: the shortest string takes 4 bytes there, and 24 in memory.
const AHEAD: usize = 64;

/// Reads the bytes of a state, and hands out the buffers of its large flat slices.
pub struct Reader<'a> {
    tree: &'a [u8],
    at: usize,
    w8: VecDeque<Vec<u8>>,
    w16: VecDeque<Vec<u16>>,
    w32: VecDeque<Vec<u32>>,
    w64: VecDeque<Vec<u64>>,
    inline: bool,
    /// Bytes that lists may still reserve before their items are read.
    ahead: usize,
    /// Boxes and collections around the present value.
    levels: Levels,
    old_values: OldValues,
    /// Number of segments of each width at the start.
    initial: [usize; 4],
    /// Segments that the host delivers later. `None` unless [`Reader::defer_empty_segments`] was
    /// called.
    pending: Option<Vec<PendingSegment>>,
}

/// The destination of a segment that the host delivers after the value was restored without it.
///
/// The memory belongs to a [`PageVec`](crate::PageVec), and does not move until the value changes.
#[derive(Clone, Copy, Debug)]
pub struct PendingSegment {
    /// Width of the segment's words in bytes.
    pub width: u8,
    /// Index among the segments of this width, from 0.
    pub index: u32,
    /// Start of the memory.
    pub memory: *mut u8,
    /// Length of the memory in bytes.
    pub len: usize,
}

/// The reason why a state could not be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreError(String);

impl RestoreError {
    /// Makes an error. The message is in lower case and has no full stop.
    pub fn new(message: impl Into<String>) -> RestoreError {
        RestoreError(message.into())
    }
}

impl RestoreError {
    /// Adds the type and the version of the hook that failed.
    #[doc(hidden)]
    pub fn in_hook(self, ty: &str, from: u32) -> RestoreError {
        RestoreError(format!("{ty}: the hook from version {from}: {}", self.0))
    }
}

impl From<String> for RestoreError {
    fn from(message: String) -> RestoreError {
        RestoreError(message)
    }
}

impl From<&str> for RestoreError {
    fn from(message: &str) -> RestoreError {
        RestoreError(message.to_owned())
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state cannot be restored: {}", self.0)
    }
}

impl std::error::Error for RestoreError {}

impl<'a> Reader<'a> {
    /// Returns a reader of a tree and its segments.
    pub fn new(tree: &'a [u8], segments: Segments) -> Reader<'a> {
        let initial = [
            segments.w8.len(),
            segments.w16.len(),
            segments.w32.len(),
            segments.w64.len(),
        ];
        Reader {
            tree,
            at: 0,
            initial,
            pending: None,
            w8: segments.w8.into(),
            w16: segments.w16.into(),
            w32: segments.w32.into(),
            w64: segments.w64.into(),
            inline: false,
            ahead: (tree.len() + 1024).saturating_mul(AHEAD),
            levels: Levels::default(),
            old_values: OldValues::default(),
        }
    }

    /// Returns a reader that also has old values for hooks, as a migration wrote them.
    ///
    /// [`Reader::finish`] reports damage to them.
    pub fn with_leftovers(tree: &'a [u8], segments: Segments, leftovers: &[u8]) -> Reader<'a> {
        Reader {
            old_values: OldValues::new(leftovers),
            ..Reader::new(tree, segments)
        }
    }

    /// Treats empty segments as segments that arrive later. A saved segment is never empty.
    ///
    /// Values that can be made without their segment are, and [`Reader::pending_segments`] lists
    /// the destinations.
    pub fn defer_empty_segments(mut self) -> Reader<'a> {
        self.pending = Some(Vec::new());
        self
    }

    /// Returns the destinations of all deferred segments.
    ///
    /// The caller fills each before the value is used.
    pub fn pending_segments(&mut self) -> Vec<PendingSegment> {
        self.pending.take().unwrap_or_default()
    }

    /// Returns the position in the tree, at which a value with hooks begins.
    #[doc(hidden)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Takes the whole old value, for a hook that replaces it.
    #[doc(hidden)]
    pub fn take_whole_old(&mut self, ty: &str, start: usize) -> Option<Old> {
        self.old_values.take(ty, start, start)
    }

    /// Takes the old fields for the hooks of a value that began at `start` and ends here.
    #[doc(hidden)]
    pub fn take_old(&mut self, ty: &str, start: usize) -> Option<Old> {
        self.old_values.take(ty, start, self.at)
    }

    /// Returns a reader of a value that was written with everything inline.
    pub fn inline(tree: &'a [u8]) -> Reader<'a> {
        Reader {
            inline: true,
            ..Reader::new(tree, Segments::default())
        }
    }

    /// Enters a box or collection, unless it lies too deep for a guest's stack.
    pub(super) fn enter<T>(&mut self) -> Result<(), RestoreError> {
        if self.levels.enter::<T>() {
            return Ok(());
        }
        Err(RestoreError(too_deep("")))
    }

    /// Leaves a box or collection. After an error nothing more is read, so nothing is left then.
    pub(super) fn leave<T>(&mut self) {
        self.levels.leave::<T>();
    }

    /// Reads `len` bytes.
    ///
    /// # Errors
    /// Returns an error when fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], RestoreError> {
        match self.tree[self.at..].get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(RestoreError(format!(
                "{len} bytes are needed and {} are left",
                self.tree.len() - self.at
            ))),
        }
    }

    /// Reads `N` bytes.
    ///
    /// # Errors
    /// Returns an error when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        Ok(self.bytes(N)?.try_into().expect("the slice has N bytes"))
    }

    /// Reads a number of items.
    ///
    /// # Errors
    /// Returns an error when the tree ends before it.
    pub fn count(&mut self) -> Result<usize, RestoreError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// Returns how many items of a size in memory may be allocated ahead. A length may lie, so the answer is
    /// at most the bytes left, and the lists of a whole tree reserve no more than [`AHEAD`] times its bytes.
    /// What is beyond grows as it is read.
    pub(super) fn capacity_for(
        &mut self,
        count: usize,
        size: usize,
    ) -> Result<usize, RestoreError> {
        self.check_count(count)?;
        let count = count.min(self.tree.len() - self.at);
        let bytes = count.saturating_mul(size);
        if bytes > self.ahead {
            return Ok(0);
        }
        self.ahead -= bytes;
        Ok(count)
    }

    /// Checks the number of items of a list, which may lie.
    pub(super) fn check_count(&self, count: usize) -> Result<(), RestoreError> {
        let left = self.tree.len() - self.at;
        // More items than bytes are only possible for items without bytes, and their number is
        // bounded too.
        if count > left && count > MAX_EMPTY_ITEMS {
            return Err(RestoreError(format!(
                "{count} items are claimed and {left} bytes are left"
            )));
        }
        Ok(())
    }

    /// Reads the number of one of `cases` cases.
    ///
    /// # Errors
    /// Returns an error when there is no such case.
    pub fn tag(&mut self, cases: usize) -> Result<u32, RestoreError> {
        let tag = if cases <= 256 {
            u32::from(self.array::<1>()?[0])
        } else {
            u32::from_le_bytes(self.array()?)
        };
        if (tag as usize) < cases {
            Ok(tag)
        } else {
            Err(RestoreError(format!(
                "there is no case {tag} among {cases}"
            )))
        }
    }

    /// Reads the memory of a flat list: its segment, or a part of the tree.
    pub(super) fn flat(
        &mut self,
        count: usize,
        size: usize,
        width: u8,
    ) -> Result<FlatMemory<'a>, RestoreError> {
        let size = count
            .checked_mul(size)
            .ok_or_else(|| RestoreError("a list is too long".into()))?;
        if !self.is_segment(size) {
            return self.bytes(size).map(FlatMemory::Bytes);
        }
        Ok(match width {
            1 => FlatMemory::W8(segment(&mut self.w8, size)?),
            2 => FlatMemory::W16(segment(&mut self.w16, size)?),
            4 => FlatMemory::W32(segment(&mut self.w32, size)?),
            _ => FlatMemory::W64(segment(&mut self.w64, size)?),
        })
    }

    /// Passes the next segment of this width when it arrives later, and returns its index.
    pub(super) fn take_deferred(&mut self, width: u8) -> Option<u32> {
        fn take<W>(queue: &mut VecDeque<Vec<W>>, initial: usize) -> Option<u32> {
            let index = initial - queue.len();
            queue.pop_front_if(|words| words.is_empty())?;
            u32::try_from(index).ok()
        }
        self.pending.as_ref()?;
        match width {
            1 => take(&mut self.w8, self.initial[0]),
            2 => take(&mut self.w16, self.initial[1]),
            4 => take(&mut self.w32, self.initial[2]),
            _ => take(&mut self.w64, self.initial[3]),
        }
    }

    pub(super) fn push_pending(&mut self, segment: PendingSegment) {
        self.pending.get_or_insert_default().push(segment);
    }

    /// Returns true when a list of `size` bytes has a segment of its own.
    pub(super) fn is_segment(&self, size: usize) -> bool {
        !self.inline && size >= SEGMENT_MIN
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Returns an error when anything is left over, or when old values for hooks were damaged or
    /// not taken.
    pub fn finish(self) -> Result<(), RestoreError> {
        let left = self.tree.len() - self.at;
        let segments = self.w8.len() + self.w16.len() + self.w32.len() + self.w64.len();
        if let Some(fault) = self.old_values.fault() {
            return Err(RestoreError(fault));
        }
        if left == 0 && segments == 0 {
            return Ok(());
        }
        Err(RestoreError(format!(
            "{left} bytes and {segments} segments are left over"
        )))
    }
}

fn segment<W: Word>(queue: &mut VecDeque<Vec<W>>, size: usize) -> Result<Vec<W>, RestoreError> {
    let words = queue
        .pop_front()
        .ok_or_else(|| RestoreError(format!("a segment of {size} bytes is missing")))?;
    if size_of_val(words.as_slice()) == size {
        return Ok(words);
    }
    Err(RestoreError(format!(
        "a segment has {} bytes where the tree says {size}",
        size_of_val(words.as_slice())
    )))
}
