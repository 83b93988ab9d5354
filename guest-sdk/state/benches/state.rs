//! Benchmarks of schemas, saves and migrations, beside `memcpy`, `postcard` and `rkyv` in the same
//! run.
//!
//! `cargo bench -p vblank-state` prints medians and ratios. Each measurement checks its answer.
#![allow(missing_docs, reason = "a benchmark's types are its own")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use vblank_derive::{Flat, State};
use vblank_state::schema::{Field, Fields, Kind, Number, Style, TypeDef};
use vblank_state::{
    Comparison, Limits, Parcel, Parked, Schema, Type, Verdict, apply, apply_reusing, defaults,
    restore, save,
};

fn main() {
    schemas();
    flat_state();
    records();
    tree();
}

/// Returns the median time of `work`. Preparing its input and dropping its output are not timed.
fn median<A, B>(
    runs: usize,
    mut prepare: impl FnMut() -> A,
    mut work: impl FnMut(A) -> B,
) -> Duration {
    let mut times: Vec<Duration> = (0..runs + runs / 5 + 1)
        .map(|_| {
            let input = black_box(prepare());
            let start = Instant::now();
            let output = black_box(work(input));
            let time = start.elapsed();
            drop(output);
            time
        })
        .skip(runs / 5 + 1)
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn show(name: &str, time: Duration, beside: Option<(&str, Duration)>) {
    let ratio = beside
        .map(|(what, other)| format!("{:8.2} × {what}", time.as_secs_f64() / other.as_secs_f64()));
    println!(
        "{name:<58} {:>11.1} µs {}",
        time.as_secs_f64() * 1e6,
        ratio.unwrap_or_default()
    );
}

fn ask(what: &str, holds: bool) {
    println!("    {} {what}", if holds { "holds:" } else { "MISSED:" });
}

/// Measures two schemas of 200 types with ten fields, and a change in each type.
fn schemas() {
    let schema = |edited: bool| {
        let field = |name: String, ty| Field {
            name,
            aliases: vec![],
            ty,
            default: Some(Default::default()),
        };
        let def = |id: u32| {
            let mut list: Vec<Field> = (0..8)
                .map(|f| field(format!("f{f}"), Type::Number(Number::ALL[f])))
                .collect();
            let next = Type::Named((id + 1) % 200);
            list.push(field("next".into(), Type::Option(Box::new(next))));
            list.push(field(
                "names".into(),
                Type::Map(
                    Box::new(Type::String),
                    Box::new(Type::Named((id * 7) % 200)),
                ),
            ));
            if edited {
                list.swap(1, 5);
                list.remove(0);
                list.push(field("new".into(), Type::String));
            }
            let fields = Fields {
                style: Style::Named,
                list,
                skipped: vec![],
            };
            let kind = Kind::Record {
                fields,
                flat: false,
            };
            TypeDef {
                name: format!("Type{id}"),
                aliases: vec![],
                version: 0,
                hooks: vec![],
                kind,
            }
        };
        Schema::new(Type::Named(0), (0..200).map(def).collect()).unwrap()
    };
    let (old, new) = (schema(false), schema(true));
    let comparison = Comparison::new(&old, &new);
    assert_eq!(comparison.changes().len(), 600);
    assert_eq!(comparison.verdict(), Verdict::Automatic);
    let time = median(200, || (), |()| Comparison::new(&old, &new));
    show(
        "comparison of two schemas of 200 types, 600 changes",
        time,
        None,
    );
    ask("at most 1 ms", time <= Duration::from_millis(1));
    let bytes = old.encode();
    show(
        "decoding such a schema",
        median(200, || (), |()| Schema::decode(&bytes).unwrap()),
        None,
    );
}

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct Field64 {
    score: u32,
    cells: Vec<f64>,
}

/// Measures 64 MiB of flat state: saved (lent), copied once as a host does, and restored (taken
/// over).
fn flat_state() {
    let state = Field64 {
        score: 7,
        cells: (0..8 << 20).map(f64::from).collect(),
    };
    let bytes = state.cells.len() * 8;
    let mut target = vec![1_u64; bytes / 8];
    let source = save(&state).to_parcel().w64.remove(0);
    let memcpy = median(15, || (), |()| target.copy_from_slice(black_box(&source)));
    let cold = median(15, || (), |()| source.clone());
    show("memcpy of 64 MiB, warm", memcpy, None);
    show(
        "memcpy of 64 MiB, into fresh memory",
        cold,
        Some(("warm memcpy", memcpy)),
    );
    let saving = median(100, || (), |()| save(&state).segments.len());
    show(
        "save of 64 MiB of flat state",
        saving,
        Some(("warm memcpy", memcpy)),
    );
    let parcel = save(&state).to_parcel();
    assert_eq!(restore::<Field64>(parcel.clone()).unwrap(), state);
    let restoring = median(
        15,
        || parcel.clone(),
        |parcel| restore::<Field64>(parcel).unwrap(),
    );
    show(
        "restore of 64 MiB of flat state",
        restoring,
        Some(("warm memcpy", memcpy)),
    );
}

mod old {
    use super::*;

    #[derive(State, Flat, Clone, Copy)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Record {
        pub pos: [f32; 3],
        pub kind: u32,
        pub vel: [f32; 3],
        pub life: f32,
    }
}

