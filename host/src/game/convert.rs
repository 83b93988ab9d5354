//! Conversion of input from the host's types to the contract's.

use vblank_input::{Button, Buttons, Gamepad, Key, PadButtons, Size, Touch, with_keys};

use super::bindings::vblank::guest::input as wit;

macro_rules! table {
    ($($name:ident,)*) => {
        const KEYS: &[wit::Key] = &[$(wit::Key::$name,)*];
    };
}
with_keys!(table);

pub(super) fn key(key: Key) -> wit::Key {
    KEYS[key as usize]
}

pub(super) fn buttons(buttons: Buttons) -> wit::Buttons {
    let all = [
        (Button::Primary, wit::Buttons::PRIMARY),
        (Button::Secondary, wit::Buttons::SECONDARY),
        (Button::Middle, wit::Buttons::MIDDLE),
        (Button::Back, wit::Buttons::BACK),
        (Button::Forward, wit::Buttons::FORWARD),
    ];
    all.into_iter()
        .filter(|(button, _)| buttons.contains(*button))
        .fold(wit::Buttons::empty(), |bits, (_, bit)| bits | bit)
}

pub(super) fn size(size: Size) -> wit::Size {
    wit::Size {
        width: size.width,
        height: size.height,
    }
}

pub(super) fn touch(touch: &Touch) -> wit::Touch {
    wit::Touch {
        id: touch.id,
        x: touch.x,
        y: touch.y,
        pressed: touch.pressed,
        released: touch.released,
    }
}

pub(super) fn gamepad(pad: &Gamepad) -> wit::Gamepad {
    let [
        left_x,
        left_y,
        right_x,
        right_y,
        left_trigger,
        right_trigger,
    ] = pad.axes;
    wit::Gamepad {
        id: pad.id,
        held: pad_buttons(pad.held),
        pressed: pad_buttons(pad.pressed),
        released: pad_buttons(pad.released),
        left_x,
        left_y,
        right_x,
        right_y,
        left_trigger,
        right_trigger,
    }
}

/// Flags of the buttons, in the order of `PadButton`.
const PAD_BUTTONS: [wit::PadButtons; 17] = [
    wit::PadButtons::SOUTH,
    wit::PadButtons::EAST,
    wit::PadButtons::WEST,
    wit::PadButtons::NORTH,
    wit::PadButtons::LEFT_BUMPER,
    wit::PadButtons::RIGHT_BUMPER,
    wit::PadButtons::LEFT_TRIGGER,
    wit::PadButtons::RIGHT_TRIGGER,
    wit::PadButtons::SELECT,
    wit::PadButtons::START,
    wit::PadButtons::LEFT_STICK,
    wit::PadButtons::RIGHT_STICK,
    wit::PadButtons::DPAD_UP,
    wit::PadButtons::DPAD_DOWN,
    wit::PadButtons::DPAD_LEFT,
    wit::PadButtons::DPAD_RIGHT,
    wit::PadButtons::MODE,
];

fn pad_buttons(buttons: PadButtons) -> wit::PadButtons {
    let all = PAD_BUTTONS.into_iter().enumerate();
    all.filter(|(bit, _)| buttons.0 & (1 << bit) != 0)
        .fold(wit::PadButtons::empty(), |bits, (_, bit)| bits | bit)
}
