//! Version 4: a wider number, and the fields in another order.

use vblank_guest::prelude::*;

#[derive(State)]
struct World {
    name: String,
    ticks: u32,
    gold: u64,
    camp: Camp,
    units: Vec<Unit>,
}

#[derive(State, Flat, Clone, Copy)]
#[repr(C)]
struct Unit {
    x: f32,
    y: f32,
    #[state(default = 10)]
    hp: u32,
}

#[derive(State)]
struct Camp {
    tents: u32,
}

impl Default for Camp {
    fn default() -> Self {
        Self { tents: 2 }
    }
}

impl Game for World {
    fn new(_: &Setup) -> Self {
        Self {
            name: "camp".into(),
            ticks: 0,
            gold: 100,
            camp: Camp::default(),
            units: (0..600)
                .map(|i| Unit {
                    x: i as f32,
                    y: 0.0,
                    hp: 10,
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
