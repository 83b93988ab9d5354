//! The levels of boxes and collections that a guest can save and restore, and the message where one
//! lies too deep.

use crate::bounds::{LEVEL, LEVELS_STACK};
use crate::cursor::Cursor;
use crate::schema::Schema;

/// The boxes and collections around a value that is saved or restored, by the stack that they take.
#[derive(Clone, Copy, Default)]
pub(super) struct Levels(usize);

impl Levels {
    /// Enters a box or collection of this type. Returns false when it lies too deep.
    ///
    /// How much stack the compiler needs is not known. It grows with the size of what is moved.
    pub fn enter<T>(&mut self) -> bool {
        let level = const { LEVEL + 2 * size_of::<T>() };
        let is_possible = self.0 + level <= LEVELS_STACK && !stack_ends();
        if is_possible {
            self.0 += level;
        }
        is_possible
    }

    /// Leaves a box or collection of this type.
    pub fn leave<T>(&mut self) {
        self.0 -= const { LEVEL + 2 * size_of::<T>() };
    }
}

/// Stack that is left for what saves and restores a value beside its levels, in bytes.
#[cfg(target_arch = "wasm32")]
const RESERVE: usize = 64 << 10;

/// Returns true when the stack in a guest's memory is about to end.
///
/// That stack comes first in memory and grows down to address 0, so the address of a variable is
/// what is left. The stack that wasmtime itself keeps cannot be asked.
#[inline]
fn stack_ends() -> bool {
    #[cfg(target_arch = "wasm32")]
    {
        let here = std::hint::black_box(0_u8);
        (&raw const here).addr() < RESERVE
    }
    #[cfg(not(target_arch = "wasm32"))]
    false
}

/// Returns the message for a value that lies too deep.
pub(super) fn too_deep(path: &str) -> String {
    let at = if path.is_empty() {
        String::new()
    } else {
        format!(" ({path} levels)")
    };
    format!(
        "boxes and collections are nested too deep for the stack of a guest{at}; \
         keep the items in one list and refer to them by index"
    )
}

/// Returns the path of the value at which the bytes end.
pub(super) fn path_to_end(schema: &Schema, tree: &[u8]) -> String {
    Cursor::inline_without_segments(tree).path_to_end(schema)
}
