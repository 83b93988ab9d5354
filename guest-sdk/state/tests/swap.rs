//! Whole swaps with the host's steps: save, compare, apply, restore.

mod common;

use common::{carry, swap};
use std::collections::{BTreeMap, HashMap};
use vblank_derive::{Flat, State};
use vblank_state::{Comparison, Parked, Schema, Verdict, defaults, restore, save};

mod v1 {
    use super::*;

    #[derive(State, Flat, Clone, Copy, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Particle {
        pub pos: [f32; 2],
        pub life: f32,
    }

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub particles: Vec<Particle>,
        pub score: u32,
        pub name: String,
        pub gravity: f32,
        pub visited: HashMap<String, Vec<Option<Particle>>>,
    }
}

mod v2 {
    use super::*;

    #[derive(State, Flat, Clone, Copy, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Particle {
        pub life: f64,
        pub pos: [f32; 2],
        #[state(default = 0.5)]
        pub spin: f32,
        pub kind: u32,
    }

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub visited: BTreeMap<String, Vec<Option<Particle>>>,
        pub particles: Vec<Particle>,
        pub name: String,
        pub score: u64,
        #[state(default = "calm".into())]
        pub weather: String,
        #[state(skip)]
        pub cache: Option<std::rc::Rc<u8>>,
    }
}

fn world(count: usize) -> v1::World {
    let particle = |i: usize| v1::Particle {
        pos: [i as f32, -1.0],
        life: 0.25 * i as f32,
    };
    v1::World {
        particles: (0..count).map(particle).collect(),
        score: 7,
        name: "first".into(),
        gravity: 9.81,
        visited: HashMap::from([
            ("a".into(), vec![None, Some(particle(3))]),
            ("b".into(), vec![]),
        ]),
    }
}

#[test]
fn a_state_migrates_to_its_own_type() {
    for count in [0, 1, 10, 10_000] {
        let old = world(count);
        let saved = save(&old);
        assert_eq!(saved.segments.len(), usize::from(count == 10_000));
        let schema = Schema::of::<v1::World>();
        vblank_state::check(&schema, &saved.as_ref()).unwrap();
        let comparison = Comparison::new(&schema, &schema);
        assert!(comparison.plan().unwrap().is_identity());
        assert_eq!(restore::<v1::World>(saved.to_parcel()).unwrap(), old);
    }
}

#[test]
fn fields_are_added_removed_reordered_and_widened_at_any_depth() {
    for count in [2, 10_000] {
        let mut parked = Parked::default();
        let new: v2::World = swap(&world(count), &mut parked);
        assert_eq!(new.particles.len(), count);
        for (i, particle) in new.particles.iter().enumerate() {
            assert_eq!(
                *particle,
                v2::Particle {
                    life: 0.25 * i as f64,
                    pos: [i as f32, -1.0],
                    spin: 0.5,
                    kind: 0
                }
            );
        }
        assert_eq!(
            (new.score, new.name.as_str(), new.weather.as_str()),
            (7, "first", "calm")
        );
        assert_eq!(new.visited["a"][1].unwrap().life, 0.75);
        assert_eq!(parked.paths(), [("gravity".to_string(), 1)]);

        // On the way back the numbers fit, gravity returns, and the new fields are parked.
        let mut old: v1::World = swap(&new, &mut parked);
        assert_eq!(old, world(count));
        assert_eq!(parked.len(), 1 + 2 * (count + 1));
        old.gravity = 1.0;
        let again: v2::World = swap(&old, &mut parked);
        assert_eq!(again, new);
    }
}

#[test]
fn schemas_survive_encoding() {
    let schema = Schema::of::<v2::World>();
    let again = Schema::decode(&schema.encode()).unwrap();
    assert_eq!(again, schema);
    assert_eq!(again.hash(), schema.hash());
    assert_ne!(again.hash(), Schema::of::<v1::World>().hash());
    println!("{}", schema.to_wit());
}

#[test]
fn the_comparison_lists_the_changes() {
    let comparison = Comparison::new(&Schema::of::<v1::World>(), &Schema::of::<v2::World>());
    assert_eq!(comparison.verdict(), Verdict::Automatic);
    let text = comparison.to_string();
    for line in [
        "~ Particle.life  f32 → f64  widened",
        "+ Particle.spin  f32  default 0.5",
        "- World.gravity  f32  parked",
        "· World.cache  skipped, not carried over",
        "~ World.score  u32 → u64  widened",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn defaults_are_in_schema_order() {
    assert!(!defaults::<v2::World>().is_empty());
    let _ = carry::<v1::World, v1::World>;
}
