//! Bounds that the encoder and all decoders share. Knows no formats.

/// Size in bytes from which a flat list is a segment. A smaller list is inline in the tree.
///
/// The rule depends on the size alone, so the tree needs no tag.
pub const SEGMENT_MIN: usize = 4096;
/// Deepest nesting of a state. A list of linked boxes takes two levels a link.
///
/// The host walks states without a deep stack. A Rust guest's own stack ends earlier, at some
/// 1,400 linked boxes of small values.
pub const MAX_DEPTH: usize = 100_000;
/// Stack in bytes that a Rust guest may use to save or restore nested boxes and collections, which
/// it does by recursion. wasmtime gives it 512 KiB.
pub(crate) const LEVELS_STACK: usize = 400 << 10;
/// Stack that one box or collection takes, in bytes, beside twice the size of what it holds.
pub(crate) const LEVEL: usize = 256;
/// Deepest nesting for which a migration uses the stack of the thread that asks for it.
pub(crate) const SHALLOW: usize = 500;
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
