//! Plugins: an application's own worlds, in slots whose code is replaced while the application runs.
//!
//! A [`Host`] makes [`Slot`]s. A slot holds one running plugin. The application calls it through bindings
//! of its own world, and calls [`Slot::boundary`] where a swap may happen: between two messages, two audio
//! blocks or two requests. New versions are prepared in the background. Internally a slot is built like a
//! game's session, on a [`Supervisor`](crate::supervisor::Supervisor) with its probation, journal and
//! images. This module knows no window, no picture and no clock of a game.
//!
//! `docs/embedding.md` explains it step by step.
//!
//! ```
//! use vblank_runtime::plugin::Host;
//!
//! vblank_runtime::plugin!(Filter, path: ["../../wit", "../../demos/plugins/wit"], world: "demo:plugins/filter");
//!
//! fn upper(text: &str) -> Result<(), Box<dyn std::error::Error>> {
//!     let host = Host::new()?;
//!     let mut slot = host.slot::<Filter>("upper").watch("plugins/upper.wasm")?;
//!     for line in text.lines() {
//!         if let Some(change) = slot.boundary() {
//!             eprintln!("{change}");
//!         }
//!         if let Some(line) = slot.call(|plugin, store| plugin.call_transform(store, line))? {
//!             println!("{line}");
//!         }
//!     }
//!     Ok(())
//! }
//! ```

mod bindings;
mod change;
mod commit;
mod dependencies;
mod error;
mod health;
mod host;
mod intake;
mod member;
mod provider;
mod recorded_call;
mod shared;
mod slot;
mod slot_builder;

pub use bindings::Plugin;
pub use change::Change;
pub use commit::{CommitError, commit};
pub use error::{CallError, StartError};
pub use health::RestartPolicy;
pub use host::Host;
pub use member::Member;
pub use provider::Provider;
pub use slot::{Figures, Slot};
pub use slot_builder::SlotBuilder;
