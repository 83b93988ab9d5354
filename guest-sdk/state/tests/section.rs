//! The section `vblank:schema` agrees with the live schema.

use std::collections::BTreeMap;
use vblank_derive::{Flat, State};
use vblank_state::section::{Def, Shape, entry, measure, root_entry};
use vblank_state::{Old, Schema, State};

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

/// A generic type that refers back to itself cannot be a constant.
#[derive(State)]
#[state(crate = vblank_state)]
struct Rose<T> {
    value: T,
    kids: Vec<Rose<T>>,
}

/// Returns the section that compiler and linker would make for a guest.
fn section(root: &'static Shape, types: &[Option<&'static Def>]) -> Vec<u8> {
    fn bytes(len: usize, def: &Def) -> Vec<u8> {
        // A guest has the exact sizes as constants. Here one size is large enough for all.
        let sink = entry::<4096>(def);
        assert_eq!(sink.len(), len);
        sink.prefix().to_vec()
    }
    let mut out: Vec<u8> = types
        .iter()
        .flatten()
        .flat_map(|def| bytes(measure(def), def))
        .collect();
    out.extend(root_entry::<4096>(root).prefix());
    out
}

#[test]
fn the_section_and_the_live_schema_agree() {
    let types = [
        Late::DEF,
        Wants::DEF,
        Kind::DEF,
        Particle::DEF,
        World::DEF,
        Node::DEF,
    ];
    let bytes = section(World::SHAPE, &types);
    let linked = Schema::from_section(&bytes).unwrap().unwrap();
    let live = Schema::of::<World>();
    assert_eq!(linked, live, "\n{}\n{}", linked.to_wit(), live.to_wit());
    assert_eq!(linked.hash(), live.hash());
}

#[test]
fn a_type_that_no_constant_describes_makes_the_section_opaque() {
    let bytes = section(<(u8, Rose<u8>)>::SHAPE, &[]);
    assert_eq!(Schema::from_section(&bytes).unwrap(), None);
}

#[test]
fn invalid_sections_are_refused() {
    let types = [
        Late::DEF,
        Wants::DEF,
        Kind::DEF,
        Particle::DEF,
        World::DEF,
        Node::DEF,
    ];
    let bytes = section(World::SHAPE, &types);
    let mut rng = fastrand::Rng::with_seed(3);
    assert!(
        Schema::from_section(&[])
            .unwrap_err()
            .to_string()
            .contains("marks no root")
    );
    for len in 1..bytes.len() {
        let _ = Schema::from_section(&bytes[..len]);
    }
    for _ in 0..20_000 {
        let mut bytes = bytes.clone();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            bytes[at] = if rng.bool() { rng.u8(..) } else { rng.u8(..23) };
        }
        let _ = Schema::from_section(&bytes);
    }
    let twice = [bytes.clone(), section(World::SHAPE, &[])].concat();
    assert!(
        Schema::from_section(&twice)
            .unwrap_err()
            .to_string()
            .contains("two roots")
    );
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
