//! From the host's words for input to the contract's.

use super::bindings::vblank::guest::input as wit;
use crate::input::{Button, Buttons, Key, Size, with_keys};

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
