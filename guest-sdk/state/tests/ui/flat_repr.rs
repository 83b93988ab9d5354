//! A flat record without `repr(C)`.
use vblank_derive::{Flat, State};

#[derive(State, Flat)]
#[state(crate = vblank_state)]
struct Particle {
    x: f32,
}

fn main() {}
