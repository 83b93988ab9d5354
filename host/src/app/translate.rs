//! Translation of winit's events to the input of the contract.

use vblank_input::{Button, Finger, InputEvent, Key, with_keys};
use winit::dpi::PhysicalPosition;
use winit::event::{ElementState, MouseButton, MouseScrollDelta, Touch, TouchPhase, WindowEvent};
use winit::keyboard::KeyCode;

/// Converts an event of the pointer or the focus. Returns `None` for other events.
pub(super) fn pointer(event: &WindowEvent) -> Option<InputEvent> {
    Some(match event {
        WindowEvent::CursorMoved { position, .. } => moved(*position),
        WindowEvent::CursorLeft { .. } => InputEvent::PointerLeft,
        WindowEvent::MouseInput { button, state, .. } => {
            let button = match button {
                MouseButton::Left => Button::Primary,
                MouseButton::Right => Button::Secondary,
                MouseButton::Middle => Button::Middle,
                MouseButton::Back => Button::Back,
                MouseButton::Forward => Button::Forward,
                MouseButton::Other(_) => return None,
            };
            InputEvent::Button {
                button,
                down: *state == ElementState::Pressed,
            }
        }
        WindowEvent::MouseWheel { delta, .. } => wheel(*delta),
        WindowEvent::Focused(false) => InputEvent::FocusLost,
        _ => return None,
    })
}

/// Converts a position. The picture is as large as the window, so their pixels are the same.
pub(super) fn moved(position: PhysicalPosition<f64>) -> InputEvent {
    InputEvent::PointerMoved {
        x: position.x as f32,
        y: position.y as f32,
    }
}

/// Converts a touch of one finger.
pub(super) fn finger(touch: &Touch) -> InputEvent {
    InputEvent::Touch {
        id: touch.id,
        finger: match touch.phase {
            TouchPhase::Started => Finger::Down,
            TouchPhase::Moved => Finger::Moved,
            TouchPhase::Ended | TouchPhase::Cancelled => Finger::Up,
        },
        x: touch.location.x as f32,
        y: touch.location.y as f32,
    }
}

/// Converts a turn of the wheel. winit counts the content's movement, which is to the right when the
/// wheel turns to the left.
fn wheel(delta: MouseScrollDelta) -> InputEvent {
    const PIXELS_A_LINE: f32 = 20.0;
    match delta {
        MouseScrollDelta::LineDelta(x, y) => InputEvent::Wheel { x: 0.0 - x, y },
        MouseScrollDelta::PixelDelta(PhysicalPosition { x, y }) => InputEvent::Wheel {
            x: (0.0 - x as f32) / PIXELS_A_LINE,
            y: y as f32 / PIXELS_A_LINE,
        },
    }
}

/// Key codes by the contract's names. winit's Super is the contract's Meta.
mod code {
    pub use winit::keyboard::KeyCode::*;
    pub use winit::keyboard::KeyCode::{SuperLeft as MetaLeft, SuperRight as MetaRight};
}

macro_rules! table {
    ($($name:ident,)*) => {
        /// Returns the key of a code, for keys that the contract has.
        pub(super) fn key(code: KeyCode) -> Option<Key> {
            Some(match code {
                $(code::$name => Key::$name,)*
                _ => return None,
            })
        }
    };
}
with_keys!(table);

#[cfg(test)]
mod tests {
    use winit::event::DeviceId;

    use super::*;

    #[test]
    fn codes_are_keys_where_the_contract_has_one() {
        assert_eq!(key(KeyCode::KeyA), Some(Key::KeyA));
        assert_eq!(key(KeyCode::SuperRight), Some(Key::MetaRight));
        assert_eq!(key(KeyCode::F25), None);
    }

    #[test]
    fn the_wheel_is_counted_in_lines_away_and_to_the_right() {
        let lines = wheel(MouseScrollDelta::LineDelta(1.0, 2.0));
        assert_eq!(lines, InputEvent::Wheel { x: -1.0, y: 2.0 });
        let pixels = wheel(MouseScrollDelta::PixelDelta(PhysicalPosition::new(
            -40.0, -10.0,
        )));
        assert_eq!(pixels, InputEvent::Wheel { x: 2.0, y: -0.5 });
    }

    #[test]
    fn the_pointer_and_the_focus_are_told() {
        let device_id = DeviceId::dummy();
        let position = PhysicalPosition::new(3.5, 4.0);
        let moved = WindowEvent::CursorMoved {
            device_id,
            position,
        };
        assert_eq!(
            pointer(&moved),
            Some(InputEvent::PointerMoved { x: 3.5, y: 4.0 })
        );
        let click = |button| WindowEvent::MouseInput {
            device_id,
            state: ElementState::Pressed,
            button,
        };
        let expected = InputEvent::Button {
            button: Button::Secondary,
            down: true,
        };
        assert_eq!(pointer(&click(MouseButton::Right)), Some(expected));
        assert_eq!(pointer(&click(MouseButton::Other(9))), None);
        assert_eq!(
            pointer(&WindowEvent::Focused(false)),
            Some(InputEvent::FocusLost)
        );
        assert_eq!(pointer(&WindowEvent::Focused(true)), None);
    }
}
