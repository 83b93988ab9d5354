//! Attributes that have no meaning.
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    #[state(rename = "old")]
    x: u32,
}

#[derive(State)]
#[state(crate = vblank_state)]
struct Other {
    #[state(skip, alias = "old")]
    x: u32,
}

fn main() {}
