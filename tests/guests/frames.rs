//! A guest that writes down every frame as it gets it, for tests/tests/input.rs, where it is also played
//! natively.

use vblank_guest::prelude::*;

#[derive(State, Default)]
pub struct Frames {
    pub frames: Vec<String>,
}

impl Game for Frames {
    fn new(_: &Setup) -> Self {
        Self::default()
    }

    fn update(&mut self, frame: &Frame) {
        self.frames.push(format!("{frame:?}"));
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::RED);
    }
}

game!(Frames);
