//! Hooks of types, of the whole state, and chains of versions.

mod common;

use common::{says, verdict};
use std::collections::BTreeMap;
use vblank_derive::State;
use vblank_state::{
    Comparison, Limits, MigrationResult, Old, Parked, Reader, RestoreError, Schema, State, Value,
    Verdict, apply, defaults, save,
};

/// Swaps to a guest with hooks.
fn swap<A: State, B: State>(old: &A) -> Result<(B, MigrationResult), RestoreError> {
    let plan = Comparison::new(&Schema::of::<A>(), &Schema::of::<B>())
        .into_plan()
        .unwrap_or_else(|error| panic!("{error}"));
    let migrated = apply(
        &plan,
        &save(old).as_ref(),
        &defaults::<B>(),
        &Parked::default(),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(plan.runs_hooks(), !migrated.leftovers.is_empty());
    let (tree, segments) = migrated.parcel.clone().into_parts();
    let mut reader = Reader::with_leftovers(&tree, segments, &migrated.leftovers);
    let new = B::restore(&mut reader)?;
    reader.finish()?;
    Ok((new, migrated))
}

mod v1 {
    use super::*;

    #[derive(State, Debug, PartialEq, Clone)]
    #[state(crate = vblank_state, version = 1)]
    pub struct Ship {
        pub name: String,
        /// Degrees.
        pub angle: f32,
        pub speed: String,
        pub tail: Option<Box<Ship>>,
    }

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state, version = 1)]
    pub struct World {
        pub ships: Vec<Ship>,
        pub by_name: BTreeMap<String, Ship>,
        pub score: u32,
    }
}

mod v2 {
    use super::*;

    #[derive(State, Debug, PartialEq, Clone)]
    #[state(crate = vblank_state, version = 2, migrate(from = 1, with = Ship::migrate_v1, wants = ShipV1))]
    pub struct Ship {
        /// Radians.
        pub angle: f32,
        pub name: String,
        pub speed: f64,
        pub tail: Option<Box<Ship>>,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct ShipV1 {
        speed: String,
        nickname: Option<String>,
    }

    impl Ship {
        fn migrate_v1(&mut self, old: &Old) -> Result<(), String> {
            self.angle = self.angle.to_radians();
            let speed: Option<String> = old.get("speed").map_err(|error| error.to_string())?;
            let speed = speed.ok_or("no speed")?;
            self.speed = speed
                .parse()
                .map_err(|_| format!("{speed:?} is not a speed"))?;
            Ok(())
        }
    }

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state, version = 1)]
    pub struct World {
        pub ships: Vec<Ship>,
        pub by_name: BTreeMap<String, Ship>,
        pub score: u32,
    }
}

mod v3 {
    use super::*;

    #[derive(State, Debug, PartialEq, Clone)]
    #[state(
        crate = vblank_state, version = 3,
        migrate(from = 2, with = from_v2),
        migrate(from = 1, with = from_v1)
    )]
    pub struct Ship {
        pub name: String,
        pub angle: f32,
        pub speed: f64,
        #[state(default = 0)]
        pub steps: u32,
    }

    fn from_v1(ship: &mut Ship, old: &Old) -> Result<(), RestoreError> {
        assert_eq!(ship.steps, 0, "the first step comes first");
        ship.angle = ship.angle.to_radians();
        ship.speed = old
            .get::<String>("speed")?
            .and_then(|speed| speed.parse().ok())
            .ok_or("no speed")?;
        ship.steps += 1;
        Ok(())
    }

    fn from_v2(ship: &mut Ship, _: &Old) -> Result<(), RestoreError> {
        ship.steps += 10;
        Ok(())
    }

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state, version = 1)]
    pub struct World {
        pub ships: Vec<Ship>,
        pub score: u32,
    }
}

mod whole {
    use super::*;

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state, version = 2, replace(from = 1, with = from_v1))]
    pub enum World {
        Fresh,
        Played { total: u64, names: Vec<String> },
    }

    fn from_v1(old: &Old) -> Result<World, RestoreError> {
        let total = old.get("score")?.ok_or("no score")?;
        let Some(Value::List(ships)) = old.value("ships") else {
            return Err("no ships".into());
        };
        let names = ships
            .iter()
            .filter_map(|ship| Some(ship.get("name")?.to_string()));
        Ok(World::Played {
            total,
            names: names.collect(),
        })
    }
}

