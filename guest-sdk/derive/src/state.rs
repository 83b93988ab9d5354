//! `#[derive(State)]`: generates the implementation of the trait.

use crate::attrs::{FieldDefault, TypeAttrs, case_aliases};
use crate::fields::{ParsedField, at, parse, plain};
use crate::flat::has_fixed_layout;
use crate::spec::{self, Details};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Result, parse_quote};

pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let attrs = TypeAttrs::parse(&input.attrs)?;
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new(
            lifetime.span(),
            "a state cannot hold references: what they point to stays behind with the old version; \
             own the value, or keep an index or a key",
        ));
    }
    let name = plain(&input.ident);
    let mut details = Details::of_type(&attrs);
    let parts = match &input.data {
        Data::Struct(data) => record(&data.fields, &mut details)?,
        Data::Enum(data) => variant(input, data, &mut details)?,
        Data::Union(data) => {
            return Err(Error::new(
                data.union_token.span,
                "a union cannot say which field it holds; use an enum",
            ));
        }
    };
    let Parts {
        kind,
        save,
        restore,
    } = parts;
    let details = details.list();

    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(__vb::State));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    let can_be_flat = can_be_flat(input, &attrs);
    let proof = can_be_flat.then(|| {
        quote!(
            const FLAT: __vb::Option<__vb::FlatProof<Self>> = __vb::Probe::<Self>::FLAT;
        )
    });
    let flat = if can_be_flat {
        quote!(<Self as __vb::State>::FLAT.is_some())
    } else {
        quote!(false)
    };
    let restore = if attrs.hooks.is_empty() {
        restore
    } else {
        with_hooks(&attrs, &name, &restore)
    };
    let krate = &attrs.krate;
    // Everything here is written once for each type of a program, and the compiler reads it in each
    // build: so the names are short.
    Ok(quote! {
        #[allow(unused_imports, unused_variables, clippy::ptr_arg)]
        const _: () = {
            use #krate::derive as __vb;
            use __vb::{NoDefault as _, NotFlat as _};

            #[automatically_derived]
            impl #impl_generics __vb::State for #ident #type_generics #where_clause {
                #proof

                const SPEC: __vb::Option<&'static __vb::TypeSpec> = __vb::Some(
                    &__vb::TypeSpec { name: #name, kind: #kind, flat: #flat, details: #details }
                );

                fn save<'vblank>(&'vblank self, out: &mut __vb::Writer<'vblank>) {
                    #save
                }

                fn restore(input: &mut __vb::Reader<'_>) -> __vb::Result<Self, __vb::RestoreError> {
                    #restore
                }
            }
        };
    })
}

/// Returns true if a type may have `Flat`: its layout is fixed, and its concrete type is known, by which
/// the proof is looked up.
fn can_be_flat(input: &DeriveInput, attrs: &TypeAttrs) -> bool {
    input.generics.params.is_empty()
        && attrs.hooks.is_empty()
        && input.attrs.iter().any(has_fixed_layout)
}

