//! `#[derive(State)]` and `#[derive(Flat)]`: what a state is, read off ordinary Rust types.

mod attrs;
mod fields;
mod flat;
mod section;
mod state;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a type part of a state: schema, save and restore.
///
/// On a field: `#[state(default = expr)]` for where an old state has no value (without it,
/// `Default` where the type has one), `#[state(alias = "old")]` for the name it had before,
/// `#[state(skip)]` to leave it out of the state and fill it with `Default`, or with the
/// expression of `default`. On a case: `alias`. On a type: `alias`, `version = 2`, and
/// `crate = path` for where `vblank_state` is found.
#[proc_macro_derive(State, attributes(state))]
pub fn derive_state(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    state::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a record flat: lists of it cross a swap as raw memory.
///
/// The type needs `#[repr(C)]` and `#[derive(State)]`; its fields are numbers, arrays and other
/// flat records, in an order that leaves no padding. All of it is checked when it is compiled.
#[proc_macro_derive(Flat, attributes(state))]
pub fn derive_flat(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    flat::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
