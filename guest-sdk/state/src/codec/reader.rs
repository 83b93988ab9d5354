//! What a state is restored from.

use super::is_flat::FlatProof;
use crate::bounds::{MAX_EMPTY_ITEMS, SEGMENT_MIN};
use crate::leftovers::{Old, OldValues};
use crate::parcel::Segments;
use crate::words::Word;
use std::collections::VecDeque;
use std::fmt;

/// Gives the bytes of a state back, and the buffers of its large flat slices.
pub struct Reader<'a> {
    tree: &'a [u8],
    at: usize,
    w8: VecDeque<Vec<u8>>,
    w16: VecDeque<Vec<u16>>,
    w32: VecDeque<Vec<u32>>,
    w64: VecDeque<Vec<u64>>,
    inline: bool,
    old_values: OldValues,
    /// How many segments of each width there were at the beginning.
    initial: [usize; 4],
    /// Segments that are to come later, where that was announced.
    pending: Option<Vec<PendingSegment>>,
}

/// Where a segment's memory is to be put, after the value has been restored without it.
///
/// It is memory of a [`PageVec`](crate::PageVec), and stays where it is until the value is next changed.
#[derive(Clone, Copy, Debug)]
pub struct PendingSegment {
    /// The width of the segment's words in bytes.
    pub width: u8,
    /// Counts the segments of this width from 0.
    pub index: u32,
    /// Where it begins.
    pub memory: *mut u8,
    /// How long it is, in bytes.
    pub len: usize,
}

/// Why a state could not be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreError(String);

impl RestoreError {
    /// An error with its message, lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> RestoreError {
        RestoreError(message.into())
    }
}

impl RestoreError {
    /// Says which hook it was.
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
    /// A reader of a tree and its segments.
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
            old_values: OldValues::default(),
        }
    }

    /// A reader that has old values for hooks, as a migration gave them. Damage to them is told by
    /// [`Reader::finish`].
    pub fn with_leftovers(tree: &'a [u8], segments: Segments, leftovers: &[u8]) -> Reader<'a> {
        Reader {
            old_values: OldValues::new(leftovers),
            ..Reader::new(tree, segments)
        }
    }

    /// A segment that is empty, which one that was saved never is, comes later: the value is made
    /// without it, where it can be, and [`Reader::pending_segments`] says where it has to be put.
    pub fn defer_empty_segments(mut self) -> Reader<'a> {
        self.pending = Some(Vec::new());
        self
    }

    /// Where to put what comes later. Each has to be filled before the value is used.
    pub fn pending_segments(&mut self) -> Vec<PendingSegment> {
        self.pending.take().unwrap_or_default()
    }

    /// The place in the tree, at which a value with hooks begins.
    #[doc(hidden)]
    pub fn position(&self) -> usize {
        self.at
    }

    /// All of the old value, for the hook of a type that makes the new one of it.
    #[doc(hidden)]
    pub fn take_whole_old(&mut self, ty: &str, start: usize) -> Option<Old> {
        self.old_values.take(ty, start, start)
    }

    /// The old value for the hooks of a type, of a value that began at a place and ends here.
    #[doc(hidden)]
    pub fn take_old(&mut self, ty: &str, start: usize) -> Option<Old> {
        self.old_values.take(ty, start, self.at)
    }

    /// A reader of a value that was written with everything inline.
    pub fn inline(tree: &'a [u8]) -> Reader<'a> {
        Reader {
            inline: true,
            ..Reader::new(tree, Segments::default())
        }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], RestoreError> {
        match self.tree[self.at..].get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(RestoreError(format!(
                "{len} bytes are asked for where {} are left",
                self.tree.len() - self.at
            ))),
        }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        Ok(self
            .bytes(N)?
            .try_into()
            .expect("as many bytes as asked for"))
    }

    /// A number of items.
    ///
    /// # Errors
    /// When the tree ends before it.
    pub fn count(&mut self) -> Result<usize, RestoreError> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// As many items as it is safe to make room for ahead: a length may lie.
    pub(super) fn room(&self, count: usize) -> Result<usize, RestoreError> {
        let left = self.tree.len() - self.at;
        // More items than bytes can only be items without bytes, which are bounded too.
        if count > left && count > MAX_EMPTY_ITEMS {
            return Err(RestoreError(format!(
                "{count} items are announced where {left} bytes are left"
            )));
        }
        Ok(count.min(left))
    }

    /// The number of a case, of so many.
    ///
    /// # Errors
    /// When there is no such case.
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

    /// A flat list of so many items: its own segment's buffer, or a copy from the tree.
    pub(super) fn flat<T>(
        &mut self,
        flat: FlatProof<T>,
        count: usize,
    ) -> Result<Vec<T>, RestoreError> {
        let size = count
            .checked_mul(size_of::<T>())
            .ok_or_else(|| RestoreError("a list is too long".into()))?;
        if !self.is_segment(size) {
            return self.bytes(size).map(|bytes| flat.copy_from(bytes));
        }
        match flat.width {
            1 => Ok(flat.take(segment(&mut self.w8, size)?)),
            2 => Ok(flat.take(segment(&mut self.w16, size)?)),
            4 => Ok(flat.take(segment(&mut self.w32, size)?)),
            _ => Ok(flat.take(segment(&mut self.w64, size)?)),
        }
    }

    /// Whether the next segment of this width comes later. If so, it counts as read, and its index is
    /// given.
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

    /// Whether a list of so many bytes is a segment of its own.
    pub(super) fn is_segment(&self, size: usize) -> bool {
        !self.inline && size >= SEGMENT_MIN
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When something is left over.
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
