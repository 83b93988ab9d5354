//! A state as a tree of values, for people and tools: to show it, compare it, and to give it to a
//! migration that looks at all of it. Nothing on the way from frame to frame uses it.

mod decode;
mod difference;
mod encode;
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
pub use tree::Value;
