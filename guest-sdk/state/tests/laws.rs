//! Properties of all schemas and values, checked on random ones.
//!
//! `PROPTEST_CASES` sets the number of cases of each property. Unset, there are 100,000 cases in
//! all, and a tenth of that in a build without optimisation.

#[path = "common/edit.rs"]
mod edit;
#[path = "common/generate.rs"]
mod generate;

use edit::{Edit, widen};
use generate::{Generate, defaults, zero};
use proptest::prelude::*;
use std::collections::HashMap;
use vblank_state::schema::{Field, Fields, Kind, TypeDef};
use vblank_state::value::{self, Spot, SpotError, Value};
use vblank_state::{
    Comparison, Limits, MigrationResult, Parcel, Parked, Refusal, Schema, Type, Verdict, apply,
    check,
};

/// Returns the configuration of a property with a percentage of all cases.
fn cases(percent: u32) -> ProptestConfig {
    let requested = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let cases = requested.unwrap_or(if cfg!(debug_assertions) { 100 } else { 1000 } * percent);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn state(generate: &mut Generate, schema: &Schema) -> (Value, Parcel) {
    let value = generate.value(schema, schema.root(), 5);
    let parcel = value::encode(schema, &value).unwrap();
    (value, parcel)
}

fn carry(
    old: &Schema,
    new: &Schema,
    parcel: &Parcel,
    parked: &Parked,
) -> Option<Result<MigrationResult, Refusal>> {
    let comparison = Comparison::new(old, new);
    let verdict = comparison.verdict();
    let plan = comparison.into_plan();
    assert_eq!(plan.is_err(), verdict == Verdict::NeedsMigration);
    let plan = plan.ok()?;
    // A host with equal schemas makes no plan at all.
    assert!(old != new || plan.is_identity() && !plan.runs_hooks());
    assert!(verdict != Verdict::Identical || plan.is_identity());
    let result = apply(
        &plan,
        &parcel.as_ref(),
        &defaults(new),
        parked,
        &Limits::default(),
    );
    match &result {
        Ok(migrated) => check(new, &migrated.parcel.as_ref()).unwrap(),
        Err(refusal) => assert_eq!(verdict, Verdict::DependsOnValues, "{refusal}"),
    }
    Some(result)
}

/// Counts every leaf that carries information.
fn leaves(value: &Value, found: &mut HashMap<String, i64>, by: i64) {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            items.iter().for_each(|item| leaves(item, found, by))
        }
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            leaves(key, found, by);
            leaves(value, found, by);
        }),
        Value::Option(inner) => inner.iter().for_each(|value| leaves(value, found, by)),
        Value::Result(Ok(value) | Err(value)) => leaves(value, found, by),
        Value::Record(fields) => fields
            .iter()
            .for_each(|(_, value)| leaves(value, found, by)),
        Value::Variant(_, carried) => carried.iter().for_each(|value| leaves(value, found, by)),
        Value::Flags(set) => set
            .iter()
            .for_each(|_| *found.entry("flag".into()).or_default() += by),
        // Text may become its bytes.
        Value::String(text) => text
            .bytes()
            .for_each(|byte| *found.entry(byte.to_string()).or_default() += by),
        leaf => *found.entry(normal(leaf)).or_default() += by,
    }
}

/// Returns a leaf in a spelling that is the same in all types that can hold it.
fn normal(leaf: &Value) -> String {
    match leaf {
        Value::Unsigned(n) => n.to_string(),
        Value::Signed(n) => n.to_string(),
        Value::F32(n) if n.is_nan() => "nan".into(),
        Value::F64(n) if n.is_nan() => "nan".into(),
        Value::F32(n) => normal(&Value::F64(f64::from(*n))),
        Value::F64(n) if n.fract() == 0.0 && n.abs() < 1e30 => format!("{}", *n as i128),
        Value::F64(n) => format!("{n}"),
        other => other.to_string(),
    }
}

