//! One value in a state: found by its path, read, and replaced by a text.

use std::collections::{BTreeMap, BTreeSet};

use vblank_derive::{Flat, State};
use vblank_state::value::{Spot, replace};
use vblank_state::{Parcel, Schema, restore, save};

#[derive(State, Flat, Clone, Copy, Debug, Default, PartialEq)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Spark {
    x: f32,
    life: u32,
}

#[derive(State, Debug, Default, PartialEq)]
#[state(crate = vblank_state)]
enum Shape {
    #[default]
    Dot,
    Circle(f32),
    Box {
        wide: u8,
        high: u8,
    },
}

#[derive(State, Debug, Default, PartialEq)]
#[state(crate = vblank_state)]
struct World {
    score: i16,
    name: String,
    sparks: Vec<Spark>,
    shape: Shape,
    boss: Option<u8>,
    names: BTreeMap<String, u64>,
    visited: BTreeSet<u8>,
    words: Vec<String>,
    wind: f64,
}

fn world() -> World {
    let spark = |life| Spark { x: 0.5, life };
    World {
        score: -3,
        name: "a".into(),
        sparks: (0..10_000).map(spark).collect(),
        shape: Shape::Circle(2.0),
        boss: Some(7),
        names: [("a.b]".to_owned(), 1), ("c".to_owned(), 2)].into(),
        visited: [1, 2].into(),
        words: vec!["one".into(), "two".into()],
        wind: 1.5,
    }
}

fn saved(world: &World) -> (Schema, Parcel) {
    (Schema::of::<World>(), save(world).as_ref().to_owned())
}

fn show(path: &str) -> Result<String, String> {
    let (schema, parcel) = saved(&world());
    let parcel = parcel.as_ref();
    let spot = Spot::find(&schema, &parcel, path).map_err(|error| error.to_string())?;
    Ok(spot.summary().unwrap())
}

fn change(path: &str, text: &str) -> Result<World, String> {
    let (schema, mut parcel) = saved(&world());
    let before = parcel.clone();
    match replace(&schema, &mut parcel, path, text) {
        Ok(_) => Ok(restore(parcel).expect("it is still a state")),
        Err(error) => {
            assert_eq!(parcel, before, "it is as it was");
            Err(error.to_string())
        }
    }
}

#[test]
fn values_are_found_by_their_paths() {
    for (path, value) in [
        ("score", "-3"),
        ("name", "\"a\""),
        ("sparks", "10000 items"),
        ("sparks[9999].life", "9999"),
        ("shape", "Circle"),
        ("shape.Circle", "2.0"),
        ("boss", "some"),
        ("boss.some", "7"),
        ("names[\"a.b]\"]", "1"),
        ("visited[1]", "2"),
        ("words[1]", "\"two\""),
        ("wind", "1.5"),
    ] {
        assert_eq!(show(path).as_deref(), Ok(value), "{path}");
    }
    for (path, error) in [
        ("speed", "the state has no `speed`"),
        ("sparks[10000].x", "sparks has no `[10000]`"),
        ("sparks.x", "sparks has no `x`"),
        ("shape.Box", "shape has no `Box`"),
        ("sparks[1].y", "sparks[1] has no `y`"),
        ("names[1]", "expected `\"` before 1"),
    ] {
        assert_eq!(show(path), Err(error.to_owned()), "{path}");
    }
}

#[test]
fn replacing_a_value_changes_nothing_else() {
    let changed = |change: fn(&mut World)| {
        let mut world = world();
        change(&mut world);
        Ok(world)
    };
    type Edit = fn(&mut World);
    let edits: [(&str, &str, Edit); 11] = [
        ("score", "12", |w| w.score = 12),
        ("name", r#""much longer \"than\" before""#, |w| {
            w.name = "much longer \"than\" before".into();
        }),
        ("sparks[9999].life", "5", |w| w.sparks[9999].life = 5),
        ("sparks[3]", "{life: 1, x: -1}", |w| {
            w.sparks[3] = Spark { x: -1.0, life: 1 };
        }),
        ("sparks", "[]", |w| w.sparks.clear()),
        ("shape", "box({high: 2, wide: 1})", |w| {
            w.shape = Shape::Box { wide: 1, high: 2 };
        }),
        ("shape.Circle", "1e3", |w| w.shape = Shape::Circle(1000.0)),
        ("boss", "none", |w| w.boss = None),
        ("names[\"c\"]", "9", |w| {
            w.names.insert("c".into(), 9);
        }),
        ("visited", "[4, 8,]", |w| w.visited = [4, 8].into()),
        ("words[0]", "\"\"", |w| w.words[0].clear()),
    ];
    for (path, text, edit) in edits {
        assert_eq!(change(path, text), changed(edit), "{path} = {text}");
    }
}

#[test]
fn an_invalid_replacement_is_refused() {
    for (path, text, error) in [
        ("score", "40000", "`40000` is not of the type s16"),
        ("score", "1.5", "`1.5` is not of the type s16"),
        ("score", "", "`` is not of the type s16"),
        ("wind", "1e999", "`1e999` is not of the type f64"),
        ("wind", "1 2", "unexpected text at the end: 2 (at column 3)"),
        ("name", "a", "expected `\"` before a"),
        ("name", "\"a", "\" is missing at the end (at column 3)"),
        ("shape", "star", "`star` is none of dot, circle, box"),
        (
            "shape",
            "box({wide: 1})",
            "the field `high` is not given (at column 14)",
        ),
        ("boss", "7", "expected `none` or `some(…)` (at column 2)"),
        (
            "visited[0]",
            "2",
            "items of a set are changed with the whole set",
        ),
        ("visited", "[1, 1]", "1 comes twice"),
        (
            "sparks[1]",
            "{x: 1, y: 2}",
            "there is no field `y` (at column 8)",
        ),
        (
            "sparks[10000]",
            "{x: 1, life: 2}",
            "sparks has no `[10000]`",
        ),
    ] {
        assert_eq!(change(path, text), Err(error.to_owned()), "{path} = {text}");
    }
}
