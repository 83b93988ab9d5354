//! Every row of the table of verdicts, each as one test.

mod common;
#[macro_use]
#[path = "common/versions.rs"]
mod versions;

use common::{carry, says, swap, verdict};
use std::collections::{BTreeMap, BTreeSet};
use vblank_state::Verdict::{Automatic, DependsOnValues, Identical, NeedsMigration};
use vblank_state::{Comparison, Limits, Parked, Schema, apply, defaults, save};

#[test]
fn reordered_fields_and_cases_are_found_by_name() {
    versions! {
        v1 {
            struct World { a: u32, b: String, kinds: Vec<Kind> }
            enum Kind { Fire, Water { depth: u32 }, Air(u8) }
        }
        v2 {
            struct World { kinds: Vec<Kind>, b: String, a: u32 }
            enum Kind { Air(u8), Fire, Water { depth: u32 } }
        }
    }
    let old = v1::World {
        a: 1,
        b: "b".into(),
        kinds: vec![
            v1::Kind::Fire,
            v1::Kind::Water { depth: 3 },
            v1::Kind::Air(4),
        ],
    };
    let new: v2::World = swap(&old, &mut Parked::default());
    let kinds = vec![
        v2::Kind::Fire,
        v2::Kind::Water { depth: 3 },
        v2::Kind::Air(4),
    ];
    assert_eq!(
        new,
        v2::World {
            kinds,
            b: "b".into(),
            a: 1
        }
    );
    assert_eq!(verdict::<v1::World, v2::World>(), Automatic);
}

