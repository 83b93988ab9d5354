//! What `#[state(…)]` may say, on a type, a case or a field.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitInt, LitStr, Path, Result, parse_quote};

/// On a type.
pub struct TypeAttrs {
    pub krate: Path,
    pub aliases: Vec<LitStr>,
    pub version: u32,
}

/// On a field.
#[derive(Default)]
pub struct FieldAttrs {
    pub aliases: Vec<LitStr>,
    pub skip: bool,
    pub default: FieldDefault,
}

/// What stands in for a value that an old state does not have.
#[derive(Default)]
pub enum FieldDefault {
    /// `Default`, where the type has one.
    #[default]
    IfAny,
    /// `#[state(default)]`: `Default`, which the type must have.
    Trait,
    /// `#[state(default = expr)]`.
    Expr(Expr),
}

impl TypeAttrs {
    pub fn parse(attrs: &[Attribute]) -> Result<TypeAttrs> {
        let mut parsed = TypeAttrs {
            krate: parse_quote!(::vblank_guest::state),
            aliases: Vec::new(),
            version: 0,
        };
        each(attrs, |meta| {
            if meta.path.is_ident("crate") {
                parsed.krate = meta.value()?.parse()?;
            } else if meta.path.is_ident("alias") {
                parsed.aliases.push(meta.value()?.parse()?);
            } else if meta.path.is_ident("version") {
                parsed.version = meta.value()?.parse::<LitInt>()?.base10_parse()?;
            } else {
                return Err(
                    meta.error("a type takes `alias = \"old\"`, `version = 2` and `crate = path`")
                );
            }
            Ok(())
        })?;
        Ok(parsed)
    }
}

/// The names that a case had before.
pub fn case_aliases(attrs: &[Attribute]) -> Result<Vec<LitStr>> {
    let mut aliases = Vec::new();
    each(attrs, |meta| {
        if !meta.path.is_ident("alias") {
            return Err(meta.error("a case takes `alias = \"old\"`"));
        }
        aliases.push(meta.value()?.parse()?);
        Ok(())
    })?;
    Ok(aliases)
}

impl FieldAttrs {
    pub fn parse(attrs: &[Attribute]) -> Result<FieldAttrs> {
        let mut parsed = FieldAttrs::default();
        each(attrs, |meta| {
            if meta.path.is_ident("alias") {
                parsed.aliases.push(meta.value()?.parse()?);
            } else if meta.path.is_ident("skip") {
                parsed.skip = true;
            } else if meta.path.is_ident("default") {
                parsed.default = match meta.value() {
                    Ok(value) => FieldDefault::Expr(value.parse()?),
                    Err(_) => FieldDefault::Trait,
                };
            } else {
                return Err(
                    meta.error("a field takes `default = expr`, `alias = \"old\"` and `skip`")
                );
            }
            Ok(())
        })?;
        match (parsed.skip, parsed.aliases.first()) {
            (true, Some(alias)) => Err(syn::Error::new(
                alias.span(),
                "a skipped field has no place in the state, so an alias means nothing",
            )),
            _ => Ok(parsed),
        }
    }
}

fn each(
    attrs: &[Attribute],
    mut each: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("state"))
        .try_for_each(|attr| attr.parse_nested_meta(&mut each))
}
