//! The bounds that the encoding and everything that reads it share.

/// A flat list from this many bytes on is a segment; a smaller one is inline in the tree.
///
/// The rule depends on the size alone, so that no tag is needed.
pub const SEGMENT_MIN: usize = 4096;
/// A state may be nested this deep: a list of linked boxes takes two levels a link.
pub const MAX_DEPTH: usize = 1000;
/// Items that take no bytes are bounded too, or four bytes could stand for a year of work.
pub(crate) const MAX_EMPTY_ITEMS: usize = 1 << 20;
