//! Kind {n}: a flock of things that fall, chase one another and age.

use std::collections::BTreeMap;

use vblank_guest::prelude::*;

pub const PULL: f32 = 9.0;
const MOST: usize = 24;

/// What one of them is doing.
#[derive(State, Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood{n} {
    #[default]
    Idle,
    Falling {
        since: u32,
    },
    Chasing {
        target: u32,
        patience: f32,
    },
    Resting(f32),
}

/// One of them.
#[derive(State, Clone, Debug, Default)]
pub struct Thing{n} {
    at: [f32; 2],
    speed: [f32; 2],
    mood: Mood{n},
    path: Vec<[f32; 2]>,
    health: Option<f32>,
}

/// All of them.
#[derive(State, Debug, Default)]
pub struct Flock{n} {
    things: Vec<Thing{n}>,
    best: BTreeMap<u32, f32>,
    turn: u32,
    chance: u32,
}

trait Measure {
    fn measure(&self) -> f32;
}

impl Measure for Thing{n} {
    fn measure(&self) -> f32 {
        let speed = (self.speed[0].powi(2) + self.speed[1].powi(2)).sqrt();
        speed + self.mood.measure() + self.health.unwrap_or(0.125)
    }
}

impl Measure for Mood{n} {
    fn measure(&self) -> f32 {
        match self {
            Self::Idle => 0.0,
            Self::Falling { since } => *since as f32 * 0.125,
            Self::Chasing { patience, .. } => 1.0 + patience,
            Self::Resting(left) => left.max(0.125),
        }
    }
}

fn greatest<T: Measure>(all: &[T]) -> Option<(usize, f32)> {
    let measured = all.iter().map(Measure::measure).enumerate();
    measured.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

impl Flock{n} {
    pub fn new(seed: u32) -> Self {
        let mut flock = Self {
            chance: seed.wrapping_mul(2_654_435_761).wrapping_add({n}),
            ..Self::default()
        };
        for _ in 0..MOST {
            let at = [flock.unit() * 640.0, flock.unit() * 640.0];
            let speed = [flock.unit() - 0.5, flock.unit() - 0.5];
            flock.things.push(Thing{n} { at, speed, ..Thing{n}::default() });
        }
        flock
    }

    fn unit(&mut self) -> f32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        (self.chance >> 8) as f32 / 16_777_216.0
    }

    pub fn update(&mut self, dt: f32) {
        self.turn += 1;
        let places: Vec<[f32; 2]> = self.things.iter().map(|thing| thing.at).collect();
        for (number, thing) in self.things.iter_mut().enumerate() {
            thing.mood = match thing.mood {
                Mood{n}::Idle if self.turn % 7 == number as u32 % 7 => Mood{n}::Falling { since: 0 },
                Mood{n}::Falling { since } if since > 40 => Mood{n}::Resting(0.75),
                Mood{n}::Falling { since } => Mood{n}::Falling { since: since + 1 },
                Mood{n}::Resting(left) if left <= 0.0 => {
                    let target = (number as u32 + self.turn) % MOST as u32;
                    Mood{n}::Chasing { target, patience: 0.75 }
                }
                Mood{n}::Resting(left) => Mood{n}::Resting(left - dt),
                Mood{n}::Chasing { patience, .. } if patience <= 0.0 => Mood{n}::Idle,
                Mood{n}::Chasing { target, patience } => {
                    let to = places[target as usize % places.len()];
                    thing.speed[0] += (to[0] - thing.at[0]) * 0.125 * dt;
                    thing.speed[1] += (to[1] - thing.at[1]) * 0.125 * dt;
                    Mood{n}::Chasing { target, patience: patience - dt }
                }
                mood => mood,
            };
            thing.speed[1] += PULL * dt;
            for axis in 0..2 {
                thing.at[axis] += thing.speed[axis] * dt;
                if !(0.0..640.0).contains(&thing.at[axis]) {
                    thing.at[axis] = thing.at[axis].clamp(0.0, 640.0);
                    thing.speed[axis] *= -0.75;
                }
            }
            thing.path.push(thing.at);
            if thing.path.len() > 12 {
                thing.path.remove(0);
            }
            thing.health = thing.health.map(|health| health - dt).filter(|left| *left > 0.0);
        }
        if let Some((number, measure)) = greatest(&self.things) {
            self.best.insert(number as u32, measure);
        }
    }

    pub fn draw(&self, canvas: &mut Canvas) {
        for thing in &self.things {
            let radius = match thing.mood {
                Mood{n}::Idle => 2.0,
                Mood{n}::Falling { since } => 2.0 + since as f32 * 0.125,
                Mood{n}::Chasing { .. } | Mood{n}::Resting(_) => 4.0,
            };
            canvas.circle((thing.at[0], thing.at[1]), radius, Color::hex(0x0040_80ff));
        }
    }

    pub fn sum(&self) -> f32 {
        let best: f32 = self.best.values().sum();
        self.things.iter().map(|thing| thing.at[1]).sum::<f32>() + best
    }
}
