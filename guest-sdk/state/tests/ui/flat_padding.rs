//! Padding in a flat record.
use vblank_derive::{Flat, State};

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Particle {
    kind: u8,
    x: f32,
}

fn main() {}
