//! `Input` and `Snapshot`: collects events between updates. Knows no window and no file.

use serde::{Deserialize, Serialize};

use crate::event::InputEvent;
use crate::gamepad::{Gamepad, Gamepads};
use crate::key::{Key, KeySet};
use crate::pointer::{Buttons, Pointer};
use crate::touch::{Touch, Touches};

/// The input of one update. Keys are in the order of [`Key`], so equal input has equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Keys that are down.
    pub held: Vec<Key>,
    /// Keys that went down since the last update.
    pub pressed: Vec<Key>,
    /// Keys that came up since the last update.
    pub released: Vec<Key>,
    /// Text that was typed since the last update.
    pub text: String,
    /// Mouse, pen or finger.
    pub pointer: Pointer,
    /// Fingers on the picture, in the order of their arrival.
    pub touches: Vec<Touch>,
    /// Connected gamepads, by id.
    pub gamepads: Vec<Gamepad>,
}

/// A collector of events between two updates.
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
    /// Applies one event. A press and a release between two updates show as both edges.
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
                self.touches.release_all();
                self.gamepads.release_all();
                self.released.extend(&std::mem::take(&mut self.held));
                self.pointer.released.0 |= std::mem::take(&mut self.pointer.held).0;
            }
        }
    }

    /// Writes the current state and the edges since the last call, and clears the edges.
    ///
    /// The buffers of `into` are reused.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pointer::Button;

    fn key(key: Key, down: bool) -> InputEvent {
        InputEvent::Key { key, down }
    }

    /// Applies the events, and returns the input of one update.
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
    fn losing_the_focus_releases_everything() {
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
    fn the_pointer_keeps_its_position_and_drops_its_edges() {
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
    fn taking_reuses_the_buffers() {
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
}
