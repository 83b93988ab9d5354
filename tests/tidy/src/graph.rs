//! The graph of a crate's modules: an edge for each name that one file uses of another.
//!
//! A name is followed through `pub use` to the file that defines it. A parent that re-exports its
//! children's names is therefore no module on which all others depend. `mod` declarations, and a
//! parent's `pub use` of its children, make no edge. An `impl` block of an ancestor's type belongs to
//! the ancestor, wherever it is written. A file with only such blocks is part of that ancestor.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use crate::source::Source;
use crate::uses::{Scope, Use, scope};

/// The modules of a crate, by file, and the edges between them.
#[derive(Debug)]
pub struct Graph {
    /// The crate's folder, as it was given.
    pub folder: String,
    /// Names of the modules, such as `guest/engine`; the root is `lib`.
    pub modules: Vec<String>,
    /// The edges, by the positions of both ends.
    pub edges: BTreeMap<(usize, usize), Edge>,
    /// Paths that lead out of the crate: the module, the path, its line.
    pub(crate) outward: Vec<(usize, Vec<String>, usize)>,
}

/// The names that make an edge.
#[derive(Debug, Default)]
pub struct Edge {
    /// The first few names, each with its position.
    pub names: Vec<String>,
}

/// Number of names that an edge lists.
const NAMES: usize = 8;

impl Graph {
    /// Reads the crate whose root is `lib.rs` or `main.rs` in a folder of a workspace. Returns `None`
    /// if there is none.
    ///
    /// # Panics
    ///
    /// If a file is no Rust, or a declared module has no file.
    pub fn read(root: &Path, folder: &str) -> Option<Self> {
        let roots = ["lib.rs", "main.rs"];
        let file = roots
            .into_iter()
            .find(|file| root.join(folder).join(file).is_file())?;
        let mut tree = Tree::default();
        tree.add_file(root, Path::new(folder), file, Vec::new(), None);
        Some(tree.into_graph(folder))
    }

    /// Returns the graph of the modules that the root declares, each with its inner modules.
    pub fn top_level(&self) -> Self {
        let mut modules: Vec<String> = Vec::new();
        let mut position_of = |module: usize| {
            let top = self.top(module);
            modules
                .iter()
                .position(|name| name == top)
                .unwrap_or_else(|| {
                    modules.push(top.to_owned());
                    modules.len() - 1
                })
        };
        let mut edges: BTreeMap<(usize, usize), Edge> = BTreeMap::new();
        for ((from, to), edge) in &self.edges {
            let ends = (position_of(*from), position_of(*to));
            if ends.0 != ends.1 {
                let names = &mut edges.entry(ends).or_default().names;
                names.extend(edge.names.iter().cloned());
                names.truncate(NAMES);
            }
        }
        Self {
            folder: self.folder.clone(),
            modules,
            edges,
            outward: Vec::new(),
        }
    }

    /// Returns the first step of a module's name: `guest` for `guest/engine`.
    pub(crate) fn top(&self, module: usize) -> &str {
        self.modules[module].split('/').next().unwrap_or_default()
    }
}

/// A module in the text: a file, or a `mod` with a body within one.
#[derive(Debug)]
struct Module {
    /// The file that it belongs to.
    node: usize,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    scope: Scope,
}

/// A name's definition.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Module(usize),
    /// An item, by the module that defines it.
    Item(usize),
}

#[derive(Debug, Default)]
struct Tree {
    modules: Vec<Module>,
    /// Names and paths of the files.
    nodes: Vec<(String, String)>,
}

impl Tree {
    fn add_file(
        &mut self,
        root: &Path,
        folder: &Path,
        file: &str,
        name: Vec<String>,
        parent: Option<usize>,
    ) -> usize {
        let path = folder.join(file);
        let source = Source::read(root, &path);
        let shown = if name.is_empty() {
            "lib".to_owned()
        } else {
            name.join("/")
        };
        self.nodes.push((shown, path.display().to_string()));
        let node = self.nodes.len() - 1;
        // Children of `a.rs` lie in `a/`, those of `a/mod.rs` beside it.
        let is_folder = ["lib.rs", "main.rs", "mod.rs"].contains(&file);
        let inside = if is_folder {
            folder.to_owned()
        } else {
            folder.join(file.trim_end_matches(".rs"))
        };
        self.add_scope(root, &inside, scope(&source.tree), name, parent, node)
    }

