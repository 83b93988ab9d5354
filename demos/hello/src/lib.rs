//! The smallest game: a ball that goes from side to side. Change a number and save.

use vblank_guest::prelude::*;

#[derive(State, Default)]
struct Hello {
    x: f32,
    going_left: bool,
    turns: u32,
}

impl Game for Hello {
    fn new(_: &Setup) -> Self {
        Self::default()
    }

    fn update(&mut self, frame: &Frame) {
        let speed = if self.going_left { -300.0 } else { 300.0 };
        self.x += speed * frame.dt;
        let width = frame.size.width as f32;
        if !(0.0..=width).contains(&self.x) {
            self.x = self.x.clamp(0.0, width);
            self.going_left = !self.going_left;
            self.turns += 1;
            set_title(&format!("hello: {} turns", self.turns));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x1b1b2f));
        canvas.circle((self.x, canvas.size().y / 2.0), 24.0, Color::RED);
    }
}

game!(Hello);
