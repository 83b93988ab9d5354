//! The events from which input is collected.

use crate::gamepad::PadEvent;
use crate::key::Key;
use crate::pointer::Button;
use crate::touch::Finger;

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
