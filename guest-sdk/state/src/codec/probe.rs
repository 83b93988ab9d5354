//! What a concrete type implements, for code that `#[derive(State)]` writes.
//!
//! The compiler takes the inherent constant of [`Probe`] when its bounds hold, and otherwise the
//! trait's constant.

use super::flat::Flat;
use super::is_flat::FlatProof;
use super::state::{State, write_default};
use crate::schema::DefaultFn;
use std::marker::PhantomData;

/// Tells whether a concrete type implements `Default` or `Flat`.
pub struct Probe<T>(PhantomData<T>);

impl<T: State + Default> Probe<T> {
    /// Writer of `T::default()`.
    pub const DEFAULT: Option<DefaultFn> = Some(write_default::<T>);
}

/// Fallback for types without `Default`.
pub trait NoDefault {
    /// No writer.
    const DEFAULT: Option<DefaultFn> = None;
}

impl<T> NoDefault for Probe<T> {}

impl<T: Flat> Probe<T> {
    /// Proof that the type is flat.
    pub const FLAT: Option<FlatProof<T>> = Some(FlatProof::new());
}

/// Fallback for types that are not flat.
pub trait NotFlat {
    /// The type that was asked about.
    type Subject;
    /// No proof.
    const FLAT: Option<FlatProof<Self::Subject>> = None;
}

impl<T> NotFlat for Probe<T> {
    type Subject = T;
}
