//! Memory whose size a stranger decides: a lack of it is an error and not the end of the process. Knows nothing
//! of what the memory is for.

use std::io;

use crate::fault::{self, Operation};

/// Makes an empty list that holds this many items without growing.
///
/// # Errors
/// When the system has no such memory.
pub(crate) fn list<T>(items: usize) -> io::Result<Vec<T>> {
    fault::before(Operation::Reserve(items.saturating_mul(size_of::<T>())))?;
    let mut list = Vec::new();
    let reserved = list.try_reserve_exact(items);
    reserved.map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    Ok(list)
}

/// Makes a list of this many zeros.
///
/// # Errors
/// As for [`list`].
pub(crate) fn zeros<T: bytemuck::Zeroable + Clone>(items: usize) -> io::Result<Vec<T>> {
    let mut list = list(items)?;
    list.resize(items, T::zeroed());
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_an_error() {
        let refused = zeros::<u64>(usize::MAX / 16).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::OutOfMemory);
        assert_eq!(zeros::<u16>(3).unwrap(), [0; 3]);
    }
}
