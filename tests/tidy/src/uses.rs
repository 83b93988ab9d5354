//! Part of one file in the module graph: the modules that it declares, the names that it defines and
//! imports, and the paths that it mentions. Code for tests only is left out.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A module in the text: a file, or a `mod` with a body.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Names of types, functions, constants, traits and macros defined here, and whether other modules
    /// may name them.
    pub items: Vec<(String, bool)>,
    /// `use` declarations, also those inside functions.
    pub uses: Vec<Use>,
    /// `mod` declarations without a body.
    pub files: Vec<String>,
    /// `mod` declarations with a body.
    pub inline: Vec<(String, Scope)>,
    /// Paths that the code mentions.
    pub mentions: Vec<Mention>,
}

/// A name that a `use` imports.
#[derive(Debug)]
pub(crate) struct Use {
    /// The name, `*` for all of a module, `_` for none.
    pub name: String,
    /// The path it stands for.
    pub path: Vec<String>,
    /// `pub`, with or without restriction.
    pub is_exported: bool,
    pub line: usize,
}

/// A path in the code.
#[derive(Debug)]
pub(crate) struct Mention {
    pub path: Vec<String>,
    pub line: usize,
    /// The type whose `impl` block the path stands in.
    pub implements: Option<Vec<String>>,
}

/// Reads one file.
pub(crate) fn scope(file: &syn::File) -> Scope {
    let mut reader = Reader::default();
    for item in &file.items {
        reader.visit_item(item);
    }
    reader.scope
}

#[derive(Default)]
struct Reader {
    scope: Scope,
    implements: Option<Vec<String>>,
    /// Depth of function bodies and `impl` blocks, whose items other modules cannot name.
    depth: usize,
}

impl Reader {
    fn define(&mut self, ident: &syn::Ident, visibility: &syn::Visibility) {
        if self.depth == 0 {
            let is_visible = !matches!(visibility, syn::Visibility::Inherited);
            self.scope.items.push((name(ident), is_visible));
        }
    }

    fn mention(&mut self, path: Vec<String>, line: usize) {
        self.scope.mentions.push(Mention {
            path,
            line,
            implements: self.implements.clone(),
        });
    }

    fn add_use(&mut self, tree: &syn::UseTree, path: &[String], is_exported: bool) {
        let mut add = |name: String, path: Vec<String>, ident: &syn::Ident| {
            self.scope.uses.push(Use {
                name,
                path,
                is_exported,
                line: ident.span().start().line,
            });
        };
        match tree {
            syn::UseTree::Path(step) => {
                let path = [path, &[name(&step.ident)]].concat();
                self.add_use(&step.tree, &path, is_exported);
            }
            syn::UseTree::Name(last) => match name(&last.ident) {
                own if own == "self" => {
                    let last_step = path.last().cloned().unwrap_or_default();
                    add(last_step, path.to_vec(), &last.ident);
                }
                own => add(own.clone(), [path, &[own]].concat(), &last.ident),
            },
            syn::UseTree::Rename(last) => {
                let own = name(&last.ident);
                let path = if own == "self" {
                    path.to_vec()
                } else {
                    [path, &[own]].concat()
                };
                add(name(&last.rename), path, &last.rename);
            }
            syn::UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.scope.uses.push(Use {
                    name: "*".to_owned(),
                    path: path.to_vec(),
                    is_exported,
                    line,
                });
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, path, is_exported);
                }
            }
        }
    }

    /// Collects paths in the arguments of a macro, whose grammar no parser knows.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut i = 0;
        while i < tokens.len() {
            match &tokens[i] {
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(first) => {
                    // Members are skipped, and so are names of a macro's expansion.
                    let before = |n: usize, wanted| i >= n && is_punct(&tokens[i - n], wanted);
                    let is_skipped = before(1, '$') || before(1, '.') && !before(2, '.');
                    let mut path = vec![name(first)];
                    while let [colon, colon_2, TokenTree::Ident(next), ..] = &tokens[i + 1..]
                        && is_punct(colon, ':')
                        && is_punct(colon_2, ':')
                    {
                        path.push(name(next));
                        i += 3;
                    }
                    if !is_skipped {
                        self.mention(path, first.span().start().line);
                    }
                }
                _ => {}
            }
            i += 1;
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn name(ident: &syn::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn steps(path: &syn::Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| name(&segment.ident))
        .collect()
}

/// Returns the name of the type that an `impl` block is for.
fn implemented(item: &syn::Type) -> Option<Vec<String>> {
    match item {
        syn::Type::Path(path) if path.qself.is_none() => Some(steps(&path.path)),
        syn::Type::Reference(reference) => implemented(&reference.elem),
        _ => None,
    }
}

/// Returns true if an item is compiled for tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return attribute.path().is_ident("test");
        };
        let text = list.tokens.to_string();
        list.path.is_ident("cfg") && (text == "test" || text.starts_with("all (test"))
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Const(item) => self.define(&item.ident, &item.vis),
            syn::Item::Enum(item) => self.define(&item.ident, &item.vis),
            syn::Item::Fn(item) => self.define(&item.sig.ident, &item.vis),
            syn::Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    self.scope.items.push((name(ident), true));
                }
            }
            syn::Item::Static(item) => self.define(&item.ident, &item.vis),
            syn::Item::Struct(item) => self.define(&item.ident, &item.vis),
            syn::Item::Trait(item) => self.define(&item.ident, &item.vis),
            syn::Item::Type(item) => self.define(&item.ident, &item.vis),
            syn::Item::Union(item) => self.define(&item.ident, &item.vis),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let Some((_, items)) = &item.content else {
            self.scope.files.push(name(&item.ident));
            return;
        };
        let mut inner = Self::default();
        for item in items {
            inner.visit_item(item);
        }
        self.scope.inline.push((name(&item.ident), inner.scope));
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_exported = !matches!(item.vis, syn::Visibility::Inherited);
        self.add_use(&item.tree, &[], is_exported);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let before = std::mem::replace(&mut self.implements, implemented(&item.self_ty));
        self.depth += 1;
        visit::visit_item_impl(self, item);
        self.depth -= 1;
        self.implements = before;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.depth += 1;
        visit::visit_block(self, block);
        self.depth -= 1;
    }

    // `pub(super)` and `pub(in path)` use nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.mention(steps(path), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        visit::visit_macro(self, item);
        self.scan(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta
            && attribute.path().is_ident("derive")
        {
            self.scan(list.tokens.clone());
        }
    }
}