/// Returns the path of a random value inside, and its type.
fn somewhere<'a>(generate: &mut Generate, root: Spot<'a>) -> (String, Spot<'a>) {
    let (mut path, mut spot) = (String::new(), root);
    while generate.rng.u8(..) < 220 {
        let count = spot.count().unwrap();
        if count == 0 {
            break;
        }
        let index = generate.rng.usize(0..count);
        let children = spot.children(index..index + 1).unwrap();
        let (step, child) = children.into_iter().next().unwrap();
        path.push_str(&step);
        spot = child;
    }
    (path, spot)
}

proptest! {
    #![proptest_config(cases(5))]

    /// Printed values parse to the same values.
    #[test]
    fn text_is_the_value(seed: u64) {
        let mut generate = Generate::new(seed);
        let schema = generate.schema();
        let (value, _) = state(&mut generate, &schema);
        let text = value.to_string();
        prop_assert_eq!(value::parse(&schema, schema.root(), &text).unwrap().to_string(), text);
    }

    /// Any value can be found, replaced by another of its type, and put back.
    #[test]
    fn one_value_is_replaced_and_nothing_else(seed: u64) {
        let mut generate = Generate::new(seed);
        let schema = generate.schema();
        let (_, mut parcel) = state(&mut generate, &schema);
        let before = parcel.clone();
        let borrowed = before.as_ref();
        let (path, spot) = somewhere(&mut generate, Spot::root(&schema, &borrowed));
        let old = spot.value().unwrap();
        prop_assert_eq!(&Spot::find(&schema, &borrowed, &path).unwrap().value().unwrap(), &old);
        let Some(ty) = spot.ty() else { return Ok(()) };
        let new = generate.value(&schema, ty, 5);
        let replaced = match value::replace(&schema, &mut parcel, &path, &new.to_string()) {
            Err(SpotError::InSet) => return Ok(()),
            other => other.unwrap(),
        };
        prop_assert_eq!(replaced.new.to_string(), new.to_string());
        prop_assert_eq!(replaced.old, old.clone());
        check(&schema, &parcel.as_ref()).unwrap();
        let there = parcel.as_ref();
        let there = Spot::find(&schema, &there, &path).unwrap().value().unwrap();
        prop_assert_eq!(there.to_string(), new.to_string());
        value::replace(&schema, &mut parcel, &path, &old.to_string()).unwrap();
        // The text of a NaN does not have its bits.
        if !old.to_string().contains("nan") {
            prop_assert_eq!(parcel, before);
        }
    }
}

proptest! {
    #![proptest_config(cases(40))]

    /// After any edit, every value is in the new state or parked, or the swap is refused.
    #[test]
    fn nothing_is_lost(seed: u64) {
        let mut generate = Generate::new(seed);
        let old = generate.schema();
        let (value, parcel) = state(&mut generate, &old);
        let new = generate.edit(&old, &Edit::ALL);
        if let Some(Ok(migrated)) = carry(&old, &new, &parcel, &Parked::default()) {
            let mut found = HashMap::new();
            leaves(&value::decode(&new, &migrated.parcel.as_ref()).unwrap(), &mut found, 1);
            migrated.parked.values().iter().for_each(|(_, value)| leaves(value, &mut found, 1));
            leaves(&value, &mut found, -1);
            let lost: Vec<_> = found.iter().filter(|(_, count)| **count < 0).collect();
            prop_assert!(lost.is_empty(), "lost {:?}\n{}", lost, Comparison::new(&old, &new));
            // Parked values survive encoding.
            prop_assert_eq!(&Parked::decode(&migrated.parked.encode()).unwrap(), &migrated.parked);
        }
    }
}

