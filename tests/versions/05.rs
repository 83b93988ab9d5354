//! Version 5: the name is gone, and parked; weather comes.

use vblank_guest::prelude::*;

#[derive(State)]
struct World {
    ticks: u32,
    gold: u64,
    camp: Camp,
    units: Vec<Unit>,
    weather: Weather,
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

#[derive(State, Default)]
enum Weather {
    #[default]
    Sun,
    Rain(u32),
}

impl Game for World {
    fn new(_: &Setup) -> Self {
        Self {
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
            weather: Weather::Sun,
        }
    }

    fn update(&mut self, _: &Frame) {
        self.ticks += 1;
        self.gold += 2;
        for unit in &mut self.units {
            unit.x += 1.0;
        }
        self.weather = Weather::Rain(self.ticks);
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLACK);
    }
}

game!(World);
