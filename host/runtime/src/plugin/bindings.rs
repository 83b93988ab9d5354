//! The bindings of an application's world: the trait that they implement, and the macro that generates
//! them. They know no slot.

use crate::guest::{CallResult, Exports, Linker, Store};

/// Bindings of an application's world. [`plugin!`](crate::plugin!) generates them. An application that
/// needs more of wasmtime's `bindgen!` implements this trait by hand.
pub trait Plugin: Sized + Send + 'static {
    /// Name of the world, for messages.
    const WORLD: &'static str;

    /// Data that the application's imports work on, one for each instance. `()` if there are no imports.
    type Data: Send + 'static;

    /// Adds the application's imports to the linker. An import reads its data with
    /// [`Context::data`](crate::guest::Context::data).
    ///
    /// # Errors
    /// When a name is taken.
    fn link(linker: &mut Linker) -> CallResult<()>;

    /// Looks up the exports that the application calls.
    ///
    /// # Errors
    /// When an export is missing or of another type.
    fn bind(store: &mut Store, exports: &Exports) -> CallResult<Self>;
}

/// Generates the bindings of a world that includes `vblank:guest/plugin`, and implements
/// [`Plugin`](crate::plugin::Plugin) for them. The type is named as the world is, in camel case. The path
/// is that of the WIT, relative to the crate's folder.
///
/// For a world with imports, `imports` names the modules of the imported interfaces, and `data` the type
/// that implements them. This type must be `pub`:
///
/// ```
/// mod notes {
///     vblank_runtime::plugin!(
///         Scribe, path: ["../../wit", "../../demos/plugins/wit"], world: "demo:plugins/scribe",
///         data: super::Desk, imports: [demo::plugins::desk],
///     );
/// }
///
/// #[derive(Default)]
/// pub struct Desk {
///     notes: Vec<String>,
/// }
///
/// impl notes::demo::plugins::desk::Host for Desk {
///     fn put(&mut self, note: String) -> vblank_runtime::guest::CallResult<()> {
///         self.notes.push(note);
///         Ok(())
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! plugin {
    ($plugin:ident, path: $path:tt, world: $world:literal $(,)?) => {
        $crate::plugin!($plugin, path: $path, world: $world, data: (), imports: []);
    };
    (
        $plugin:ident, path: $path:tt, world: $world:literal,
        data: $data:ty, imports: [$($($import:ident)::+),* $(,)?] $(,)?
    ) => {
        #[allow(missing_docs, reason = "generated; the documentation is in the WIT")]
        mod bindings {
            $crate::guest::wasmtime::component::bindgen!({
                path: $path,
                world: $world,
                imports: { default: trappable },
                wasmtime_crate: vblank_runtime::guest::wasmtime,
            });
        }
        #[allow(unused_imports, reason = "not everybody names all of it")]
        pub use bindings::*;

        impl $crate::plugin::Plugin for $plugin {
            const WORLD: &'static str = $world;
            type Data = $data;

            fn link(
                #[allow(unused_variables, reason = "there may be no imports")]
                linker: &mut $crate::guest::Linker,
            ) -> $crate::guest::CallResult<()> {
                $(
                    bindings::$($import)::+::add_to_linker::<
                        _,
                        $crate::guest::wasmtime::component::HasSelf<$data>,
                    >(linker, |context| context.data_mut())?;
                )*
                Ok(())
            }

            fn bind(
                store: &mut $crate::guest::Store,
                exports: &$crate::guest::Exports,
            ) -> $crate::guest::CallResult<Self> {
                Self::new(store, exports)
            }
        }
    };
}
