//! One change between two schemas, its verdict and its text. Knows no plans.

use std::borrow::Cow;
use std::fmt;

/// The answer to whether a state can cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The bytes move unchanged.
    Identical,
    /// A plan converts any value.
    Automatic,
    /// A plan converts the state unless a live value prevents it.
    DependsOnValues,
    /// The author has to write a migration.
    NeedsMigration,
}

/// A change between two schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Name of a type, or of a field of one, such as `Particle.spin`.
    pub path: String,
    /// Kind of the change.
    pub kind: ChangeKind,
}

/// The kind of a change. Types are spelled as in WIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new field.
    Added {
        /// Type of the field.
        ty: String,
        /// Default as the source spells it, empty for `Default`, `None` when there is no default.
        default: Option<String>,
        /// A removed field of a compatible type, of which this may be a rename.
        possible_rename: Option<String>,
    },
    /// A removed field. Its values are parked.
    Removed {
        /// Type of the field.
        ty: String,
    },
    /// A field, case or type that an alias renames.
    Renamed {
        /// Old name.
        from: String,
    },
    /// A field with a new alias. Values that are parked under that name come back.
    Claims {
        /// The new aliases.
        names: String,
    },
    /// Fields or cases in another order.
    Reordered,
    /// A value of another type, which can hold every old value.
    Widened {
        /// Old type.
        from: String,
        /// New type.
        to: String,
    },
    /// A value of another type, which may not hold every old value.
    Narrowed {
        /// Old type.
        from: String,
        /// New type.
        to: String,
    },
    /// A new case.
    CaseAdded,
    /// A removed case.
    CaseRemoved,
    /// Keys of a map or items of a set that lose a field, so that two of them may become equal.
    KeysMayCollide,
    /// A type that became flat or stopped being flat. Its lists are laid out anew.
    Layout {
        /// True when the type is flat now.
        flat: bool,
    },
    /// A field that is left out of the state.
    Skipped,
    /// A type with hooks that lead from the old version to the new one.
    RunsHooks {
        /// Old version.
        from: u32,
        /// New version.
        to: u32,
        /// True when the first hook makes the whole value from the old one.
        replaces: bool,
    },
    /// A field whose old value a hook converts.
    ConvertedByHook {
        /// Old type.
        from: String,
        /// New type.
        to: String,
    },
    /// A change that only the author can decide.
    Incompatible {
        /// Old type.
        from: String,
        /// New type.
        to: String,
        /// Reason, and what to do about it.
        why: String,
    },
}

/// Returns the verdict on several changes: the gravest of theirs.
pub(crate) fn verdict(changes: &[Change]) -> Verdict {
    changes
        .iter()
        .map(Change::verdict)
        .max()
        .unwrap_or(Verdict::Identical)
}

impl Change {
    /// Returns the verdict on this change alone.
    pub fn verdict(&self) -> Verdict {
        match &self.kind {
            ChangeKind::Skipped => Verdict::Identical,
            ChangeKind::Added { default: None, .. } | ChangeKind::Incompatible { .. } => {
                Verdict::NeedsMigration
            }
            ChangeKind::Narrowed { .. } | ChangeKind::CaseRemoved | ChangeKind::KeysMayCollide => {
                Verdict::DependsOnValues
            }
            _ => Verdict::Automatic,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Identical => "identical",
            Verdict::Automatic => "automatic",
            Verdict::DependsOnValues => "depends on live values",
            Verdict::NeedsMigration => "needs a migration",
        })
    }
}

/// A change split into columns, for a list of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<'a> {
    /// `+` for added, `-` for removed, `~` for converted, `?` for dependent on live values, `!` for
    /// the author to decide, `·` for skipped.
    pub mark: char,
    /// Name of the type or field.
    pub path: &'a str,
    /// Type, or the step from the old type to the new one. May be empty.
    pub ty: Cow<'a, str>,
    /// Explanation. May be empty.
    pub remark: Cow<'a, str>,
}

impl Change {
    /// Splits the change into columns.
    pub fn columns(&self) -> Columns<'_> {
        let step = |from: &str, to: &str| Cow::Owned(format!("{from} → {to}"));
        let (mark, ty, remark): (char, Cow<'_, str>, Cow<'_, str>) = match &self.kind {
            ChangeKind::Added {
                ty,
                default,
                possible_rename,
            } => {
                let mut remark = match default.as_deref() {
                    None => "no default: add `#[state(default = …)]`".to_owned(),
                    Some("") => "default".to_owned(),
                    Some(text) => format!("default {text}"),
                };
                if let Some(old) = possible_rename {
                    remark += &format!("  (was it {old}? then add `#[state(alias = \"{old}\")]`)");
                }
                ('+', ty.into(), remark.into())
            }
            ChangeKind::Removed { ty } => ('-', ty.into(), "parked".into()),
            ChangeKind::Renamed { from } => ('~', "".into(), format!("renamed from {from}").into()),
            ChangeKind::Claims { names } => {
                let remark = format!("restored from the parked value of {names}");
                ('~', "".into(), remark.into())
            }
            ChangeKind::Reordered => ('~', "".into(), "reordered".into()),
            ChangeKind::Widened { from, to } => ('~', step(from, to), "widened".into()),
            ChangeKind::Narrowed { from, to } => {
                ('?', step(from, to), "where the values fit".into())
            }
            ChangeKind::CaseAdded => ('+', "".into(), "".into()),
            ChangeKind::CaseRemoved => ('?', "".into(), "removed, unless a value is it".into()),
            ChangeKind::KeysMayCollide => (
                '?',
                "".into(),
                "keys lose a field, unless two become the same".into(),
            ),
            ChangeKind::Layout { flat: true } => ('~', "".into(), "now flat".into()),
            ChangeKind::Layout { flat: false } => ('~', "".into(), "no longer flat".into()),
            ChangeKind::RunsHooks { from, to, replaces } => {
                let how = if *replaces {
                    "made anew by its hook"
                } else {
                    "by its hooks"
                };
                let remark = format!("version {from} → {to}, {how}");
                ('~', "".into(), remark.into())
            }
            ChangeKind::ConvertedByHook { from, to } => {
                ('~', step(from, to), "by the hook of its type".into())
            }
            ChangeKind::Skipped => ('·', "".into(), "skipped, not carried over".into()),
            ChangeKind::Incompatible { from, to, why } => ('!', step(from, to), why.into()),
        };
        Columns {
            mark,
            path: &self.path,
            ty,
            remark,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Columns {
            mark,
            path,
            ty,
            remark,
        } = self.columns();
        write!(f, "{mark} {path}")?;
        for column in [ty, remark] {
            if !column.is_empty() {
                write!(f, "  {column}")?;
            }
        }
        Ok(())
    }
}
