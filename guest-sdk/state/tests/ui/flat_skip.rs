//! A skipped field in a flat record.
use vblank_derive::{Flat, State};

#[derive(State, Flat)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Particle {
    x: f32,
    #[state(skip)]
    cache: f32,
}

fn main() {}
