//! The working folder of the process, which may be moved or replaced while the process is in it.

use std::path::{Path, PathBuf};

/// The path of the working folder at some time. A relative path that was named then leads to the same place
/// later, although the folder of that name is another by now.
#[derive(Clone, Debug)]
pub struct WorkingFolder(Option<PathBuf>);

impl WorkingFolder {
    /// Notes the working folder.
    #[must_use]
    pub fn now() -> Self {
        Self(std::env::current_dir().ok())
    }

    /// Returns a path as it was named then, or an absolute one if the process's working folder has another path
    /// now.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.path_within(std::env::current_dir().ok().as_deref(), path)
    }

    fn path_within(&self, now: Option<&Path>, path: &Path) -> PathBuf {
        match &self.0 {
            Some(folder) if now != Some(folder) => folder.join(path),
            _ => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_where_it_was_named() {
        let folder = WorkingFolder(Some(PathBuf::from("/games/pong")));
        for (now, path, leads_to) in [
            (Some("/games/pong"), "dist", "dist"),
            (Some("/games/old"), "dist", "/games/pong/dist"),
            (None, "dist", "/games/pong/dist"),
            (None, "/else/dist", "/else/dist"),
        ] {
            let found = folder.path_within(now.map(Path::new), Path::new(path));
            assert_eq!(found, Path::new(leads_to), "{now:?}");
        }
    }
}