    fn add_scope(
        &mut self,
        root: &Path,
        folder: &Path,
        mut scope: Scope,
        name: Vec<String>,
        parent: Option<usize>,
        node: usize,
    ) -> usize {
        let files = std::mem::take(&mut scope.files);
        let inline = std::mem::take(&mut scope.inline);
        let id = self.modules.len();
        self.modules.push(Module {
            node,
            parent,
            children: HashMap::new(),
            scope,
        });
        for child in files {
            let name = [&name[..], std::slice::from_ref(&child)].concat();
            let file = format!("{child}.rs");
            let (folder, file) = if root.join(folder).join(&file).is_file() {
                (folder.to_owned(), file)
            } else {
                (folder.join(&child), "mod.rs".to_owned())
            };
            let added = self.add_file(root, &folder, &file, name, Some(id));
            self.modules[id].children.insert(child, added);
        }
        for (child, scope) in inline {
            let name = [&name[..], std::slice::from_ref(&child)].concat();
            let folder = folder.join(&child);
            let added = self.add_scope(root, &folder, scope, name, Some(id), node);
            self.modules[id].children.insert(child, added);
        }
        id
    }

    /// Finds a name in a module. `visited` holds the names of the search so far, because `use` may run
    /// in a circle.
    fn find(
        &self,
        module: usize,
        name: &str,
        is_last: bool,
        visited: &mut HashSet<(usize, String)>,
    ) -> Option<Found> {
        if !visited.insert((module, name.to_owned())) {
            return None;
        }
        let this = &self.modules[module];
        let has_item = this.scope.items.iter().any(|(item, _)| item == name);
        let child = this.children.get(name).copied().map(Found::Module);
        if has_item && (is_last || child.is_none()) {
            return Some(Found::Item(module));
        }
        if child.is_some() {
            return child;
        }
        let mut found = None;
        for named in this.scope.uses.iter().filter(|named| named.name == name) {
            // A name that is imported twice is a function and a module, or a macro and a type.
            found = self.follow(module, &named.path, visited).or(found);
        }
        if found.is_some() || this.scope.uses.iter().any(|named| named.name == name) {
            return found;
        }
        let globs = this.scope.uses.iter().filter(|named| named.name == "*");
        for glob in globs {
            if let Some(Found::Module(from)) = self.follow(module, &glob.path, visited)
                && let Some(found) = self.find(from, name, is_last, visited)
            {
                return Some(found);
            }
        }
        None
    }

