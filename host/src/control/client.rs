//! The other end: finding the hosts that run, and asking one.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, ControlError, Request, SUFFIX, guest_of};

/// The sockets of all hosts that run, or of those that run this guest. Removes what hosts that were
/// killed have left.
///
/// # Errors
/// Where the platform has no local sockets.
pub fn listening(folder: &Path, guest: Option<&str>) -> Result<Vec<PathBuf>, ControlError> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == SUFFIX))
        .filter(|path| guest.is_none_or(|guest| guest_of(path) == Some(guest)))
        .filter(|path| match UnixStream::connect(path) {
            Ok(_) => true,
            Err(error) => {
                if error.kind() == ErrorKind::ConnectionRefused {
                    let _ = std::fs::remove_file(path);
                }
                false
            }
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Ask, and wait for the answer: a frame, and where code has to be made ready, that long.
///
/// # Errors
/// When nobody listens there, or the answer is none.
pub fn ask(socket: &Path, request: &Request) -> Result<Answer, ControlError> {
    /// Far more than compiling the largest guest takes.
    const PATIENCE: Duration = Duration::from_secs(60);
    let talk = || -> io::Result<Answer> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    };
    talk().map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ControlError::Gone(socket.to_owned()),
        _ => ControlError::Io {
            socket: socket.to_owned(),
            source,
        },
    })
}
