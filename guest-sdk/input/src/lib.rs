//! What the player does: events are collected here, and an update takes them as state and edges. The host
//! collects a window's with it, and the SDK's harness for tests a script's, so that a script is the same
//! game in both.
//!
//! Layer 0: knows no window and no guest, only what both of them say.
//!
//! ```
//! use vblank_input::{Input, Key, Script, Snapshot};
//!
//! let script = Script::parse(r#"{"frame": 1, "key": "Space", "down": true}"#)?;
//! let (mut input, mut seen) = (Input::default(), Snapshot::default());
//! for number in 0..=2 {
//!     script.events_at(number).for_each(|event| input.apply(event));
//!     input.take(&mut seen);
//!     assert_eq!(seen.pressed.contains(&Key::Space), number == 1);
//!     assert_eq!(seen.held.contains(&Key::Space), number >= 1);
//! }
//! # Ok::<(), vblank_input::ScriptError>(())
//! ```

mod gamepad;
mod key;
mod script;
mod touch;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use gamepad::{Gamepad, PadAxis, PadButton, PadButtons, PadEvent};
pub use key::{Key, UnknownKey};
pub use script::{Cue, Script, ScriptError};
pub use touch::{Finger, Touch};

use gamepad::Gamepads;
use key::KeySet;
use touch::Touches;

/// The size of a picture or a window, in pixels. Written `1280x720`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "width and height")]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    /// A size of so many pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Whether it has no pixel, as a minimised window has.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a size: {0:?}; write width and height in pixels, such as 1280x720")]
pub struct BadSize(String);

impl FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let read = || {
            let (width, height) = text.split_once(['x', 'X'])?;
            Some(Self::new(width.parse().ok()?, height.parse().ok()?))
        };
        read()
            .filter(|size| !size.is_empty())
            .ok_or_else(|| BadSize(text.to_owned()))
    }
}

/// A button of a mouse or a pen; a finger is `Primary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "a button's name says all there is to say")]
pub enum Button {
    Primary,
    Secondary,
    Middle,
    Back,
    Forward,
}

/// Some of the pointer's buttons, one bit each, `Primary` the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buttons(pub u8);

impl Buttons {
    /// Whether `button` is one of them.
    pub const fn contains(self, button: Button) -> bool {
        self.0 & (1 << button as u8) != 0
    }

    /// Adds `button`.
    pub const fn insert(&mut self, button: Button) {
        self.0 |= 1 << button as u8;
    }

    /// Takes `button` out.
    pub const fn remove(&mut self, button: Button) {
        self.0 &= !(1 << button as u8);
    }
}

/// What a window or a script says.
#[derive(Clone, Debug, PartialEq)]
pub enum InputEvent {
    /// A key went down or came up. A key that is down and goes down again repeats itself, which is
    /// no second press.
    Key {
        /// Which one.
        key: Key,
        /// Whether it is down now.
        down: bool,
    },
    /// Something was typed, after keyboard layout and dead keys.
    Text(String),
    /// The pointer is here, in pixels of the picture, and over the picture.
    PointerMoved {
        /// To the right.
        x: f32,
        /// Downwards.
        y: f32,
    },
    /// The pointer is no longer over the picture.
    PointerLeft,
    /// A button of the pointer went down or came up.
    Button {
        /// Which one.
        button: Button,
        /// Whether it is down now.
        down: bool,
    },
    /// The wheel was turned by so many lines: away from the person and to the right is positive.
    Wheel {
        /// To the right.
        x: f32,
        /// Away from the person.
        y: f32,
    },
    /// A finger came down on the picture, was moved or went up.
    Touch {
        /// Which one.
        id: u64,
        /// What it did.
        finger: Finger,
        /// To the right, in pixels of the picture.
        x: f32,
        /// Downwards.
        y: f32,
    },
    /// Something happened to a gamepad.
    Pad {
        /// Which one.
        id: u32,
        /// What.
        event: PadEvent,
    },
    /// The window no longer has the keyboard: whatever was down is let go.
    FocusLost,
}

