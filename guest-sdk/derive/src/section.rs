//! Generates the constants of a type for the section `vblank:schema` of the wasm file.

use crate::attrs::{FieldDefault, TypeAttrs};
use crate::fields::{ParsedField, at, default};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{DeriveInput, Fields, GenericArgument, Path, PathArguments, PathSegment};

/// Returns the constants of the trait: `SHAPE`, and `DEF` for a type with an entry of its own.
pub fn consts(
    input: &DeriveInput,
    attrs: &TypeAttrs,
    name: &str,
    kind: &TokenStream,
) -> TokenStream {
    let krate = &attrs.krate;
    let aliases = &attrs.aliases;
    let version = attrs.version;
    let hooks = attrs.hooks.iter().map(|hook| {
        let (from, replaces) = (hook.from, hook.replaces);
        let wants = match &hook.wants {
            Some(ty) => quote!(::core::option::Option::Some(<#ty as #krate::State>::SHAPE)),
            None => quote!(::core::option::Option::None),
        };
        quote!(#krate::section::HookDef { from: #from, replaces: #replaces, wants: #wants })
    });
    let id = quote! {
        #krate::section::id(::core::concat!(
            ::core::module_path!(), "::", #name, "@", ::core::line!(), ":", ::core::column!()
        ))
    };
    let def = quote! {
        #krate::section::Def {
            id: #id,
            name: #name,
            aliases: &[#(#aliases),*],
            version: #version,
            hooks: &[#(#hooks),*],
            kind: #kind,
        }
    };
    if input.generics.params.is_empty() {
        return quote! {
            const SHAPE: &'static #krate::section::Shape = &#krate::section::Shape::Named(#id);
            const DEF: ::core::option::Option<&'static #krate::section::Def> = ::core::option::Option::Some(&{
                #[allow(unused_imports)]
                use #krate::derive::NoDefault as _;
                #def
            });
        };
    }
    let mut generic = MentionsGeneric(false);
    generic.visit_data_mut(&mut input.data.clone());
    if generic.0 {
        // The type may refer back to itself, which a constant cannot.
        return TokenStream::new();
    }
    let arguments = input.generics.type_params().map(|param| {
        let ident = &param.ident;
        quote!(<#ident as #krate::State>::SHAPE)
    });
    quote! {
        const SHAPE: &'static #krate::section::Shape = &#krate::section::Shape::Inline(
            &{
                #[allow(unused_imports)]
                use #krate::derive::NoDefault as _;
                #def
            },
            &[#(#arguments),*],
        );
    }
}

/// Returns the entry in the section, for a type that has one.
pub fn entry(input: &DeriveInput, krate: &Path) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &input.ident;
    quote! {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            const DEF: &#krate::section::Def = match <#ident as #krate::State>::DEF {
                ::core::option::Option::Some(def) => def,
                ::core::option::Option::None => ::core::panic!(),
            };
            const LEN: usize = #krate::section::measure(DEF);
            #[used]
            #[unsafe(link_section = "vblank:schema")]
            static ENTRY: [u8; LEN] = #krate::section::entry::<LEN>(DEF).bytes();
        };
    }
}

/// Returns the fields as a constant.
pub fn fields(krate: &Path, fields: &Fields, parsed: &[ParsedField<'_>]) -> TokenStream {
    let style = match fields {
        Fields::Named(_) => quote!(Named),
        Fields::Unnamed(_) => quote!(Tuple),
        Fields::Unit => quote!(Unit),
    };
    let kept = parsed
        .iter()
        .filter(|field| !field.attrs.skip)
        .map(|field| {
            let ParsedField {
                name, ty, attrs, ..
            } = field;
            let aliases = &attrs.aliases;
            let shape = quote_spanned!(at(ty)=> <#ty as #krate::State>::SHAPE);
            let text = default(krate, field).1;
            let default = match attrs.default {
                FieldDefault::OptionalTrait => {
                    quote!(#krate::derive::Probe::<#ty>::DEFAULT.is_some())
                }
                FieldDefault::Trait | FieldDefault::Expr(_) => quote!(true),
            };
            quote! {
                #krate::section::FieldDef {
                    name: #name,
                    aliases: &[#(#aliases),*],
                    shape: #shape,
                    default: #default,
                    default_text: #text,
                }
            }
        });
    let skipped = parsed
        .iter()
        .filter(|field| field.attrs.skip)
        .map(|field| &field.name);
    quote! {
        #krate::section::FieldsDef {
            style: #krate::section::StyleDef::#style,
            list: &[#(#kept),*],
            skipped: &[#(#skipped),*],
        }
    }
}

/// Looks for generic types outside of the standard library, which may refer back to the type.
///
/// The visitor changes nothing. It is a `VisitMut` because wasmtime's macros already enable that
/// feature of `syn`; see `host/Cargo.toml`.
struct MentionsGeneric(bool);

impl VisitMut for MentionsGeneric {
    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        const KNOWN: [&str; 11] = [
            "Vec",
            "VecDeque",
            "Box",
            "Option",
            "Result",
            "HashMap",
            "BTreeMap",
            "HashSet",
            "BTreeSet",
            "PhantomData",
            "Wrapping",
        ];
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
            let types = arguments
                .args
                .iter()
                .any(|argument| matches!(argument, GenericArgument::Type(_)));
            self.0 |= types && !KNOWN.iter().any(|known| segment.ident == known);
        }
        visit_mut::visit_path_segment_mut(self, segment);
    }

    fn visit_ident_mut(&mut self, ident: &mut syn::Ident) {
        self.0 |= *ident == "Self";
    }
}
