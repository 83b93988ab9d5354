//! What code written by `#[derive(State)]` uses to ask about types; nothing for anyone else.

pub use crate::codec::write_default;
use crate::codec::{Flat, FlatProof, State};
use crate::schema::DefaultFn;
use std::marker::PhantomData;

/// Asks whether a concrete type implements `Default` or `Flat`.
///
/// An inherent constant is chosen over a trait's when its bounds hold, and else the trait's is.
pub struct Probe<T>(PhantomData<T>);

impl<T: State + Default> Probe<T> {
    /// The writer of `T::default()`.
    pub const DEFAULT: Option<DefaultFn> = Some(write_default::<T>);
}

/// The answer for types without `Default`.
pub trait NoDefault {
    /// There is none.
    const DEFAULT: Option<DefaultFn> = None;
}

impl<T> NoDefault for Probe<T> {}

impl<T: Flat> Probe<T> {
    /// The proof.
    pub const FLAT: Option<FlatProof<T>> = Some(FlatProof::new());
}

/// The answer for types that are not flat.
pub trait NotFlat: Sized {
    /// The type in question.
    type Subject;
    /// There is none.
    const FLAT: Option<FlatProof<Self::Subject>> = None;
}

impl<T> NotFlat for Probe<T> {
    type Subject = T;
}
