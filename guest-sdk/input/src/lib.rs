//! What the player does: events are collected here, and an update takes them as state and edges. The host
//! collects a window's with it, and the SDK's harness for tests a script's, so that a script is the same
//! game in both.
//!
//! Layer 0: knows no window and no guest, only what both of them say.
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
