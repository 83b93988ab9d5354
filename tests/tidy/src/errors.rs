//! Error types: a message that contains its cause must not have it as `source` as well, since whoever prints
//! the chain of causes would print it twice.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, Ident};

use crate::source::Source;

/// Returns the errors of `thiserror` whose message contains the cause that `source()` returns, one line
/// each.
pub fn doubled_causes(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        let mut errors = Errors {
            source,
            breaches: &mut breaches,
        };
        errors.visit_file(&source.tree);
    }
    breaches
}

struct Errors<'a> {
    source: &'a Source,
    breaches: &'a mut Vec<String>,
}

impl Errors<'_> {
    fn look_at(&mut self, name: &Ident, attributes: &[Attribute], fields: &Fields) {
        let message = attributes.iter().find(|a| a.path().is_ident("error"));
        let message = message.and_then(|attribute| attribute.meta.require_list().ok());
        let (Some(message), Some(cause)) = (message, cause(fields)) else {
            return;
        };
        if names(message.tokens.clone(), &cause) {
            self.breaches.push(format!(
                "{}:{}: the message of `{name}` contains its source `{cause}`",
                self.source.path.display(),
                name.span().start().line,
            ));
        }
    }
}

/// Returns the name or the number of the field that `source()` returns.
fn cause(fields: &Fields) -> Option<String> {
    let mut numbered = fields.iter().enumerate();
    numbered.find_map(|(number, field)| {
        let name = field.ident.as_ref().map(ToString::to_string);
        let is_marked = |a: &Attribute| a.path().is_ident("source") || a.path().is_ident("from");
        let is_cause = name.as_deref() == Some("source") || field.attrs.iter().any(is_marked);
        is_cause.then(|| name.unwrap_or_else(|| number.to_string()))
    })
}

/// Returns true if a message of `thiserror` formats this field: `{field}` in its text, or `field` or `.field`
/// among its arguments.
fn names(message: TokenStream, field: &str) -> bool {
    message.into_iter().any(|token| match token {
        TokenTree::Group(group) => names(group.stream(), field),
        TokenTree::Ident(ident) => ident == field,
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let opens = format!("{{{field}");
            let mut ends = text.split(&opens).skip(1);
            // `.0` is a punctuation mark and a literal, and `.0.at()` is read as a float.
            text.split('.').next() == Some(field) || ends.any(|end| end.starts_with(['}', ':']))
        }
        TokenTree::Punct(_) => false,
    })
}

impl<'ast> Visit<'ast> for Errors<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.look_at(&item.ident, &item.attrs, &item.fields);
        visit::visit_item_struct(self, item);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.look_at(&variant.ident, &variant.attrs, &variant.fields);
        visit::visit_variant(self, variant);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::doubled_causes;
    use crate::source::Source;

    #[test]
    fn a_cause_that_would_be_printed_twice_is_found() {
        let text = r#"
            #[derive(Debug, Error)]
            enum Many {
                #[error("cannot read {path}: {source}")]
                Named { path: String, source: Io },
                #[error("cannot write: {0}")]
                From(#[from] Io),
                #[error("cannot open: {}", .cause.kind())]
                Marked { #[source] cause: Io },
                #[error("cannot close")]
                Silent(#[source] Io),
                #[error("cannot move: {cause}")]
                NoSource { cause: Io },
                #[error(transparent)]
                Transparent(#[from] Io),
                #[error("cannot find {0}")]
                Other(String, #[source] Io),
            }
            #[derive(Debug, Error)]
            #[error("no picture: {source}")]
            struct One { source: Io }
        "#;
        let source = Source {
            path: PathBuf::from("made_up.rs"),
            text: text.to_owned(),
            tree: syn::parse_file(text).expect("it is Rust"),
        };
        let found = doubled_causes(&[source]);
        let found: Vec<_> = found
            .iter()
            .filter_map(|line| line.split('`').nth(1))
            .collect();
        assert_eq!(found, ["Named", "From", "Marked", "One"]);
    }
}
