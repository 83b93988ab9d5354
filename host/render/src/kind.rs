//! The kinds of renderers.

use serde::{Deserialize, Serialize};

/// The kind of a renderer. Its serialised form is stable: the `renderer` of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A graphics card.
    Gpu,
    /// A driver that draws on the CPU.
    Software,
    /// The null renderer, which makes no pictures.
    Null,
}
