//! The pointer: a mouse, a pen or a finger.

use serde::{Deserialize, Serialize};

/// A button of a mouse or a pen. A finger is `Primary`.
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

/// A set of the pointer's buttons, one bit each, with `Primary` as the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Buttons(pub u8);

impl Buttons {
    /// Returns true when the set contains `button`.
    pub const fn contains(self, button: Button) -> bool {
        self.0 & (1 << button as u8) != 0
    }

    /// Adds `button`.
    pub const fn insert(&mut self, button: Button) {
        self.0 |= 1 << button as u8;
    }

    /// Removes `button`.
    pub const fn remove(&mut self, button: Button) {
        self.0 &= !(1 << button as u8);
    }
}

/// The pointer in one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pointer {
    /// Distance to the right, in pixels of the picture.
    pub x: f32,
    /// Distance downwards, in pixels of the picture.
    pub y: f32,
    /// True when the pointer is over the picture. Otherwise `x` and `y` are its last position
    /// there.
    pub inside: bool,
    /// Buttons that are down.
    pub held: Buttons,
    /// Buttons that went down since the last update.
    pub pressed: Buttons,
    /// Buttons that came up since the last update.
    pub released: Buttons,
    /// Lines of wheel movement to the right since the last update.
    pub wheel_x: f32,
    /// Lines of wheel movement away from the person since the last update.
    pub wheel_y: f32,
}

impl Pointer {
    pub(super) fn set(&mut self, button: Button, down: bool) {
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
