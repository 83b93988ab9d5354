//! A game of many kinds.

// modules

use vblank_guest::prelude::*;

#[derive(State)]
struct World {
    // fields
    sum: f32,
}

impl World {
    fn sum(&self) -> f32 {
        let mut sum = 0.0;
        // sums
        sum
    }
}

impl Game for World {
    fn new(setup: &Setup) -> Self {
        let seed = setup.seed as u32;
        Self {
            // values
            sum: 0.0,
        }
    }

    fn update(&mut self, frame: &Frame) {
        let dt = frame.dt;
        // updates
        self.sum = self.sum();
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLACK);
        // draws
    }
}

game!(World);
