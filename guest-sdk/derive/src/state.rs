//! `#[derive(State)]`: generates the implementation of the trait.

use crate::attrs::{FieldDefault, TypeAttrs, case_aliases};
use crate::fields::{ParsedField, at, default, parse, plain};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Path, Result, parse_quote};

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let attrs = TypeAttrs::parse(&input.attrs)?;
    let krate = &attrs.krate;
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new(
            lifetime.span(),
            "a state cannot hold references: what they point to stays behind with the old version; \
             own the value, or keep an index or a key",
        ));
    }
    let name = plain(&input.ident);
    let parts = match &input.data {
        Data::Struct(data) => record(krate, &name, &data.fields)?,
        Data::Enum(data) => variant(krate, &name, input, data)?,
        Data::Union(data) => {
            return Err(Error::new(
                data.union_token.span,
                "a union cannot say which field it holds; use an enum",
            ));
        }
    };
    let section = crate::section::consts(input, &attrs, &name, &parts.kind);
    let entry = crate::section::entry(input, krate);
    let Parts {
        spec,
        save,
        restore,
        ..
    } = parts;

    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(#krate::State));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    let aliases = &attrs.aliases;
    let version = attrs.version;
    // The proof of flatness is looked up by the concrete type, so a generic type has none.
    let flat = (generics.params.is_empty() && attrs.hooks.is_empty()).then(|| {
        quote! {
            const FLAT: ::core::option::Option<#krate::FlatProof<Self>> = {
                #[allow(unused_imports)]
                use #krate::derive::NotFlat as _;
                #krate::derive::Probe::<Self>::FLAT
            };
        }
    });
    let hooks = attrs.hooks.iter().map(|hook| {
        let (from, replaces) = (hook.from, hook.replaces);
        let wants = match &hook.wants {
            Some(ty) => {
                quote!(::core::option::Option::Some(<#ty as #krate::State>::schema(builder)))
            }
            None => quote!(::core::option::Option::None),
        };
        quote! {
            let wants = #wants;
            let spec = spec.hook(#from, #replaces, wants, builder);
        }
    });
    let restore = if attrs.hooks.is_empty() {
        restore
    } else {
        with_hooks(&attrs, &name, &restore)
    };
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #krate::State for #ident #type_generics #where_clause {
            #flat
            #section

            fn schema(builder: &mut #krate::SchemaBuilder) -> #krate::Type {
                #[allow(unused_imports)]
                use #krate::derive::NoDefault as _;
                builder.named::<Self>(|builder| {
                    let _ = &builder;
                    let spec = #spec.aliases(&[#(#aliases),*]).version(#version);
                    #(#hooks)*
                    spec
                })
            }

            #[allow(unused_variables, clippy::ptr_arg)]
            fn save<'vblank>(&'vblank self, out: &mut #krate::Writer<'vblank>) {
                #save
            }

            #[allow(unused_variables)]
            fn restore(input: &mut #krate::Reader<'_>) -> ::core::result::Result<Self, #krate::RestoreError> {
                #restore
            }
        }

        #entry
    })
}

