//! Finds what moves as it is, through recursion and all, and says so in the plan.

use super::steps::{FieldsLink, Link, LinkKind, Op, Source, Step};
use super::walk::Found;
use crate::schema::{Kind, Schema, Type, flags_size};

/// Turns every step that changes no byte into [`Step::Same`].
pub(super) fn simplify(old: &Schema, new: &Schema, found: &mut Found) {
    let same = same_links(old, new, &found.links);
    rewrite(&mut found.root, &same);
    for link in &mut found.links {
        let fields: Vec<&mut FieldsLink> = match &mut link.kind {
            LinkKind::Record(fields) => vec![fields],
            LinkKind::Variant(cases) => cases
                .iter_mut()
                .flatten()
                .map(|(_, fields)| fields)
                .collect(),
            LinkKind::Flags(_) | LinkKind::Replaced(_) => Vec::new(),
        };
        for source in fields.into_iter().flat_map(|fields| &mut fields.sources) {
            if let Source::From(_, op) | Source::Claim(_, op, _) = source {
                rewrite(op, &same);
            }
        }
    }
}

/// A link is the same unless it, or one that it uses, is not: what is left when all that differ,
/// and then all that use those, have been crossed out.
fn same_links(old: &Schema, new: &Schema, links: &[Link]) -> Vec<bool> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); links.len()];
    let mut same = vec![true; links.len()];
    let mut open = Vec::new();
    for (id, link) in links.iter().enumerate() {
        let mut alone = layout_is_same(old, new, link);
        for op in ops(link) {
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

fn layout_is_same(old: &Schema, new: &Schema, link: &Link) -> bool {
    let fields_same = |fields: &FieldsLink| {
        fields.same_layout
            && fields.hooked.is_none()
            && fields.parked.is_empty()
            && fields
                .sources
                .iter()
                .enumerate()
                .all(|(i, source)| matches!(source, Source::From(from, _) if *from == i))
    };
    match &link.kind {
        LinkKind::Replaced(_) => false,
        LinkKind::Record(fields) => fields_same(fields),
        LinkKind::Variant(cases) => {
            let tags = |schema: &Schema, id| schema.layout(&Type::Named(id)).min;
            // A type whose cases all lack fields has a fixed size, which decides how lists of it are walked,
            // but not how they are written.
            tags(old, link.old) == tags(new, link.new)
                && cases.iter().enumerate().all(|(i, case)| {
                    case.as_ref()
                        .is_some_and(|(tag, fields)| *tag as usize == i && fields_same(fields))
                })
        }
        LinkKind::Flags(flags) => {
            let count = |schema: &Schema, id| match &schema.get(id).kind {
                Kind::Flags(flags) => flags_size(flags.len()),
                _ => 0,
            };
            count(old, link.old) == count(new, link.new)
                && flags
                    .iter()
                    .enumerate()
                    .all(|(i, flag)| *flag == Some(i as u32))
        }
    }
}

fn ops(link: &Link) -> Vec<&Op> {
    let sources: Vec<&Source> = match &link.kind {
        LinkKind::Record(fields) => fields.sources.iter().collect(),
        LinkKind::Variant(cases) => cases
            .iter()
            .flatten()
            .flat_map(|(_, fields)| &fields.sources)
            .collect(),
        LinkKind::Flags(_) | LinkKind::Replaced(_) => Vec::new(),
    };
    sources
        .into_iter()
        .filter_map(|source| match source {
            Source::From(_, op) | Source::Claim(_, op, _) => Some(op),
            Source::Added => None,
        })
        .collect()
}

/// Whether an operation changes nothing provided that the links it uses do not, which it names.
fn uses(op: &Op, name: &mut dyn FnMut(usize)) -> bool {
    match &op.step {
        Step::Same => true,
        Step::Link(id) => {
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
        Step::Number(..) | Step::Text | Step::Some(_) | Step::One(_) | Step::Never => false,
    }
}

fn rewrite(op: &mut Op, same: &[bool]) {
    let mut all = true;
    if uses(op, &mut |id| all &= same[id]) && all {
        op.step = Step::Same;
        return;
    }
    match &mut op.step {
        Step::Items(a) | Step::Set(a) | Step::Option(a) | Step::Some(a) | Step::One(a) => {
            rewrite(a, same)
        }
        Step::Map(a, b) | Step::Result(a, b) => {
            rewrite(a, same);
            rewrite(b, same);
        }
        Step::Tuple(items) => items.iter_mut().for_each(|item| rewrite(item, same)),
        Step::Same | Step::Number(..) | Step::Text | Step::Link(_) | Step::Never => {}
    }
}
