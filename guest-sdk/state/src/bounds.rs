//! Bounds that the encoder and all decoders share. Knows no formats.

/// Size in bytes from which a flat list is a segment. A smaller list is inline in the tree.
///
/// The rule depends on the size alone, so the tree needs no tag.
pub const SEGMENT_MIN: usize = 4096;
/// Deepest nesting of a state. A list of linked boxes takes two levels a link.
pub const MAX_DEPTH: usize = 1000;
/// Largest number of items that take no bytes. Without this bound, four bytes could ask for
/// billions of steps.
pub(crate) const MAX_EMPTY_ITEMS: usize = 1 << 20;
