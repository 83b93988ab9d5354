//! Input as a game reads it: the contract's types with convenience methods.

use glam::{Vec2, vec2};

pub use crate::bindings::vblank::guest::input::{
    Buttons, Frame, Gamepad, Key, PadButtons, Pointer, Size, Touch,
};

impl Frame {
    /// Returns true while the key is down.
    #[must_use]
    pub fn is_held(&self, key: Key) -> bool {
        self.held.contains(&key)
    }

    /// Returns true when the key went down since the last update.
    #[must_use]
    pub fn is_pressed(&self, key: Key) -> bool {
        self.pressed.contains(&key)
    }

    /// Returns true when the key came up since the last update.
    #[must_use]
    pub fn is_released(&self, key: Key) -> bool {
        self.released.contains(&key)
    }

    /// Returns -1, 0 or 1 for two opposite keys.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// fn steer(frame: &Frame) -> Vec2 {
    ///     vec2(
    ///         frame.axis(Key::ArrowLeft, Key::ArrowRight),
    ///         frame.axis(Key::ArrowUp, Key::ArrowDown),
    ///     )
    /// }
    /// ```
    #[must_use]
    pub fn axis(&self, negative: Key, positive: Key) -> f32 {
        f32::from(i8::from(self.is_held(positive)) - i8::from(self.is_held(negative)))
    }
}

impl Frame {
    /// Returns the first gamepad, if there is one.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// fn steer(frame: &Frame) -> Vec2 {
    ///     match frame.gamepad() {
    ///         Some(pad) => pad.left_stick(),
    ///         None => vec2(frame.axis(Key::ArrowLeft, Key::ArrowRight), 0.0),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn gamepad(&self) -> Option<&Gamepad> {
        self.gamepads.first()
    }
}

impl Gamepad {
    /// Returns a gamepad that nobody touches.
    #[must_use]
    pub const fn at_rest(id: u32) -> Self {
        Self {
            id,
            held: PadButtons::empty(),
            pressed: PadButtons::empty(),
            released: PadButtons::empty(),
            left_x: 0.0,
            left_y: 0.0,
            right_x: 0.0,
            right_y: 0.0,
            left_trigger: 0.0,
            right_trigger: 0.0,
        }
    }

    /// Returns the position of the left stick: -1 to 1, to the right and downwards.
    #[must_use]
    pub fn left_stick(&self) -> Vec2 {
        vec2(self.left_x, self.left_y)
    }

    /// Returns the position of the right stick: -1 to 1, to the right and downwards.
    #[must_use]
    pub fn right_stick(&self) -> Vec2 {
        vec2(self.right_x, self.right_y)
    }

    /// Returns true while one of these buttons is down.
    #[must_use]
    pub fn is_held(&self, buttons: PadButtons) -> bool {
        self.held.intersects(buttons)
    }

    /// Returns true when one of these buttons went down since the last update.
    #[must_use]
    pub fn is_pressed(&self, buttons: PadButtons) -> bool {
        self.pressed.intersects(buttons)
    }

    /// Returns true when one of these buttons came up since the last update.
    #[must_use]
    pub fn is_released(&self, buttons: PadButtons) -> bool {
        self.released.intersects(buttons)
    }
}

impl Touch {
    /// Returns the position, in pixels of the picture.
    #[must_use]
    pub fn position(&self) -> Vec2 {
        vec2(self.x, self.y)
    }
}

impl Pointer {
    /// Returns the position, in pixels of the picture.
    #[must_use]
    pub fn position(&self) -> Vec2 {
        vec2(self.x, self.y)
    }
}

impl Size {
    /// Returns width and height as a vector, in pixels.
    #[must_use]
    pub fn as_vec2(self) -> Vec2 {
        vec2(self.width as f32, self.height as f32)
    }
}
