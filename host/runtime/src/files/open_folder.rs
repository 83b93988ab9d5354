//! A folder that is opened once and stays the same, whatever becomes of its path afterwards.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// An open folder.
#[derive(Debug)]
pub struct OpenFolder {
    /// Path at the time of opening.
    path: PathBuf,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "it holds the folder")
    )]
    file: File,
}

impl OpenFolder {
    /// Opens a folder. A fifo or a device of that name is an error, and is not waited for.
    ///
    /// # Errors
    /// When it is missing, no folder, or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, true)
    }

    /// Opens a folder in which only the user may write, and creates it if it is missing. The last part of the
    /// path may be no link.
    ///
    /// # Errors
    /// When it cannot be created or opened, belongs to somebody else, or others may write there.
    pub fn open_private(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .recursive(true)
            .create(path)?;
        // A folder in the user's profile is private by itself.
        #[cfg(not(unix))]
        std::fs::create_dir_all(path)?;
        let folder = Self::open_with(path, false)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let meta = folder.file.metadata()?;
            if meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
                return Err(io::Error::other("others may write there"));
            }
        }
        Ok(folder)
    }

    fn open_with(path: &Path, follows: bool) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        {
            use rustix::fs::OFlags;
            let mut flags = OFlags::DIRECTORY;
            flags.set(OFlags::NOFOLLOW, !follows);
            std::os::unix::fs::OpenOptionsExt::custom_flags(
                &mut options,
                flags.bits().cast_signed(),
            );
        }
        // The flag stands for any access to a folder.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0200_0000);
        #[cfg(not(unix))]
        let _ = follows;
        Ok(Self {
            file: options.open(path)?,
            path: path.to_owned(),
        })
    }

    /// Returns a path of the folder for calls that take paths only. Where the system allows it, the path leads
    /// to the open folder itself.
    #[must_use]
    pub fn path(&self) -> Cow<'_, Path> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let open = PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
            if open.exists() {
                return open.into();
            }
        }
        (&*self.path).into()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn an_open_folder_stays_the_same() {
        let parent = tempfile::tempdir().unwrap();
        let (path, moved) = (parent.path().join("a"), parent.path().join("b"));
        std::fs::create_dir(&path).unwrap();
        let folder = OpenFolder::open(&path).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(moved.join("file").exists() && !path.join("file").exists());
    }

    #[test]
    fn a_private_folder_is_the_users_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        drop(OpenFolder::open_private(&path).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let link = parent.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(OpenFolder::open_private(&link).is_err(), "a link");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(OpenFolder::open_private(&path).is_err(), "others may write");
        assert!(OpenFolder::open_private(Path::new("/dev/null")).is_err());
    }
}
