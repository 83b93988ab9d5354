//! Input events, as a window or a script sends them.

use crate::gamepad::PadEvent;
use crate::key::Key;
use crate::pointer::Button;
use crate::touch::Finger;

/// An input event.
#[derive(Clone, Debug, PartialEq)]
pub enum InputEvent {
    /// A key went down or came up. A second press without a release is a key repeat, and has no
    /// effect.
    Key {
        /// The key.
        key: Key,
        /// True when the key went down.
        down: bool,
    },
    /// A text was typed, after keyboard layout and dead keys.
    Text(String),
    /// The pointer moved over the picture.
    PointerMoved {
        /// Distance to the right, in pixels of the picture.
        x: f32,
        /// Distance downwards, in pixels of the picture.
        y: f32,
    },
    /// The pointer left the picture.
    PointerLeft,
    /// A button of the pointer went down or came up.
    Button {
        /// The button.
        button: Button,
        /// True when the button went down.
        down: bool,
    },
    /// The wheel was turned, in lines.
    Wheel {
        /// Lines to the right.
        x: f32,
        /// Lines away from the person.
        y: f32,
    },
    /// A finger came down on the picture, moved or went up.
    Touch {
        /// Id of the finger.
        id: u64,
        /// Phase of the touch.
        finger: Finger,
        /// Distance to the right, in pixels of the picture.
        x: f32,
        /// Distance downwards, in pixels of the picture.
        y: f32,
    },
    /// A gamepad sent an event.
    Pad {
        /// Id of the gamepad.
        id: u32,
        /// The event.
        event: PadEvent,
    },
    /// The window lost the keyboard. All keys and buttons are released.
    FocusLost,
}
