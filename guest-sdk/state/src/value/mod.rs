//! A state as a tree of values, for people, tools and migrations of a whole state. No frame uses
//! it.

mod decode;
mod difference;
mod encode;
mod event;
mod parse;
mod spot;
mod text;
mod tree;

pub use decode::decode;
pub(crate) use decode::decode_inline;
pub use difference::{Difference, difference};
pub use encode::{ValueError, encode};
pub use parse::{ParseError, parse};
pub use spot::{Replacement, Spot, SpotError, replace};
pub use text::{Notation, PrintError, print};
pub use tree::Value;
