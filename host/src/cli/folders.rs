//! Where the host keeps things of its own between runs: in the user's folders, by the guest's path.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use vblank_runtime::guest::CacheOptions;

/// Where compiled code is kept: in the user's cache folder, or where `VBLANK_CACHE` says; nowhere if
/// that is `off`.
pub(super) fn compiled() -> Option<CacheOptions> {
    let folder = match std::env::var_os("VBLANK_CACHE") {
        Some(name) if name == "off" => return None,
        Some(name) if !name.is_empty() => PathBuf::from(name),
        _ => project()?.cache_dir().join("compiled"),
    };
    Some(CacheOptions::new(folder))
}

/// Where the files of a guest's assets are: where the user says, in its crate, or beside its file.
pub(super) fn assets_of(guest: &Path, wanted: Option<&Path>) -> PathBuf {
    match wanted {
        Some(folder) => folder.to_owned(),
        None if guest.is_dir() => guest.join("assets"),
        None => guest.with_file_name("assets"),
    }
}

/// Where a guest's state is kept between runs.
pub(super) fn autosave_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("autosave");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(format!("{}.vbs", name_of(guest)?)))
}

/// Where the versions of a guest that ran are kept.
pub(super) fn history_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("history");
    Some(folder.join(name_of(guest)?))
}

/// Where images of a guest's state go that somebody wants kept while it runs.
pub(super) fn images_of(guest: &Path) -> Option<PathBuf> {
    let folder = project()?.data_local_dir().join("images");
    Some(folder.join(name_of(guest)?))
}

/// The file that says whether the overlay was open.
pub(super) fn overlay() -> Option<PathBuf> {
    Some(project()?.data_local_dir().join("overlay-open"))
}

/// Where what is kept of guests between runs is.
pub(super) fn data() -> Option<PathBuf> {
    Some(project()?.data_local_dir().to_owned())
}

/// Where running hosts listen: in the user's runtime folder, or in the data folder where the system
/// has none.
pub(super) fn sockets() -> Option<PathBuf> {
    let project = project()?;
    let runtime = project.runtime_dir().map(Path::to_owned);
    Some(runtime.unwrap_or_else(|| project.data_local_dir().join("run")))
}

/// What all that is kept of a guest is called: its name for people, and its path for certainty.
pub(super) fn name_of(guest: &Path) -> Option<String> {
    let guest = std::fs::canonicalize(guest).ok()?;
    // A socket's path has room for about a hundred bytes.
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
