//! The public interface of a crate as text, read from its source, so that changes of it are visible.
//! This module knows Rust's syntax and nothing of types: it expands no macros, and only names items of
//! other crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use quote::ToTokens;
use syn::visit::Visit;
use syn::{Attribute, Fields, ImplItem, Item, Type, UseTree, Visibility, parse_quote};

/// Largest number of steps from one `use` to the next.
const DEPTH: u32 = 8;

/// Position of an item: its module, and its number there.
type Position = (usize, usize);

struct Module {
    /// Path from the root: `["plugin", "slot"]`.
    path: Vec<String>,
    items: Vec<Item>,
    is_public: bool,
}

/// The complete source of a crate.
pub struct Source {
    name: String,
    modules: Vec<Module>,
}

impl Source {
    /// Reads the crate whose root is this file.
    ///
    /// # Panics
    /// When a file is missing or is no Rust.
    #[must_use]
    pub fn read(name: &str, root: &Path) -> Self {
        let mut source = Self {
            name: name.to_owned(),
            modules: Vec::new(),
        };
        let folder = root.parent().expect("a file lies in a folder");
        source.add(Vec::new(), parse(root).items, folder, true);
        source
    }

    /// Adds a module and its inner modules. Files of its children lie in `folder`.
    fn add(&mut self, path: Vec<String>, items: Vec<Item>, folder: &Path, is_public: bool) {
        let place = self.modules.len();
        self.modules.push(Module {
            path: path.clone(),
            items: Vec::new(),
            is_public,
        });
        for item in &items {
            let Item::Mod(module) = item else { continue };
            let name = module.ident.to_string();
            if is_test(&module.attrs) {
                continue;
            }
            let inner = folder.join(&name);
            let within = match &module.content {
                Some((_, items)) => items.clone(),
                None => {
                    let beside = folder.join(&name).with_extension("rs");
                    let file = if beside.is_file() {
                        beside
                    } else {
                        inner.join("mod.rs")
                    };
                    parse(&file).items
                }
            };
            let is_public = is_public && is_public_item(&module.vis) && !is_hidden(&module.attrs);
            let path = path.iter().cloned().chain([name]).collect();
            self.add(path, within, &inner, is_public);
        }
        self.modules[place].items = items;
    }

    fn module(&self, path: &[String]) -> Option<usize> {
        self.modules.iter().position(|module| module.path == path)
    }

    /// Returns the item that a name in a module stands for, if it is of this crate.
    fn resolve(&self, module: usize, name: &str, depth: u32) -> Option<Position> {
        let items = &self.modules[module].items;
        if let Some(item) = items.iter().position(|item| defines(item, name)) {
            return Some((module, item));
        }
        let depth = depth.checked_sub(1)?;
        self.uses(module, name).find_map(|path| {
            let (last, way) = path.split_last()?;
            let wanted = if last == "*" { name } else { last };
            self.resolve(self.walk(module, way, depth)?, wanted, depth)
        })
    }

    /// Returns the item that a path stands for, if it is of this crate.
    fn resolve_path(&self, module: usize, path: &[String]) -> Option<Position> {
        let (last, way) = path.split_last()?;
        self.resolve(self.walk(module, way, DEPTH)?, last, DEPTH)
    }

    /// Returns the paths that `use` gives this name in a module, and the paths of glob imports.
    fn uses(&self, module: usize, name: &str) -> impl Iterator<Item = Vec<String>> {
        let items = self.modules[module].items.iter();
        let uses = items.filter_map(|item| match item {
            Item::Use(item) => Some(leaves(&item.tree)),
            _ => None,
        });
        let named = uses
            .flatten()
            .filter(move |(_, known_as)| known_as == name || known_as == "*");
        named.map(|(path, _)| path)
    }

    /// Returns the module that a path leads to from another.
    fn walk(&self, from: usize, path: &[String], depth: u32) -> Option<usize> {
        let Some((step, rest)) = path.split_first() else {
            return Some(from);
        };
        let own = &self.modules[from].path;
        let next = match step.as_str() {
            "crate" => Some(0),
            "self" => Some(from),
            "super" => self.module(own.split_last()?.1),
            _ => self.module(&[own, std::slice::from_ref(step)].concat()),
        };
        if let Some(next) = next {
            return self.walk(next, rest, depth);
        }
        // The module may be imported by a `use`.
        let depth = depth.checked_sub(1)?;
        let mut uses = self
            .uses(from, step)
            .filter(|path| path.last().is_some_and(|last| last != "*"));
        uses.find_map(|path| self.walk(from, &[&path, rest].concat(), depth))
    }

