//! Folders and files that the host keeps between runs, in the user's folders and by the guest's path.
//! This module does not know their contents.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use vblank_runtime::guest::CacheOptions;

/// Returns the folder for compiled code: `VBLANK_CACHE`, or else the user's cache folder. Returns
/// `None` if `VBLANK_CACHE` is `off`.
pub(super) fn compiled() -> Option<CacheOptions> {
    let folder = match std::env::var_os("VBLANK_CACHE") {
        Some(name) if name == "off" => return None,
        Some(name) if !name.is_empty() => PathBuf::from(name),
        _ => project()?.cache_dir().join("compiled"),
    };
    Some(CacheOptions::new(folder))
}

/// Returns the folder of a guest's assets: the user's choice, or else in its crate, or beside its file.
pub(super) fn assets_of(guest: &Path, wanted: Option<&Path>) -> PathBuf {
    match wanted {
        Some(folder) => folder.to_owned(),
        None if guest.is_dir() => guest.join("assets"),
        None => guest.with_file_name("assets"),
    }
}

/// Returns the file for a guest's autosaved state.
pub(super) fn autosave_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("autosave");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(format!("{}.vbs", name_of(guest)?)))
}

/// Returns the folder for the versions of a guest that ran.
pub(super) fn history_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("history");
    Some(folder.join(name_of(guest)?))
}

/// Returns the folder for images that a person saves during a run.
pub(super) fn images_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("images");
    Some(folder.join(name_of(guest)?))
}

/// Returns the file that exists if the overlay was open.
pub(super) fn overlay() -> Option<PathBuf> {
    Some(project()?.data_local_dir().join("overlay-open"))
}

/// Returns the folder that holds everything about guests between runs.
pub(super) fn data() -> Option<PathBuf> {
    Some(project()?.data_local_dir().to_owned())
}

/// Returns the folder of the hosts' sockets: the user's runtime folder, or the data folder on a system
/// without one.
pub(super) fn sockets() -> Option<PathBuf> {
    let project = project()?;
    let runtime = project.runtime_dir().map(Path::to_owned);
    Some(runtime.unwrap_or_else(|| project.data_local_dir().join("run")))
}

/// Returns a unique file name for a guest, made of its name and of a hash of its path.
pub(super) fn name_of(guest: &Path) -> Option<String> {
    let guest = std::fs::canonicalize(guest).ok()?;
    // The path of a socket has a limit of about a hundred bytes.
    let name: String = guest
        .file_stem()?
        .to_string_lossy()
        .chars()
        .take(24)
        .collect();
    let hash = blake3::hash(guest.as_os_str().as_encoded_bytes()).to_hex();
    Some(format!("{name}-{}", &hash[..8]))
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "vblank")
}
