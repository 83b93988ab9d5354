//! A guest that writes down what its input was, for tests/tests/input.rs.

use vblank_guest::prelude::*;

#[derive(State, Default)]
struct Inputs {
    /// Inputs of each update that were not empty.
    inputs: Vec<String>,
    width: u32,
}

impl Game for Inputs {
    fn new(_: &Setup) -> Self {
        set_picture(64, 32, Fit::Integer);
        Self::default()
    }

    fn update(&mut self, frame: &Frame) {
        self.width = frame.size.width;
        let pointer = &frame.pointer;
        if !pointer.pressed.is_empty() {
            set_title(&format!("{} {} {}", pointer.x, pointer.y, pointer.inside));
        }
        for pad in &frame.gamepads {
            let stick = pad.left_stick();
            self.inputs.push(format!(
                "{} pad {}: held {:?}, pressed {:?}, released {:?}, stick {} {}",
                frame.number, pad.id, pad.held, pad.pressed, pad.released, stick.x, stick.y
            ));
        }
        for touch in &frame.touches {
            self.inputs.push(format!(
                "{} finger {} at {}: {} {}",
                frame.number,
                touch.id,
                touch.position(),
                touch.pressed,
                touch.released
            ));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::RED);
    }
}

game!(Inputs);
