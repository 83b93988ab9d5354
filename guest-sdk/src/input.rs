//! Input as a game reads it: the frame's own types, with questions one asks of them.

use glam::{Vec2, vec2};

pub use crate::bindings::vblank::guest::input::{Buttons, Frame, Key, Pointer, Size};

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
