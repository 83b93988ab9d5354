//! Limits of the assets of a host.

/// Assets at one time, at most.
pub const MAX_ENTRIES: usize = 4096;
/// Bytes of all assets together, at most, as they are kept in memory.
pub const MAX_BYTES: u64 = 1 << 30;

/// Pixels of a texture's side, at most.
pub const MAX_SIDE: u32 = 16_384;