/// The pointer in one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pointer {
    /// To the right, in pixels of the picture.
    pub x: f32,
    /// Downwards, in pixels of the picture.
    pub y: f32,
    /// Whether it is over the picture; if not, `x` and `y` are where it was last.
    pub inside: bool,
    /// Buttons that are down now.
    pub held: Buttons,
    /// Buttons that went down since the last update.
    pub pressed: Buttons,
    /// Buttons that came up since the last update.
    pub released: Buttons,
    /// Lines turned to the right since the last update.
    pub wheel_x: f32,
    /// Lines turned away from the person since the last update.
    pub wheel_y: f32,
}

/// The input of one update. Keys are in the order of [`Key`], so equal input is equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Keys that are down now.
    pub held: Vec<Key>,
    /// Keys that went down since the last update.
    pub pressed: Vec<Key>,
    /// Keys that came up since the last update.
    pub released: Vec<Key>,
    /// What was typed since the last update.
    pub text: String,
    /// The mouse, pen or finger.
    pub pointer: Pointer,
    /// Fingers on the picture, in the order in which they came.
    pub touches: Vec<Touch>,
    /// Gamepads that are plugged in, by their numbers.
    pub gamepads: Vec<Gamepad>,
}

/// Collects events between two updates.
#[derive(Clone, Debug, Default)]
pub struct Input {
    held: KeySet,
    pressed: KeySet,
    released: KeySet,
    text: String,
    pointer: Pointer,
    touches: Touches,
    gamepads: Gamepads,
}

impl Input {
    /// Takes in one event. A press and a release between two updates show as both edges.
    pub fn apply(&mut self, event: InputEvent) {
        match event {
            InputEvent::Key { key, down: true } if !self.held.contains(key) => {
                self.held.insert(key);
                self.pressed.insert(key);
            }
            InputEvent::Key { key, down: false } if self.held.contains(key) => {
                self.held.remove(key);
                self.released.insert(key);
            }
            InputEvent::Key { .. } => {}
            InputEvent::Text(text) => self.text.push_str(&text),
            InputEvent::PointerMoved { x, y } => {
                (self.pointer.x, self.pointer.y) = (x, y);
                self.pointer.inside = true;
            }
            InputEvent::PointerLeft => self.pointer.inside = false,
            InputEvent::Button { button, down } => self.pointer.set(button, down),
            InputEvent::Wheel { x, y } => {
                self.pointer.wheel_x += x;
                self.pointer.wheel_y += y;
            }
            InputEvent::Touch { id, finger, x, y } => self.touches.apply(id, finger, [x, y]),
            InputEvent::Pad { id, event } => self.gamepads.apply(id, event),
            InputEvent::FocusLost => {
                self.touches.let_go();
                self.gamepads.let_go();
                self.released.extend(&std::mem::take(&mut self.held));
                self.pointer.released.0 |= std::mem::take(&mut self.pointer.held).0;
            }
        }
    }

    /// Writes the state and what happened since the last call, and forgets the latter. The buffers of
    /// `into` are used again.
    pub fn take(&mut self, into: &mut Snapshot) {
        let fill = |list: &mut Vec<Key>, keys: KeySet| {
            list.clear();
            list.extend(keys.iter());
        };
        fill(&mut into.held, self.held);
        fill(&mut into.pressed, std::mem::take(&mut self.pressed));
        fill(&mut into.released, std::mem::take(&mut self.released));
        into.text.clear();
        std::mem::swap(&mut into.text, &mut self.text);
        self.touches.take(&mut into.touches);
        self.gamepads.take(&mut into.gamepads);
        into.pointer = self.pointer;
        self.pointer = Pointer {
            pressed: Buttons::default(),
            released: Buttons::default(),
            wheel_x: 0.0,
            wheel_y: 0.0,
            ..self.pointer
        };
    }
}

