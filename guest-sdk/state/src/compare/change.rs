//! One change between two schemas, and the verdict that follows from several.

use std::borrow::Cow;
use std::fmt;

/// Whether a state can cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The bytes move as they are.
    Identical,
    /// A plan does it, whatever the values are.
    Automatic,
    /// A plan does it unless a live value stands against it.
    DependsOnValues,
    /// The author must say how.
    NeedsMigration,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where: a type, or a field of one, such as `Particle.spin`.
    pub path: String,
    /// What.
    pub kind: ChangeKind,
}

/// What a change is. Types are written as WIT writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new field.
    Added {
        /// Its type.
        ty: String,
        /// Its default as the source spells it, empty for `Default`; `None` when there is none.
        default: Option<String>,
        /// A removed field of a compatible type, which this may be under a new name.
        possible_rename: Option<String>,
    },
    /// A field that is no more; its values are parked.
    Removed {
        /// Its type.
        ty: String,
    },
    /// A field, case or type under a new name, as an alias says.
    Renamed {
        /// The old name.
        from: String,
    },
    /// A field that says for the first time which names it had: what is parked under them comes back.
    Claims {
        /// The names.
        names: String,
    },
    /// The fields or cases are in another order.
    Reordered,
    /// A value of another type that holds the old one.
    Widened {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
    },
    /// A value of another type that may not hold the old one.
    Narrowed {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
    },
    /// A new case.
    CaseAdded,
    /// A case that is no more.
    CaseRemoved,
    /// Keys of a map or items of a set lose a field, after which two may be the same.
    KeysMayCollide,
    /// The type became flat, or is flat no more: its lists are laid out anew.
    Layout {
        /// Whether it is flat now.
        flat: bool,
    },
    /// A field that is left out of the state.
    Skipped,
    /// Hooks of the new type lead on from the old version.
    RunsHooks {
        /// The old version.
        from: u32,
        /// The new version.
        to: u32,
        /// Whether the first of them makes the value of all of the old one.
        replaces: bool,
    },
    /// A field whose old value is for a hook to convert.
    ConvertedByHook {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
    },
    /// A change that only the author can decide.
    Incompatible {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
        /// Why, and what to do.
        why: String,
    },
}

/// The verdict that follows from changes.
pub(crate) fn verdict(changes: &[Change]) -> Verdict {
    changes
        .iter()
        .map(Change::verdict)
        .max()
        .unwrap_or(Verdict::Identical)
}

impl Change {
    /// What this change alone asks for.
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

/// A change, in the columns in which people are shown several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<'a> {
    /// `+` comes, `-` goes, `~` becomes another, `?` depends on live values, `!` needs the author, `·` is
    /// left out.
    pub mark: char,
    /// Where.
    pub path: &'a str,
    /// The type, or what becomes of it; may be empty.
    pub ty: Cow<'a, str>,
    /// What to say of it; may be empty.
    pub remark: Cow<'a, str>,
}

impl Change {
    /// In columns.
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
                let remark = format!("takes what is parked of {names}");
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
