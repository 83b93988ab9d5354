//! Hostile bytes give a clear error in bounded memory and time, and never a panic.

#[path = "common/generate.rs"]
mod generate;

use generate::{Generate, defaults};
use std::time::{Duration, Instant};
use vblank_derive::State;
use vblank_state::schema::{Field, Fields, Kind, MAX_SCHEMA_BYTES, Number, Style, TypeDef};
use vblank_state::{
    Comparison, Limits, MAX_DEPTH, Parcel, ParcelRef, Parked, Reader, Schema, Segments, State,
    Type, apply, check, restore, save, value,
};

fn tree(bytes: &[u8]) -> ParcelRef<'_> {
    ParcelRef {
        tree: bytes,
        ..ParcelRef::default()
    }
}

fn def(name: &str, fields: Vec<(&str, Type)>) -> TypeDef {
    let field = |(name, ty): (&str, Type)| Field {
        name: name.into(),
        aliases: vec![],
        ty,
        default: None,
    };
    let fields = Fields {
        style: Style::Named,
        list: fields.into_iter().map(field).collect(),
        skipped: vec![],
    };
    TypeDef {
        name: name.into(),
        aliases: vec![],
        version: 0,
        hooks: vec![],
        kind: Kind::Record {
            fields,
            flat: false,
        },
    }
}

