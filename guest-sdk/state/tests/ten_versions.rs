//! Ten versions of one state, played in order with live values. The end state is the one that the
//! edits predict.

use std::collections::BTreeMap;
use vblank_derive::{Flat, State};
use vblank_state::rehearse::carry;
use vblank_state::{Old, Parked, RestoreError};

macro_rules! version {
    ($name:ident { $($item:item)* }) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $($item)*
        }
    };
}

version!(v1 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u32,
        pub particles: Vec<Particle>,
        pub names: BTreeMap<String, u8>,
    }

    #[derive(State, Flat)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Particle {
        pub x: f32,
        pub y: f32,
        pub life: f32,
    }
});

// Adds a field to the world and one to the particles, and reorders both.
version!(v2 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub names: BTreeMap<String, u8>,
        pub score: u32,
        pub particles: Vec<Particle>,
        #[state(default = Mode::Playing { level: 1 })]
        pub mode: Mode,
    }

    #[derive(State, Flat)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Particle {
        pub life: f32,
        pub x: f32,
        pub y: f32,
        #[state(default = 0.5)]
        pub spin: f32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Menu,
        Playing { level: u32 },
    }
});

// Removes `life` and `names`, which are parked.
version!(v3 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u32,
        pub particles: Vec<Particle>,
        pub mode: Mode,
    }

    #[derive(State, Flat)]
    #[state(crate = vblank_state)]
    #[repr(C)]
    pub struct Particle {
        pub x: f32,
        pub y: f32,
        pub spin: f32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Menu,
        Playing { level: u32 },
    }
});

// Widens the score, and renames the particles and their list.
version!(v4 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u64,
        #[state(alias = "particles")]
        pub sparks: Vec<Spark>,
        pub mode: Mode,
    }

    #[derive(State, Flat)]
    #[state(crate = vblank_state, alias = "Particle")]
    #[repr(C)]
    pub struct Spark {
        pub x: f32,
        pub y: f32,
        pub spin: f32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Playing { level: u32 },
        Menu,
        Paused,
    }
});

// Brings `life` back with a wider type, in particles that are no longer flat.
version!(v5 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u64,
        pub sparks: Vec<Spark>,
        pub mode: Option<Mode>,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Spark {
        pub x: f32,
        pub y: f32,
        pub life: f64,
        pub spin: f32,
        pub label: String,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Playing { level: u32 },
        Paused,
    }
});

// Joins x and y into one field with a hook.
version!(v6 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u64,
        pub sparks: Vec<Spark>,
        pub mode: Option<Mode>,
    }

    #[derive(State)]
    #[state(crate = vblank_state, version = 1, migrate(from = 0, with = Spark::migrate_v0))]
    pub struct Spark {
        pub pos: [f32; 2],
        pub life: f64,
        pub spin: f32,
        pub label: String,
    }

    impl Spark {
        fn migrate_v0(&mut self, old: &Old) -> Result<(), RestoreError> {
            self.pos = [old.get("x")?.ok_or("no x")?, old.get("y")?.ok_or("no y")?];
            Ok(())
        }
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Playing { level: u32 },
        Paused,
    }
});

// Narrows numbers that fit, and wraps single values.
version!(v7 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub score: u16,
        pub sparks: Vec<Option<Spark>>,
        pub mode: Option<Mode>,
    }

    #[derive(State)]
    #[state(crate = vblank_state, version = 1)]
    pub struct Spark {
        pub pos: [f32; 2],
        pub life: f32,
        pub spin: f32,
        pub label: Vec<String>,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Playing { level: u32 },
        Paused,
    }
});

// Brings `names` back after five versions, and adds a field to a case.
version!(v8 {
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct World {
        pub names: BTreeMap<String, Option<u16>>,
        pub score: u16,
        pub sparks: Vec<Option<Spark>>,
        pub mode: Option<Mode>,
    }

    #[derive(State)]
    #[state(crate = vblank_state, version = 1)]
    pub struct Spark {
        pub pos: [f32; 2],
        pub life: f32,
        pub label: Vec<String>,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub enum Mode {
        Playing { level: u32, #[state(default = 3)] lives: u8 },
        Paused,
    }
});

// Makes the whole state anew from the old one.
version!(v9 {
    #[derive(State)]
    #[state(crate = vblank_state, version = 1, replace(from = 0, with = World::from_v0))]
    pub struct World {
        pub total: f64,
        pub names: Vec<String>,
        pub alive: u32,
    }

    impl World {
        fn from_v0(old: &Old) -> Result<World, RestoreError> {
            let names: BTreeMap<String, Option<u16>> = old.get("names")?.ok_or("no names")?;
            let score: f64 = old.get("score")?.ok_or("no score")?;
            let Some(vblank_state::Value::List(sparks)) = old.value("sparks") else { return Err("no sparks".into()) };
            let extra: u32 = names.values().flatten().map(|n| u32::from(*n)).sum();
            let total = score + f64::from(extra);
            Ok(World { total, names: names.into_keys().collect(), alive: sparks.len() as u32 })
        }
    }
});

// Renames once more.
version!(v10 {
    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state, version = 1)]
    pub struct World {
        #[state(alias = "alive")]
        pub sparks: u64,
        pub total: f64,
        pub names: Vec<String>,
        #[state(default = "the end".into())]
        pub title: String,
    }
});

#[test]
fn ten_versions_in_order() {
    for count in [3, 4000] {
        let particle = |i: u16| v1::Particle {
            x: i.into(),
            y: -1.0,
            life: f32::from(i) / 4.0,
        };
        let names = BTreeMap::from([("a".to_string(), 1), ("b".to_string(), 2)]);
        let world = v1::World {
            score: 500,
            particles: (0..count).map(particle).collect(),
            names,
        };
        let parked = &mut Parked::default();

        let mut world: v2::World = carry(&world, parked).unwrap();
        assert!(matches!(world.mode, v2::Mode::Playing { level: 1 }));
        assert_eq!((world.particles[2].x, world.particles[2].spin), (2.0, 0.5));
        world.mode = v2::Mode::Playing { level: 7 };

        let mut world: v3::World = carry(&world, parked).unwrap();
        assert_eq!(parked.len(), usize::from(count) + 1);
        world.score += 1;

        let world: v4::World = carry(&world, parked).unwrap();
        assert_eq!((world.score, world.sparks.len()), (501, usize::from(count)));

        let world: v5::World = carry(&world, parked).unwrap();
        assert_eq!(world.sparks[2].life, 0.5);
        assert!(matches!(world.mode, Some(v5::Mode::Playing { level: 7 })));

        let world: v6::World = carry(&world, parked).unwrap();
        assert_eq!(world.sparks[2].pos, [2.0, -1.0]);

        let world: v7::World = carry(&world, parked).unwrap();
        assert_eq!(
            (world.score, world.sparks[2].as_ref().unwrap().label.len()),
            (501, 1)
        );

        let world: v8::World = carry(&world, parked).unwrap();
        assert_eq!(world.names["b"], Some(2));
        assert!(matches!(
            world.mode,
            Some(v8::Mode::Playing { level: 7, lives: 3 })
        ));

        let world: v9::World = carry(&world, parked).unwrap();
        let world: v10::World = carry(&world, parked).unwrap();
        let names = vec!["a".into(), "b".into()];
        assert_eq!(
            world,
            v10::World {
                sparks: count.into(),
                total: 504.0,
                names,
                title: "the end".into()
            }
        );
    }
}
