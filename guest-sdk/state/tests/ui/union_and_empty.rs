//! A union, and an enum without a value.
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
union Either {
    a: u32,
    b: f32,
}

#[derive(State)]
#[state(crate = vblank_state)]
enum Never {}

fn main() {}
