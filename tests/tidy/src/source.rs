//! Source files: their paths, their text, their syntax tree and their comments.

use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// A Rust file of the workspace.
pub struct Source {
    /// Path relative to the workspace.
    pub path: PathBuf,
    /// The text of the file.
    pub text: String,
    /// The syntax tree of the file.
    pub tree: syn::File,
}

/// A line of a comment.
pub(crate) struct CommentLine {
    /// Line number, counted from one.
    pub line: usize,
    /// The mark it opens with: `//`, `///`, `//!` or `/*`.
    pub mark: &'static str,
    /// The text behind the mark, without surrounding space.
    pub text: String,
}

impl Source {
    /// Reads and parses a file; `path` is relative to `root`.
    ///
    /// # Panics
    ///
    /// If the file cannot be read or is no Rust.
    pub fn read(root: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(root.join(path))
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let tree = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("cannot parse {}: {error}", path.display()));
        Self {
            path: path.to_owned(),
            text,
            tree,
        }
    }

    /// Returns true for generated code, such as bindings, which people do not read line by line.
    pub fn is_generated(&self) -> bool {
        self.text.contains("reason = \"generated")
    }

    /// Returns all comments, including doc comments, line by line.
    pub(crate) fn comments(&self) -> Vec<CommentLine> {
        let tokens: TokenStream = self.text.parse().expect("the file has been parsed before");
        let mut code = Vec::new();
        spans(tokens, &self.text, &mut code);
        code.push(self.text.len()..self.text.len());
        let mut found = Vec::new();
        let mut end = 0;
        for span in code {
            if span.start >= end {
                self.comments_between(end, span.start, &mut found);
                end = span.end;
            }
        }
        found
    }

    /// Collects the comments of a stretch that has nothing else but space.
    fn comments_between(&self, start: usize, end: usize, found: &mut Vec<CommentLine>) {
        let first = self.text[..start].matches('\n').count() + 1;
        let mut is_block = false;
        for (i, line) in self.text[start..end].lines().enumerate() {
            let line = line.trim();
            let marks = ["///", "//!", "//", "/*"];
            let mark = marks.into_iter().find(|mark| line.starts_with(mark));
            let (mark, text) = match mark {
                _ if is_block => ("/*", line.trim_start_matches('*')),
                Some(mark) => (mark, line[mark.len()..].trim_start_matches(['*', '!'])),
                None => continue,
            };
            is_block = mark == "/*" && !line.ends_with("*/");
            found.push(CommentLine {
                line: first + i,
                mark,
                text: text.trim_end_matches("*/").trim().to_owned(),
            });
        }
    }
}

/// Collects the stretches of text that are code. A parser turns doc comments into attributes; here they
/// count as comments.
fn spans(tokens: TokenStream, text: &str, found: &mut Vec<Range<usize>>) {
    for token in tokens {
        let range = token.span().byte_range();
        if ["//", "/*"]
            .iter()
            .any(|mark| text[range.clone()].starts_with(mark))
        {
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                found.push(group.span_open().byte_range());
                spans(group.stream(), text, found);
                found.push(group.span_close().byte_range());
            }
            _ => found.push(range),
        }
    }
}

/// Returns the workspace's folder.
///
/// # Panics
///
/// Never: this crate lies in it.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies in the workspace")
}

/// Returns all Rust files under some folders of a workspace, in the order of their paths. Folders that
/// do not exist have none. Build folders and the expected messages of compilers are left out.
///
/// # Panics
///
/// If a folder cannot be listed or a file is no Rust.
pub fn sources(root: &Path, folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    let mut pending: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    while let Some(folder) = pending.pop() {
        let absolute = root.join(&folder);
        if !absolute.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&absolute)
            .unwrap_or_else(|error| panic!("cannot list {}: {error}", absolute.display()));
        for entry in entries {
            let name = entry.expect("a folder can be listed").file_name();
            let path = folder.join(&name);
            // `ui` and `stubs` contain code as users write it.
            let is_left_out = name
                .to_str()
                .is_some_and(|name| ["target", "ui", "stubs", "templates"].contains(&name));
            if root.join(&path).is_dir() {
                if !is_left_out {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.dedup();
    let read = |path: &PathBuf| Source::read(root, path);
    paths.iter().map(read).collect()
}
