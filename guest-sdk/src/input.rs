//! Input as a game reads it: the frame's own types, with questions one asks of them.

use glam::{Vec2, vec2};

pub use crate::bindings::vblank::guest::input::{
    Buttons, Frame, Gamepad, Key, PadButtons, Pointer, Size, Touch,
};

impl Frame {
    /// Whether the key is down.
    #[must_use]
    pub fn is_held(&self, key: Key) -> bool {
        self.held.contains(&key)
    }

    /// Whether the key went down since the last update.
    #[must_use]
    pub fn is_pressed(&self, key: Key) -> bool {
        self.pressed.contains(&key)
    }

    /// Whether the key came up since the last update.
    #[must_use]
    pub fn is_released(&self, key: Key) -> bool {
        self.released.contains(&key)
    }

    /// -1, 0 or 1: which of two opposite keys is held.
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
    /// The first gamepad, if there is one.
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
    /// A gamepad that nobody touches.
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

    /// Where the left stick is: -1 to 1, to the right and downwards.
    #[must_use]
    pub fn left_stick(&self) -> Vec2 {
        vec2(self.left_x, self.left_y)
    }

    /// Where the right stick is: -1 to 1, to the right and downwards.
    #[must_use]
    pub fn right_stick(&self) -> Vec2 {
        vec2(self.right_x, self.right_y)
    }

    /// Whether one of these buttons is down.
    #[must_use]
    pub fn is_held(&self, buttons: PadButtons) -> bool {
        self.held.intersects(buttons)
    }

    /// Whether one of these buttons went down since the last update.
    #[must_use]
    pub fn is_pressed(&self, buttons: PadButtons) -> bool {
        self.pressed.intersects(buttons)
    }

    /// Whether one of these buttons came up since the last update.
    #[must_use]
    pub fn is_released(&self, buttons: PadButtons) -> bool {
        self.released.intersects(buttons)
    }
}

impl Touch {
    /// Where it is, in pixels of the picture.
    #[must_use]
    pub fn position(&self) -> Vec2 {
        vec2(self.x, self.y)
    }
}

impl Pointer {
    /// Where it is, in pixels of the picture.
    #[must_use]
    pub fn position(&self) -> Vec2 {
        vec2(self.x, self.y)
    }
}

impl Size {
    /// Width and height as a vector, in pixels.
    #[must_use]
    pub fn as_vec2(self) -> Vec2 {
        vec2(self.width as f32, self.height as f32)
    }
}
