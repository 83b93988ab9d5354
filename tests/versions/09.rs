//! Version 9: an explicit step of the whole state: the units get numbers.

use std::collections::BTreeMap;
use vblank_guest::prelude::*;

#[derive(State)]
#[state(version = 1, replace(from = 0, with = World::from_v0))]
struct World {
    #[state(alias = "ticks")]
    age: u32,
    name: String,
    gold: u64,
    camp: Camp,
    units: BTreeMap<u32, Unit>,
    weather: Weather,
}

impl World {
    /// The units get numbers; everything else stays as it was.
    fn from_v0(old: &Old) -> Result<Self, RestoreError> {
        let units: Vec<Unit> = old.get("units")?.ok_or("there are no units")?;
        Ok(Self {
            age: old.get("age")?.ok_or("there is no age")?,
            name: old.get("name")?.unwrap_or_default(),
            gold: old.get("gold")?.unwrap_or_default(),
            camp: old.get("camp")?.unwrap_or_default(),
            units: (0..).zip(units).collect(),
            weather: old.get("weather")?.unwrap_or_default(),
        })
    }
}

#[derive(State, Flat, Clone, Copy)]
#[repr(C)]
struct Unit {
    x: f32,
    y: f32,
    #[state(default = 10)]
    hp: u32,
}

#[derive(State, Default)]
#[state(
    version = 2,
    migrate(from = 0, with = Camp::migrate_v0),
    migrate(from = 1, with = Camp::migrate_v1)
)]
struct Camp {
    beds: u32,
    rooms: u32,
}

impl Camp {
    /// Four to a tent. Until the next step, beds stand for places.
    fn migrate_v0(&mut self, old: &Old) -> Result<(), RestoreError> {
        let tents: u32 = old.get("tents")?.ok_or("there are no tents")?;
        self.beds = tents * 4;
        Ok(())
    }

    /// Four to a floor.
    fn migrate_v1(&mut self, old: &Old) -> Result<(), RestoreError> {
        self.beds = old.get("capacity")?.unwrap_or(self.beds);
        self.rooms = self.beds / 4;
        Ok(())
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
            age: 0,
            name: "nowhere".into(),
            gold: 100,
            camp: Camp::default(),
            units: (0..600)
                .map(|i| {
                    (
                        i,
                        Unit {
                            x: i as f32,
                            y: 0.0,
                            hp: 10,
                        },
                    )
                })
                .collect(),
            weather: Weather::Sun,
        }
    }

    fn update(&mut self, _: &Frame) {
        self.age += 1;
        self.gold += 2;
        for unit in self.units.values_mut() {
            unit.x += 1.0;
        }
        self.weather = Weather::Rain(self.age);
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLACK);
    }
}

game!(World);
