//! Player input: collects events, and gives an update state and edges.
//!
//! The host collects the events of a window, and the SDK's test player those of a script. A script
//! is therefore the same game in both. This crate knows no window and no guest.
//!
//! ```
//! use vblank_input::{Input, Key, Script, Snapshot};
//!
//! let script = Script::parse(r#"{"frame": 1, "key": "Space", "down": true}"#)?;
//! let (mut input, mut seen) = (Input::default(), Snapshot::default());
//! for number in 0..=2 {
//!     script.events_at(number).for_each(|event| input.apply(event));
//!     input.take(&mut seen);
//!     assert_eq!(seen.pressed.contains(&Key::Space), number == 1);
//!     assert_eq!(seen.held.contains(&Key::Space), number >= 1);
//! }
//! # Ok::<(), vblank_input::ScriptError>(())
//! ```

mod collect;
mod event;
mod gamepad;
mod key;
mod pointer;
mod script;
mod size;
mod touch;

pub use collect::{Input, Snapshot};
pub use event::InputEvent;
pub use gamepad::{Gamepad, PadAxis, PadButton, PadButtons, PadEvent};
pub use key::{Key, UnknownKey};
pub use pointer::{Button, Buttons, Pointer};
pub use script::{Cue, Script, ScriptError};
pub use size::{BadSize, Size};
pub use touch::{Finger, Touch};
