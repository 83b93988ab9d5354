//! Types of successive versions, written as a guest would write them.

/// Defines versions: `versions! { v1 { struct World { x: u32 } } v2 { … } }`. Each version is a
/// module whose types are public and derive `State`.
#[macro_export]
macro_rules! versions {
    ($($version:ident { $($body:tt)* })*) => {$(
        #[allow(dead_code, unused_imports)]
        mod $version {
            use std::collections::*;
            use vblank_derive::{Flat, State};
            $crate::version!($($body)*);
        }
    )*};
}

/// Defines the types of one version.
#[macro_export]
macro_rules! version {
    () => {};
    (flat struct $name:ident { $($(#[$meta:meta])* $field:ident: $ty:ty),* $(,)? } $($rest:tt)*) => {
        #[derive(State, Flat, Clone, Copy, Debug, PartialEq)]
        #[state(crate = vblank_state)]
        #[repr(C)]
        pub struct $name { $($(#[$meta])* pub $field: $ty),* }
        $crate::version!($($rest)*);
    };
    ($(#[$outer:meta])* struct $name:ident { $($(#[$meta:meta])* $field:ident: $ty:ty),* $(,)? } $($rest:tt)*) => {
        #[derive(State, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[state(crate = vblank_state)]
        $(#[$outer])*
        pub struct $name { $($(#[$meta])* pub $field: $ty),* }
        $crate::version!($($rest)*);
    };
    ($(#[$outer:meta])* partial struct $name:ident { $($(#[$meta:meta])* $field:ident: $ty:ty),* $(,)? } $($rest:tt)*) => {
        #[derive(State, Clone, Debug, PartialEq)]
        #[state(crate = vblank_state)]
        $(#[$outer])*
        pub struct $name { $($(#[$meta])* pub $field: $ty),* }
        $crate::version!($($rest)*);
    };
    ($(#[$outer:meta])* enum $name:ident { $($cases:tt)* } $($rest:tt)*) => {
        #[derive(State, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[state(crate = vblank_state)]
        $(#[$outer])*
        pub enum $name { $($cases)* }
        $crate::version!($($rest)*);
    };
}