#[test]
fn an_added_field_gets_its_own_default_or_that_of_its_type() {
    versions! {
        v1 { struct World { a: u32 } }
        v2 { struct World { a: u32, #[state(default = 5)] b: u8, c: Vec<String>, #[state(default = vec![7; 5000])] d: Vec<u8> } }
        v3 {
            struct World { a: u32, b: Required }
            struct Required { x: u32 }
        }
    }
    let new: v2::World = swap(&v1::World { a: 1 }, &mut Parked::default());
    assert_eq!(
        new,
        v2::World {
            a: 1,
            b: 5,
            c: vec![],
            d: vec![7; 5000]
        }
    );
    // `Required` has no `Default`, and the field names none.
    assert_eq!(verdict::<v1::World, v3::World>(), NeedsMigration);
    assert!(
        says::<v1::World, v3::World>()
            .contains("+ World.b  Required  no default: add `#[state(default = …)]`")
    );
}

#[test]
fn an_added_case_is_automatic() {
    versions! {
        v1 { enum Kind { A, B(u32) } }
        v2 { enum Kind { New { x: String }, A, B(u32) } }
    }
    assert_eq!(
        swap::<_, v2::Kind>(&v1::Kind::B(9), &mut Parked::default()),
        v2::Kind::B(9)
    );
    assert_eq!(says::<v1::Kind, v2::Kind>(), "+ Kind.New\nautomatic");
}

#[test]
fn a_removed_field_is_parked_and_comes_back() {
    versions! {
        v1 { partial struct World { keep: u32, gone: Vec<f32>, name: String } }
        v2 { partial struct World { keep: u32 } }
        v3 { partial struct World { keep: u32, gone: Vec<f64>, #[state(alias = "name")] title: Option<String> } }
    }
    let old = v1::World {
        keep: 1,
        gone: vec![f32::NAN; 3000],
        name: "n".into(),
    };
    let mut parked = Parked::default();
    let new: v2::World = swap(&old, &mut parked);
    assert_eq!(parked.paths(), [("gone".into(), 1), ("name".into(), 1)]);
    // The parked value survives an unrelated swap, and encoding.
    let new: v2::World = swap(&new, &mut parked);
    let mut parked = Parked::decode(&parked.encode()).unwrap();
    let back: v3::World = swap(&new, &mut parked);
    assert_eq!(back.gone.len(), 3000);
    assert!(back.gone.iter().all(|x| x.is_nan()));
    assert_eq!(back.title.as_deref(), Some("n"));
    assert!(parked.is_empty());
}

#[test]
fn parked_values_follow_renames_around_them() {
    versions! {
        v1 {
            struct World { rows: Vec<Row>, kind: Option<Kind> }
            struct Row { a: u32, gone: String }
            enum Kind { A { x: u8, gone: u16 } }
        }
        v2 {
            struct World { rows: Vec<Row>, kind: Option<Kind> }
            struct Row { a: u32 }
            enum Kind { A { x: u8 } }
        }
        v3 {
            struct World { #[state(alias = "kind")] sort: Option<Kind>, #[state(alias = "rows")] lines: Vec<Line> }
            #[state(alias = "Row")]
            struct Line { a: u32 }
            enum Kind { #[state(alias = "A")] B { x: u8 } }
        }
        v4 {
            struct World { sort: Option<Kind>, lines: Vec<Line> }
            struct Line { gone: String, a: u32 }
            enum Kind { B { x: u8, gone: u16 } }
        }
    }
    let row = |a: u32| v1::Row {
        a,
        gone: format!("row {a}"),
    };
    let old = v1::World {
        rows: vec![row(1), row(2)],
        kind: Some(v1::Kind::A { x: 1, gone: 9 }),
    };
    let mut parked = Parked::default();
    let new: v2::World = swap(&old, &mut parked);
    let new: v3::World = swap(&new, &mut parked);
    let new: v4::World = swap(&new, &mut parked);
    assert_eq!(
        new.lines[1],
        v4::Line {
            gone: "row 2".into(),
            a: 2
        }
    );
    assert_eq!(new.sort, Some(v4::Kind::B { x: 1, gone: 9 }));
    assert!(parked.is_empty());
}

#[test]
fn a_parked_value_waits_for_a_compatible_type() {
    versions! {
        v1 { struct World { x: u32, s: String } }
        v2 { struct World { x: u32 } }
        v3 { struct World { x: u32, s: bool } }
    }
    let mut parked = Parked::default();
    let new: v2::World = swap(
        &v1::World {
            x: 1,
            s: "old".into(),
        },
        &mut parked,
    );
    let new: v3::World = swap(&new, &mut parked);
    assert_eq!((new.s, parked.len()), (false, 1));
    // Both values are parked, each with its type. The first returns to the first type.
    let new: v2::World = swap(&v3::World { x: 1, s: true }, &mut parked);
    assert_eq!(parked.len(), 2);
    let new: v1::World = swap(&new, &mut parked);
    assert_eq!((new.s.as_str(), parked.len()), ("old", 1));
}

#[test]
fn columns_of_list_items_are_parked_and_come_back_by_index() {
    versions! {
        v1 { partial struct World { rows: Vec<Row> } flat struct Row { a: u32, b: f32, c: u32 } }
        v2 { partial struct World { rows: Vec<Row> } flat struct Row { a: u32 } }
        v3 { partial struct World { rows: Vec<Row> } partial struct Row { a: u32, #[state(default = 1.5)] b: f32, c: u64, s: String } }
    }
    let rows = |n: u32| {
        (0..n)
            .map(|i| v1::Row {
                a: i,
                b: i as f32,
                c: i * 2,
            })
            .collect::<Vec<_>>()
    };
    for n in [3, 5000] {
        let mut parked = Parked::default();
        let mut new: v2::World = swap(&v1::World { rows: rows(n) }, &mut parked);
        assert_eq!(
            parked.paths(),
            [
                ("rows[].b".into(), n as usize),
                ("rows[].c".into(), n as usize)
            ]
        );
        assert_eq!(parked.bytes(), n as usize * 8);
        // When the list shrinks, values without an item stay parked. When it grows, the new item
        // gets the default.
        new.rows.pop();
        let mut back: v1::World = swap(&new, &mut parked);
        assert_eq!(back.rows, rows(n - 1));
        assert_eq!(parked.len(), 2);
        back.rows.clear();
        // Also through a type that is migrated item by item.
        let mut parked = Parked::default();
        let new: v2::World = swap(&v1::World { rows: rows(n) }, &mut parked);
        let back: v3::World = swap(&new, &mut parked);
        let last = back.rows.last().unwrap();
        assert_eq!(
            (last.a, last.c, back.rows.len()),
            (n - 1, u64::from(n - 1) * 2, n as usize)
        );
        assert_eq!(last.b.to_bits(), ((n - 1) as f32).to_bits());
        assert!(parked.is_empty());
    }
}

#[test]
fn the_size_of_parked_values_is_limited() {
    versions! {
        v1 { partial struct World { a: u32, big: Vec<u8> } }
        v2 { partial struct World { a: u32 } }
    }
    let old = v1::World {
        a: 1,
        big: vec![1; 100_000],
    };
    let saved = save(&old);
    let plan = Comparison::new(&Schema::of::<v1::World>(), &Schema::of::<v2::World>())
        .into_plan()
        .unwrap();
    let limits = Limits {
        parked: 50_000,
        ..Limits::default()
    };
    let refusal = apply(
        &plan,
        &saved.as_ref(),
        &defaults::<v2::World>(),
        &Parked::default(),
        &limits,
    )
    .unwrap_err();
    assert!(refusal.to_string().contains("50000 bytes"), "{refusal}");
}

#[test]
fn numbers_widen_without_loss() {
    versions! {
        v1 { partial struct World { a: u8, b: i16, c: f32, d: u32, e: Vec<i8>, f: [u16; 3] } }
        v2 { partial struct World { a: i16, b: f32, c: f64, d: f64, e: Vec<i64>, f: [u32; 3] } }
    }
    let nan = f32::from_bits(0xffa0_0001);
    let old = v1::World {
        a: 255,
        b: -3,
        c: nan,
        d: u32::MAX,
        e: vec![-1; 5000],
        f: [1, 2, 65535],
    };
    let new: v2::World = swap(&old, &mut Parked::default());
    assert_eq!((new.a, new.b, new.d), (255, -3.0, 4294967295.0));
    assert_eq!((new.e, new.f), (vec![-1; 5000], [1, 2, 65535]));
    // A NaN keeps its sign and payload, and returns unchanged.
    assert_eq!(new.c.to_bits(), 0xfff4_0000_2000_0000);
    assert_eq!(verdict::<v1::World, v2::World>(), Automatic);
    let back: v1::World = swap(
        &v2::World {
            a: 255,
            b: 1.0,
            c: new.c,
            d: 0.0,
            e: vec![],
            f: [0; 3],
        },
        &mut Parked::default(),
    );
    assert_eq!(back.c.to_bits(), nan.to_bits());
}

#[test]
fn a_number_narrows_only_when_live_values_fit() {
    versions! {
        v1 { partial struct World { xs: Vec<u32>, f: f64 } }
        v2 { partial struct World { xs: Vec<u8>, f: f32 } }
    }
    assert_eq!(verdict::<v1::World, v2::World>(), DependsOnValues);
    let fits: v2::World = swap(
        &v1::World {
            xs: vec![1, 255],
            f: 0.5,
        },
        &mut Parked::default(),
    );
    assert_eq!(
        fits,
        v2::World {
            xs: vec![1, 255],
            f: 0.5
        }
    );
    for (old, says) in [
        (
            v1::World {
                xs: vec![1, 256],
                f: 0.5,
            },
            "xs[1]: 256 (u32) does not fit u8; keep u32, or write a migration",
        ),
        (
            v1::World { xs: vec![], f: 0.1 },
            "f: 0.1 (f64) does not fit f32; keep f64, or write a migration",
        ),
    ] {
        let refusal = carry::<_, v2::World>(&old, &mut Parked::default()).unwrap_err();
        assert_eq!(refusal.to_string(), says);
    }
}

#[test]
fn a_value_becomes_an_option_or_a_list_of_one() {
    versions! {
        v1 { partial struct World { a: u32, b: String, c: f32, d: Vec<u8> } }
        v2 { partial struct World { a: Option<u64>, b: Vec<String>, c: Vec<f32>, d: Vec<Option<u8>> } }
    }
    let new: v2::World = swap(
        &v1::World {
            a: 1,
            b: "x".into(),
            c: 2.0,
            d: vec![3],
        },
        &mut Parked::default(),
    );
    assert_eq!(
        new,
        v2::World {
            a: Some(1),
            b: vec!["x".into()],
            c: vec![2.0],
            d: vec![Some(3)]
        }
    );
    assert_eq!(verdict::<v1::World, v2::World>(), Automatic);
    assert_eq!(verdict::<v2::World, v1::World>(), NeedsMigration);
}

#[test]
fn arrays_and_lists_convert_when_lengths_match() {
    versions! {
        v1 { partial struct World { a: [f32; 3], b: Vec<String> } }
        v2 { partial struct World { a: Vec<f64>, b: [String; 2] } }
        v3 { partial struct World { a: [f32; 4], b: Vec<String> } }
    }
    assert_eq!(verdict::<v1::World, v2::World>(), DependsOnValues);
    let old = |b: &[&str]| v1::World {
        a: [1.0, 2.0, 3.0],
        b: b.iter().map(|s| s.to_string()).collect(),
    };
    let new: v2::World = swap(&old(&["x", "y"]), &mut Parked::default());
    assert_eq!(
        new,
        v2::World {
            a: vec![1.0, 2.0, 3.0],
            b: ["x".into(), "y".into()]
        }
    );
    let refusal = carry::<_, v2::World>(&old(&["x"]), &mut Parked::default()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "b: a list of 1 items does not fit an array of 2; keep a list, or write a migration"
    );
    assert_eq!(verdict::<v1::World, v3::World>(), NeedsMigration);
}

#[test]
fn aliases_rename_fields_cases_and_types() {
    versions! {
        v1 { struct World { score: u32, kind: Kind } enum Kind { Old(u8), Same } }
        v2 {
            struct World { #[state(alias = "score")] points: u64, kind: Sort }
            #[state(alias = "Kind")]
            enum Sort { Same, #[state(alias = "Old")] New(u8) }
        }
        v3 { struct World { points: u32, kind: Sort } enum Sort { Old(u8), Same } }
    }
    let old = v1::World {
        score: 7,
        kind: v1::Kind::Old(3),
    };
    let new: v2::World = swap(&old, &mut Parked::default());
    assert_eq!(
        new,
        v2::World {
            points: 7,
            kind: v2::Sort::New(3)
        }
    );
    // Undoing the renames needs no alias, because the running version says what the names were.
    assert_eq!(swap::<_, v1::World>(&new, &mut Parked::default()), old);
    // Without an alias a renamed type is another type, and the report prints the alias to add.
    assert!(says::<v1::World, v3::World>().contains("add `#[state(alias = \"Kind\")]` to Sort"));
    assert_eq!(verdict::<v1::World, v3::World>(), NeedsMigration);
}

#[test]
fn an_undeclared_rename_is_reported_and_an_alias_repairs_it() {
    versions! {
        v1 { struct World { score: u32, other: bool } }
        v2 { struct World { points: u64, other: bool } }
        v3 { struct World { #[state(alias = "score")] points: u64, other: bool } }
        v4 { struct World { other: bool } }
    }
    let mut parked = Parked::default();
    let new: v2::World = swap(
        &v1::World {
            score: 7,
            other: true,
        },
        &mut parked,
    );
    assert_eq!((new.points, parked.paths()), (0, vec![("score".into(), 1)]));
    let says = says::<v1::World, v2::World>();
    assert!(
        says.contains("(was it score? then add `#[state(alias = \"score\")]`)"),
        "{says}"
    );
    // With the alias in place the parked value is used, and the field's own value is parked.
    let new = v2::World { points: 1, ..new };
    let claimed: v3::World = swap(&new, &mut parked);
    assert_eq!(
        (claimed.points, parked.paths()),
        (7, vec![("points".into(), 1)])
    );
    // The next version already knows the alias, so nothing changes any more.
    assert_eq!(verdict::<v3::World, v3::World>(), Identical);
    // A field that is new in this version also takes the value.
    let mut parked = Parked::default();
    let new: v4::World = swap(
        &v1::World {
            score: 7,
            other: true,
        },
        &mut parked,
    );
    assert_eq!(swap::<_, v3::World>(&new, &mut parked).points, 7);
}

#[test]
fn a_removed_case_is_refused_only_when_a_value_has_it() {
    versions! {
        v1 { struct World { kinds: Vec<Kind> } enum Kind { A, Gone(u32), B } }
        v2 { struct World { kinds: Vec<Kind> } enum Kind { A, B } }
    }
    assert_eq!(verdict::<v1::World, v2::World>(), DependsOnValues);
    let fine: v2::World = swap(
        &v1::World {
            kinds: vec![v1::Kind::A, v1::Kind::B],
        },
        &mut Parked::default(),
    );
    assert_eq!(fine.kinds, [v2::Kind::A, v2::Kind::B]);
    let refusal = carry::<_, v2::World>(
        &v1::World {
            kinds: vec![v1::Kind::A, v1::Kind::Gone(1)],
        },
        &mut Parked::default(),
    )
    .unwrap_err();
    assert!(
        refusal
            .to_string()
            .starts_with("kinds[1]: this value is Kind.Gone, a case that the new version"),
        "{refusal}"
    );
}

#[test]
fn any_other_change_of_type_needs_a_migration() {
    macro_rules! pairs {
        ($($a:ty => $b:ty),* $(,)?) => {$(
            assert_eq!(verdict::<$a, $b>(), NeedsMigration, "{} => {}", stringify!($a), stringify!($b));
        )*};
    }
    pairs! {
        bool => u8, u32 => String, char => u32, Option<u32> => u32, (u8, u8) => (u8, u8, u8),
        BTreeMap<String, u8> => Vec<u8>, BTreeSet<u8> => bool, Result<u8, u8> => u8, Vec<u8> => u8,
        [u8; 2] => [u8; 3], std::time::Duration => u64,
    }
}

#[test]
fn moving_a_type_to_another_module_changes_nothing() {
    versions! {
        here { struct World { x: u32 } }
        there { struct World { x: u32 } }
    }
    assert_eq!(verdict::<here::World, there::World>(), Identical);
    assert_eq!(
        Schema::of::<here::World>().hash(),
        Schema::of::<there::World>().hash()
    );
}

#[test]
fn keys_that_become_the_same_are_refused() {
    versions! {
        v1 { struct World { map: BTreeMap<Key, u32> } struct Key { a: u32, b: u32 } }
        v2 { struct World { map: BTreeMap<Key, u32> } struct Key { a: u32 } }
    }
    assert_eq!(verdict::<v1::World, v2::World>(), DependsOnValues);
    let key = |a, b| v1::Key { a, b };
    let apart = v1::World {
        map: BTreeMap::from([(key(1, 1), 10), (key(2, 2), 20)]),
    };
    let mut parked = Parked::default();
    let mut new: v2::World = swap(&apart, &mut parked);
    assert_eq!((new.map.len(), parked.len()), (2, 2));
    // A lost field returns to its own key, also when other keys are gone.
    new.map.remove(&v2::Key { a: 1 });
    new.map.insert(v2::Key { a: 0 }, 5);
    let back: v1::World = swap(&new, &mut parked);
    assert_eq!(back.map, BTreeMap::from([(key(0, 0), 5), (key(2, 2), 20)]));
    assert_eq!(parked.len(), 1);
    let meet = v1::World {
        map: BTreeMap::from([(key(1, 1), 10), (key(1, 2), 20)]),
    };
    let refusal = carry::<_, v2::World>(&meet, &mut Parked::default()).unwrap_err();
    assert!(
        refusal.to_string().contains("two keys become the same"),
        "{refusal}"
    );
}

#[test]
fn a_field_is_added_at_any_depth() {
    versions! {
        v1 { struct World { m: Vec<Option<BTreeMap<String, Leaf>>> } struct Leaf { x: u32 } }
        v2 { struct World { m: Vec<Option<BTreeMap<String, Leaf>>> } struct Leaf { y: u8, x: u64, z: Option<Box<Leaf>> } }
    }
    let old = v1::World {
        m: vec![
            Some(BTreeMap::from([("k".into(), v1::Leaf { x: 5 })])),
            None,
        ],
    };
    let new: v2::World = swap(&old, &mut Parked::default());
    assert_eq!(
        new.m[0].as_ref().unwrap()["k"],
        v2::Leaf {
            y: 0,
            x: 5,
            z: None
        }
    );
}

#[test]
fn recursive_types_change_at_every_level() {
    versions! {
        v1 { struct Node { name: String, kids: Vec<Node>, gone: u8 } }
        v2 { struct Node { kids: Vec<Node>, name: String, #[state(default = 9)] new: u32 } }
    }
    let leaf = |i: u8| v1::Node {
        name: format!("leaf {i}"),
        kids: vec![],
        gone: i,
    };
    let old = v1::Node {
        name: "root".into(),
        kids: vec![
            leaf(1),
            v1::Node {
                kids: vec![leaf(2)],
                ..leaf(3)
            },
        ],
        gone: 4,
    };
    let mut parked = Parked::default();
    let new: v2::Node = swap(&old, &mut parked);
    assert_eq!(
        new.kids[1].kids[0],
        v2::Node {
            kids: vec![],
            name: "leaf 2".into(),
            new: 9
        }
    );
    assert_eq!(parked.len(), 4);
    assert_eq!(swap::<_, v1::Node>(&new, &mut parked), old);
}

#[test]
fn a_removed_case_field_is_parked_and_comes_back() {
    versions! {
        v1 { struct World { kinds: Vec<Kind> } enum Kind { A { x: u32, y: u32 }, B } }
        v2 { struct World { kinds: Vec<Kind> } enum Kind { B, A { x: u32 } } }
    }
    let old = v1::World {
        kinds: vec![v1::Kind::B, v1::Kind::A { x: 1, y: 2 }],
    };
    let mut parked = Parked::default();
    let new: v2::World = swap(&old, &mut parked);
    assert_eq!(new.kinds[1], v2::Kind::A { x: 1 });
    assert_eq!(swap::<_, v1::World>(&new, &mut parked), old);
}
