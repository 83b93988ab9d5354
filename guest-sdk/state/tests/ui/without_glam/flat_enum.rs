//! An enum in a flat record.
use vblank_derive::{Flat, State};

#[derive(State)]
#[state(crate = vblank_state)]
enum Kind {
    A,
    B,
}

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Particle {
    x: f32,
    kind: Kind,
}

fn main() {}
