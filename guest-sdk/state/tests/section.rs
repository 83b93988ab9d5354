//! The section `vblank:schema`: version 2, which the host writes, and version 1, which compilers wrote
//! into guests of the SDK 0.1.0.

use std::collections::BTreeMap;
use vblank_derive::{Flat, State};
use vblank_state::{Old, Schema};

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Particle {
    pos: [f32; 2],
    #[state(default = 0.5)]
    spin: f32,
    kind: u32,
}

#[derive(State)]
#[state(crate = vblank_state, alias = "OldKind")]
enum Kind {
    Fire,
    #[state(alias = "Sea")]
    Water(u8, String),
    Shape {
        sides: u32,
        inner: Option<Box<Node>>,
    },
}

#[derive(State)]
#[state(crate = vblank_state, version = 3, migrate(from = 1, with = node, wants = Wants), migrate(from = 2, with = node))]
#[allow(dead_code, reason = "the skipped field is there to be skipped")]
struct Node {
    kids: Vec<Node>,
    pair: Pair<Particle, u8>,
    other: Pair<f64, Kind>,
    same: Pair<f64, Kind>,
    time: std::time::Duration,
    #[state(skip)]
    cache: Option<std::rc::Rc<u8>>,
}

#[derive(State)]
#[state(crate = vblank_state)]
struct Wants {
    gone: Option<Particle>,
    late: Late,
}

#[derive(State)]
#[state(crate = vblank_state)]
struct Late(u8);

fn node(_: &mut Node, _: &Old) -> Result<(), String> {
    Ok(())
}

#[derive(State)]
#[state(crate = vblank_state)]
struct Pair<A, B>(Option<A>, BTreeMap<String, B>);

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    particles: Vec<Particle>,
    #[state(alias = "tree")]
    root: Node,
    kinds: (Kind, [Kind; 2], Result<(), char>),
    count: usize,
}

/// The section of version 1 of `World`, from the SDK 0.1.0.
const WORLD: &[u8] = include_bytes!("fixtures/section_world.bin");

/// The section of version 1 of a generic type that refers back to itself, which no constant describes.
const OPAQUE: &[u8] = include_bytes!("fixtures/section_opaque.bin");

#[test]
fn both_versions_and_the_live_schema_agree() {
    let live = Schema::of::<World>();
    for bytes in [WORLD, &live.to_section()] {
        let read = Schema::from_section(bytes).unwrap().unwrap();
        assert_eq!(read, live, "\n{}\n{}", read.to_wit(), live.to_wit());
        assert_eq!(read.hash(), live.hash());
    }
}

#[test]
fn an_opaque_type_makes_the_section_opaque() {
    assert_eq!(Schema::from_section(OPAQUE).unwrap(), None);
}

#[test]
fn invalid_sections_are_refused() {
    let refusal = |bytes: &[u8]| Schema::from_section(bytes).unwrap_err().to_string();
    assert!(refusal(&[]).contains("marks no root"));
    assert!(refusal(&[WORLD, WORLD].concat()).contains("two roots"));
    let new = Schema::of::<World>().to_section();
    assert!(refusal(&[new.clone(), new.clone()].concat()).contains("longer or shorter"));
    let mut rng = fastrand::Rng::with_seed(3);
    for bytes in [WORLD, &new] {
        for len in 1..bytes.len() {
            let _ = Schema::from_section(&bytes[..len]);
        }
        for _ in 0..20_000 {
            let mut bytes = bytes.to_vec();
            for _ in 0..rng.usize(1..4) {
                let at = rng.usize(..bytes.len());
                bytes[at] = if rng.bool() { rng.u8(..) } else { rng.u8(..23) };
            }
            let _ = Schema::from_section(&bytes);
        }
    }
}

/// The section of a guest that was compiled for wasm and linked, byte for byte.
#[test]
fn the_section_of_a_wasm_file_is_read() {
    mod guest {
        use super::*;
        #[derive(State)]
        #[state(crate = vblank_state)]
        pub enum Kind {
            A,
            B { x: u32 },
        }
        #[derive(State, Flat)]
        #[state(crate = vblank_state)]
        #[repr(C)]
        pub struct P {
            x: f32,
            y: [u32; 2],
        }
        #[derive(State)]
        #[state(crate = vblank_state)]
        pub struct World {
            ps: Vec<P>,
            kind: Kind,
            name: String,
            map: std::collections::HashMap<u32, Option<World>>,
        }
    }
    let linked = Schema::from_section(include_bytes!("fixtures/section.bin"))
        .unwrap()
        .unwrap();
    assert_eq!(linked, Schema::of::<guest::World>());
}
