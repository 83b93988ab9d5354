//! `Plugin` and `plugin!`: a guest of an application's own world, with a state that crosses swaps.

use crate::root::{self, Root};

/// A plugin's state, made by [`plugin!`](crate::plugin!).
pub trait Plugin: Root {
    /// Calls a function with the state. A world's exports have no `self`, so they reach the state
    /// this way.
    ///
    /// # Panics
    /// Panics when the state is already in use by a caller.
    fn with<T>(call: impl FnOnce(&mut Self) -> T) -> T {
        root::with(call)
    }
}

/// Makes a type the state of a component. Use it once in a crate, at its root.
///
/// The world includes `vblank:guest/plugin`, and its bindings are generated in place. The type
/// implements the world's exports: `Guest`, and `exports::…::Guest` for its interfaces. The path
/// leads from the crate's folder to the WIT.
///
/// ```ignore
/// use vblank_guest::{Plugin, State};
///
/// vblank_guest::plugin!(Upper, path: "../wit", world: "filter");
///
/// #[derive(State, Default)]
/// struct Upper {
///     lines: u64,
/// }
///
/// impl Guest for Upper {
///     fn transform(line: String) -> String {
///         Upper::with(|upper| {
///             upper.lines += 1;
///             line.to_uppercase()
///         })
///     }
/// }
/// ```
///
/// A fresh plugin starts with `Default`. At a swap the state crosses field by field, as a game's
/// does.
#[macro_export]
macro_rules! plugin {
    ($plugin:ident, path: $path:tt, world: $world:literal $(,)?) => {
        $crate::wit_bindgen::generate!({
            path: $path,
            world: $world,
            generate_all,
            runtime_path: "vblank_guest::wit_bindgen::rt",
            with: {
                "vblank:guest/log@0.1.0": vblank_guest::bindings::vblank::guest::log,
                "vblank:guest/lend@0.1.0": vblank_guest::bindings::vblank::guest::lend,
            },
        });

        const _: () = {
            $crate::__root!($plugin);
            impl $crate::Root for $plugin {
                fn runtime() -> &'static ::std::thread::LocalKey<$crate::Runtime<Self>> {
                    &RUNTIME
                }
                fn begin() -> Self {
                    ::std::default::Default::default()
                }
            }
            impl $crate::Plugin for $plugin {}

            use exports::vblank::guest::state as exported;
            impl exported::Guest for $plugin {
                fn schema() -> ::std::vec::Vec<u8> {
                    $crate::state::schema_bytes::<$plugin>()
                }
                fn defaults() -> ::std::vec::Vec<u8> {
                    $crate::state::defaults::<$plugin>()
                }
                fn save() {
                    $crate::save::<$plugin>();
                }
                fn prewarm(bytes: u64) {
                    $crate::prewarm(bytes);
                }
                fn migrate(
                    state: exported::Parcel,
                    leftovers: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    let segments = $crate::state::Segments {
                        w8: state.bytes,
                        w16: state.halves,
                        w32: state.words,
                        w64: state.longs,
                    };
                    $crate::migrate::<$plugin>(&state.tree, segments, &leftovers)
                }
                fn resume(_: exported::Swapped) {}
            }
        };

        // A native linker rejects the exports' names, and `cargo test` may link a library.
        #[cfg(target_arch = "wasm32")]
        export!($plugin);
    };
}