    /// Follows a path from a module. Returns `None` if it leads out of the crate.
    fn follow(
        &self,
        module: usize,
        path: &[String],
        visited: &mut HashSet<(usize, String)>,
    ) -> Option<Found> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match &**first {
            "crate" => 0,
            "self" => module,
            "super" => self.modules[module].parent?,
            first => match self.find(module, first, rest.is_empty(), visited)? {
                Found::Module(module) => module,
                item @ Found::Item(_) => return Some(item),
            },
        };
        while let Some((step, further)) = rest.split_first() {
            rest = further;
            if step == "super" {
                at = self.modules[at].parent?;
                continue;
            }
            match self.find(at, step, rest.is_empty(), visited) {
                Some(Found::Module(module)) => at = module,
                Some(item) => return Some(item),
                // The name is made by a macro, or re-exported from another crate.
                None => return Some(Found::Item(at)),
            }
        }
        Some(Found::Module(at))
    }

    fn resolve(&self, module: usize, path: &[String]) -> Option<Found> {
        self.follow(module, path, &mut HashSet::new())
    }

    fn is_within(&self, mut module: usize, ancestor: usize) -> bool {
        while let Some(parent) = self.modules[module].parent {
            if parent == ancestor {
                return true;
            }
            module = parent;
        }
        false
    }

    /// Returns the ancestor that an `impl` block of such a type belongs to.
    fn owner(&self, module: usize, implements: Option<&[String]>) -> Option<usize> {
        match self.resolve(module, implements?)? {
            Found::Item(defined) if self.is_within(module, defined) => Some(defined),
            _ => None,
        }
    }

    /// Returns the ancestor that a file is part of, because other modules can name nothing in it but
    /// `impl` blocks of that ancestor's types.
    fn absorbed_by(&self, module: usize) -> Option<usize> {
        let this = &self.modules[module];
        let offers = this.scope.items.iter().any(|(_, is_visible)| *is_visible)
            || this.scope.uses.iter().any(|named| named.is_exported);
        if offers || !this.children.is_empty() {
            return None;
        }
        let mentions = this.scope.mentions.iter();
        mentions
            .filter_map(|mention| self.owner(module, mention.implements.as_deref()))
            .next()
    }

    fn into_graph(self, folder: &str) -> Graph {
        // Node to which each file's own code counts: its own node, or that of the ancestor that it is
        // part of.
        let mut home: Vec<usize> = (0..self.nodes.len()).collect();
        for (id, module) in self.modules.iter().enumerate() {
            if let Some(ancestor) = self.absorbed_by(id) {
                home[module.node] = self.modules[ancestor].node;
            }
        }
        for node in 0..home.len() {
            while home[home[node]] != home[node] {
                home[node] = home[home[node]];
            }
        }
        let mut edges: BTreeMap<(usize, usize), Edge> = BTreeMap::new();
        let mut outward = Vec::new();
        for (id, module) in self.modules.iter().enumerate() {
            let mut add = |from: usize, found: Found, path: &[String], line: usize| {
                let (Found::Module(to) | Found::Item(to)) = found;
                let (from, to) = (home[self.modules[from].node], home[self.modules[to].node]);
                if from == to {
                    return;
                }
                let names = &mut edges.entry((from, to)).or_default().names;
                let name = path.join("::");
                let is_known = names
                    .iter()
                    .any(|known| known.starts_with(&format!("{name} ")));
                if names.len() < NAMES && !is_known {
                    let file = &self.nodes[module.node].1;
                    names.push(format!("{name} ({file}:{line})"));
                }
            };
            let mut mentioned = HashSet::new();
            for mention in &module.scope.mentions {
                mentioned.insert(&mention.path[0]);
                let from = self.owner(id, mention.implements.as_deref()).unwrap_or(id);
                match self.resolve(id, &mention.path) {
                    // A variable may have a module's name.
                    Some(Found::Module(_)) if mention.path.len() == 1 => {}
                    // An `impl` block of a parent's type uses the file that it stands in.
                    Some(Found::Item(to)) if self.modules[to].node == module.node => {}
                    Some(found) => add(from, found, &mention.path, mention.line),
                    None => outward.push((module.node, mention.path.clone(), mention.line)),
                }
            }
            for named in &module.scope.uses {
                let Some(found) = self.resolve(id, &named.path) else {
                    outward.push((module.node, named.path.clone(), named.line));
                    continue;
                };
                let (Found::Module(to) | Found::Item(to)) = found;
                if self.counts(id, named, to, mentioned.contains(&named.name)) {
                    add(id, found, &named.path, named.line);
                }
            }
        }
        Graph {
            folder: folder.to_owned(),
            modules: self.nodes.into_iter().map(|(name, _)| name).collect(),
            edges,
            outward,
        }
    }

    /// Returns true if a `use` itself counts as a use of its item. If the name is mentioned, the
    /// mention counts instead, for the module in which it stands. A trait is used without being
    /// mentioned.
    fn counts(&self, module: usize, named: &Use, to: usize, is_mentioned: bool) -> bool {
        if named.is_exported {
            !self.is_within(to, module)
        } else {
            !is_mentioned && named.name != "*"
        }
    }
}
