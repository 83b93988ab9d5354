//! Limits of the assets of a host.

/// Largest number of assets at one time.
pub const MAX_ENTRIES: usize = 4096;
/// Largest size of all assets together, in bytes of memory.
pub const MAX_BYTES: u64 = 1 << 30;

/// Largest side of a texture, in pixels.
pub const MAX_SIDE: u32 = 16_384;
