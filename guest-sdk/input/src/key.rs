//! The keys of a keyboard, by position and not by label.
//!
//! Cases and their order are those of `wit/input.wit`. A name is the `code` of the W3C's [UI Events
//! codes](https://www.w3.org/TR/uievents-code/).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! keys {
    ($($name:ident,)*) => {
        /// A physical key. Its text form is the UI Events code: `KeyA`, `ArrowLeft`, `Digit1`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "a key's name says all there is to say")]
        pub enum Key { $($name,)* }

        impl Key {
            /// All keys, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the UI Events code.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

/// Calls a macro with the names of all keys, in the order of the contract.
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip]
macro_rules! with_keys {
    ($then:ident) => { $then! {
    Backquote, Backslash, BracketLeft, BracketRight, Comma,
    Digit0, Digit1, Digit2, Digit3, Digit4, Digit5, Digit6, Digit7, Digit8, Digit9,
    Equal, IntlBackslash, IntlRo, IntlYen,
    KeyA, KeyB, KeyC, KeyD, KeyE, KeyF, KeyG, KeyH, KeyI, KeyJ, KeyK, KeyL, KeyM,
    KeyN, KeyO, KeyP, KeyQ, KeyR, KeyS, KeyT, KeyU, KeyV, KeyW, KeyX, KeyY, KeyZ,
    Minus, Period, Quote, Semicolon, Slash,
    AltLeft, AltRight, Backspace, CapsLock, ContextMenu, ControlLeft, ControlRight, Enter,
    MetaLeft, MetaRight, ShiftLeft, ShiftRight, Space, Tab,
    Convert, KanaMode, Lang1, Lang2, Lang3, Lang4, Lang5, NonConvert,
    Delete, End, Help, Home, Insert, PageDown, PageUp,
    ArrowDown, ArrowLeft, ArrowRight, ArrowUp,
    NumLock, Numpad0, Numpad1, Numpad2, Numpad3, Numpad4, Numpad5, Numpad6, Numpad7, Numpad8,
    Numpad9, NumpadAdd, NumpadBackspace, NumpadClear, NumpadClearEntry, NumpadComma,
    NumpadDecimal, NumpadDivide, NumpadEnter, NumpadEqual, NumpadHash, NumpadMemoryAdd,
    NumpadMemoryClear, NumpadMemoryRecall, NumpadMemoryStore, NumpadMemorySubtract,
    NumpadMultiply, NumpadParenLeft, NumpadParenRight, NumpadStar, NumpadSubtract,
    Escape, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17, F18, F19,
    F20, F21, F22, F23, F24, Fn, FnLock, PrintScreen, ScrollLock, Pause,
    BrowserBack, BrowserFavorites, BrowserForward, BrowserHome, BrowserRefresh,
    BrowserSearch, BrowserStop, Eject, LaunchApp1, LaunchApp2, LaunchMail,
    MediaPlayPause, MediaSelect, MediaStop, MediaTrackNext, MediaTrackPrevious, Power,
    Sleep, AudioVolumeDown, AudioVolumeMute, AudioVolumeUp, WakeUp,
} };
}
with_keys!(keys);

/// The error for a name that no key has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown key {0:?}: keys have the names of the UI Events codes, such as KeyA, Digit1, ArrowLeft or Space"
)]
pub struct UnknownKey(String);

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(name: &str) -> Result<Self, UnknownKey> {
        let found = Self::ALL.iter().find(|key| key.name() == name);
        found.copied().ok_or_else(|| UnknownKey(name.to_owned()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of keys. Its iterator follows the order of the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeySet([u64; 4]);

impl KeySet {
    pub fn contains(&self, key: Key) -> bool {
        self.0[key as usize / 64] >> (key as usize % 64) & 1 == 1
    }

    pub fn insert(&mut self, key: Key) {
        self.0[key as usize / 64] |= 1 << (key as usize % 64);
    }

    pub fn remove(&mut self, key: Key) {
        self.0[key as usize / 64] &= !(1 << (key as usize % 64));
    }

    /// Adds all keys of another set.
    pub fn extend(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Key> {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|&rest| rest != 0)
                .map(move |rest| Key::ALL[index * 64 + rest.trailing_zeros() as usize])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_no_keys_has_none() {
        // Overflow is checked without optimisation only: cargo test --package vblank-input
        assert_eq!(KeySet::default().iter().next(), None);
        let mut set = KeySet::default();
        set.insert(Key::ALL[0]);
        set.insert(Key::ALL[Key::ALL.len() - 1]);
        let keys: Vec<Key> = set.iter().collect();
        assert_eq!(keys, [Key::ALL[0], Key::ALL[Key::ALL.len() - 1]]);
    }

    #[test]
    fn keys_follow_the_order_of_the_contract() {
        let wit = include_str!("../../../wit/input.wit");
        let (_, cases) = wit.split_once("enum key {").unwrap();
        let (cases, _) = cases.split_once('}').unwrap();
        let camel = |case: &str| -> String {
            let words = case.split('-');
            words
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect()
        };
        let contract: Vec<String> = cases
            .split([',', '\n'])
            .map(str::trim)
            .filter(|case| !case.is_empty())
            .map(camel)
            .collect();
        let ours: Vec<&str> = Key::ALL.iter().map(|key| key.name()).collect();
        assert_eq!(contract, ours);
        assert!(
            Key::ALL
                .iter()
                .enumerate()
                .all(|(index, key)| *key as usize == index)
        );
        assert!(Key::ALL.len() <= 256, "KeySet holds 256");
    }

    #[test]
    fn key_names_parse_to_the_same_key() {
        for key in Key::ALL {
            assert_eq!(key.to_string().parse(), Ok(*key));
            let json = serde_json::to_string(key).unwrap();
            assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), *key);
        }
        let error = serde_json::from_str::<Key>("\"Spce\"")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("unknown key \"Spce\""), "{error}");
    }

    #[test]
    fn a_key_set_iterates_in_order() {
        let mut set = KeySet::default();
        for key in Key::ALL.iter().rev() {
            set.insert(*key);
        }
        assert!(set.iter().eq(Key::ALL.iter().copied()));
        set.remove(Key::KeyA);
        assert!(!set.contains(Key::KeyA) && set.contains(Key::KeyB));
        assert_eq!(set.iter().count(), Key::ALL.len() - 1);
    }
}
