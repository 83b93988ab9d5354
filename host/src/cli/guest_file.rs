//! Finds the file of a guest for commands that only read it. It builds nothing.

use std::path::{Path, PathBuf};

use anyhow::bail;
use vblank_runtime::build::{CargoFlags, GuestCrate};

/// Returns the file of a guest. The file of a guest crate's folder is the one that was built last, with or
/// without optimisations.
///
/// # Errors
/// When a folder is no guest crate, or was never built.
pub(super) fn guest_file(guest: &Path) -> anyhow::Result<PathBuf> {
    if !guest.is_dir() {
        return Ok(guest.to_owned());
    }
    let mut built = Vec::new();
    for release in [false, true] {
        let flags = CargoFlags {
            release,
            ..CargoFlags::default()
        };
        let file = GuestCrate::open(guest, &flags)?.artifact();
        if let Ok(at) = file.metadata().and_then(|about| about.modified()) {
            built.push((at, file));
        }
    }
    match built.into_iter().max() {
        Some((_, file)) => Ok(file),
        None => bail!(
            "{guest} has not been built yet; type: host build {guest}",
            guest = guest.display()
        ),
    }
}
