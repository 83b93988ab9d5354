//! Every Rust type that a state can have: through a parcel and back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::time::Duration;
use vblank_derive::{Flat, State};
use vblank_state::{Schema, State, check, restore, save, value};

/// Saves and restores a value, and checks everything that the schema says about it.
fn crosses<T: State + PartialEq + Debug>(state: T) {
    let schema = Schema::of::<T>();
    assert_eq!(Schema::decode(&schema.encode()).unwrap(), schema);
    let saved = save(&state);
    check(&schema, &saved.as_ref()).unwrap();
    let parcel = saved.to_parcel();
    let tree = value::decode(&schema, &parcel.as_ref()).unwrap();
    assert_eq!(value::encode(&schema, &tree).unwrap(), parcel, "{tree}");
    serde_json::from_str::<serde_json::Value>(&tree.to_json()).unwrap();
    assert_eq!(restore::<T>(parcel).unwrap(), state);
}

#[test]
fn numbers_and_text() {
    crosses((u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    crosses((i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    crosses((f32::MIN_POSITIVE, f64::NEG_INFINITY, -0.0_f32));
    crosses((usize::MAX, isize::MIN, true, '\u{10ffff}'));
    crosses(String::from("ÄÖ\n\"\\ \u{1}"));
    crosses(());
    crosses(Duration::new(5, 999_999_999));
}

#[test]
fn wrappers() {
    crosses(Some(Some(3_u8)));
    crosses(None::<String>);
    crosses((Ok::<u8, String>(1), Err::<u8, String>("no".into())));
    crosses(Box::new([1_u8, 2, 3]));
    crosses([String::from("a"), String::from("b")]);
    crosses((1_u8, (2_u16, (3_u32, [4_u64; 2]))));
    crosses(std::marker::PhantomData::<*const u8>);
}

#[test]
fn lists_of_all_lengths_and_widths() {
    for len in [0, 1, 511, 512, 1023, 1024, 4095, 4096, 5000, 100_000] {
        crosses((0..len).map(|i| i as u8).collect::<Vec<_>>());
        crosses((0..len).map(|i| i as u16).collect::<Vec<_>>());
        crosses((0..len).map(|i| i as f32).collect::<Vec<_>>());
        crosses((0..len).map(|i| i as f64).collect::<Vec<_>>());
        crosses((0..len).map(|i| [i as f32; 3]).collect::<Vec<_>>());
        crosses((0..len).map(|i| i as u32).collect::<Box<[_]>>());
    }
    crosses(vec![vec![1.0_f32; 5000], vec![], vec![2.0; 3]]);
    crosses(vec![String::new(); 5000]);
    crosses(vec![true; 9000]);
}

#[test]
fn a_deque_that_wraps_around() {
    for len in [10, 5000] {
        let mut deque: VecDeque<u32> = (0..len).collect();
        deque.rotate_left(len as usize / 2);
        deque.pop_front();
        deque.push_back(7);
        deque.push_back(8);
        crosses(deque);
    }
}

#[test]
fn maps_and_sets() {
    let entries = || (0..300_u32).map(|i| (format!("key {i}"), vec![i; i as usize]));
    crosses(entries().collect::<HashMap<_, _>>());
    crosses(entries().collect::<BTreeMap<_, _>>());
    crosses(entries().map(|(key, _)| key).collect::<HashSet<_>>());
    crosses(BTreeSet::from([(1_u8, 'a'), (2, 'b')]));
    crosses(HashMap::from([
        (vec![1_u32; 2000], 1_u8),
        (vec![2; 3000], 2),
    ]));
}

#[test]
fn equal_hash_maps_give_equal_bytes() {
    let forward: HashMap<u32, u32> = (0..1000).map(|i| (i, i)).collect();
    let backward: HashMap<u32, u32> = (0..1000).rev().map(|i| (i, i)).collect();
    assert_eq!(save(&forward).tree, save(&backward).tree);
}

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct Unit;

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct Pair<A, B = u8>(A, Vec<B>);

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct Grid<T, const W: usize, const H: usize>
where
    T: Copy,
{
    cells: [[T; W]; H],
}

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
enum Shape<T> {
    Dot,
    Circle(T),
    Rect { w: T, h: T },
    Many(Vec<Shape<T>>),
    Pair(Box<(Shape<T>, Shape<T>)>),
}

#[derive(State, Debug, PartialEq)]
#[state(crate = vblank_state)]
struct List {
    r#type: u8,
    next: Option<Box<List>>,
}

#[derive(State, Flat, Debug, PartialEq, Clone, Copy)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Inner {
    a: u16,
    b: [u8; 2],
}

#[derive(State, Flat, Debug, PartialEq, Clone, Copy)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Outer {
    id: u64,
    inner: [Inner; 2],
}

#[test]
fn derived_types() {
    crosses(Unit);
    crosses(Pair(1_u8, vec![Pair('x', vec![2_u64])]));
    crosses(Grid {
        cells: [[1_u16; 3]; 2],
    });
    let many = Shape::Many(vec![
        Shape::Dot,
        Shape::Circle(1),
        Shape::Rect { w: 2, h: 3 },
    ]);
    crosses(Shape::Pair(Box::new((many, Shape::<u8>::Dot))));
    crosses(List {
        r#type: 1,
        next: Some(Box::new(List {
            r#type: 2,
            next: None,
        })),
    });
    // Generic types of one name are distinct types.
    let schema = Schema::of::<(Pair<u8>, Pair<u16>, Pair<u8>)>();
    assert_eq!(
        schema
            .types()
            .iter()
            .map(|def| def.name.as_str())
            .collect::<Vec<_>>(),
        ["Pair", "Pair"]
    );
    assert_eq!(
        Schema::of::<List>().types()[0].kind.record().unwrap().list[0].name,
        "type"
    );
}

#[test]
fn flat_records_lie_in_segments_and_are_not_copied() {
    let outer = |i: u16| Outer {
        id: i.into(),
        inner: [Inner { a: i, b: [1, 2] }; 2],
    };
    let list: Vec<Outer> = (0..1000).map(outer).collect();
    let saved = save(&list);
    let segment = &saved.segments[0];
    assert_eq!((saved.tree.len(), segment.width()), (4, 8));
    assert_eq!(
        segment.bytes().as_ptr(),
        list.as_ptr().cast(),
        "lent, not copied"
    );
    let parcel = saved.to_parcel();
    let buffer = parcel.w64[0].as_ptr();
    let back: Vec<Outer> = restore(parcel).unwrap();
    assert_eq!(back.as_ptr().cast(), buffer, "taken over, not copied");
    assert_eq!(back, list);
    crosses(list);
    crosses([outer(1); 300]);
    // A generic type is never flat, because each argument makes another type.
    assert_eq!(save(&vec![Pair(1_u8, vec![1_u8]); 5000]).segments.len(), 0);
}

impl Clone for Pair<u8, u8> {
    fn clone(&self) -> Self {
        Pair(self.0, self.1.clone())
    }
}

#[cfg(feature = "glam")]
#[test]
fn glam_types() {
    use glam::*;
    crosses(vec![Vec2::new(1.0, 2.0); 1000]);
    crosses((
        vec![Vec3::X; 1000],
        vec![Vec4::Y; 1000],
        vec![Quat::IDENTITY; 1000],
    ));
    crosses((
        vec![Mat2::IDENTITY; 1000],
        vec![Mat3::IDENTITY; 1000],
        vec![Mat4::IDENTITY; 1000],
    ));
    crosses((
        vec![IVec2::X; 1000],
        vec![UVec3::Z; 1000],
        vec![DVec4::W; 1000],
    ));
    assert_eq!(save(&vec![Vec4::X; 1000]).segments[0].width(), 4);
}

#[test]
fn values_are_printed_as_wave_and_json() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct World {
        score_total: u32,
        name: String,
        shape: Shape<f32>,
        none: Option<u8>,
        visited: BTreeMap<String, (f64, bool)>,
        nested: Option<Option<u8>>,
    }
    let world = World {
        score_total: 3,
        name: "a \"b\"".into(),
        shape: Shape::Rect {
            w: 1.0,
            h: f32::NAN,
        },
        none: None,
        visited: BTreeMap::from([("k".into(), (-0.5, true))]),
        nested: Some(None),
    };
    let saved = save(&world);
    let value = value::decode(&Schema::of::<World>(), &saved.as_ref()).unwrap();
    assert_eq!(
        value.to_string(),
        r#"{score-total: 3, name: "a \"b\"", shape: rect({w: 1.0, h: nan}), %none: none, visited: [("k", (-0.5, true))], nested: some(none)}"#
    );
    assert_eq!(
        value.to_json(),
        r#"{"score_total":3,"name":"a \"b\"","shape":{"Rect":{"w":1.0,"h":"nan"}},"none":null,"visited":{"k":[-0.5,true]},"nested":[null]}"#
    );
}

#[test]
fn the_difference_of_two_values_lists_each_path() {
    let tree = |state: &(Vec<u32>, BTreeMap<String, Option<u8>>)| {
        value::decode(
            &Schema::of::<(Vec<u32>, BTreeMap<String, Option<u8>>)>(),
            &save(state).as_ref(),
        )
        .unwrap()
    };
    let map =
        |entries: &[(&str, Option<u8>)]| entries.iter().map(|(k, v)| (k.to_string(), *v)).collect();
    let old = tree(&(vec![1, 2, 3], map(&[("a", None), ("b", Some(1))])));
    let new = tree(&(vec![1, 5], map(&[("b", Some(2)), ("c", None)])));
    let told: Vec<String> = value::difference(&old, &new)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "~ 0[1]  2 → 5",
            "- 0[2]  3",
            "- 1[\"a\"]  none",
            "~ 1[\"b\"]  1 → 2",
            "+ 1[\"c\"]  none"
        ]
    );
    assert!(value::difference(&old, &old).is_empty());
}

#[test]
fn a_schema_is_printed_as_wit() {
    #[derive(State)]
    #[state(crate = vblank_state)]
    struct World {
        player_name: String,
        rows: Vec<Outer>,
        shape: Shape<u8>,
        grid: Grid<u8, 2, 3>,
    }
    let wit = Schema::of::<World>().to_wit();
    for part in [
        "record world {\n    player-name: string,\n    rows: list<outer>,",
        "/// flat\nrecord outer {\n    id: u64,\n    inner: list<inner, 2>,\n}",
        "variant shape {\n    dot,\n    circle(u8),\n    rect(record { w: u8, h: u8 }),\n    many(list<shape>),",
        "cells: list<list<u8, 2>, 3>,",
        "type state = world;",
    ] {
        assert!(wit.contains(part), "{part}\nis not in\n{wit}");
    }
}
