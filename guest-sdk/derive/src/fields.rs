//! The fields of a record or case with their attributes, and spans for errors.

use crate::attrs::{FieldAttrs, FieldDefault};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Fields, Ident, Index, Result, Type};

/// A field with its attributes.
pub(crate) struct ParsedField<'a> {
    pub member: TokenStream,
    pub name: String,
    pub ty: &'a Type,
    pub attrs: FieldAttrs,
}

pub(crate) fn parse(fields: &Fields) -> Result<Vec<ParsedField<'_>>> {
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let (member, name) = match &field.ident {
                Some(ident) => (ident.to_token_stream(), plain(ident)),
                None => (Index::from(index).to_token_stream(), index.to_string()),
            };
            Ok(ParsedField {
                member,
                name,
                ty: &field.ty,
                attrs: FieldAttrs::parse(&field.attrs)?,
            })
        })
        .collect()
}

/// Returns the writer of a field's default, and the spelling of an expression in the source.
pub(crate) fn default(field: &ParsedField<'_>) -> (TokenStream, Option<String>) {
    let ty = field.ty;
    match &field.attrs.default {
        FieldDefault::OptionalTrait => (quote!(__vb::Probe::<#ty>::DEFAULT), None),
        FieldDefault::Trait => {
            let write = quote_spanned!(at(ty)=> __vb::write_default::<#ty>);
            (quote!(__vb::Some(#write)), None)
        }
        FieldDefault::Expr(expr) => {
            let text = source_text_of(expr);
            let value = quote_spanned!(at(expr)=> let value: #ty = #expr;);
            let write = quote!(__vb::Some(|out| { #value __vb::write_inline(&value, out) }));
            (write, Some(text))
        }
    }
}

/// Returns the source text of an expression, if the compiler still has it.
fn source_text_of(expr: &Expr) -> String {
    expr.span()
        .source_text()
        .unwrap_or_else(|| expr.to_token_stream().to_string())
}

/// Returns a name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Returns the span for errors. Names resolve as in the generated code, because the type may come
/// out of a macro.
pub(crate) fn at(tokens: &impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}
