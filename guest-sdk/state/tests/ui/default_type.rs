//! A default of another type.
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    #[state(default = "text")]
    x: u32,
}

fn main() {}
