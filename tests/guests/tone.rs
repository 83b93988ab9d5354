//! A guest whose music never stops, for tests/tests/sound.rs.

use vblank_guest::prelude::*;

const VOLUME: f32 = 1.0;
const RATE: u32 = 44_100;

#[derive(State, Default)]
struct Tone {
    updates: u64,
}

impl Game for Tone {
    fn new(_: &Setup) -> Self {
        Self::default()
    }

    fn update(&mut self, _: &Frame) {
        if self.updates == 0 {
            let turn = 220.0 * std::f32::consts::TAU / RATE as f32;
            let tone: Vec<f32> = (0..RATE).map(|i| (i as f32 * turn).sin() * 0.5).collect();
            sound::samples("tone", RATE, &tone);
        }
        self.updates += 1;
        sound::voice("music", "tone").looped().volume(VOLUME);
        sound::play("no such file");
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLUE);
    }
}

game!(Tone);
