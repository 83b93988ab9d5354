//! Buffers that convert a step to the contract's types without allocating in each frame.

use vblank_input::Key;

use super::bindings::vblank::guest::input as wit;
use super::convert;
use super::step::Step;

/// Buffers for a step's lists in the bindings' types.
#[derive(Default)]
pub(super) struct FrameBuffers {
    held: Vec<wit::Key>,
    pressed: Vec<wit::Key>,
    released: Vec<wit::Key>,
    touches: Vec<wit::Touch>,
    gamepads: Vec<wit::Gamepad>,
}

impl FrameBuffers {
    /// Fills the buffers and returns the step in the contract's types.
    pub(super) fn frame<'a>(&'a mut self, step: &'a Step) -> wit::Frame<'a> {
        let input = &step.input;
        let key = |key: &Key| convert::key(*key);
        refill(&mut self.held, &input.held, key);
        refill(&mut self.pressed, &input.pressed, key);
        refill(&mut self.released, &input.released, key);
        refill(&mut self.touches, &input.touches, convert::touch);
        refill(&mut self.gamepads, &input.gamepads, convert::gamepad);
        let pointer = &input.pointer;
        wit::Frame {
            number: step.number,
            dt: step.dt,
            seed: step.seed,
            size: convert::size(step.size),
            scale: step.scale,
            held: &self.held,
            pressed: &self.pressed,
            released: &self.released,
            text: &input.text,
            pointer: wit::Pointer {
                x: pointer.x,
                y: pointer.y,
                inside: pointer.inside,
                held: convert::buttons(pointer.held),
                pressed: convert::buttons(pointer.pressed),
                released: convert::buttons(pointer.released),
                wheel_x: pointer.wheel_x,
                wheel_y: pointer.wheel_y,
            },
            touches: &self.touches,
            gamepads: &self.gamepads,
        }
    }
}

/// Fills a buffer with converted values and keeps its capacity.
fn refill<T, U>(list: &mut Vec<U>, from: &[T], convert: impl Fn(&T) -> U) {
    list.clear();
    list.extend(from.iter().map(convert));
}
