//! Keys in the terminal while a game runs, each of which sends a command. The terminal's settings are
//! restored at every end: a natural one, Ctrl-C, a panic. This module knows no session.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};

use vblank_runtime::thread;

use super::Terminal;
use crate::event::Command;
use crate::event::Event;

/// Help on the keys, in one line.
const HELP: &str = "keys: b rebuild, c cancel the build, r roll back, p pause, s step, 0 reset, i keep an image, q quit, ? this line";

/// The terminal's previous settings, while they are changed.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Reader of keys, until it is dropped.
pub struct Keys(Arc<AtomicBool>);

impl Keys {
    /// Starts reading keys, if standard input is a terminal and this process is in its foreground.
    pub fn read(terminal: &Terminal, tell: Sender<Event>) -> Option<Self> {
        if !std::io::stdin().is_terminal() || !is_in_front() {
            return None;
        }
        take_over().ok()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let keys = Self(Arc::clone(&is_over));
        let terminal = terminal.clone();
        // If the system cannot start a thread, dropping `keys` restores the terminal.
        thread::start("keys", move || listen(&is_over, &terminal, &tell)).ok()?;
        Some(keys)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        restore();
    }
}

/// Returns true if this process is in the terminal's foreground. A background process that touches the
/// terminal is stopped.
fn is_in_front() -> bool {
    tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Sets the terminal to single letters without echo. A read ends after a fifth of a second.
fn take_over() -> rustix::io::Result<()> {
    static HOOK: Once = Once::new();
    let before = tcgetattr(std::io::stdin())?;
    let mut raw = before.clone();
    raw.local_modes
        .remove(LocalModes::ICANON | LocalModes::ECHO);
    raw.special_codes[SpecialCodeIndex::VMIN] = 0;
    raw.special_codes[SpecialCodeIndex::VTIME] = 2;
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
    tcsetattr(std::io::stdin(), OptionalActions::Now, &raw)
}

/// Restores the terminal's settings, if they were changed. To be called before the process is ended.
pub fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // A terminal that has been closed needs no restoring.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
    }
}

fn listen(is_over: &AtomicBool, terminal: &Terminal, tell: &Sender<Event>) {
    const PAUSE: Duration = Duration::from_millis(200);
    while !is_over.load(Ordering::Relaxed) {
        if !is_in_front() {
            std::thread::sleep(PAUSE);
            continue;
        }
        let begun = Instant::now();
        let mut key = [0_u8];
        match rustix::io::read(std::io::stdin(), &mut key) {
            Ok(1) => {
                let told = match command(key[0]) {
                    Some(command) => tell.send(Event::Command(command)),
                    None if key[0] == b'?' => {
                        terminal.say(HELP);
                        Ok(())
                    }
                    None => Ok(()),
                };
                if told.is_err() {
                    return;
                }
            }
            // A terminal that was hung up reports its end at once, again and again.
            Ok(_) if begun.elapsed() < PAUSE / 2 => std::thread::sleep(PAUSE),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

fn command(key: u8) -> Option<Command> {
    Some(match key {
        b'b' => Command::Rebuild,
        b'c' => Command::StopBuild,
        b'r' => Command::RollBack,
        b'p' | b' ' => Command::TogglePause,
        b's' | b'.' => Command::Step,
        b'0' => Command::Reset,
        b'i' => Command::SaveImage,
        b'q' => Command::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_help_does_something() {
        for entry in HELP.trim_start_matches("keys: ").split(", ") {
            let key = entry.as_bytes()[0];
            assert!(key == b'?' || command(key).is_some(), "{entry}");
        }
        assert_eq!(command(b'x'), None);
    }
}
