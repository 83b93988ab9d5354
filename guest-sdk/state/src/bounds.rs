//! Bounds that the encoder and all decoders share. Knows no formats.

/// Size in bytes from which a flat list is a segment. A smaller list is inline in the tree.
///
/// The rule depends on the size alone, so the tree needs no tag.
pub const SEGMENT_MIN: usize = 4096;
/// Deepest nesting of a state. A list of linked boxes takes two levels a link.
pub const MAX_DEPTH: usize = 1000;
/// Deepest nesting of a value tree ([`Value`](crate::Value)) and of a value in WAVE, which are read and
/// dropped by recursion.
pub(crate) const MAX_TREE_DEPTH: usize = 1000;
/// Largest number of values that take no bytes, in a walk over a whole state. Without this bound,
/// four bytes could ask for billions of steps.
pub(crate) const MAX_EMPTY_ITEMS: usize = 1 << 20;
/// Number of values that a walk visits for each byte. Only types that wrap others without adding
/// bytes need more than one.
pub(crate) const VALUES_PER_BYTE: usize = 16;
/// Longest name in a schema, in bytes.
pub(crate) const MAX_NAME: usize = 1024;
/// Number of values that are printed.
pub(crate) const MAX_PRINTED: usize = 1 << 26;
/// Memory of a value tree in bytes.
pub(crate) const MAX_TREE_BYTES: usize = 2 << 30;
