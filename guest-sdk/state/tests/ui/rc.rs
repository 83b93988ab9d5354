//! An `Rc`, which cannot cross a swap.
use std::rc::Rc;
use vblank_derive::State;

#[derive(State)]
#[state(crate = vblank_state)]
struct World {
    fine: u32,
    shared: Rc<u32>,
}

fn main() {}
