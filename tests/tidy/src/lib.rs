//! Checks over the sources of the workspace that no compiler makes: which names are used, how comments
//! open, what errors print, which module depends on which. Reads text and syntax trees; knows nothing of the host.

mod circles;
mod comments;
mod errors;
mod graph;
mod layers;
mod names;
mod source;
mod uses;

pub use circles::{Circle, circles};
pub use comments::{Openings, openings, private_words};
pub use errors::doubled_causes;
pub use graph::{Edge, Graph};
pub use layers::{Layers, Owner, layer_breaches, ownership_breaches};
pub use names::private_names;
pub use source::{Source, sources, workspace};
