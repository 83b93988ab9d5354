//! A game in Rust: a square that goes to and fro and counts its bounces. Its siblings in C, JavaScript and Python have
//! the same state and draw the same.

use vblank_guest::prelude::*;

const HALF: f32 = 40.0;

const BLUE: Color = Color::hex(0x40c0ff);
const AMBER: Color = Color::hex(0xffc040);
const DARK: Color = Color::hex(0x182030);
const SHADOW: Color = Color::rgba(0, 0, 0, 0x60);

#[derive(State)]
struct Square {
    /// Position of its middle, in pixels.
    x: f32,
    y: f32,
    /// Pixels a second.
    dx: f32,
    dy: f32,
    bounces: u32,
}

/// Moves by a step along an axis, and turns back at its ends. Returns true if it turned.
fn step(at: &mut f32, speed: &mut f32, dt: f32, end: f32) -> bool {
    *at += *speed * dt;
    let is_out = (*at < HALF && *speed < 0.0) || (*at > end - HALF && *speed > 0.0);
    if is_out {
        *speed = -*speed;
    }
    is_out
}

impl Game for Square {
    fn new(setup: &Setup) -> Self {
        Self {
            x: setup.size.width as f32 / 2.0,
            y: setup.size.height as f32 / 2.0,
            dx: 240.0,
            dy: 180.0,
            bounces: 0,
        }
    }

    fn update(&mut self, frame: &Frame) {
        let (width, height) = (frame.size.width as f32, frame.size.height as f32);
        self.bounces += u32::from(step(&mut self.x, &mut self.dx, frame.dt, width));
        self.bounces += u32::from(step(&mut self.y, &mut self.dy, frame.dt, height));
    }

    fn draw(&self, canvas: &mut Canvas) {
        let corner = Vec2::new(self.x - HALF, self.y - HALF);
        let size = Vec2::splat(2.0 * HALF);
        let color = if self.bounces.is_multiple_of(2) {
            BLUE
        } else {
            AMBER
        };
        canvas.clear(DARK);
        canvas.rounded_rect(corner + Vec2::new(6.0, 8.0), size, 8.0, SHADOW);
        canvas.rounded_rect(corner, size, 8.0, color);
        canvas
            .text(self.bounces, (self.x, self.y - 12.0))
            .color(DARK)
            .centered();
    }
}

game!(Square);