/// Generates a restore that also runs hooks, when a migration left old values for them.
fn with_hooks(attrs: &TypeAttrs, name: &str, restore: &TokenStream) -> TokenStream {
    let krate = &attrs.krate;
    let replacing = attrs.hooks.iter().filter(|hook| hook.replaces).map(|hook| {
        let (from, with) = (hook.from, &hook.with);
        quote!(#from => #with(&old).map_err(|error| #krate::RestoreError::from(error).in_hook(#name, #from))?,)
    });
    let steps = attrs.hooks.iter().filter(|hook| !hook.replaces).map(|hook| {
        let (from, with) = (hook.from, &hook.with);
        quote! {
            if old.version() <= #from {
                #with(&mut value, &old).map_err(|error| #krate::RestoreError::from(error).in_hook(#name, #from))?;
            }
        }
    });
    let steps = quote!(#(#steps)*);
    let whole = attrs.hooks.iter().any(|hook| hook.replaces).then(|| {
        quote! {
            if let ::core::option::Option::Some(old) = input.take_whole_old(#name, start) {
                #[allow(unused_mut)]
                let mut value: Self = match old.version() {
                    #(#replacing)*
                    other => return ::core::result::Result::Err(#krate::RestoreError::new(
                        ::std::format!("{}: there is no hook from version {other}", #name),
                    )),
                };
                #steps
                return ::core::result::Result::Ok(value);
            }
        }
    });
    quote! {
        let start = input.position();
        #whole
        #[allow(unused_mut)]
        let mut value = (|| -> ::core::result::Result<Self, #krate::RestoreError> { #restore })()?;
        if let ::core::option::Option::Some(old) = input.take_old(#name, start) {
            #steps
        }
        ::core::result::Result::Ok(value)
    }
}

/// The parts of the code that differ between records and variants.
struct Parts {
    spec: TokenStream,
    /// The kind as a constant, for the section.
    kind: TokenStream,
    save: TokenStream,
    restore: TokenStream,
}

fn record(krate: &Path, name: &str, fields: &Fields) -> Result<Parts> {
    let parsed = parse(fields)?;
    let spec = fields_spec(krate, fields, &parsed);
    let consts = crate::section::fields(krate, fields, &parsed);
    let kind = quote! {
        #krate::section::KindDef::Record { fields: #consts, flat: <Self as #krate::State>::FLAT.is_some() }
    };
    let save = parsed
        .iter()
        .filter(|field| !field.attrs.skip)
        .map(|field| {
            let (member, ty) = (&field.member, field.ty);
            quote_spanned!(at(ty)=> #krate::State::save(&self.#member, out);)
        });
    let restore = restore_fields(krate, &parsed);
    Ok(Parts {
        kind,
        spec: quote!(#krate::TypeSpec::record(#name, <Self as #krate::State>::FLAT.is_some(), #spec)),
        save: quote!(#(#save)*),
        restore: quote!(::core::result::Result::Ok(Self { #restore })),
    })
}

fn variant(krate: &Path, name: &str, input: &DeriveInput, data: &syn::DataEnum) -> Result<Parts> {
    if data.variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "an enum without cases has no value that could cross a swap",
        ));
    }
    let count = data.variants.len();
    let (mut spec, mut save, mut restore) = (
        quote!(#krate::TypeSpec::variant(#name)),
        Vec::new(),
        Vec::new(),
    );
    let mut cases = Vec::new();
    for (tag, case) in data.variants.iter().enumerate() {
        let tag = tag as u32;
        let ident = &case.ident;
        let case_name = plain(ident);
        let aliases = case_aliases(&case.attrs)?;
        let parsed = parse(&case.fields)?;
        let consts = crate::section::fields(krate, &case.fields, &parsed);
        cases.push(quote! {
            #krate::section::CaseDef { name: #case_name, aliases: &[#(#aliases),*], fields: #consts }
        });
        let fields = fields_spec(krate, &case.fields, &parsed);
        spec = quote!(#spec.case(#case_name, &[#(#aliases),*], #fields));

        let bindings = parsed
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.attrs.skip)
            .map(|(index, field)| {
                let (member, binding) = (&field.member, format_ident!("field_{index}"));
                quote!(#member: #binding,)
            });
        let writes = parsed
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.attrs.skip)
            .map(|(index, field)| {
                let binding = format_ident!("field_{index}");
                quote_spanned!(at(field.ty)=> #krate::State::save(#binding, out);)
            });
        save.push(quote! {
            Self::#ident { #(#bindings)* .. } => {
                out.tag(#tag, #count);
                #(#writes)*
            }
        });
        let fields = restore_fields(krate, &parsed);
        // The last case needs no pattern of its own, because the reader checks the number.
        let pattern = if tag as usize + 1 == count {
            quote!(_)
        } else {
            quote!(#tag)
        };
        restore.push(quote!(#pattern => Self::#ident { #fields },));
    }
    Ok(Parts {
        kind: quote!(#krate::section::KindDef::Variant(&[#(#cases),*])),
        spec,
        save: quote!(match self { #(#save)* }),
        restore: quote!(::core::result::Result::Ok(match input.tag(#count)? { #(#restore)* })),
    })
}

fn fields_spec(krate: &Path, fields: &Fields, parsed: &[ParsedField<'_>]) -> TokenStream {
    let start = match fields {
        Fields::Named(_) => quote!(named),
        Fields::Unnamed(_) => quote!(tuple),
        Fields::Unit => quote!(unit),
    };
    let calls = parsed.iter().map(|field| {
        let ParsedField {
            name, ty, attrs, ..
        } = field;
        if attrs.skip {
            return quote!(.skipped(#name));
        }
        let aliases = &attrs.aliases;
        let (default, text) = default(krate, field);
        let schema = quote_spanned!(at(ty)=> <#ty as #krate::State>::schema(builder));
        quote! {
            .field(#krate::FieldSpec {
                name: #name,
                aliases: &[#(#aliases),*],
                ty: #schema,
                default: #default,
                default_text: #text,
            })
        }
    });
    quote!(#krate::FieldsSpec::#start()#(#calls)*)
}

fn restore_fields(krate: &Path, parsed: &[ParsedField<'_>]) -> TokenStream {
    parsed
        .iter()
        .map(|field| {
            let (member, ty) = (&field.member, field.ty);
            match (field.attrs.skip, &field.attrs.default) {
                (false, _) => {
                    quote_spanned!(at(ty)=> #member: <#ty as #krate::State>::restore(input)?,)
                }
                (true, FieldDefault::Expr(expr)) => quote_spanned!(at(expr)=> #member: #expr,),
                (true, _) => {
                    quote_spanned!(at(ty)=> #member: <#ty as ::core::default::Default>::default(),)
                }
            }
        })
        .collect()
}