fn ship(name: &str, speed: &str) -> v1::Ship {
    v1::Ship {
        name: name.into(),
        angle: 180.0,
        speed: speed.into(),
        tail: None,
    }
}

fn world(speeds: &[&str]) -> v1::World {
    let mut ships: Vec<_> = speeds.iter().map(|speed| ship("s", speed)).collect();
    if let Some(first) = ships.first_mut() {
        first.tail = Some(Box::new(ship("tail", "7")));
    }
    v1::World {
        ships,
        by_name: BTreeMap::from([("k".into(), ship("in a map", "8"))]),
        score: 3,
    }
}

#[test]
fn a_hook_gets_the_new_value_and_the_old_fields_without_a_place() {
    let (new, migrated) = swap::<_, v2::World>(&world(&["1.5", "2.5"])).unwrap();
    assert_eq!(new.ships[1].angle, std::f32::consts::PI);
    assert_eq!((new.ships[0].speed, new.ships[1].speed), (1.5, 2.5));
    assert_eq!(new.ships[0].tail.as_ref().unwrap().speed, 7.0);
    assert_eq!(new.by_name["k"].speed, 8.0);
    // Values for a hook are parked as well, so nothing is lost when the edit is taken back.
    assert_eq!(migrated.parked.len(), 4);
    let says = says::<v1::World, v2::World>();
    assert!(
        says.contains("~ Ship  version 1 → 2, by its hooks"),
        "{says}"
    );
    assert!(
        says.contains("~ Ship.speed  string → f64  by the hook of its type"),
        "{says}"
    );
    assert_eq!(verdict::<v1::World, v2::World>(), Verdict::Automatic);
}

#[test]
fn only_the_missing_steps_of_a_chain_run() {
    let (new, _) = swap::<_, v3::World>(&world(&["1.5"])).unwrap();
    assert_eq!((new.ships[0].steps, new.ships[0].speed), (11, 1.5));
    let (second, _) = swap::<_, v2::World>(&world(&["1.5"])).unwrap();
    let (new, _) = swap::<_, v3::World>(&second).unwrap();
    assert_eq!(
        (new.ships[0].steps, new.ships[0].angle),
        (10, std::f32::consts::PI)
    );
    let (same, _) = swap::<_, v3::World>(&new).unwrap();
    assert_eq!(same, new, "the newest version is past all steps");
}

#[test]
fn an_error_from_a_hook_names_the_type_and_the_version() {
    let error = swap::<_, v2::World>(&world(&["1.5", "fast"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the state cannot be restored: Ship: the hook from version 1: \"fast\" is not a speed"
    );
}

#[test]
fn a_hook_for_the_whole_state_replaces_it() {
    let (new, _) = swap::<_, whole::World>(&world(&["1", "2"])).unwrap();
    assert_eq!(
        new,
        whole::World::Played {
            total: 3,
            names: vec!["\"s\"".into(), "\"s\"".into()]
        }
    );
    assert!(
        says::<v1::World, whole::World>().contains("~ World  version 1 → 2, made anew by its hook")
    );
}

#[test]
fn the_fields_a_hook_wants_are_checked_before_it_runs() {
    mod other {
        use super::*;
        #[derive(State)]
        #[state(crate = vblank_state, version = 1)]
        pub struct Ship {
            pub name: String,
            pub angle: f32,
            pub speed: bool,
        }
        #[derive(State)]
        #[state(crate = vblank_state, version = 1)]
        pub struct World {
            pub ships: Vec<Ship>,
            pub by_name: BTreeMap<String, Ship>,
            pub score: u32,
        }
    }
    assert_eq!(
        verdict::<other::World, v2::World>(),
        Verdict::NeedsMigration
    );
    let says = says::<other::World, v2::World>();
    assert!(
        says.contains("! Ship.speed  bool → string  the hook from version 1 wants another field"),
        "{says}"
    );
}

#[test]
fn damaged_leftovers_are_an_error() {
    let old = world(&["1.5"]);
    let (_, migrated) = swap::<_, v2::World>(&old).unwrap();
    for len in 1..migrated.leftovers.len() {
        let (tree, segments) = migrated.parcel.clone().into_parts();
        let mut reader = Reader::with_leftovers(&tree, segments, &migrated.leftovers[..len]);
        let restored = v2::World::restore(&mut reader).and_then(|_| reader.finish());
        assert!(restored.is_err(), "{len}");
    }
}
