//! Recorded input, collected by the host's own code and given to a game in the contract's types.
//! Knows no game.

use vblank_input::{self as host_input, Input, Script, ScriptError, Snapshot, with_keys};

use crate::input::{Buttons, Frame, Gamepad, Key, PadButtons, Pointer, Touch};

/// A script while it is played.
pub(super) struct ScriptPlayer {
    script: Script,
    input: Input,
    /// Input of the current update.
    snapshot: Snapshot,
}

impl ScriptPlayer {
    pub(super) fn parse(text: &str) -> Result<Self, ScriptError> {
        Ok(Self {
            script: Script::parse(text)?,
            input: Input::default(),
            snapshot: Snapshot::default(),
        })
    }

    /// Fills a frame with the input that the script has for it, and nothing else.
    pub(super) fn show(&mut self, frame: &mut Frame) {
        for event in self.script.events_at(frame.number) {
            self.input.apply(event);
        }
        self.input.take(&mut self.snapshot);
        let keys = |keys: &[host_input::Key]| keys.iter().map(|key| KEYS[*key as usize]).collect();
        frame.held = keys(&self.snapshot.held);
        frame.pressed = keys(&self.snapshot.pressed);
        frame.released = keys(&self.snapshot.released);
        frame.text.clone_from(&self.snapshot.text);
        frame.pointer = pointer(&self.snapshot.pointer);
        frame.touches = self.snapshot.touches.iter().map(touch).collect();
        frame.gamepads = self.snapshot.gamepads.iter().map(gamepad).collect();
    }
}

macro_rules! table {
    ($($name:ident,)*) => {
        const KEYS: &[Key] = &[$(Key::$name,)*];
    };
}
with_keys!(table);

fn pointer(pointer: &host_input::Pointer) -> Pointer {
    // Both types have a bit for each button, in the order of the contract.
    let buttons = |buttons: host_input::Buttons| Buttons::from_bits_truncate(buttons.0);
    Pointer {
        x: pointer.x,
        y: pointer.y,
        inside: pointer.inside,
        held: buttons(pointer.held),
        pressed: buttons(pointer.pressed),
        released: buttons(pointer.released),
        wheel_x: pointer.wheel_x,
        wheel_y: pointer.wheel_y,
    }
}

fn touch(touch: &host_input::Touch) -> Touch {
    Touch {
        id: touch.id,
        x: touch.x,
        y: touch.y,
        pressed: touch.pressed,
        released: touch.released,
    }
}

fn gamepad(pad: &host_input::Gamepad) -> Gamepad {
    let buttons = |buttons: host_input::PadButtons| PadButtons::from_bits_truncate(buttons.0);
    let [
        left_x,
        left_y,
        right_x,
        right_y,
        left_trigger,
        right_trigger,
    ] = pad.axes;
    Gamepad {
        id: pad.id,
        held: buttons(pad.held),
        pressed: buttons(pad.pressed),
        released: buttons(pad.released),
        left_x,
        left_y,
        right_x,
        right_y,
        left_trigger,
        right_trigger,
    }
}