impl Pointer {
    fn set(&mut self, button: Button, down: bool) {
        match (self.held.contains(button), down) {
            (false, true) => {
                self.held.insert(button);
                self.pressed.insert(button);
            }
            (true, false) => {
                self.held.remove(button);
                self.released.insert(button);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: Key, down: bool) -> InputEvent {
        InputEvent::Key { key, down }
    }

    /// Applies the events and takes one update's input.
    fn step(input: &mut Input, events: impl IntoIterator<Item = InputEvent>) -> Snapshot {
        events.into_iter().for_each(|event| input.apply(event));
        let mut snapshot = Snapshot::default();
        input.take(&mut snapshot);
        snapshot
    }

    #[test]
    fn a_key_is_pressed_once_held_and_released_once() {
        let input = &mut Input::default();
        let down = step(
            input,
            [
                key(Key::Space, true),
                key(Key::Space, true),
                key(Key::KeyA, true),
            ],
        );
        assert_eq!(
            down.pressed,
            [Key::KeyA, Key::Space],
            "in the order of the contract"
        );
        assert_eq!(down.held, down.pressed);
        let held = step(input, [key(Key::Space, true)]);
        assert_eq!(
            (held.pressed.len(), held.held.len()),
            (0, 2),
            "a repetition is no press"
        );
        let up = step(input, [key(Key::Space, false), key(Key::Space, false)]);
        assert_eq!((up.held, up.released), (vec![Key::KeyA], vec![Key::Space]));
    }

    #[test]
    fn a_tap_within_one_step_shows_as_both_edges() {
        let input = &mut Input::default();
        let tap = step(input, [key(Key::Space, true), key(Key::Space, false)]);
        assert_eq!(tap.held, []);
        assert_eq!(
            (tap.pressed, tap.released),
            (vec![Key::Space], vec![Key::Space])
        );
        assert_eq!(step(input, []), Snapshot::default());
    }

    #[test]
    fn losing_the_focus_lets_everything_go() {
        let input = &mut Input::default();
        let button = InputEvent::Button {
            button: Button::Middle,
            down: true,
        };
        step(
            input,
            [key(Key::KeyW, true), key(Key::ShiftLeft, true), button],
        );
        let lost = step(input, [InputEvent::FocusLost]);
        assert_eq!(lost.held, []);
        assert_eq!(lost.released, [Key::KeyW, Key::ShiftLeft]);
        assert_eq!(lost.pointer.held, Buttons::default());
        assert!(lost.pointer.released.contains(Button::Middle));
        assert_eq!(
            step(input, [InputEvent::FocusLost, key(Key::KeyW, false)]).released,
            []
        );
    }

    #[test]
    fn the_pointer_keeps_its_place_and_forgets_its_edges() {
        let input = &mut Input::default();
        let click = |down| InputEvent::Button {
            button: Button::Primary,
            down,
        };
        let moved = InputEvent::PointerMoved { x: 3.5, y: 4.0 };
        let wheel = InputEvent::Wheel { x: 0.5, y: -1.0 };
        let first = step(
            input,
            [moved, click(true), click(true), wheel.clone(), wheel],
        )
        .pointer;
        assert_eq!((first.x, first.y, first.inside), (3.5, 4.0, true));
        assert_eq!((first.wheel_x, first.wheel_y), (1.0, -2.0));
        assert_eq!(
            (first.held, first.pressed, first.released),
            (Buttons(1), Buttons(1), Buttons(0))
        );
        let second = step(input, [InputEvent::PointerLeft, click(false)]).pointer;
        let expected = Pointer {
            x: 3.5,
            y: 4.0,
            released: Buttons(1),
            ..Pointer::default()
        };
        assert_eq!(second, expected);
    }

    #[test]
    fn text_is_joined_and_taken_once() {
        let input = &mut Input::default();
        let typed = step(
            input,
            ["é", "t"].map(|text| InputEvent::Text(text.to_owned())),
        );
        assert_eq!(typed.text, "ét");
        assert_eq!(step(input, []).text, "");
    }

    #[test]
    fn taking_uses_the_same_buffers_again() {
        let (mut input, mut snapshot) = (Input::default(), Snapshot::default());
        snapshot.held.reserve(8);
        let place = snapshot.held.as_ptr();
        for down in [true, false, true] {
            input.apply(key(Key::Enter, down));
            input.take(&mut snapshot);
        }
        assert_eq!(snapshot.held, [Key::Enter]);
        assert_eq!(snapshot.held.as_ptr(), place);
    }

    #[test]
    fn sizes_are_read_and_written() {
        assert_eq!("1280x720".parse(), Ok(Size::new(1280, 720)));
        assert_eq!(Size::new(3, 4).to_string(), "3x4");
        for bad in ["", "1280", "1280x", "0x9", "-1x2", "1x2x3"] {
            assert!(
                bad.parse::<Size>()
                    .unwrap_err()
                    .to_string()
                    .contains("1280x720")
            );
        }
    }
}
