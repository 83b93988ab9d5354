//! Regular files, which are opened without the danger of waiting for another program, and whose dates can be
//! set without write permission. A fifo, a socket or a device is refused.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

/// Opens a regular file for reading.
///
/// # Errors
/// When the file cannot be opened, or something else has its name.
pub fn open(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    // Opening a fifo waits for a writer otherwise.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(is_none()),
    }
}

/// Sets the date of a regular file to this one. Its owner may, whatever the file's permissions are. Everybody
/// else who may write the file gives it the system's time.
///
/// # Errors
/// When neither is allowed, or something else has this name.
pub fn set_date(path: &Path, date: SystemTime) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(is_none());
    }
    #[cfg(unix)]
    {
        use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};
        let since = date.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.map_err(Error::other)?;
        let times = |accessed, seconds: u64, nanoseconds| Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: accessed,
            },
            last_modification: Timespec {
                tv_sec: seconds.cast_signed(),
                tv_nsec: nanoseconds,
            },
        };
        // By its name, since a file that may not be read cannot be opened.
        let exact = times(UTIME_OMIT, since.as_secs(), since.subsec_nanos().into());
        utimensat(CWD, path, &exact, AtFlags::empty()).or_else(|error| {
            let now = times(UTIME_NOW, 0, UTIME_NOW);
            utimensat(CWD, path, &now, AtFlags::empty()).map_err(|_| error)
        })?;
        Ok(())
    }
    #[cfg(not(unix))]
    File::options().write(true).open(path)?.set_modified(date)
}

fn is_none() -> Error {
    Error::new(ErrorKind::InvalidInput, "it is no regular file")
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fifo_is_refused_at_once() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let fifo = folder.path().join("lib.rs");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .expect("a fifo can be made");
        assert_eq!(
            open(&fifo).unwrap_err().to_string(),
            "it is no regular file"
        );
        let refused = set_date(&fifo, SystemTime::now()).unwrap_err();
        assert_eq!(refused.to_string(), "it is no regular file");
    }

    #[test]
    fn a_file_without_permissions_is_dated() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("lib.rs");
        std::fs::write(&file, "").expect("it can be written");
        let none = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(&file, none).expect("permissions can be taken");
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        set_date(&file, date).expect("the owner may");
        let written = file.metadata().and_then(|meta| meta.modified());
        assert_eq!(written.expect("there is a date"), date);
    }
}