mod new {
    use super::*;

    #[derive(State, Flat, Clone, Copy)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Record {
        pub pos: [f32; 3],
        pub kind: u32,
        pub vel: [f32; 3],
        #[state(default = 0.5)]
        pub spin: f32,
        pub life: f64,
    }
}

/// Measures a million flat records of 32 bytes, with one field added and one widened.
fn records() {
    let record = |i: u32| old::Record {
        pos: [i as f32; 3],
        kind: i,
        vel: [1.0, 2.0, 3.0],
        life: 0.25 * i as f32,
    };
    let state: Vec<old::Record> = (0..1_000_000).map(record).collect();
    let saved = save(&state);
    let words = saved.segments[0].as_u32s().unwrap();
    let mut target = words.to_vec();
    let warm = median(50, || (), |()| target.copy_from_slice(black_box(words)));
    show("memcpy of a million records of 32 bytes, warm", warm, None);

    let plan = Comparison::new(
        &Schema::of::<Vec<old::Record>>(),
        &Schema::of::<Vec<new::Record>>(),
    )
    .into_plan()
    .unwrap();
    let default_bytes = defaults::<Vec<new::Record>>();
    let parcel = saved.as_ref();
    let limits = Limits::default();
    let migrate = |spare| {
        apply_reusing(
            &plan,
            &parcel,
            &default_bytes,
            &Parked::default(),
            &limits,
            spare,
        )
        .unwrap()
        .parcel
    };
    // The new parcel of one run is the buffer of the next, as a host keeps a warm one off the
    // frame.
    let mut spare = migrate(Parcel::default());
    let time = median(50, || (), |()| spare = migrate(std::mem::take(&mut spare)));
    show(
        "migration: one field added, one widened",
        time,
        Some(("warm memcpy", warm)),
    );
    ask(
        "at no less than a quarter of memcpy speed",
        time <= 4 * warm,
    );
    let fresh = median(20, || (), |()| migrate(Parcel::default()));
    let memcpy = median(20, || (), |()| spare.clone());
    show(
        "the same migration, into fresh memory",
        fresh,
        Some(("memcpy of the result into fresh memory", memcpy)),
    );
    let migrated: Vec<new::Record> = restore(migrate(Parcel::default())).unwrap();
    for (i, (new, old)) in migrated.iter().zip(&state).enumerate() {
        let same = (new.pos, new.kind, new.vel) == (old.pos, old.kind, old.vel);
        assert!(
            same && new.spin == 0.5 && new.life == f64::from(old.life),
            "record {i}"
        );
    }

    // On the way back the added field is parked, and the widened one has to fit, value by value.
    let back = Comparison::new(
        &Schema::of::<Vec<new::Record>>(),
        &Schema::of::<Vec<old::Record>>(),
    )
    .into_plan()
    .unwrap();
    let parcel = migrate(Parcel::default());
    let none = defaults::<Vec<old::Record>>();
    let time = median(
        20,
        || (),
        |()| {
            apply(
                &back,
                &parcel.as_ref(),
                &none,
                &Parked::default(),
                &Limits::default(),
            )
            .unwrap()
        },
    );
    show(
        "migration back: one field parked, one narrowed",
        time,
        Some(("warm memcpy", warm)),
    );
}

