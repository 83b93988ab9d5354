//! A guest's part with the bytes that it is given: restore a state with all kinds of types in
//! it, and old values for its hooks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::{BTreeMap, HashSet, VecDeque};
use vblank_derive::{Flat, State};
use vblank_state::{Old, Reader, Schema, Segments, State, check, save};

#[derive(State)]
#[state(crate = vblank_state, version = 1, migrate(from = 0, with = Node::from_v0))]
struct Node {
    kids: Vec<Node>,
    shape: Shape,
    names: BTreeMap<String, VecDeque<u16>>,
    set: HashSet<(u8, char)>,
    flat: Box<[Point]>,
    empty: Vec<()>,
    time: std::time::Duration,
}

#[derive(State)]
#[state(crate = vblank_state)]
enum Shape {
    Dot,
    Line([Point; 2]),
    Result { of: Result<Option<String>, bool> },
}

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
}

impl Node {
    fn from_v0(&mut self, old: &Old) -> Result<(), String> {
        let _ = (
            old.get::<Vec<String>>("kids"),
            old.get::<u64>("id"),
            old.tree(),
        );
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((len, rest)) = bytes.split_first() else {
        return;
    };
    let Some((leftovers, tree)) = rest.split_at_checked(usize::from(*len)) else {
        return;
    };
    let mut reader = Reader::with_leftovers(tree, Segments::default(), leftovers);
    let Ok(node) = Node::restore(&mut reader) else {
        return;
    };
    if reader.finish().is_ok() {
        check(&Schema::of::<Node>(), &save(&node).as_ref()).unwrap();
    }
});
