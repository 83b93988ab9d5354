//! The client of the control channel: finds running hosts and sends one a request. It knows nothing of
//! what requests mean.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, ControlError, Request, SUFFIX, guest_of};

/// Returns the sockets of all running hosts, or of those that run this guest. Removes sockets that
/// killed hosts have left.
///
/// # Errors
/// On a platform without local sockets.
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

/// Sends a request and waits for the answer. The answer takes a frame, or as long as a version needs to
/// be prepared.
///
/// # Errors
/// When no host listens there, or its answer is invalid.
pub fn ask(socket: &Path, request: &Request) -> Result<Answer, ControlError> {
    /// Longest wait: far more than compiling the largest guest takes.
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
    talk().map_err(|cause| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ControlError::Gone(socket.to_owned()),
        _ => ControlError::Io {
            socket: socket.to_owned(),
            cause,
        },
    })
}
