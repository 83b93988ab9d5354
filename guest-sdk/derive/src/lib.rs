//! The derive macros `State` and `Flat`, which read a state's type off ordinary Rust types.

mod attrs;
mod fields;
mod flat;
mod spec;
mod state;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a type part of a state: schema, save and restore.
///
/// Attributes of a field:
/// - `#[state(default = expr)]`: the value when an old state has none. Without it, the type's
///   `Default` is used, if there is one.
/// - `#[state(alias = "old")]`: a name that the field had before.
/// - `#[state(skip)]`: the field is not part of the state. It is filled with `Default`, or with the
///   expression of `default`.
///
/// A case takes `alias`. A type takes `alias`, `version = 2`, `migrate(…)`, `replace(…)`, and
/// `crate = path` for the path of `vblank_state`.
#[proc_macro_derive(State, attributes(state))]
pub fn derive_state(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    state::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a record flat: its lists cross a swap as raw memory.
///
/// The type needs `#[repr(C)]` and `#[derive(State)]`. Its fields are numbers, arrays and other
/// flat records, in an order without padding. Every condition is checked when the guest is
/// compiled.
#[proc_macro_derive(Flat, attributes(state))]
pub fn derive_flat(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    flat::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
