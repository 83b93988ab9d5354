//! `#[derive(Flat)]`: generates checks for every condition of the trait.

use crate::attrs::{FieldAttrs, TypeAttrs};
use crate::fields::at;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Result, Type};

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let attrs = TypeAttrs::parse(&input.attrs)?;
    let krate = attrs.krate;
    if let Some(hook) = attrs.hooks.first() {
        let message = "a flat record crosses as it lies in memory, so no hook runs on it; leave out `#[derive(Flat)]`";
        return Err(Error::new(hook.with.span(), message));
    }
    let ident = &input.ident;
    let data = match &input.data {
        Data::Struct(data) => data,
        _ => {
            return Err(Error::new(
                ident.span(),
                "only a struct is flat; keep an enum as a `u8` with constants",
            ));
        }
    };
    if let Some(param) = input.generics.params.first() {
        return Err(Error::new(
            param.span(),
            "a generic type is not flat, as its layout is not known here",
        ));
    }
    if !input.attrs.iter().any(has_fixed_layout) {
        return Err(Error::new(
            ident.span(),
            "a flat record needs `#[repr(C)]`, so that its layout is fixed",
        ));
    }
    if data.fields.is_empty() {
        return Err(Error::new(
            ident.span(),
            "a flat record has at least one field",
        ));
    }
    let mut checks = Vec::new();
    let mut types = Vec::new();
    for (index, field) in data.fields.iter().enumerate() {
        if FieldAttrs::parse(&field.attrs)?.skip {
            return Err(Error::new(
                field.span(),
                "a flat record crosses as it lies in memory, so no field can be skipped",
            ));
        }
        if let Some(message) = not_flat(&field.ty) {
            return Err(Error::new(field.ty.span(), message));
        }
        let (ty, check) = (&field.ty, format_ident!("field_{index}"));
        checks.push(quote_spanned! {at(ty)=>
            fn #check() {
                fn is_flat<T: #krate::Flat>() {}
                is_flat::<#ty>();
            }
        });
        types.push(ty);
    }
    Ok(quote! {
        const _: () = {
            #(#[allow(dead_code)] #checks)*
            assert!(
                ::core::mem::size_of::<#ident>() == 0 #(+ ::core::mem::size_of::<#types>())*,
                "a flat record has no padding: order its fields from large to small, or fill the gaps with a field",
            );
        };

        // SAFETY: the type is `repr(C)`, and the checks above prove that each field is flat. Its
        // size is the sum of theirs, so there is no padding. The derived `State` writes the fields
        // in the same order.
        #[automatically_derived]
        unsafe impl #krate::Flat for #ident {
            const WIDTH: u8 = {
                let mut width = 0;
                #(if <#types as #krate::Flat>::WIDTH > width {
                    width = <#types as #krate::Flat>::WIDTH;
                })*
                width
            };
        }
    })
}

/// Returns true for an attribute that fixes a type's layout.
pub(crate) fn has_fixed_layout(attr: &Attribute) -> bool {
    let mut found = false;
    if attr.path().is_ident("repr") {
        // `packed` and `align(…)` have arguments or change the meaning of `C`. The size check and
        // the schema's alignment rule cover them.
        let _ = attr.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("C") || meta.path.is_ident("transparent");
            Ok(())
        });
    }
    found
}

/// Returns the message for a common type that is not flat.
fn not_flat(ty: &Type) -> Option<&'static str> {
    let Type::Path(path) = ty else { return None };
    let name = path.path.get_ident()?;
    match name.to_string().as_str() {
        "bool" => {
            Some("a `bool` is not flat, as only two of its bit patterns are values; use a `u8`")
        }
        "char" => Some("a `char` is not flat, as not every bit pattern is one; use a `u32`"),
        "usize" => Some(
            "a `usize` is not flat, as its size differs from machine to machine; use a `u32` or `u64`",
        ),
        "isize" => Some(
            "an `isize` is not flat, as its size differs from machine to machine; use an `i32` or `i64`",
        ),
        "String" => {
            Some("a `String` is not flat, as its text lies elsewhere; leave out `#[derive(Flat)]`")
        }
        _ => None,
    }
}