#[derive(
    State,
    serde::Serialize,
    serde::Deserialize,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
    Clone,
    Debug,
    PartialEq,
)]
#[state(crate = vblank_state)]
#[rkyv(serialize_bounds(__S: rkyv::ser::Writer + rkyv::ser::Allocator, __S::Error: rkyv::rancor::Source))]
#[rkyv(deserialize_bounds(__D::Error: rkyv::rancor::Source))]
#[rkyv(bytecheck(bounds(__C: rkyv::validation::ArchiveContext, __C::Error: rkyv::rancor::Source)))]
struct Node {
    id: u32,
    name: String,
    tags: BTreeMap<String, u32>,
    #[rkyv(omit_bounds)]
    kids: Vec<Node>,
}

mod newer {
    use super::*;

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Node {
        pub name: String,
        pub id: u64,
        pub tags: BTreeMap<String, u32>,
        #[state(default = true)]
        pub open: bool,
        pub kids: Vec<Node>,
    }
}

fn node(id: &mut u32, depth: u32) -> Node {
    *id += 1;
    let me = *id;
    let kids = if depth == 0 {
        vec![]
    } else {
        (0..10).map(|_| node(id, depth - 1)).collect()
    };
    Node {
        id: me,
        name: format!("node number {me}"),
        tags: BTreeMap::from([("a".into(), me), ("b".into(), 2)]),
        kids,
    }
}

/// Measures a tree of about 100,000 small nodes with strings and maps.
fn tree() {
    let state = node(&mut 0, 5);
    let parcel = save(&state).to_parcel();
    let packed = postcard::to_stdvec(&state).unwrap();
    let archived = rkyv::to_bytes::<rkyv::rancor::Error>(&state).unwrap();
    println!(
        "a tree of 111,111 nodes: {} bytes, postcard {}, rkyv {}",
        parcel.bytes(),
        packed.len(),
        archived.len()
    );
    assert_eq!(restore::<Node>(parcel.clone()).unwrap(), state);
    assert_eq!(postcard::from_bytes::<Node>(&packed).unwrap(), state);
    assert_eq!(
        rkyv::from_bytes::<Node, rkyv::rancor::Error>(&archived).unwrap(),
        state
    );

    let runs = 15;
    let postcard_save = median(runs, || (), |()| postcard::to_stdvec(&state).unwrap());
    let rkyv_save = median(
        runs,
        || (),
        |()| rkyv::to_bytes::<rkyv::rancor::Error>(&state).unwrap(),
    );
    let saving = median(runs, || (), |()| save(&state).tree);
    show(
        "save of the tree",
        saving,
        Some(("postcard", postcard_save)),
    );
    show("", saving, Some(("rkyv", rkyv_save)));
    let postcard_restore = median(
        runs,
        || (),
        |()| postcard::from_bytes::<Node>(&packed).unwrap(),
    );
    let rkyv_restore = median(
        runs,
        || (),
        |()| rkyv::from_bytes::<Node, rkyv::rancor::Error>(&archived).unwrap(),
    );
    let restoring = median(
        runs,
        || parcel.clone(),
        |parcel| restore::<Node>(parcel).unwrap(),
    );
    show(
        "restore of the tree",
        restoring,
        Some(("postcard", postcard_restore)),
    );
    show("", restoring, Some(("rkyv", rkyv_restore)));

    let plan = Comparison::new(&Schema::of::<Node>(), &Schema::of::<newer::Node>())
        .into_plan()
        .unwrap();
    let default_bytes = defaults::<newer::Node>();
    let migrate = || {
        apply(
            &plan,
            &parcel.as_ref(),
            &default_bytes,
            &Parked::default(),
            &Limits::default(),
        )
        .unwrap()
    };
    let new: newer::Node = restore(migrate().parcel).unwrap();
    assert_eq!(
        (new.kids[9].id, new.kids[9].open),
        (u64::from(state.kids[9].id), true)
    );
    let time = median(runs, || (), |()| migrate());
    show(
        "migration of the tree: moved, widened, added at every node",
        time,
        Some(("restore", restoring)),
    );
    let schema = Schema::of::<Node>();
    let checking = median(
        runs,
        || (),
        |()| vblank_state::check(&schema, &parcel.as_ref()).unwrap(),
    );
    show(
        "check of the tree's bytes",
        checking,
        Some(("restore", restoring)),
    );
}
