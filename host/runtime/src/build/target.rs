//! The compiler target of guests.

/// The compiler target of guests.
pub const TARGET: &str = "wasm32-unknown-unknown";
