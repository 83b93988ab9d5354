//! Layers that crates cannot enforce: which modules may name a library, and that imports between the
//! modules of a crate go down only.

use crate::graph::Graph;

/// A library, or a path within one, and the modules that alone may name it.
#[derive(Debug)]
pub struct Owner {
    /// The path, such as `wgpu` or `std::process::Command`.
    pub path: &'static str,
    /// Modules with all below them; none may name it if this is empty.
    pub modules: &'static [&'static str],
}

/// The layers of a crate, lowest first. Modules of one layer may name each other.
pub type Layers<'a> = &'a [&'a [&'a str]];

/// Returns the paths that a crate's modules name and may not, one line each.
pub fn ownership_breaches(graph: &Graph, owners: &[Owner]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (module, path, line) in &graph.outward {
        let name = &graph.modules[*module];
        for owner in owners {
            let is_named = owner.path.split("::").zip(path).all(|(a, b)| a == b)
                && path.len() >= owner.path.split("::").count();
            let may = |own: &&str| {
                name == own
                    || name
                        .strip_prefix(own)
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            // A single name may be that of a variable.
            if is_named && path.len() > 1 && !owner.modules.iter().any(may) {
                let folder = &graph.folder;
                breaches.push(format!(
                    "{folder}: {name}, line {line}: {}",
                    path.join("::")
                ));
            }
        }
    }
    breaches
}

/// Returns the edges of a crate's graph that lead upwards, and the modules without a layer, one line
/// each.
pub fn layer_breaches(graph: &Graph, layers: Layers) -> Vec<String> {
    let layer_of = |module: usize| {
        let top = graph.top(module);
        layers.iter().position(|layer| layer.contains(&top))
    };
    let mut breaches = Vec::new();
    for (module, name) in graph.modules.iter().enumerate() {
        if layer_of(module).is_none() && name != "lib" && !name.contains('/') {
            breaches.push(format!("{}: {name} has no layer yet", graph.folder));
        }
    }
    for ((from, to), edge) in &graph.edges {
        if let (Some(own), Some(other)) = (layer_of(*from), layer_of(*to))
            && other > own
        {
            let (from, to) = (&graph.modules[*from], &graph.modules[*to]);
            let names = edge.names.join(", ");
            breaches.push(format!("{}: {from} → {to}: {names}", graph.folder));
        }
    }
    breaches
}
