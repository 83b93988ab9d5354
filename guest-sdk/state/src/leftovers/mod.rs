//! Old values for the hooks of a new version: written by a migration, read by the new guest.
//!
//! Each value of a type with hooks has one entry, found by where the value begins and ends in the
//! new tree. An entry carries the schemas of its values, so the guest needs nothing of the old version.

mod old;
mod wire;
mod writer;

pub use old::Old;
pub(crate) use old::OldValues;
pub(crate) use wire::{Entry, Span};
pub(crate) use writer::LeftoverWriter;
