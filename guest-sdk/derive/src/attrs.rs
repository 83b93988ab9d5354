//! Parses `#[state(…)]` on a type, a case or a field. Generates no code.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitInt, LitStr, Path, Result, Type, parse_quote};

/// The attributes of a type.
pub struct TypeAttrs {
    pub krate: Path,
    pub aliases: Vec<LitStr>,
    pub version: u32,
    pub hooks: Vec<Hook>,
}

/// A hook: `migrate(from = 1, with = path, wants = Type)` or `replace(from = 1, with = path)`.
pub struct Hook {
    pub from: u32,
    pub replaces: bool,
    pub with: Path,
    pub wants: Option<Type>,
}

/// The attributes of a field.
#[derive(Default)]
pub struct FieldAttrs {
    pub aliases: Vec<LitStr>,
    pub skip: bool,
    pub default: FieldDefault,
}

/// The default for a field that an old state lacks.
#[derive(Default)]
pub enum FieldDefault {
    /// No attribute: `Default`, if the type has one.
    #[default]
    OptionalTrait,
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
            hooks: Vec::new(),
        };
        each(attrs, |meta| {
            if meta.path.is_ident("crate") {
                parsed.krate = meta.value()?.parse()?;
            } else if meta.path.is_ident("alias") {
                parsed.aliases.push(meta.value()?.parse()?);
            } else if meta.path.is_ident("version") {
                parsed.version = meta.value()?.parse::<LitInt>()?.base10_parse()?;
            } else if meta.path.is_ident("migrate") || meta.path.is_ident("replace") {
                parsed.hooks.push(Hook::parse(&meta)?);
            } else {
                return Err(
                    meta.error("a type takes `alias = \"old\"`, `version = 2`, `migrate(…)`, `replace(…)` and `crate = path`")
                );
            }
            Ok(())
        })?;
        for hook in &parsed.hooks {
            if hook.from >= parsed.version {
                let message = format!(
                    "a hook leads on from an older version; give the type `version = {}` or more",
                    hook.from + 1
                );
                return Err(syn::Error::new(hook.with.span(), message));
            }
        }
        parsed.hooks.sort_by_key(|hook| hook.from);
        Ok(parsed)
    }
}

impl Hook {
    fn parse(hook: &ParseNestedMeta<'_>) -> Result<Hook> {
        let (mut from, mut with, mut wants) = (None, None, None);
        let replaces = hook.path.is_ident("replace");
        hook.parse_nested_meta(|meta| {
            if meta.path.is_ident("from") {
                from = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?);
            } else if meta.path.is_ident("with") {
                with = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("wants") {
                wants = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("a hook takes `from = 1`, `with = path` and `wants = Type`"));
            }
            Ok(())
        })?;
        match (from, with) {
            (Some(from), Some(with)) => Ok(Hook { from, replaces, with, wants }),
            _ => Err(hook.error("a hook says `from = 1`, the version it starts from, and `with = path`, the function")),
        }
    }
}

/// Returns the names that a case had before.
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
