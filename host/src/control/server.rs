//! The server of the control channel: one thread that listens, and one for each request that waits for
//! its answer. It knows nothing of what requests mean.

use std::fs::Permissions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use vblank_runtime::thread;

use super::{Answer, Reply, Request, SUFFIX, listening};

/// Socket on which the host listens until this is dropped.
pub struct Control {
    socket: PathBuf,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Listens in this folder. The folder is created if it is missing, and closed to other users.
    /// `guest` is the guest's name in file names. `deliver` is called for each request on a thread of
    /// its own. A reply that it drops is answered with "the run has ended". Sockets that killed hosts
    /// left there are removed.
    ///
    /// # Errors
    /// When the socket cannot be made: the folder cannot be written, or its path is longer than about a
    /// hundred bytes.
    pub fn open(
        folder: &Path,
        guest: &str,
        deliver: impl Fn(Request, Reply) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        // Looking for hosts removes the sockets of hosts that have ended.
        let _ = listening(folder, None);
        let socket = folder.join(format!("{guest}-{}.{SUFFIX}", std::process::id()));
        // A killed host with the same process number may have left this file.
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let of_thread = Arc::clone(&is_over);
        let thread = thread::start("control", move || {
            for stream in listener.incoming() {
                if of_thread.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream.map(Arc::new) else {
                    continue;
                };
                let (deliver, served) = (deliver.clone(), Arc::clone(&stream));
                // Each request waits for the session, and a slow one must not hold up others.
                let started = thread::start("control", move || serve(&served, &deliver));
                if let Err(error) = started {
                    send(&stream, &failed(&format!("no thread to serve it: {error}")));
                }
            }
        })?;
        Ok(Self {
            socket,
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The thread waits in `accept`, which only a connection ends.
        let woken = UnixStream::connect(&self.socket).is_ok();
        let _ = std::fs::remove_file(&self.socket);
        if let (true, Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// Serves one request. A client that sends nothing is disconnected.
fn serve(stream: &UnixStream, deliver: &impl Fn(Request, Reply)) {
    const PATIENCE: Duration = Duration::from_secs(5);
    const LONGEST: u64 = 64 << 10;
    let read = || -> io::Result<Request> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    };
    let answer = match read() {
        Ok(request) => {
            let (reply, answer) = Reply::channel();
            deliver(request, reply);
            let answer = answer.recv();
            answer.unwrap_or_else(|_| failed("the run has ended"))
        }
        Err(error) => failed(&format!("not a request that this host knows: {error}")),
    };
    send(stream, &answer);
}

fn send(mut stream: &UnixStream, answer: &Answer) {
    if let Ok(mut line) = serde_json::to_vec(answer) {
        line.push(b'\n');
        // The process that made the request may have ended.
        let _ = stream.write_all(&line);
    }
}

fn failed(message: &str) -> Answer {
    Answer::Failed {
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::ask;
    use super::*;
    use vblank_runtime::history::StateOf;

    #[test]
    fn a_request_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("run");
        let (tell, told) = channel();
        let deliver = move |request, reply| drop(tell.send((request, reply)));
        let control = Control::open(&folder, "game-12", deliver).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(listening(&folder, Some("other-12")).unwrap().is_empty());
        let [socket] = &listening(&folder, Some("game-12")).unwrap()[..] else {
            panic!("one socket is wanted");
        };

        let request = Request::Rollback {
            hash: Some("abcd".to_owned()),
            state: StateOf::AtReplacement,
        };
        let expected = request.clone();
        let session = std::thread::spawn(move || {
            let (request, reply): (Request, Reply) = told.recv().unwrap();
            assert_eq!(request, expected);
            reply.fail("not today");
            // The next request is dropped without an answer.
            drop(told.recv().unwrap());
        });
        assert_eq!(ask(socket, &request).unwrap(), failed("not today"));
        assert_eq!(ask(socket, &request).unwrap(), failed("the run has ended"));
        session.join().unwrap();

        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(b"{\"ask\":\"dance\"}\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("not a request"), "{answer}");

        drop(control);
        assert!(!socket.exists());
    }

    #[test]
    fn a_new_host_removes_the_sockets_of_killed_ones() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("other-999.sock");
        drop(UnixListener::bind(&socket).unwrap());
        let control = Control::open(folder.path(), "game", |_, _| {}).unwrap();
        assert!(!socket.exists());
        drop(control);
    }

    #[test]
    fn what_a_killed_host_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("game-12-999.sock");
        drop(UnixListener::bind(&socket).unwrap());
        assert!(socket.exists());
        assert!(listening(folder.path(), None).unwrap().is_empty());
        assert!(!socket.exists());
    }
}
