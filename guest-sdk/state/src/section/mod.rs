//! The custom section `vblank:schema`: a schema in the wasm file, which can be read without running
//! it.
//!
//! Each derived type puts an entry into the section while it is compiled, and the linker
//! concatenates the entries. A type therefore names others by their ids, and an entry of its own
//! marks the root. Generic types are written out where they are used.
//!
//! A type that constant evaluation cannot describe is *opaque*. A section with an opaque type is no
//! schema, and the guest has to be asked.

mod encode;
mod read;
mod shape;

pub use crate::schema::Style as StyleDef;
pub use encode::{Sink, entry, id, measure, root_entry};
pub(crate) use shape::plain_field;
pub use shape::{CaseDef, Def, FieldDef, FieldsDef, HookDef, KindDef, Shape};

/// Name of the section.
pub const SECTION: &str = "vblank:schema";

/// Marks the root of the state, once in a program: `vblank_state::root_section!(World);`.
#[macro_export]
macro_rules! root_section {
    ($root:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const SHAPE: &$crate::section::Shape = <$root as $crate::State>::SHAPE;
            const LEN: usize = $crate::section::root_entry::<0>(SHAPE).len();
            #[used]
            #[unsafe(link_section = "vblank:schema")]
            static ENTRY: [u8; LEN] = $crate::section::root_entry::<LEN>(SHAPE).bytes();
        };
    };
}
