//! A function pointer and a trait object.
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    update: fn(u32) -> u32,
    thing: Box<dyn std::any::Any>,
}

fn main() {}
