//! Bounds on a migration.

/// Bounds on what a migration may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The new state, in bytes.
    pub memory: usize,
    /// All parked values, in bytes.
    pub parked: usize,
    /// How many old values may be passed over before they are taken. Fields that are taken in
    /// another order are; in values that are nested without end, the same ones at every level.
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
