//! Circles in a graph of modules: sets of modules each of which leads to every other.

use crate::graph::Graph;

/// Modules that lead to each other, and the names by which they do.
#[derive(Debug)]
pub struct Circle {
    /// Names of the modules.
    pub modules: Vec<String>,
    /// The edges between them, one line each.
    pub edges: Vec<String>,
}

/// Returns all circles of a graph, the largest first.
pub fn circles(graph: &Graph) -> Vec<Circle> {
    let mut search = Search {
        next: graph.modules.iter().map(|_| Vec::new()).collect(),
        order: vec![0; graph.modules.len()],
        low: vec![0; graph.modules.len()],
        is_open: vec![false; graph.modules.len()],
        open: Vec::new(),
        count: 0,
        found: Vec::new(),
    };
    for (from, to) in graph.edges.keys() {
        search.next[*from].push(*to);
    }
    for module in 0..graph.modules.len() {
        if search.order[module] == 0 {
            search.visit(module);
        }
    }
    let mut components = search.found;
    components.retain(|members| members.len() > 1);
    components.sort_by_key(|members| std::cmp::Reverse(members.len()));
    let describe = |mut members: Vec<usize>| {
        members.sort_by_key(|module| &graph.modules[*module]);
        let inside = graph
            .edges
            .iter()
            .filter(|((from, to), _)| members.contains(from) && members.contains(to));
        Circle {
            modules: members
                .iter()
                .map(|module| graph.modules[*module].clone())
                .collect(),
            edges: inside
                .map(|((from, to), edge)| {
                    let (from, to) = (&graph.modules[*from], &graph.modules[*to]);
                    format!("{from} → {to}: {}", edge.names.join(", "))
                })
                .collect(),
        }
    };
    components.into_iter().map(describe).collect()
}