    /// Returns the public names of a public module: the items that they stand for, or the `use` of an
    /// item of another crate.
    fn names(&self, module: usize) -> Vec<(String, Result<Position, String>)> {
        let mut names = Vec::new();
        for (index, item) in self.modules[module].items.iter().enumerate() {
            if let Item::Use(item) = item {
                if !is_public_item(&item.vis) || is_hidden(&item.attrs) {
                    continue;
                }
                for (path, name) in leaves(&item.tree) {
                    let found = self.resolve_path(module, &path);
                    names.push((name, found.ok_or_else(|| path.join("::"))));
                }
            } else if let Some(name) = public_name(item) {
                names.push((name, Ok((module, index))));
            }
        }
        if module == 0 {
            // `#[macro_export]` puts a macro into the root, wherever it is written.
            for (at, module) in self.modules.iter().enumerate().skip(1) {
                let macros = module.items.iter().enumerate();
                let macros = macros
                    .filter(|(_, item)| matches!(item, Item::Macro(item) if item.ident.is_some()));
                names.extend(
                    macros.filter_map(|(index, item)| Some((public_name(item)?, Ok((at, index))))),
                );
            }
        }
        names
    }

    /// Returns the text for some public modules, given by their paths from the root, and for the items
    /// of the crate that they name. An item without a public name is marked, because no user could
    /// write it.
    #[must_use]
    pub fn interface(&self, of: &[&[&str]]) -> String {
        let mut named: BTreeMap<Position, (String, String)> = BTreeMap::new();
        for (index, module) in self.modules.iter().enumerate() {
            if module.is_public {
                for (name, place) in self.names(index) {
                    let Ok(place) = place else { continue };
                    let under = self.full(&module.path);
                    let entry = named.entry(place).or_insert((under.clone(), name.clone()));
                    if under.len() < entry.0.len() {
                        *entry = (under, name);
                    }
                }
            }
        }
        let mut wanted = Vec::new();
        let mut listed: BTreeMap<Position, String> = BTreeMap::new();
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in of {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            let module = self.module(&path).expect("there is such a module");
            let under = self.full(&path);
            for (name, place) in self.names(module) {
                match place {
                    Ok(place) => match listed.get(&place) {
                        Some(first) => {
                            let line = format!("pub use {first};");
                            sections.entry(under.clone()).or_default().push(line);
                        }
                        None => {
                            listed.insert(place, format!("{under}::{name}"));
                            named.insert(place, (under.clone(), name));
                            wanted.push(place);
                        }
                    },
                    Err(path) => {
                        let line = match path.rsplit("::").next() {
                            Some(last) if last == name => format!("pub use {path};"),
                            _ => format!("pub use {path} as {name};"),
                        };
                        sections.entry(under.clone()).or_default().push(line);
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(place) = wanted.pop() {
            if !seen.insert(place) {
                continue;
            }
            let (text, needs) = self.show(place);
            wanted.extend(needs);
            let nowhere = || {
                (
                    format!(
                        "{} (no public name)",
                        self.full(&self.modules[place.0].path)
                    ),
                    String::new(),
                )
            };
            let (under, name) = named.get(&place).cloned().unwrap_or_else(nowhere);
            let own = public_name(&self.modules[place.0].items[place.1]).unwrap_or_default();
            let text = if name.is_empty() || name == own {
                text
            } else {
                format!("// As `{name}`.\n{text}")
            };
            sections.entry(under).or_default().push(text);
        }
        let mut all = String::new();
        for (under, mut texts) in sections {
            texts.sort_by(|a, b| without_attributes(a).cmp(without_attributes(b)));
            all += &format!("// {under}\n\n{}\n\n", texts.join("\n").trim_end());
        }
        all.trim_end().to_owned() + "\n"
    }

    fn full(&self, path: &[String]) -> String {
        let names: Vec<&str> = [self.name.as_str()]
            .into_iter()
            .chain(path.iter().map(String::as_str))
            .collect();
        names.join("::")
    }

    /// Returns an item with its implementations, and the items of the crate that it names.
    fn show(&self, (module, index): Position) -> (String, Vec<Position>) {
        let item = &self.modules[module].items[index];
        let mut shown = vec![(module, bare(item))];
        if let Some(name) = public_name(item) {
            for (at, other) in self.modules.iter().enumerate() {
                for item in &other.items {
                    if let Item::Impl(item) = item
                        && !is_test(&item.attrs)
                        && self_name(&item.self_ty).is_some_and(|own| own == name)
                        && self.resolve(at, &name, DEPTH) == Some((module, index))
                        && let Some(item) = bare_impl(item)
                    {
                        shown.push((at, item));
                    }
                }
            }
        }
        let mut needs = Vec::new();
        for (at, item) in &shown {
            let mut names = Names::default();
            names.visit_item(item);
            let found = names
                .0
                .iter()
                .filter_map(|path| self.resolve_path(*at, path));
            needs.extend(found.filter(|(module, item)| {
                public_name(&self.modules[*module].items[*item]).is_some()
            }));
        }
        let items = shown.into_iter().map(|(_, item)| item).collect();
        (print(items), needs)
    }
}

fn parse(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{} is no Rust: {error}", file.display()))
}

fn is_public_item(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn says(attributes: &[Attribute], path: &str, word: &str) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.meta.to_token_stream().to_string();
        attribute.path().is_ident(path) && text.contains(word)
    })
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    says(attributes, "doc", "hidden")
}

fn is_test(attributes: &[Attribute]) -> bool {
    says(attributes, "cfg", "test")
}

/// Returns the paths of a `use`, each with the name that it defines.
fn leaves(tree: &UseTree) -> Vec<(Vec<String>, String)> {
    match tree {
        UseTree::Path(path) => {
            let inner = leaves(&path.tree).into_iter();
            let step = path.ident.to_string();
            inner
                .map(|(mut path, name)| {
                    path.insert(0, step.clone());
                    (path, name)
                })
                .collect()
        }
        UseTree::Name(name) => vec![(vec![name.ident.to_string()], name.ident.to_string())],
        UseTree::Rename(name) => vec![(vec![name.ident.to_string()], name.rename.to_string())],
        UseTree::Glob(_) => vec![(vec!["*".to_owned()], "*".to_owned())],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// Returns the name of a public item. Modules have texts of their own.
fn public_name(item: &Item) -> Option<String> {
    let (visibility, attributes, name) = match item {
        Item::Struct(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Enum(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Trait(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Type(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Fn(item) => (&item.vis, &item.attrs, &item.sig.ident),
        Item::Const(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Static(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Macro(item) => return made_by_macro(item),
        _ => return None,
    };
    (is_public_item(visibility) && !is_hidden(attributes)).then(|| name.to_string())
}

/// Returns the name of an exported `macro_rules!`, or of the type that `bitflags!` makes.
fn made_by_macro(item: &syn::ItemMacro) -> Option<String> {
    if let Some(name) = &item.ident {
        let is_exported = item
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("macro_export"));
        return (is_exported && !is_hidden(&item.attrs)).then(|| name.to_string());
    }
    let tokens = item.mac.tokens.to_string();
    let (_, rest) = tokens.split_once("pub struct ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

fn defines(item: &Item, name: &str) -> bool {
    let own = match item {
        Item::Struct(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Const(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Macro(item) => return made_by_macro(item).is_some_and(|own| own == name),
        _ => return false,
    };
    own == name
}

fn self_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// Keeps only attributes that matter to a user of an item.
fn keep(attributes: &mut Vec<Attribute>) {
    let kept = [
        "derive",
        "must_use",
        "non_exhaustive",
        "cfg",
        "repr",
        "deprecated",
    ];
    attributes.retain(|attribute| kept.iter().any(|kept| attribute.path().is_ident(kept)));
}

/// Returns an item without documentation, bodies and private parts.
fn bare(item: &Item) -> Item {
    let mut item = item.clone();
    match &mut item {
        Item::Struct(item) => {
            keep(&mut item.attrs);
            bare_fields(&mut item.fields);
        }
        Item::Enum(item) => {
            keep(&mut item.attrs);
            for variant in &mut item.variants {
                keep(&mut variant.attrs);
                variant
                    .fields
                    .iter_mut()
                    .for_each(|field| keep(&mut field.attrs));
            }
        }
        Item::Trait(item) => {
            keep(&mut item.attrs);
            item.items.retain(
                |item| !matches!(item, syn::TraitItem::Fn(function) if is_hidden(&function.attrs)),
            );
            for item in &mut item.items {
                match item {
                    syn::TraitItem::Fn(function) => {
                        keep(&mut function.attrs);
                        let body = function.default.as_ref();
                        function.default = body.map(|_| {
                            parse_quote!({
                                usual;
                            })
                        });
                    }
                    syn::TraitItem::Const(item) => keep(&mut item.attrs),
                    syn::TraitItem::Type(item) => keep(&mut item.attrs),
                    _ => {}
                }
            }
        }
        Item::Type(item) => keep(&mut item.attrs),
        Item::Fn(item) => {
            keep(&mut item.attrs);
            item.block = parse_quote!({});
        }
        Item::Const(item) => keep(&mut item.attrs),
        Item::Static(item) => keep(&mut item.attrs),
        Item::Macro(item) => {
            item.attrs.clear();
            if item.ident.is_some() {
                item.mac.tokens = parse_quote!(() => {};);
            }
        }
        _ => {}
    }
    item
}

/// Keeps only public fields, and adds a mark if there are others.
fn bare_fields(fields: &mut Fields) {
    let is_seen = |field: &syn::Field| is_public_item(&field.vis);
    let hides = !fields.iter().all(is_seen);
    match fields {
        Fields::Named(fields) => {
            let seen = fields.named.clone().into_iter().filter(is_seen);
            fields.named = seen.collect();
            if hides {
                fields.named.push(parse_quote!(private: Private));
            }
        }
        Fields::Unnamed(fields) => {
            for field in &mut fields.unnamed {
                if !is_public_item(&field.vis) {
                    field.vis = Visibility::Inherited;
                    field.ty = parse_quote!(Private);
                }
            }
        }
        Fields::Unit => {}
    }
    fields.iter_mut().for_each(|field| keep(&mut field.attrs));
}

/// Returns public functions and constants, or the fact that a trait is implemented. Returns `None` if
/// there are none.
fn bare_impl(item: &syn::ItemImpl) -> Option<Item> {
    let mut item = item.clone();
    keep(&mut item.attrs);
    if item.trait_.is_some() {
        item.items.retain(|item| matches!(item, ImplItem::Type(_)));
        return Some(Item::Impl(item));
    }
    item.items.retain(|item| match item {
        ImplItem::Fn(function) => is_public_item(&function.vis) && !is_hidden(&function.attrs),
        ImplItem::Const(item) => is_public_item(&item.vis) && !is_hidden(&item.attrs),
        _ => false,
    });
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => {
                keep(&mut function.attrs);
                function.block = parse_quote!({});
            }
            ImplItem::Const(item) => keep(&mut item.attrs),
            _ => {}
        }
    }
    (!item.items.is_empty()).then_some(Item::Impl(item))
}

/// Paths of types and traits in a signature.
#[derive(Default)]
struct Names(BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let steps = path.segments.iter().map(|step| step.ident.to_string());
        self.0.insert(steps.collect());
        syn::visit::visit_path(self, path);
    }
}

fn print(items: Vec<Item>) -> String {
    let file = syn::File {
        shebang: None,
        attrs: Vec::new(),
        items,
    };
    let text = prettyplease::unparse(&file);
    text.replace(" {}\n", ";\n")
        .replace(" {\n        usual;\n    }", " { .. }")
        .replace("private: Private,", "// and private fields")
}

/// Returns the key by which items are sorted: their first line without attributes.
fn without_attributes(text: &str) -> &str {
    let lines = text.split_inclusive('\n');
    let before = lines.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    &text[before.map(str::len).sum::<usize>()..]
}
