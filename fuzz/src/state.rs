//! Targets of the state: schemas, values, plans and parked values from bytes, as guests and images have them.
//!
//! `fuzz/libfuzzer` compiles this file as well, so it names only what both have. Each function returns the
//! reason why an input is refused.
use std::collections::{BTreeMap, HashSet, VecDeque};

use vblank_derive::{Flat, State};
use vblank_state::{
    Comparison, Limits, Old, Parcel, Parked, Reader, Schema, Segments, State, Verdict, apply,
    check, explain, save, value,
};

use crate::edit::Edit;
use crate::generate::{Generate, defaults};

#[derive(State)]
#[state(crate = vblank_state, version = 1, migrate(from = 0, with = Node::complete))]
struct Node {
    kids: Vec<Node>,
    shape: Shape,
    names: BTreeMap<String, VecDeque<u16>>,
    set: HashSet<(u8, char)>,
    flat: Box<[Point]>,
    empty: Vec<()>,
    time: std::time::Duration,
}

#[derive(State)]
#[state(crate = vblank_state)]
enum Shape {
    Dot,
    Line([Point; 2]),
    Result { of: Result<Option<String>, bool> },
}

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
}

impl Node {
    fn complete(&mut self, old: &Old) -> Result<(), String> {
        let _ = (
            old.get::<Vec<String>>("kids"),
            old.get::<u64>("id"),
            old.tree(),
        );
        Ok(())
    }
}

/// Converts an error to the outcome of an input.
fn text(error: impl ToString) -> String {
    error.to_string()
}

fn short(what: &str) -> Result<(), String> {
    Err(format!("there is no {what}"))
}

/// Schema bytes: decoded, printed, encoded again to the same bytes.
pub fn schema(bytes: &[u8]) -> Result<(), String> {
    let schema = Schema::decode(bytes).map_err(text)?;
    assert_eq!(schema.encode(), bytes, "each schema has one encoding");
    let _ = schema.to_wit();
    let comparison = Comparison::new(&schema, &schema);
    assert_eq!(comparison.verdict(), Verdict::Identical);
    assert!(comparison.plan().is_ok_and(|plan| plan.is_identity()));
    Ok(())
}

/// A schema and a state of it, both from bytes: checked, decoded, encoded to the same bytes.
pub fn value(bytes: &[u8]) -> Result<(), String> {
    let Some((len, rest)) = bytes.split_first() else {
        return short("a part");
    };
    let Some((schema, tree)) = rest.split_at_checked(usize::from(*len)) else {
        return short("a part");
    };
    let schema = Schema::decode(schema).map_err(text)?;
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let checked = check(&schema, &parcel.as_ref());
    let decoded = value::decode(&schema, &parcel.as_ref());
    assert_eq!(checked.is_ok(), decoded.is_ok(), "{checked:?}");
    let value = decoded.map_err(text)?;
    let _ = (value.to_string(), value.to_json());
    // A set or map may have a key twice: only a guest refuses it.
    if let Ok(again) = value::encode(&schema, &value) {
        assert_eq!(again, parcel);
    }
    Ok(())
}

/// Two schemas, a state and default values, all from bytes: compared, planned, applied.
pub fn plan(bytes: &[u8]) -> Result<(), String> {
    let [a, b, c, rest @ ..] = bytes else {
        return short("lengths");
    };
    let Some((old, rest)) = rest.split_at_checked(usize::from(*a)) else {
        return short("a part");
    };
    let Some((new, rest)) = rest.split_at_checked(usize::from(*b)) else {
        return short("a part");
    };
    let Some((defaults, tree)) = rest.split_at_checked(usize::from(*c)) else {
        return short("a part");
    };
    let old = Schema::decode(old).map_err(text)?;
    let new = Schema::decode(new).map_err(text)?;
    let comparison = Comparison::new(&old, &new);
    let _ = comparison.to_string();
    let plan = match comparison.into_plan() {
        Ok(plan) => plan,
        Err(needs) => {
            drop(explain(&old, &new, &needs));
            return short("a plan that needs hooks");
        }
    };
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let limits = Limits {
        memory: 1 << 20,
        parked: 1 << 20,
        work: 1 << 20,
    };
    let sound = check(&old, &parcel.as_ref()).is_ok();
    let migrated = apply(
        &plan,
        &parcel.as_ref(),
        defaults,
        &Parked::default(),
        &limits,
    )
    .map_err(text)?;
    if sound && !plan.runs_hooks() {
        check(&new, &migrated.parcel.as_ref()).unwrap();
    }
    Ok(())
}

/// The bytes of a `vblank:schema` section.
pub fn section(bytes: &[u8]) -> Result<(), String> {
    if let Some(schema) = Schema::from_section(bytes).map_err(text)? {
        assert_eq!(Schema::decode(&schema.encode()).unwrap(), schema);
    }
    Ok(())
}

/// Parked values from bytes, as an image has them.
pub fn parked(bytes: &[u8]) -> Result<(), String> {
    let parked = Parked::decode(bytes).map_err(text)?;
    let _ = (parked.paths(), parked.values(), parked.bytes());
    assert_eq!(Parked::decode(&parked.encode()).unwrap(), parked);
    Ok(())
}

/// The guest's side of a swap: a state with all kinds of types is restored from bytes, with old
/// values for its hooks.
pub fn restore(bytes: &[u8]) -> Result<(), String> {
    let Some((len, rest)) = bytes.split_first() else {
        return short("a part");
    };
    let Some((leftovers, tree)) = rest.split_at_checked(usize::from(*len)) else {
        return short("a part");
    };
    let mut reader = Reader::with_leftovers(tree, Segments::default(), leftovers);
    let node = Node::restore(&mut reader).map_err(text)?;
    if reader.finish().is_ok() {
        check(&Schema::of::<Node>(), &save(&node).as_ref()).unwrap();
    }
    Ok(())
}

/// A state from bytes, migrated between two valid schemas that the first bytes choose.
pub fn migrate(bytes: &[u8]) -> Result<(), String> {
    let Some((seed, tree)) = bytes.split_first_chunk::<2>() else {
        return short("a part");
    };
    let mut generate = Generate::new(u16::from_le_bytes(*seed).into());
    let old = generate.schema();
    let new = generate.edit(&old, &Edit::ALL);
    let Ok(plan) = Comparison::new(&old, &new).into_plan() else {
        return short("a plan that needs hooks");
    };
    let limits = Limits {
        memory: 1 << 20,
        parked: 1 << 20,
        work: 1 << 20,
    };
    let parcel = Parcel {
        tree: tree.to_vec(),
        ..Parcel::default()
    };
    let sound = check(&old, &parcel.as_ref()).is_ok();
    let there = apply(
        &plan,
        &parcel.as_ref(),
        &defaults(&new),
        &Parked::default(),
        &limits,
    )
    .map_err(text)?;
    if !sound {
        return Err("the old state is malformed".to_owned());
    }
    check(&new, &there.parcel.as_ref()).unwrap();
    assert_eq!(
        Parked::decode(&there.parked.encode()).unwrap(),
        there.parked
    );
    let _ = value::decode(&new, &there.parcel.as_ref()).unwrap();
    if let Ok(plan) = Comparison::new(&new, &old).into_plan() {
        let _ = apply(
            &plan,
            &there.parcel.as_ref(),
            &defaults(&old),
            &there.parked,
            &limits,
        );
    }
    Ok(())
}
