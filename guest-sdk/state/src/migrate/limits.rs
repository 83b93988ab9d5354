//! Limits of a migration.

/// Limits on the memory and work of a migration.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size of the new state, in bytes.
    pub memory: usize,
    /// Size of all parked values, in bytes.
    pub parked: usize,
    /// Number of old values that may be passed over before they are taken.
    ///
    /// Fields that are taken in another order are passed over first. In deeply nested values the
    /// same ones may be passed over at every level.
    pub work: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory: 1 << 30,
            parked: 256 << 20,
            work: 1 << 28,
        }
    }
}
