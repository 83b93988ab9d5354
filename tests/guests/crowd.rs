//! A game that draws as many of one thing as its seed says, one pixel each, for the benchmark of drawing:
//! the seed's last digit is what, the others are how many.

use vblank_guest::prelude::*;

/// Pixels of the picture's sides.
const SIDE: u32 = 128;
/// Number of the version, which tests replace.
const VERSION: u64 = 1;
/// Pixels of the texture's sides.
const TEXTURE: u32 = 1024;

#[derive(State)]
struct Crowd {
    kind: u64,
    count: u32,
    updates: u64,
}

impl Game for Crowd {
    fn new(setup: &Setup) -> Self {
        Self {
            kind: setup.seed % 10,
            count: (setup.seed / 10) as u32,
            updates: 0,
        }
    }

    fn update(&mut self, _: &Frame) {
        self.updates += VERSION;
    }

    fn draw(&self, canvas: &mut Canvas) {
        match self.kind {
            0 => {
                for index in 0..self.count {
                    canvas.rect(corner(index), Vec2::ONE, color(index));
                }
            }
            1 => {
                let white = canvas.painted("white", (TEXTURE, TEXTURE), |_, _| Color::WHITE);
                for index in 0..self.count {
                    let middle = corner(index) + 0.5;
                    canvas.sprite(white, middle).sized(Vec2::ONE).tinted(color(index));
                }
            }
            _ => {}
        }
    }
}

/// Position of a thing: one pixel after the other, row by row, and again from the top.
fn corner(index: u32) -> Vec2 {
    vec2((index % SIDE) as f32, (index / SIDE % SIDE) as f32)
}

/// Colour of a thing, different for each.
fn color(index: u32) -> Color {
    Color::hex(index)
}

game!(Crowd);
