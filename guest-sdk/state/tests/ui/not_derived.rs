//! A type that does not derive `State`.
use vblank_derive::State;

struct Inner {
    x: u32,
}

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    inner: Vec<Inner>,
}

fn main() {}
