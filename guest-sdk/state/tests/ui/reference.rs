//! A reference, which cannot cross a swap.
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
struct World<'a> {
    name: &'a str,
}

fn main() {}