/// Generates a restore that also runs hooks, when a migration left old values for them.
fn with_hooks(attrs: &TypeAttrs, name: &str, restore: &TokenStream) -> TokenStream {
    let replacing = attrs.hooks.iter().filter(|hook| hook.replaces).map(|hook| {
        let (from, with) = (hook.from, &hook.with);
        quote!(#from => #with(&old).map_err(|error| __vb::RestoreError::from(error).in_hook(#name, #from))?,)
    });
    let steps = attrs.hooks.iter().filter(|hook| !hook.replaces).map(|hook| {
        let (from, with) = (hook.from, &hook.with);
        quote! {
            if old.version() <= #from {
                #with(&mut value, &old).map_err(|error| __vb::RestoreError::from(error).in_hook(#name, #from))?;
            }
        }
    });
    let steps = quote!(#(#steps)*);
    let whole = attrs.hooks.iter().any(|hook| hook.replaces).then(|| {
        quote! {
            if let __vb::Some(old) = input.take_whole_old(#name, start) {
                #[allow(unused_mut)]
                let mut value: Self = match old.version() {
                    #(#replacing)*
                    other => return __vb::Err(__vb::RestoreError::new(
                        ::std::format!("{}: there is no hook from version {other}", #name),
                    )),
                };
                #steps
                return __vb::Ok(value);
            }
        }
    });
    quote! {
        let start = input.position();
        #whole
        #[allow(unused_mut)]
        let mut value = (|| -> __vb::Result<Self, __vb::RestoreError> { #restore })()?;
        if let __vb::Some(old) = input.take_old(#name, start) {
            #steps
        }
        __vb::Ok(value)
    }
}

/// The parts of the code that differ between records and variants.
struct Parts {
    /// The description of the fields or cases.
    kind: TokenStream,
    save: TokenStream,
    restore: TokenStream,
}

fn record(fields: &Fields, details: &mut Details) -> Result<Parts> {
    let parsed = parse(fields)?;
    let spec = spec::fields(fields, &parsed, 0, details);
    let save = parsed
        .iter()
        .filter(|field| !field.attrs.skip)
        .map(|field| {
            let (member, ty) = (&field.member, field.ty);
            quote_spanned!(at(ty)=> __vb::State::save(&self.#member, out);)
        });
    let restore = restore_fields(&quote!(Self), &parsed);
    Ok(Parts {
        kind: quote!(__vb::KindSpec::Record(#spec)),
        save: quote!(#(#save)*),
        restore: quote!(__vb::Ok(#restore)),
    })
}

fn variant(input: &DeriveInput, data: &syn::DataEnum, details: &mut Details) -> Result<Parts> {
    if data.variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "an enum without cases has no value that could cross a swap",
        ));
    }
    let count = data.variants.len();
    let (mut cases, mut save, mut restore) = (Vec::new(), Vec::new(), Vec::new());
    for (tag, case) in data.variants.iter().enumerate() {
        let tag = tag as u32;
        let ident = &case.ident;
        let case_name = plain(ident);
        let parsed = parse(&case.fields)?;
        details.of_case(tag as usize, &case_aliases(&case.attrs)?);
        let fields = spec::fields(&case.fields, &parsed, tag as usize, details);
        cases.push(quote!((#case_name, #fields)));

        let bindings = parsed
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.attrs.skip)
            .map(|(index, field)| {
                let (member, binding) = (&field.member, binding(index));
                quote!(#member: #binding,)
            });
        let writes = parsed
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.attrs.skip)
            .map(|(index, field)| {
                let binding = binding(index);
                quote_spanned!(at(field.ty)=> __vb::State::save(#binding, out);)
            });
        save.push(quote! {
            Self::#ident { #(#bindings)* .. } => {
                out.tag(#tag, #count);
                #(#writes)*
            }
        });
        let value = restore_fields(&quote!(Self::#ident), &parsed);
        // The last case needs no pattern of its own, because the reader checks the number.
        let pattern = if tag as usize + 1 == count {
            quote!(_)
        } else {
            quote!(#tag)
        };
        restore.push(quote!(#pattern => #value,));
    }
    Ok(Parts {
        kind: quote!(__vb::KindSpec::Variant(&[#(#cases),*])),
        save: quote!(match self { #(#save)* }),
        restore: quote!(__vb::Ok(match input.tag(#count)? { #(#restore)* })),
    })
}

/// Fields that are read at once: as many as the largest tuple that is a `State` has.
const CHUNK: usize = 8;

/// Returns an expression that reads the fields of `constructor` and makes the value.
///
/// The fields are read as one tuple, whose encoding is theirs in order. So the code that looks for an
/// error stands here once, and not once a field. The value tells the compiler their types.
fn restore_fields(constructor: &TokenStream, parsed: &[ParsedField<'_>]) -> TokenStream {
    let members = parsed.iter().enumerate().map(|(index, field)| {
        let (member, ty) = (&field.member, field.ty);
        match (field.attrs.skip, &field.attrs.default) {
            (false, _) => {
                let binding = binding(index);
                quote_spanned!(at(ty)=> #member: #binding,)
            }
            (true, FieldDefault::Expr(expr)) => quote_spanned!(at(expr)=> #member: #expr,),
            (true, _) => {
                quote_spanned!(at(ty)=> #member: <#ty as ::core::default::Default>::default(),)
            }
        }
    });
    let value = quote!(#constructor { #(#members)* });
    let kept = parsed
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.attrs.skip);
    let bindings: Vec<_> = kept.map(|(index, _)| binding(index)).collect();
    let pattern = match &*bindings {
        [] => return value,
        few if few.len() <= CHUNK => quote!((#(#few,)*)),
        many => {
            let chunks = many.chunks(CHUNK);
            nested(chunks.map(|chunk| quote!((#(#chunk,)*))).collect())
        }
    };
    quote!({
        let #pattern = match __vb::State::restore(input) {
            __vb::Ok(fields) => fields,
            __vb::Err(error) => return __vb::Err(error),
        };
        #value
    })
}

/// Returns one pattern for these tuples, as tuples of tuples where there are many.
fn nested(mut patterns: Vec<TokenStream>) -> TokenStream {
    while patterns.len() > 1 {
        let chunks = patterns.chunks(CHUNK);
        patterns = chunks.map(|chunk| quote!((#(#chunk,)*))).collect();
    }
    patterns.remove(0)
}

fn binding(index: usize) -> syn::Ident {
    format_ident!("field_{index}")
}
