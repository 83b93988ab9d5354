//! Version 2: a constant. Gold comes twice as fast.

use vblank_guest::prelude::*;

#[derive(State)]
struct World {
    ticks: u32,
    gold: u32,
    name: String,
    units: Vec<Unit>,
}

#[derive(State, Flat, Clone, Copy)]
#[repr(C)]
struct Unit {
    x: f32,
    y: f32,
}

impl Game for World {
    fn new(_: &Setup) -> Self {
        Self {
            ticks: 0,
            gold: 100,
            name: "camp".into(),
            units: (0..600)
                .map(|i| Unit {
                    x: i as f32,
                    y: 0.0,
                })
                .collect(),
        }
    }

    fn update(&mut self, _: &Frame) {
        self.ticks += 1;
        self.gold += 2;
        for unit in &mut self.units {
            unit.x += 1.0;
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLACK);
    }
}

game!(World);
