//! A plugin: a guest of an application's own world, whose state goes on in the next version of its code.

use crate::root::{self, Root};

/// A plugin's state, made by [`plugin!`](crate::plugin!).
pub trait Plugin: Root {
    /// Use the state, and change it. The exports of a world are functions without a `self`: this is how
    /// they come by it.
    ///
    /// # Panics
    /// When it is used already, further up.
    fn with<T>(call: impl FnOnce(&mut Self) -> T) -> T {
        root::with(call)
    }
}

/// Make a type the state of a component of a world, which includes `vblank:guest/plugin`. Once in a crate,
/// at its root: the bindings of the world are generated here, and the type is to implement what the world
/// exports (`Guest`, and `exports::…::Guest` for its interfaces).
///
/// The path is that of the WIT, from the crate's folder.
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
/// A fresh plugin begins with `Default`. At a swap the state crosses field by field, as a game's does.
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

        // The exports' names are no names for a native linker, which `cargo test` may ask for a library.
        #[cfg(target_arch = "wasm32")]
        export!($plugin);
    };
}
