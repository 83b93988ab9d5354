//! Finds the parts of a plan that change no byte, including recursive types.

use super::steps::{FieldSteps, NamedStep, NamedStepKind, Op, Source, Step};
use super::walk::WalkResult;
use crate::schema::{Kind, Schema, Type, flags_size};

/// Turns every step that changes no byte into [`Step::Copy`].
pub(super) fn simplify(old: &Schema, new: &Schema, found: &mut WalkResult) {
    let same = unchanged_steps(old, new, &found.named_steps);
    rewrite(&mut found.root, &same);
    for step in &mut found.named_steps {
        let fields: Vec<&mut FieldSteps> = match &mut step.kind {
            NamedStepKind::Record(fields) => vec![fields],
            NamedStepKind::Variant(cases) => cases
                .iter_mut()
                .flatten()
                .map(|(_, fields)| fields)
                .collect(),
            NamedStepKind::Flags(_) | NamedStepKind::Replace(_) => Vec::new(),
        };
        for source in fields.into_iter().flat_map(|fields| &mut fields.sources) {
            if let Source::OldField(_, op) | Source::ClaimParked(_, op, _) = source {
                rewrite(op, &same);
            }
        }
    }
}

/// Returns for each named step whether it changes no byte.
///
/// A step that changes its own layout is excluded first, and then every step that uses an excluded
/// one.
fn unchanged_steps(old: &Schema, new: &Schema, named_steps: &[NamedStep]) -> Vec<bool> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); named_steps.len()];
    let mut same = vec![true; named_steps.len()];
    let mut open = Vec::new();
    for (id, step) in named_steps.iter().enumerate() {
        let mut alone = keeps_layout(old, new, step);
        for op in ops(step) {
            alone &= uses(op, &mut |used| users[used].push(id));
        }
        if !alone {
            same[id] = false;
            open.push(id);
        }
    }
    while let Some(id) = open.pop() {
        for user in &users[id] {
            if std::mem::replace(&mut same[*user], false) {
                open.push(*user);
            }
        }
    }
    same
}

fn keeps_layout(old: &Schema, new: &Schema, step: &NamedStep) -> bool {
    let keeps_fields = |fields: &FieldSteps| {
        fields.same_layout
            && fields.hook_version.is_none()
            && fields.parked.is_empty()
            && fields
                .sources
                .iter()
                .enumerate()
                .all(|(i, source)| matches!(source, Source::OldField(from, _) if *from == i))
    };
    match &step.kind {
        NamedStepKind::Replace(_) => false,
        NamedStepKind::Record(fields) => keeps_fields(fields),
        NamedStepKind::Variant(cases) => {
            let tags = |schema: &Schema, id| schema.layout(&Type::Named(id)).min;
            // A type whose cases all lack fields has a fixed size. That decides how its lists are
            // walked, but not how they are written.
            tags(old, step.old) == tags(new, step.new)
                && cases.iter().enumerate().all(|(i, case)| {
                    case.as_ref()
                        .is_some_and(|(tag, fields)| *tag as usize == i && keeps_fields(fields))
                })
        }
        NamedStepKind::Flags(flags) => {
            let count = |schema: &Schema, id| match &schema.get(id).kind {
                Kind::Flags(flags) => flags_size(flags.len()),
                _ => 0,
            };
            count(old, step.old) == count(new, step.new)
                && flags
                    .iter()
                    .enumerate()
                    .all(|(i, flag)| *flag == Some(i as u32))
        }
    }
}

fn ops(step: &NamedStep) -> Vec<&Op> {
    let sources: Vec<&Source> = match &step.kind {
        NamedStepKind::Record(fields) => fields.sources.iter().collect(),
        NamedStepKind::Variant(cases) => cases
            .iter()
            .flatten()
            .flat_map(|(_, fields)| &fields.sources)
            .collect(),
        NamedStepKind::Flags(_) | NamedStepKind::Replace(_) => Vec::new(),
    };
    sources
        .into_iter()
        .filter_map(|source| match source {
            Source::OldField(_, op) | Source::ClaimParked(_, op, _) => Some(op),
            Source::New => None,
        })
        .collect()
}

/// Returns true when an operation itself changes nothing, and calls `name` with each named step
/// that it uses.
fn uses(op: &Op, name: &mut dyn FnMut(usize)) -> bool {
    match &op.step {
        Step::Copy => true,
        Step::Named(id) => {
            name(*id);
            true
        }
        Step::Items(item) => {
            let same = uses(item, name);
            same && std::mem::discriminant(&op.old) == std::mem::discriminant(&op.new)
        }
        Step::Set(item) | Step::Option(item) => uses(item, name),
        Step::Map(a, b) | Step::Result(a, b) => uses(a, name) & uses(b, name),
        Step::Tuple(items) => items
            .iter()
            .fold(true, |same, item| uses(item, name) & same),
        Step::Number(..) | Step::Text | Step::ToSome(_) | Step::ToList(_) | Step::Impossible => {
            false
        }
    }
}

fn rewrite(op: &mut Op, same: &[bool]) {
    let mut all = true;
    if uses(op, &mut |id| all &= same[id]) && all {
        op.step = Step::Copy;
        return;
    }
    match &mut op.step {
        Step::Items(a) | Step::Set(a) | Step::Option(a) | Step::ToSome(a) | Step::ToList(a) => {
            rewrite(a, same)
        }
        Step::Map(a, b) | Step::Result(a, b) => {
            rewrite(a, same);
            rewrite(b, same);
        }
        Step::Tuple(items) => items.iter_mut().for_each(|item| rewrite(item, same)),
        Step::Copy | Step::Number(..) | Step::Text | Step::Named(_) | Step::Impossible => {}
    }
}
