//! Gamepads, read from the system through `gilrs`. A build with `--no-default-features` has none.

use vblank_input::InputEvent;

#[cfg(feature = "gamepads")]
pub(super) use with::Gamepads;
#[cfg(not(feature = "gamepads"))]
pub(super) use without::Gamepads;

#[cfg(feature = "gamepads")]
mod with {
    use gilrs::{Axis, Button, EventType, Gilrs};

    use super::InputEvent;
    use vblank_input::{PadAxis, PadButton, PadEvent};

    /// The gamepads of the system.
    pub(in crate::app) struct Gamepads(Option<Gilrs>);

    impl Gamepads {
        /// Opens the gamepads. A system without support for them has none.
        pub(in crate::app) fn open() -> Self {
            let opened = Gilrs::new();
            if let Err(error) = &opened {
                tracing::debug!("no gamepads: {error}");
            }
            Self(opened.ok())
        }

        /// Returns the next event since the last call.
        pub(in crate::app) fn next(&mut self) -> Option<InputEvent> {
            let gilrs = self.0.as_mut()?;
            loop {
                let event = gilrs.next_event()?;
                let id = u32::try_from(usize::from(event.id)).ok();
                if let (Some(id), Some(event)) = (id, translate(event.event)) {
                    return Some(InputEvent::Pad { id, event });
                }
            }
        }
    }

    fn translate(event: EventType) -> Option<PadEvent> {
        let pressed = |button, down| {
            let button = pad_button(button)?;
            Some(PadEvent::Button { button, down })
        };
        match event {
            EventType::Connected => Some(PadEvent::Connected),
            EventType::Disconnected => Some(PadEvent::Disconnected),
            EventType::ButtonPressed(button, _) => pressed(button, true),
            EventType::ButtonReleased(button, _) => pressed(button, false),
            EventType::ButtonChanged(Button::LeftTrigger2, value, _) => {
                let axis = PadAxis::LeftTrigger;
                Some(PadEvent::Axis { axis, value })
            }
            EventType::ButtonChanged(Button::RightTrigger2, value, _) => {
                let axis = PadAxis::RightTrigger;
                Some(PadEvent::Axis { axis, value })
            }
            EventType::AxisChanged(axis, value, _) => {
                // Axes point up in gilrs, and down in the contract, as in pictures.
                let (axis, value) = match axis {
                    Axis::LeftStickX => (PadAxis::LeftX, value),
                    Axis::LeftStickY => (PadAxis::LeftY, 0.0 - value),
                    Axis::RightStickX => (PadAxis::RightX, value),
                    Axis::RightStickY => (PadAxis::RightY, 0.0 - value),
                    _ => return None,
                };
                Some(PadEvent::Axis { axis, value })
            }
            _ => None,
        }
    }

    fn pad_button(button: Button) -> Option<PadButton> {
        Some(match button {
            Button::South => PadButton::South,
            Button::East => PadButton::East,
            Button::West => PadButton::West,
            Button::North => PadButton::North,
            Button::LeftTrigger => PadButton::LeftBumper,
            Button::RightTrigger => PadButton::RightBumper,
            Button::LeftTrigger2 => PadButton::LeftTrigger,
            Button::RightTrigger2 => PadButton::RightTrigger,
            Button::Select => PadButton::Select,
            Button::Start => PadButton::Start,
            Button::LeftThumb => PadButton::LeftStick,
            Button::RightThumb => PadButton::RightStick,
            Button::DPadUp => PadButton::DpadUp,
            Button::DPadDown => PadButton::DpadDown,
            Button::DPadLeft => PadButton::DpadLeft,
            Button::DPadRight => PadButton::DpadRight,
            Button::Mode => PadButton::Mode,
            _ => return None,
        })
    }
}

#[cfg(not(feature = "gamepads"))]
mod without {
    use super::InputEvent;

    /// Stand-in for a build without gamepads.
    pub(in crate::app) struct Gamepads;

    impl Gamepads {
        pub(in crate::app) fn open() -> Self {
            Self
        }

        pub(in crate::app) fn next(&mut self) -> Option<InputEvent> {
            None
        }
    }
}
