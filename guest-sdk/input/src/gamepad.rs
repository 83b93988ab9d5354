//! Gamepads: buttons by position, sticks and triggers, as state and as edges.

use serde::{Deserialize, Serialize};

/// A button, named by its position as in the W3C's standard gamepad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "a button's name says all there is to say")]
pub enum PadButton {
    South,
    East,
    West,
    North,
    LeftBumper,
    RightBumper,
    LeftTrigger,
    RightTrigger,
    Select,
    Start,
    LeftStick,
    RightStick,
    DpadUp,
    DpadDown,
    DpadLeft,
    DpadRight,
    Mode,
}

/// A set of a gamepad's buttons, one bit each, with `South` as the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PadButtons(pub u32);

/// A direction of a stick, or a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "an axis's name says all there is to say")]
pub enum PadAxis {
    LeftX,
    LeftY,
    RightX,
    RightY,
    LeftTrigger,
    RightTrigger,
}

/// A gamepad in one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gamepad {
    /// Id of the gamepad, constant while it is connected.
    pub id: u32,
    /// Buttons that are down.
    pub held: PadButtons,
    /// Buttons that went down since the last update.
    pub pressed: PadButtons,
    /// Buttons that came up since the last update.
    pub released: PadButtons,
    /// Values by [`PadAxis`]. Sticks go from -1 to 1, to the right and downwards. Triggers go from
    /// 0 to 1.
    pub axes: [f32; 6],
}

/// An event of a gamepad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadEvent {
    /// The gamepad was plugged in.
    Connected,
    /// The gamepad was pulled out. All buttons are released.
    Disconnected,
    /// A button went down or came up.
    Button {
        /// The button.
        button: PadButton,
        /// True when the button went down.
        down: bool,
    },
    /// A stick or trigger moved.
    Axis {
        /// The axis.
        axis: PadAxis,
        /// New value. A value out of range is clamped, and NaN is 0.
        value: f32,
    },
}

/// All connected gamepads, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Gamepads(Vec<(Gamepad, Connection)>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Connection {
    Connected,
    /// The gamepad was pulled out, and one more update reports it.
    Disconnected,
}

/// Largest number of gamepads.
const MAX_GAMEPADS: usize = 16;

impl Gamepads {
    pub(super) fn apply(&mut self, id: u32, event: PadEvent) {
        let place = self.0.binary_search_by_key(&id, |(pad, _)| pad.id);
        let place = match (place, event) {
            (Ok(place), _) => place,
            (Err(_), PadEvent::Disconnected) => return,
            (Err(_), _) if self.0.len() == MAX_GAMEPADS => return,
            // An event of an unknown gamepad connects it.
            (Err(place), _) => {
                let pad = Gamepad {
                    id,
                    ..Gamepad::default()
                };
                self.0.insert(place, (pad, Connection::Connected));
                place
            }
        };
        let (pad, connection) = &mut self.0[place];
        *connection = Connection::Connected;
        match event {
            PadEvent::Connected => {}
            PadEvent::Disconnected => {
                pad.release_all();
                *connection = Connection::Disconnected;
            }
            PadEvent::Button { button, down } => pad.set(button, down),
            PadEvent::Axis { axis, value } => {
                let least = match axis {
                    PadAxis::LeftTrigger | PadAxis::RightTrigger => 0.0,
                    _ => -1.0,
                };
                let value = if value.is_nan() { 0.0 } else { value };
                pad.axes[axis as usize] = value.clamp(least, 1.0);
            }
        }
    }

    /// Releases all buttons, when the window loses the focus.
    pub(super) fn release_all(&mut self) {
        self.0.iter_mut().for_each(|(pad, _)| pad.release_all());
    }

    pub(super) fn take(&mut self, into: &mut Vec<Gamepad>) {
        into.clear();
        into.extend(self.0.iter().map(|(pad, _)| *pad));
        self.0
            .retain(|(_, connection)| *connection == Connection::Connected);
        for (pad, _) in &mut self.0 {
            (pad.pressed, pad.released) = (PadButtons::default(), PadButtons::default());
        }
    }
}

impl Gamepad {
    /// Returns the value of a stick or trigger.
    #[must_use]
    pub fn axis(&self, axis: PadAxis) -> f32 {
        self.axes[axis as usize]
    }

    fn set(&mut self, button: PadButton, down: bool) {
        let bit = 1 << button as u32;
        match (self.held.0 & bit != 0, down) {
            (false, true) => {
                self.held.0 |= bit;
                self.pressed.0 |= bit;
            }
            (true, false) => {
                self.held.0 &= !bit;
                self.released.0 |= bit;
            }
            _ => {}
        }
    }

    fn release_all(&mut self) {
        self.released.0 |= std::mem::take(&mut self.held).0;
        self.axes = [0.0; 6];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(pads: &mut Gamepads, events: &[(u32, PadEvent)]) -> Vec<Gamepad> {
        for (id, event) in events {
            pads.apply(*id, *event);
        }
        let mut taken = Vec::new();
        pads.take(&mut taken);
        taken
    }

    const SOUTH: PadButtons = PadButtons(1);

    fn south(down: bool) -> PadEvent {
        let button = PadButton::South;
        PadEvent::Button { button, down }
    }

    #[test]
    fn a_disconnected_pad_releases_its_buttons_and_is_reported_once_more() {
        let pads = &mut Gamepads::default();
        let stick = PadEvent::Axis {
            axis: PadAxis::LeftX,
            value: 0.5,
        };
        let seen = step(
            pads,
            &[(3, PadEvent::Connected), (1, south(true)), (1, stick)],
        );
        assert_eq!(seen.iter().map(|pad| pad.id).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((seen[0].held, seen[0].pressed), (SOUTH, SOUTH));
        assert_eq!(seen[0].axis(PadAxis::LeftX), 0.5);
        let seen = step(pads, &[(1, PadEvent::Disconnected)]);
        assert_eq!((seen[0].held, seen[0].released), (PadButtons(0), SOUTH));
        assert_eq!(seen[0].axes, [0.0; 6]);
        let seen = step(pads, &[(1, PadEvent::Disconnected)]);
        assert_eq!(seen.iter().map(|pad| pad.id).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn axes_stay_in_their_range() {
        let pads = &mut Gamepads::default();
        let axis = |axis, value| (0, PadEvent::Axis { axis, value });
        let moves = [
            axis(PadAxis::LeftX, -7.0),
            axis(PadAxis::LeftY, f32::NAN),
            axis(PadAxis::RightTrigger, -0.5),
            axis(PadAxis::LeftTrigger, f32::INFINITY),
        ];
        assert_eq!(step(pads, &moves)[0].axes, [-1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_tap_shows_as_both_edges_and_the_number_of_pads_is_limited() {
        let pads = &mut Gamepads::default();
        let tap = step(
            pads,
            &[(0, south(true)), (0, south(true)), (0, south(false))],
        );
        assert_eq!((tap[0].pressed, tap[0].released), (SOUTH, SOUTH));
        assert_eq!(step(pads, &[])[0].pressed, PadButtons(0));
        let many: Vec<_> = (0..100).map(|id| (id, south(true))).collect();
        assert_eq!(step(pads, &many).len(), MAX_GAMEPADS);
    }
}
