//! Pictures on a software adapter, pixel by pixel.

mod life;
mod scene;
mod shapes;
mod sprites;
mod text;

use super::*;
use crate::commands::{Blend, Camera, Color, Look, Quad};

const SIZE: Size = Size::new(32, 24);
const WHITE: Color = Color::rgba(255, 255, 255, 255);
const RED: Color = Color::rgba(255, 0, 0, 255);

/// A white filled quad with sharp corners, which the tests change.
const PLAIN: Quad = Quad {
    center: [0.0; 2],
    half: [0.0; 2],
    rotation: 0.0,
    radius: 0.0,
    outline: 0.0,
    color: WHITE,
};

fn renderer(size: Size) -> WgpuRenderer {
    WgpuRenderer::headless(size, Prefer::Software)
        .unwrap_or_else(|error| panic!("these tests need a software renderer: {error}"))
}

/// Draws commands and returns the picture.
fn draw(commands: impl FnOnce(&mut dyn Sink)) -> Picture {
    let mut renderer = renderer(SIZE);
    commands(renderer.begin());
    renderer.submit().unwrap();
    renderer.capture().unwrap()
}

fn draw_quads(quads: &[Quad]) -> Picture {
    draw(|sink| sink.quads(Quad::words(quads)))
}

/// Red of a pixel, which is the covered share of it for white on black.
fn covered(picture: &Picture, x: u32, y: u32) -> u8 {
    let [red, green, blue, alpha] = picture.pixel(x, y);
    assert_eq!((green, blue, alpha), (red, red, 255), "at {x}, {y}");
    red
}

/// Covered area in pixels.
fn area(picture: &Picture) -> f32 {
    let reds = picture.pixels.iter().step_by(4);
    reds.map(|&red| f32::from(red) / 255.0).sum()
}

#[track_caller]
fn assert_near(actual: [u8; 4], expected: [u8; 4]) {
    let near = actual.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
    assert!(near, "{actual:?} is not {expected:?}");
}
