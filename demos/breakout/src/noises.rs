//! Sounds of the game: noises made of sines, each when it is first heard.

use std::cell::Cell;

use vblank_guest::prelude::*;
use vblank_guest::sound::Sound;

const RATE: u32 = 22_050;

#[derive(Clone, Copy)]
pub enum Noise {
    Tick,
    Tock,
    Lost,
    Cheer,
}

thread_local! {
    /// Which of them this code has made. It is no state, so the next version makes its own.
    static MADE: Cell<[bool; 4]> = const { Cell::new([false; 4]) };
}

impl Noise {
    pub fn play(self) -> Sound<'static> {
        let mut made = MADE.get();
        if !made[self as usize] {
            sound::samples(self.key(), RATE, &self.samples());
            made[self as usize] = true;
            MADE.set(made);
        }
        sound::play(self.key())
    }

    fn key(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Tock => "tock",
            Self::Lost => "lost",
            Self::Cheer => "cheer",
        }
    }

    fn samples(self) -> Vec<f32> {
        match self {
            Self::Tick => tone(0.12, |t| wave(t, 660.0) * fall(t, 0.03)),
            Self::Tock => tone(0.1, |t| wave(t, 220.0) * fall(t, 0.025)),
            Self::Lost => tone(0.7, |t| wave(t, 300.0 - 260.0 * t) * fall(t, 0.25)),
            // Four notes of a chord, upwards; the last one stays.
            Self::Cheer => tone(0.9, |t| {
                let note = (t / 0.11).floor().min(3.0);
                let hertz = [523.25, 659.25, 783.99, 1046.5][note as usize];
                wave(t, hertz) * fall(t - note * 0.11, 0.12)
            }),
        }
    }
}

fn tone(seconds: f32, at: impl Fn(f32) -> f32) -> Vec<f32> {
    let count = (seconds * RATE as f32) as u32;
    (0..count).map(|i| at(i as f32 / RATE as f32)).collect()
}

/// Returns a sine with a little of its octave.
fn wave(t: f32, hertz: f32) -> f32 {
    let turn = t * hertz * std::f32::consts::TAU;
    0.5 * turn.sin() + 0.2 * (2.0 * turn).sin()
}

/// Returns the loudness, which falls from 1 to a third in `seconds`.
fn fall(t: f32, seconds: f32) -> f32 {
    (-t / seconds).exp()
}