proptest! {
    #![proptest_config(cases(20))]

    /// An equal schema gives an equal state, and values and schemas survive encoding.
    #[test]
    fn identity(seed: u64) {
        let mut generate = Generate::new(seed);
        let schema = generate.schema();
        let (value, parcel) = state(&mut generate, &schema);
        check(&schema, &parcel.as_ref()).unwrap();
        prop_assert_eq!(&value::decode(&schema, &parcel.as_ref()).unwrap(), &value);
        prop_assert_eq!(&Schema::decode(&schema.encode()).unwrap(), &schema);
        prop_assert_eq!(Comparison::new(&schema, &schema).verdict(), Verdict::Identical);
        let migrated = carry(&schema, &schema, &parcel, &Parked::default()).unwrap().unwrap();
        prop_assert_eq!(migrated.parcel, parcel);
    }
}

proptest! {
    #![proptest_config(cases(20))]

    /// A swap and its way back restore the state: added fields are parked, removed fields return,
    /// widened numbers fit again, and renamed items get their names back.
    #[test]
    fn there_and_back(seed: u64) {
        let mut generate = Generate::new(seed);
        let old = generate.schema();
        let (value, parcel) = state(&mut generate, &old);
        let new = generate.edit(&old, &[Edit::Add, Edit::Remove, Edit::Reorder, Edit::Widen, Edit::AddCase]);
        let there = carry(&old, &new, &parcel, &Parked::default()).unwrap().unwrap();
        let back = carry(&new, &old, &there.parcel, &there.parked).unwrap().unwrap();
        let got = value::decode(&old, &back.parcel.as_ref()).unwrap();
        prop_assert_eq!(&got, &value, "{}\n{}\n{}", Comparison::new(&old, &new), value, got);
    }
}

proptest! {
    #![proptest_config(cases(10))]

    /// A widened value equals its old value.
    #[test]
    fn widen_then_read(seed: u64) {
        let mut generate = Generate::new(seed);
        let ty = generate.ty(0, 1, 4, true);
        let mut wide = ty.clone();
        widen(&mut wide);
        let def = TypeDef {
            name: "T0".into(),
            aliases: vec![],
            version: 0,
            hooks: vec![],
            kind: Kind::Record { fields: Fields::default(), flat: false },
        };
        let old = Schema::new(ty, vec![def.clone()]).unwrap();
        let new = Schema::new(wide, vec![def]).unwrap();
        let (value, parcel) = state(&mut generate, &old);
        prop_assert!(Comparison::new(&old, &new).verdict() <= Verdict::Automatic);
        let migrated = carry(&old, &new, &parcel, &Parked::default()).unwrap().unwrap();
        let got = value::decode(&new, &migrated.parcel.as_ref()).unwrap();
        let (mut a, mut b) = (HashMap::new(), HashMap::new());
        leaves(&value, &mut a, 1);
        leaves(&got, &mut b, 1);
        prop_assert_eq!(a, b);
    }
}

proptest! {
    #![proptest_config(cases(10))]

    /// Renames with aliases change no byte, and neither does undoing them.
    #[test]
    fn rename_with_alias(seed: u64) {
        let mut generate = Generate::new(seed);
        let old = generate.schema();
        let (_, parcel) = state(&mut generate, &old);
        let new = generate.edit(&old, &[Edit::Rename]);
        let there = carry(&old, &new, &parcel, &Parked::default()).unwrap().unwrap();
        prop_assert_eq!(&there.parcel, &parcel);
        let back = carry(&new, &old, &there.parcel, &there.parked).unwrap().unwrap();
        prop_assert_eq!(&back.parcel, &parcel);
        prop_assert!(back.parked.is_empty());
    }
}

/// A field of every type can be added to every generated schema.
#[test]
fn every_type_has_a_zero_value() {
    let mut generate = Generate::new(7);
    for _ in 0..500 {
        let schema = generate.schema();
        let ty = schema.root().clone();
        value::encode(&schema, &zero(&schema, &ty)).unwrap();
        let _: (Field, Type) = (generate.field(ty.clone()), ty);
    }
}