fn refused(schema: Result<Schema, vblank_state::SchemaError>, says: &str) {
    let error = schema.unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn invalid_schemas_are_refused() {
    let named = |id| Type::Named(id);
    refused(Schema::new(named(3), vec![]), "type number 3 is not there");
    refused(
        Schema::new(named(0), vec![def("A", vec![("a", named(0))])]),
        "a value of A would contain itself",
    );
    let two = vec![
        def("A", vec![("b", named(1))]),
        def("B", vec![("a", Type::Array(Box::new(named(0)), 2))]),
    ];
    refused(Schema::new(named(0), two), "would contain itself");
    refused(
        Schema::new(
            named(0),
            vec![def("A", vec![("x", Type::Bool), ("x", Type::Char)])],
        ),
        "has the field x twice",
    );
    let huge = Type::Array(
        Box::new(Type::Array(Box::new(Type::Bool), 1 << 20)),
        1 << 20,
    );
    refused(Schema::new(huge, vec![]), "larger than 4 GiB");
    let mut flat = def("A", vec![("x", Type::Bool)]);
    let Kind::Record { flat: is_flat, .. } = &mut flat.kind else {
        unreachable!()
    };
    *is_flat = true;
    refused(
        Schema::new(named(0), vec![flat]),
        "declared flat, but its fields are not",
    );
    // Each type contains the next one by value, without end.
    let chain: Vec<_> = (0..50_000)
        .map(|i| def(&format!("T{i}"), vec![("x", named((i + 1).min(49_999)))]))
        .collect();
    refused(Schema::new(named(0), chain), "deep");
}

#[test]
fn invalid_schema_bytes_are_refused() {
    let start = Instant::now();
    refused(Schema::decode(&[]), "ends too early");
    refused(Schema::decode(&[9, 0, 0]), "version 9 is unknown");
    refused(
        Schema::decode(&[1, 10, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        "longer than what is left",
    );
    refused(Schema::decode(&[1, 10, 0x80, 0]), "shortest form");
    refused(Schema::decode(&[1, 77, 0]), "there is no type 77");
    refused(Schema::decode(&vec![17; 100_000]), "version 17");
    let mut deep = vec![1];
    deep.extend(vec![17; 100_000]);
    refused(Schema::decode(&deep), "nested too deep");
    refused(
        Schema::decode(&vec![1; MAX_SCHEMA_BYTES + 1]),
        "are too many",
    );
    refused(Schema::decode(&vec![1; 10 << 20]), "are too many");
    // A name that is not UTF-8.
    refused(Schema::decode(&[1, 10, 1, 1, 0xff]), "not UTF-8");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_large_schema_is_read_and_compared_in_bounded_time() {
    // As many types as fit, each an option of the next. Reading them must not use a deep stack.
    let name = |i: u32| format!("T{i}");
    let link = |i: u32| Type::Option(Box::new(Type::Named((i + 1) % 60_000)));
    let types = (0..60_000)
        .map(|i| {
            def(
                &name(i),
                vec![("next", link(i)), ("x", Type::Number(Number::F32))],
            )
        })
        .collect();
    let schema = Schema::new(Type::Named(0), types).unwrap();
    let start = Instant::now();
    let again = Schema::decode(&schema.encode()).unwrap();
    let comparison = Comparison::new(&schema, &again);
    assert!(comparison.changes().is_empty());
    assert!(comparison.plan().unwrap().is_identity());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

/// Makes as many types as fit, each an option of the next, with a field of this type.
fn chain(count: u32, ty: &Type, name: &str) -> Schema {
    let link = |i: u32| Type::Option(Box::new(Type::Named((i + 1) % count)));
    let each = |i: u32| {
        def(
            &format!("T{i}"),
            vec![("next", link(i)), (name, ty.clone())],
        )
    };
    Schema::new(Type::Named(0), (0..count).map(each).collect()).unwrap()
}

#[test]
fn a_report_on_sixty_thousand_types_is_short_and_quick() {
    let old = chain(60_000, &Type::Number(Number::F32), "x");
    let start = Instant::now();
    for (ty, name) in [(Type::String, "x"), (Type::Number(Number::F32), "y")] {
        let new = chain(60_000, &ty, name);
        let comparison = Comparison::new(&old, &new);
        let needed = comparison.plan().unwrap_err();
        let report = vblank_state::explain(&old, &new, needed);
        assert!(report.len() < 1 << 20, "{}", report.len());
        assert!(
            report.contains("T0") && report.contains("59980 more types"),
            "{report}"
        );
        assert!(needed.to_string().len() < 1 << 16);
    }
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_record_whose_many_fields_all_changed_is_compared_in_bounded_time() {
    let record = |prefix: &str, ty: Type| {
        let names: Vec<String> = (0..60_000).map(|i| format!("{prefix}{i}")).collect();
        let fields = names
            .iter()
            .map(|name| (name.as_str(), ty.clone()))
            .collect();
        Schema::new(Type::Named(0), vec![def("Record", fields)]).unwrap()
    };
    let start = Instant::now();
    let (old, new) = (record("a", Type::Bool), record("b", Type::String));
    let comparison = Comparison::new(&old, &new);
    let report = vblank_state::explain(&old, &new, comparison.plan().unwrap_err());
    assert!(
        report.len() < 1 << 20 && report.contains("more changes"),
        "{}",
        report.len()
    );
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn aliases_that_everything_refers_to_are_compared_in_bounded_time() {
    let count = 20_000;
    let schema = |name: &str| {
        let mut target = def(name, vec![("x", Type::Bool)]);
        target.aliases = (0..count).map(|i| format!("{name}{i}")).collect();
        let users = (0..count).map(|i| def(&format!("U{i}"), vec![("x", Type::Named(0))]));
        let fields: Vec<_> = (0..count)
            .map(|i| (format!("f{i}"), Type::Named(i + 1)))
            .collect();
        let fields = fields.iter().map(|(name, ty)| (name.as_str(), ty.clone()));
        let root = def("Root", fields.collect());
        let types = std::iter::once(target).chain(users).chain([root]);
        Schema::new(Type::Named(count + 1), types.collect()).unwrap()
    };
    let start = Instant::now();
    let comparison = Comparison::new(&schema("Old"), &schema("New"));
    assert!(comparison.plan().is_err());
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn names_in_changes_and_reports_are_escaped() {
    let schema = |ty| {
        Schema::new(
            Type::Named(0),
            vec![def("E\u{1b}[2J", vec![("f\u{202e}", ty)])],
        )
    };
    let (old, new) = (schema(Type::Bool).unwrap(), schema(Type::String).unwrap());
    let comparison = Comparison::new(&old, &new);
    let report = vblank_state::explain(&old, &new, comparison.plan().unwrap_err());
    let wit = new.to_wit();
    for text in [comparison.to_string(), report, wit] {
        let is_raw = |c: char| c != '\n' && vblank_state::escape::is_active(c);
        assert!(!text.contains(is_raw), "{text:?}");
        assert!(
            text.contains("\\u{1b}") && text.contains("\\u{202e}"),
            "{text}"
        );
    }
}

#[test]
fn invalid_lengths_are_refused() {
    let list = Schema::of::<Vec<u32>>();
    for (bytes, says) in [
        (&[0xff, 0xff, 0xff, 0xff][..], "is missing"),
        (&[2, 0, 0, 0, 1, 2, 3], "8 bytes are needed and 3 are left"),
        (&[1, 0], "4 bytes are needed and 2 are left"),
        (&[0, 0, 0, 0, 9], "1 bytes and 0 segments are left over"),
    ] {
        let error = check(&list, &tree(bytes)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(value::decode(&list, &tree(bytes)).is_err());
        let parcel = Parcel {
            tree: bytes.to_vec(),
            ..Parcel::default()
        };
        assert!(restore::<Vec<u32>>(parcel).is_err());
    }
    // A segment that is too short, of another width, or not expected.
    let announced = 2000_u32.to_le_bytes();
    for parcel in [
        Parcel {
            tree: announced.to_vec(),
            w32: vec![vec![0; 1999]],
            ..Parcel::default()
        },
        Parcel {
            tree: announced.to_vec(),
            w64: vec![vec![0; 1000]],
            ..Parcel::default()
        },
        Parcel {
            tree: announced.to_vec(),
            w32: vec![vec![0; 2000]; 2],
            ..Parcel::default()
        },
    ] {
        assert!(check(&list, &parcel.as_ref()).is_err());
        assert!(restore::<Vec<u32>>(parcel).is_err());
    }
}

#[test]
fn the_number_of_empty_items_is_bounded() {
    let start = Instant::now();
    let nothing = Schema::of::<Vec<()>>();
    assert!(check(&nothing, &tree(&[0xff; 4])).is_err());
    assert!(value::decode(&nothing, &tree(&[0xff; 4])).is_err());
    assert!(Vec::<()>::restore(&mut Reader::new(&[0xff; 4], Segments::default())).is_err());
    assert!(
        check(
            &Schema::of::<Vec<String>>(),
            &tree(&[0xff, 0xff, 0xff, 0x7f])
        )
        .is_err()
    );
    let unit = || Box::new(Type::Tuple(vec![]));
    let array = |item, count| Box::new(Type::Array(item, count));
    assert!(Schema::new(*array(unit(), u32::MAX), vec![]).is_err());
    // What counts is the product, at any depth, and beside values with bytes.
    assert!(Schema::new(*array(array(unit(), 1 << 20), 1 << 20), vec![]).is_err());
    let many = || Type::Tuple(vec![*array(unit(), 1 << 19); 4]);
    assert!(Schema::new(many(), vec![]).is_err());
    let many = Type::Tuple(vec![*array(unit(), 1 << 19), Type::Bool]);
    let list = Schema::new(Type::List(Box::new(many)), vec![]).unwrap();
    let four = [&4_u32.to_le_bytes()[..], &[1; 4]].concat();
    assert!(check(&list, &tree(&four)).is_err());
    assert!(value::decode(&list, &tree(&four)).is_err());
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn one_walk_has_one_budget() {
    let start = Instant::now();
    // Lists of as many values without bytes as one list may have.
    let lists = Schema::of::<Vec<Vec<()>>>();
    let one = (1_u32 << 20).to_le_bytes();
    let all = [&(1_u32 << 16).to_le_bytes()[..], &one.repeat(1 << 16)].concat();
    assert!(check(&lists, &tree(&all)).is_err());
    assert!(value::decode(&lists, &tree(&all)).is_err());
    let mut out = String::new();
    assert!(value::print(&lists, &tree(&all), value::Notation::Wave, &mut out).is_err());
    assert!(out.is_empty());
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn names_are_short() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Named {
        field: u8,
    }
    let _ = Named { field: 0 }.field;
    let bytes = Schema::of::<Named>().encode();
    let at = bytes.windows(5).position(|name| name == b"field").unwrap();
    let with_name = |name: &str| {
        let mut len = name.len();
        let mut number = Vec::new();
        while len >= 0x80 {
            number.push(len as u8 | 0x80);
            len >>= 7;
        }
        number.push(len as u8);
        Schema::decode(&[&bytes[..at - 1], &number, name.as_bytes(), &bytes[at + 5..]].concat())
    };
    assert!(with_name(&"n".repeat(1024)).is_ok());
    let error = with_name(&"n".repeat(3 << 20)).unwrap_err().to_string();
    assert!(error.contains("too long") && error.len() < 500, "{error}");
}

#[derive(State, Debug, PartialEq, Clone)]
#[state(crate = vblank_state)]
struct Link {
    next: Option<Box<Link>>,
}

fn link(levels: usize) -> Link {
    let mut link = Link { next: None };
    for _ in 0..levels {
        link = Link {
            next: Some(Box::new(link)),
        };
    }
    link
}

/// The test uses the stack of a small thread. A build without optimisation needs a larger one.
#[test]
fn depth_is_bounded() {
    let stack = if cfg!(debug_assertions) {
        64 << 20
    } else {
        1 << 20
    };
    std::thread::Builder::new()
        .stack_size(stack)
        .spawn(deep_values)
        .unwrap()
        .join()
        .unwrap();
}

fn deep_values() {
    let schema = Schema::of::<Link>();
    let new = Schema::of::<newer::Link>();
    let plan = Comparison::new(&schema, &new).into_plan().unwrap();
    let defaults = vblank_state::defaults::<newer::Link>();
    let (parked, limits) = (Parked::default(), Limits::default());
    let migrate = |parcel: &ParcelRef<'_>| apply(&plan, parcel, &defaults, &parked, &limits);
    let linked = |links: usize| [vec![1; links], vec![0]].concat();

    let deep = linked(MAX_DEPTH / 2 + 10);
    let error = check(&schema, &tree(&deep)).unwrap_err().to_string();
    assert!(error.contains("nested deeper than"), "{error}");
    let error = migrate(&tree(&deep)).unwrap_err().to_string();
    assert!(error.contains("nested deeper"), "{error}");

    // A list of links at the limit works in every step of the host.
    for links in [100, 249, 251, 2000, MAX_DEPTH / 2 - 10] {
        let deep = linked(links);
        check(&schema, &tree(&deep)).unwrap();
        let migrated = migrate(&tree(&deep)).unwrap().parcel;
        check(&new, &migrated.as_ref()).unwrap();
        assert_eq!(migrated.tree.len(), deep.len() + 4 * (links + 1));
        let mut out = String::new();
        for notation in [value::Notation::Wave, value::Notation::Json] {
            value::print(&schema, &tree(&deep), notation, &mut out).unwrap();
        }
        assert!(out.len() > 10 * links);
        let found = value::Spot::find(&schema, &tree(&deep), "next.some.next").map(drop);
        assert!(found.is_ok(), "{found:?}");
    }
    // Trees of values are not as deep.
    assert!(value::decode(&schema, &tree(&linked(2000))).is_err());
    let saved = save(&link(400)).to_parcel();
    let tree = value::decode(&schema, &saved.as_ref()).unwrap();
    assert_eq!(value::encode(&schema, &tree).unwrap(), saved);
    assert!(!tree.to_string().is_empty() && !tree.to_json().is_empty());
}

#[test]
fn a_guest_counts_levels_and_says_where_there_are_too_many() {
    let work = || {
        let deepest = link(1400);
        let saved = save(&deepest);
        assert_eq!(saved.fault::<Link>(), None);
        assert_eq!(restore::<Link>(saved.to_parcel()).unwrap(), deepest);

        let deeper = link(1600);
        let saved = save(&deeper);
        let fault = saved.fault::<Link>().unwrap();
        assert!(fault.contains("next.next"), "{fault}");
        assert!(fault.contains("one list"), "{fault}");
        let tree = [vec![1; 5000], vec![0]].concat();
        let error = restore::<Link>(Parcel {
            tree,
            ..Parcel::default()
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("nested too deep"), "{error}");
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_parks_a_value_at_each_of_many_levels_is_refused() {
    // Each parked value has a path as long as it is deep.
    let links = 40_000;
    let old = Schema::new(
        Type::Named(0),
        vec![def(
            "Link",
            vec![
                ("next", Type::Option(Box::new(Type::Named(0)))),
                ("x", Type::Number(Number::F32)),
            ],
        )],
    )
    .unwrap();
    let new = Schema::of::<Link>();
    let plan = Comparison::new(&old, &new).into_plan().unwrap();
    // In this order the fields of the outer values come last.
    let bytes = [vec![1; links], vec![0; 1 + 4 * (links + 1)]].concat();
    let start = Instant::now();
    let migrate = |bytes: &[u8]| {
        let (parked, limits) = (Parked::default(), Limits::default());
        let defaults = vblank_state::defaults::<Link>();
        apply(&plan, &tree(bytes), &defaults, &parked, &limits)
    };
    let error = migrate(&bytes).unwrap_err().to_string();
    assert!(error.contains("parked values may"), "{error}");
    assert!(error.len() < 10_000);
    let few = [vec![1; 600], vec![0; 1 + 4 * 601]].concat();
    assert_eq!(migrate(&few).unwrap().parked.len(), 601);
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
}

mod newer {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Link {
        pub id: u32,
        pub next: Option<Box<Link>>,
    }
}

#[test]
fn invalid_bit_patterns_are_refused() {
    for (schema, bytes) in [
        (Schema::of::<bool>(), &[2][..]),
        (Schema::of::<char>(), &[0, 0xd8, 0, 0]),
        (Schema::of::<String>(), &[1, 0, 0, 0, 0xff]),
        (Schema::of::<Option<u8>>(), &[7, 0]),
        (Schema::of::<Result<u8, u8>>(), &[2, 0]),
    ] {
        assert!(check(&schema, &tree(bytes)).is_err(), "{schema:?}");
        assert!(value::decode(&schema, &tree(bytes)).is_err(), "{schema:?}");
    }
    let restore = |bytes: &[u8]| std::time::Duration::restore(&mut Reader::inline(bytes));
    assert!(restore(&[0xff; 12]).is_err());
    let twice = [2, 0, 0, 0, 1, 1];
    assert!(std::collections::BTreeSet::<u8>::restore(&mut Reader::inline(&twice)).is_err());
}

/// Every prefix of valid bytes, and every one of them with some bytes changed, goes through every
/// function that reads bytes.
#[test]
fn damaged_bytes_never_panic() {
    let mut generate = Generate::new(11);
    for _ in 0..300 {
        let old = generate.schema();
        let value = generate.value(&old, old.root(), 3);
        let parcel = value::encode(&old, &value).unwrap();
        let new = generate.schema();
        let default_bytes = defaults(&new);
        for _ in 0..10 {
            let damaged = damage(&mut generate, &parcel.tree);
            let parcel = Parcel {
                tree: damaged,
                ..parcel.clone()
            };
            let _ = check(&old, &parcel.as_ref());
            let _ = value::decode(&old, &parcel.as_ref());
            if let Ok(plan) = Comparison::new(&old, &new).into_plan() {
                let _ = apply(
                    &plan,
                    &parcel.as_ref(),
                    &default_bytes,
                    &Parked::default(),
                    &Limits::default(),
                );
            }
            if let Ok(schema) = Schema::decode(&damage(&mut generate, &old.encode())) {
                let comparison = Comparison::new(&schema, &old);
                let _ = (
                    comparison.to_string(),
                    schema.to_wit(),
                    check(&schema, &parcel.as_ref()),
                );
                let _ = comparison.plan().map(|plan| {
                    apply(
                        plan,
                        &parcel.as_ref(),
                        &default_bytes,
                        &Parked::default(),
                        &Limits::default(),
                    )
                });
            }
        }
    }
}

#[test]
fn damaged_parked_values_are_refused() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct World {
        name: String,
        gone: Vec<Option<String>>,
    }
    mod v2 {
        use super::*;
        #[derive(State)]
        #[state(crate = vblank_state)]
        pub struct World {
            pub name: String,
        }
    }
    let world = World {
        name: "n".into(),
        gone: vec![Some("x".into()); 10],
    };
    let (old, new) = (Schema::of::<World>(), Schema::of::<v2::World>());
    let plan = Comparison::new(&old, &new).into_plan().unwrap();
    let default_bytes = vblank_state::defaults::<v2::World>();
    let migrated = apply(
        &plan,
        &save(&world).as_ref(),
        &default_bytes,
        &Parked::default(),
        &Limits::default(),
    )
    .unwrap();
    let bytes = migrated.parked.encode();
    assert_eq!(Parked::decode(&bytes).unwrap(), migrated.parked);
    let mut generate = Generate::new(5);
    for len in 0..bytes.len() {
        assert!(Parked::decode(&bytes[..len]).is_err());
    }
    for _ in 0..5000 {
        let _ = Parked::decode(&damage(&mut generate, &bytes));
    }
}

fn damage(generate: &mut Generate, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let rng = &mut generate.rng;
    for _ in 0..rng.usize(0..4) {
        if let Some(byte) = bytes.len().checked_sub(1).map(|last| rng.usize(..=last)) {
            bytes[byte] = if rng.bool() { rng.u8(..) } else { 0xff };
        }
    }
    if rng.bool() {
        bytes.truncate(rng.usize(..=bytes.len()));
    }
    bytes
}

/// The value is nested to the limit, with so much content that passing over it at every level would
/// take minutes.
#[test]
fn the_work_of_passing_over_values_is_bounded() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct Deep {
        next: Option<Box<Deep>>,
        load: Vec<Option<u8>>,
    }
    mod newer {
        use super::*;
        #[derive(State)]
        #[state(crate = vblank_state)]
        pub struct Deep {
            pub load: Vec<Option<u8>>,
            pub next: Option<Box<Deep>>,
        }
    }
    let mut deep = Deep {
        next: None,
        load: vec![None; 1000],
    };
    for _ in 0..200 {
        deep = Deep {
            next: Some(Box::new(deep)),
            load: vec![],
        };
    }
    let (old, new) = (Schema::of::<Deep>(), Schema::of::<newer::Deep>());
    let plan = Comparison::new(&old, &new).into_plan().unwrap();
    let default_bytes = vblank_state::defaults::<newer::Deep>();
    let stack = if cfg!(debug_assertions) {
        32 << 20
    } else {
        2 << 20
    };
    let limits = Limits {
        work: 100_000,
        ..Limits::default()
    };
    let work = move || {
        let result = apply(
            &plan,
            &save(&deep).as_ref(),
            &default_bytes,
            &Parked::default(),
            &limits,
        );
        let message = result.unwrap_err().to_string();
        assert!(
            message.contains("nested too deep for its fields"),
            "{message}"
        );
    };
    std::thread::Builder::new()
        .stack_size(stack)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}