/// Tarjan's search for strongly connected components.
struct Search {
    next: Vec<Vec<usize>>,
    /// Order in which modules were met, counted from one. Zero means not yet.
    order: Vec<usize>,
    low: Vec<usize>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl Search {
    fn visit(&mut self, module: usize) {
        self.count += 1;
        self.order[module] = self.count;
        self.low[module] = self.count;
        self.open.push(module);
        self.is_open[module] = true;
        for i in 0..self.next[module].len() {
            let next = self.next[module][i];
            if self.order[next] == 0 {
                self.visit(next);
                self.low[module] = self.low[module].min(self.low[next]);
            } else if self.is_open[next] {
                self.low[module] = self.low[module].min(self.order[next]);
            }
        }
        if self.low[module] == self.order[module] {
            let at = self.open.iter().rposition(|open| *open == module);
            let members = self.open.split_off(at.expect("it was put there"));
            for member in &members {
                self.is_open[*member] = false;
            }
            self.found.push(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::circles;
    use crate::graph::Graph;

    /// Makes a crate with these files in `src`.
    fn graph(files: &[(&str, &str)]) -> Graph {
        let folder = tempfile::tempdir().expect("a folder for the crate");
        for (file, text) in files {
            let path = folder.path().join("src").join(file);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))
                .and_then(|()| std::fs::write(&path, text))
                .expect("the crate can be written");
        }
        Graph::read(folder.path(), "src").expect("it has a root")
    }

    /// Returns the circles of such a crate, each as the names of its modules.
    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        circles(&graph(files))
            .into_iter()
            .map(|circle| circle.modules)
            .collect()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod guest; mod image; pub use guest::Engine;");
    const GUEST: (&str, &str) = (
        "guest/mod.rs",
        "mod engine; mod store; pub use engine::Engine; pub use store::Store;",
    );
    const ENGINE: (&str, &str) = (
        "guest/engine.rs",
        "use super::Store; pub struct Engine(Store); pub struct Limits;",
    );

    #[test]
    fn a_parent_that_gives_out_names_makes_no_circle() {
        let store = (
            "guest/store.rs",
            "use crate::image::Image; pub struct Store(Image);",
        );
        let image = ("image.rs", "pub struct Image;");
        assert!(found(&[LIB, GUEST, ENGINE, store, image]).is_empty());
    }

    #[test]
    fn a_circle_that_is_put_back_is_found() {
        let store = ("guest/store.rs", "pub struct Store(crate::image::Image);");
        // The circle goes through the crate's root and the parent, and through a macro.
        let image = (
            "image.rs",
            "pub struct Image; fn f() { assert!(crate::Engine::is_there()) }",
        );
        let expected = ["guest/engine", "guest/store", "image"];
        assert_eq!(found(&[LIB, GUEST, ENGINE, store, image]), [expected]);
    }

    #[test]
    fn an_edge_names_what_makes_it() {
        let store = ("guest/store.rs", "pub struct Store(super::engine::Limits);");
        let image = ("image.rs", "");
        let circles = circles(&graph(&[LIB, GUEST, ENGINE, store, image]));
        let edges = [
            "guest/engine → guest/store: Store (src/guest/engine.rs:1)",
            "guest/store → guest/engine: super::engine::Limits (src/guest/store.rs:1)",
        ];
        assert_eq!(circles[0].edges, edges);
    }

    #[test]
    fn tests_make_no_circle() {
        let store = (
            "guest/store.rs",
            "pub struct Store; #[cfg(test)] mod tests { use super::super::Engine; fn f(_: Engine) {} }",
        );
        let image = ("image.rs", "");
        assert!(found(&[LIB, GUEST, ENGINE, store, image]).is_empty());
    }

    #[test]
    fn a_parent_and_impl_blocks_of_its_children_make_no_circle() {
        let lib = ("lib.rs", "mod session;");
        let parent = (
            "session/mod.rs",
            "mod phases; mod print; mod saves; pub struct Session(saves::Saves); fn run(s: &Session) { s.walk() }",
        );
        let phases = (
            "session/phases.rs",
            "use super::Session; impl Session { pub fn walk(&self) { step(self) } } fn step(_: &Session) {}",
        );
        let saves = (
            "session/saves.rs",
            "use super::Session; pub struct Saves; impl Session { fn save(&self) -> Saves { Saves } }",
        );
        let print = (
            "session/print.rs",
            "use super::Session; impl Session { fn print(&self) { print(self) } } pub fn print(_: &Session) {}",
        );
        assert!(found(&[lib, parent, phases, saves, print]).is_empty());
    }

    #[test]
    fn a_child_that_needs_its_parent_for_something_of_its_own_makes_a_circle() {
        let lib = ("lib.rs", "mod session;");
        let parent = (
            "session/mod.rs",
            "mod saves; pub struct Session(saves::Saves); pub struct Config;",
        );
        let saves = (
            "session/saves.rs",
            "use super::Config; pub struct Saves(Config);",
        );
        assert_eq!(found(&[lib, parent, saves]), [["session", "session/saves"]]);
    }

    #[test]
    fn an_impl_block_of_a_parents_type_depends_for_the_parent() {
        let lib = ("lib.rs", "mod session; mod event;");
        let parent = ("session/mod.rs", "mod told; pub struct Session;");
        let child = (
            "session/told.rs",
            "use crate::event::Event; use super::Session; impl Session { fn tell(&self, _: Event) {} }",
        );
        let event = ("event.rs", "pub struct Event(crate::session::Session);");
        assert_eq!(found(&[lib, parent, child, event]), [["event", "session"]]);
    }

    #[test]
    fn folders_that_lead_to_each_other_by_different_files_are_a_circle_of_the_top_level() {
        let store = ("guest/store.rs", "pub struct Store(crate::image::Image);");
        let image = ("image.rs", "pub struct Image(crate::guest::Limits);");
        let guest = (
            "guest/mod.rs",
            "mod engine; mod store; pub use engine::{Engine, Limits}; pub use store::Store;",
        );
        let graph = graph(&[LIB, guest, ENGINE, store, image]);
        let top = circles(&graph.top_level());
        assert_eq!(top[0].modules, ["guest", "image"]);
    }
}
