//! Generates the description of a type: constant data from which the SDK makes the schema.

use crate::attrs::TypeAttrs;
use crate::fields::{ParsedField, at, default};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Fields, LitStr};

/// What attributes of a type say, collected from the type, its cases and its fields.
#[derive(Default)]
pub struct Details(Vec<TokenStream>);

impl Details {
    pub fn of_type(attrs: &TypeAttrs) -> Self {
        let TypeAttrs {
            aliases, version, ..
        } = attrs;
        let mut details = Vec::new();
        if !aliases.is_empty() {
            details.push(quote!(Aliases(&[#(#aliases),*])));
        }
        if *version != 0 {
            details.push(quote!(Version(#version)));
        }
        details.extend(attrs.hooks.iter().map(|hook| {
            let (from, replaces) = (hook.from, hook.replaces);
            let wants = match &hook.wants {
                Some(ty) => quote!(__vb::Some(<#ty as __vb::State>::schema)),
                None => quote!(__vb::None),
            };
            quote!(Hook { from: #from, replaces: #replaces, wants: #wants })
        }));
        Self(details)
    }

    pub fn of_case(&mut self, case: usize, aliases: &[LitStr]) {
        if !aliases.is_empty() {
            self.0.push(quote!(CaseAliases(#case, &[#(#aliases),*])));
        }
    }

    /// Returns the expression of the list.
    pub fn list(&self) -> TokenStream {
        let details = &self.0;
        quote!(&[#(__vb::Detail::#details),*])
    }
}

/// Returns the description of the fields of a record or case, and adds what their attributes say.
pub fn fields(
    fields: &Fields,
    parsed: &[ParsedField<'_>],
    case: usize,
    details: &mut Details,
) -> TokenStream {
    let mut list = Vec::new();
    for field in parsed {
        let (name, ty) = (&field.name, field.ty);
        if field.attrs.skip {
            details.0.push(quote!(Skipped(#case, #name)));
            continue;
        }
        let index = list.len();
        let aliases = &field.attrs.aliases;
        if !aliases.is_empty() {
            details
                .0
                .push(quote!(FieldAliases(#case, #index, &[#(#aliases),*])));
        }
        let (default, text) = default(field);
        if let Some(text) = text {
            details.0.push(quote!(DefaultText(#case, #index, #text)));
        }
        let schema = quote_spanned!(at(ty)=> <#ty as __vb::State>::schema);
        list.push(quote!((#name, #schema, #default)));
    }
    match fields {
        Fields::Named(_) => quote!(__vb::FieldsSpec::Named(&[#(#list),*])),
        Fields::Unnamed(_) => quote!(__vb::FieldsSpec::Tuple(&[#(#list),*])),
        Fields::Unit => quote!(__vb::FieldsSpec::Unit),
    }
}
