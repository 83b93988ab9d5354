//! An X display of its own for a test with a window, with a keyboard and a pointer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt as _, EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::wait::{DEADLINE, wait_until};

/// An X server without a screen, which ends when it is dropped.
pub struct Display {
    server: Child,
    name: String,
    x11: RustConnection,
    root: Window,
}

/// Picture in a window: rows of red, green, blue.
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Pixels, row by row from the top.
    pub pixels: Vec<[u8; 3]>,
}

impl Display {
    /// Starts Xvfb on a free display.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1024x768x24",
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start Xvfb: {error}; type: cargo xtask setup"));
        let output = server.stdout.take().expect("its output is a pipe");
        let mut number = String::new();
        // Xvfb writes the number when it is ready.
        BufReader::new(output)
            .read_line(&mut number)
            .expect("Xvfb says its display's number");
        let name = format!(":{}", number.trim());
        let (x11, screen) = RustConnection::connect(Some(&name))
            .unwrap_or_else(|error| panic!("Xvfb does not answer on {name:?}: {error}"));
        let root = x11.setup().roots[screen].root;
        Self {
            server,
            name,
            x11,
            root,
        }
    }

    /// Returns the value for the variable `DISPLAY`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the only window with a title, and gives it the focus.
    #[track_caller]
    #[must_use]
    pub fn window(&self) -> Window {
        let window = wait_until("a window", DEADLINE, || {
            let tree = self.x11.query_tree(self.root).ok()?.reply().ok()?;
            tree.children
                .into_iter()
                .find(|window| self.title(*window).is_some())
        });
        // The display has no window manager, which would set the focus.
        let focused = self.x11.set_input_focus(InputFocus::PARENT, window, 0_u32);
        focused
            .expect("the display is there")
            .check()
            .expect("the window takes focus");
        window
    }

    /// Waits until the title contains this text.
    #[track_caller]
    pub fn wait_for_title(&self, window: Window, text: &str) -> String {
        wait_until(&format!("a title with {text:?}"), DEADLINE, || {
            self.title(window).filter(|title| title.contains(text))
        })
    }

    fn title(&self, window: Window) -> Option<String> {
        let name = AtomEnum::WM_NAME;
        let title = self
            .x11
            .get_property(false, window, name, AtomEnum::ANY, 0, 256)
            .ok()?;
        let title = String::from_utf8_lossy(&title.reply().ok()?.value).into_owned();
        (!title.is_empty()).then_some(title)
    }

    /// Presses and releases a key. `code` is the X11 code, which is evdev's plus 8.
    #[track_caller]
    pub fn press(&self, code: u8) {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            let faked = self.x11.xtest_fake_input(kind, code, 0, self.root, 0, 0, 0);
            faked
                .expect("the display is there")
                .check()
                .expect("Xvfb has XTEST");
        }
    }

    /// Moves the pointer to a point in the window.
    #[track_caller]
    pub fn point(&self, window: Window, x: i16, y: i16) {
        let moved = self.x11.warp_pointer(0_u32, window, 0, 0, 0, 0, x, y);
        moved
            .expect("the display is there")
            .check()
            .expect("the pointer moves");
    }

    /// Clicks on a point in the window, as slowly as a hand does.
    #[track_caller]
    pub fn click(&self, window: Window, x: i16, y: i16) {
        /// Time for which the button stays down: some frames, because a click within a frame is no
        /// click.
        const HAND: Duration = Duration::from_millis(100);
        self.point(window, x, y);
        for kind in [BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT] {
            std::thread::sleep(HAND);
            let faked = self.x11.xtest_fake_input(kind, 1, 0, self.root, 0, 0, 0);
            faked
                .expect("the display is there")
                .check()
                .expect("Xvfb has XTEST");
        }
    }

    /// Resizes the window.
    #[track_caller]
    pub fn resize(&self, window: Window, width: u32, height: u32) {
        let values = ConfigureWindowAux::new().width(width).height(height);
        let resized = self.x11.configure_window(window, &values);
        resized
            .expect("the display is there")
            .check()
            .expect("the window is there");
    }

    /// Asks a window to close, as a window manager does after a click on the close button.
    #[track_caller]
    pub fn click_close(&self, window: Window) {
        let atom = |name: &str| {
            let atom = self
                .x11
                .intern_atom(false, name.as_bytes())
                .expect("the display is there");
            atom.reply().expect("atoms can be made").atom
        };
        let data = [atom("WM_DELETE_WINDOW"), 0, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), data);
        let sent = self
            .x11
            .send_event(false, window, EventMask::NO_EVENT, message);
        sent.expect("the display is there")
            .check()
            .expect("the window is there");
    }

    /// Returns the picture that a window shows now.
    #[track_caller]
    #[must_use]
    pub fn picture(&self, window: Window) -> Picture {
        let size = self.x11.get_geometry(window).expect("the display is there");
        let size = size.reply().expect("the window is there");
        let (width, height) = (size.width, size.height);
        let image =
            self.x11
                .get_image(ImageFormat::Z_PIXMAP, window, 0, 0, width, height, u32::MAX);
        let image = image
            .expect("the display is there")
            .reply()
            .expect("the window has a picture");
        let pixels = image
            .data
            .chunks_exact(4)
            .map(|pixel| [pixel[2], pixel[1], pixel[0]]);
        Picture {
            width: width.into(),
            pixels: pixels.collect(),
        }
    }

    /// Waits until the window shows a picture that meets the condition.
    #[track_caller]
    pub fn wait_for_picture(&self, window: Window, is: impl Fn(&Picture) -> bool) -> Picture {
        wait_until("a picture", DEADLINE, || {
            Some(self.picture(window)).filter(&is)
        })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
