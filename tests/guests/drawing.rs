//! Everything that can be drawn, a scene for each seed: for the pictures of docs/drawing.md, which
//! tests/tests/pictures.rs holds them to.

use vblank_guest::prelude::*;

#[derive(State)]
struct Drawing {
    scene: u64,
}

impl Game for Drawing {
    fn new(setup: &Setup) -> Self {
        Self { scene: setup.seed }
    }

    fn update(&mut self, _: &Frame) {}

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x20_26_30));
        match self.scene {
            0 => shapes(canvas),
            1 => sprites(canvas),
            2 => parts(canvas),
            3 => filters(canvas),
            4 => texts(canvas),
            5 => lines(canvas),
            6 => scripts(canvas),
            7 => camera(canvas),
            8 => order(canvas),
            _ => missing(canvas),
        }
    }
}

game!(Drawing);

fn shapes(canvas: &mut Canvas) {
    canvas.circle((40.0, 40.0), 24.0, Color::RED);
    canvas.ring((100.0, 40.0), 24.0, 6.0, Color::ORANGE);
    canvas.rect((140.0, 16.0), (48.0, 48.0), Color::GREEN);
    canvas.rounded_rect((16.0, 80.0), (48.0, 40.0), 10.0, Color::CYAN);
    canvas.rect_outline((76.0, 80.0), (48.0, 40.0), 4.0, Color::BLUE);
    canvas.rotated_rect((164.0, 100.0), (40.0, 20.0), 0.5, Color::PURPLE);
    canvas.line((16.0, 132.0), (188.0, 126.0), 4.0, Color::YELLOW);
}

/// A ship of 16 by 16 pixels, its bow up.
fn ship(canvas: &mut Canvas) -> Texture {
    canvas.painted("ship", (16, 16), |x, y| {
        let beside = (x as i32 * 2 - 15).abs();
        match (beside, y) {
            _ if beside > y as i32 + 1 => Color::TRANSPARENT,
            (..=3, 5..=8) => Color::CYAN,
            (_, 13..) => Color::RED,
            _ => Color::WHITE,
        }
    })
}

fn sprites(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    let ship = ship(canvas);
    canvas.sprite(ship, (30.0, 30.0));
    canvas.sprite(ship, (80.0, 30.0)).scaled(2.0);
    canvas.sprite(ship, (140.0, 30.0)).scaled(2.0).rotated(0.8);
    canvas.sprite(ship, (30.0, 100.0)).scaled(2.0).tinted(Color::YELLOW);
    canvas.sprite(ship, (80.0, 100.0)).scaled(2.0).flipped_y();
    canvas.sprite(ship, (120.0, 80.0)).pivot((0.0, 0.0)).sized((64.0, 40.0));
}

fn parts(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    // Four tiles of 8 by 8 in one texture.
    let tiles = canvas.painted("tiles", (32, 8), |x, y| {
        let colors = [Color::GREEN, Color::ORANGE, Color::BLUE, Color::GRAY];
        let is_edge = x % 8 == 0 || y == 0;
        let alpha = if is_edge { 0.5 } else { 1.0 };
        colors[x as usize / 8].with_alpha(alpha)
    });
    for row in 0..4 {
        for column in 0..6 {
            let tile = (row * 5 + column * 3) % 4;
            let place = vec2(24.0 + f32::from(column) * 32.0, 24.0 + f32::from(row) * 32.0);
            canvas.sprite(tiles, place).part(tile * 8, 0, 8, 8).scaled(4.0);
        }
    }
}

fn filters(canvas: &mut Canvas) {
    let paint = |x: u32, y: u32| if (x + y) % 2 == 0 { Color::YELLOW } else { Color::PURPLE };
    let blended = canvas.painted("blended", (4, 4), paint);
    canvas.sprite(blended, (55.0, 70.0)).sized((80.0, 80.0));
    canvas.set_filter(Filter::Nearest);
    let squares = canvas.painted("squares", (4, 4), paint);
    canvas.sprite(squares, (150.0, 70.0)).sized((80.0, 80.0));
}

fn texts(canvas: &mut Canvas) {
    canvas.text("Hello, Vblank", (12.0, 8.0));
    canvas.text(format_args!("score {:05}", 1234), (12.0, 36.0)).color(Color::YELLOW);
    canvas.text("large", (12.0, 60.0)).size(44.0).color(Color::CYAN);
    canvas.text("small print", (12.0, 116.0)).size(11.0).color(Color::GRAY);
    let word = canvas.text("measured", (100.0, 108.0)).color(Color::GREEN).extent();
    canvas.rect_outline((100.0, 108.0), word, 1.0, Color::ORANGE);
}

fn lines(canvas: &mut Canvas) {
    canvas.line((104.0, 6.0), (104.0, 134.0), 1.0, Color::GRAY);
    canvas.text("left", (104.0, 6.0)).size(16.0);
    canvas.text("centered", (104.0, 24.0)).size(16.0).centered();
    canvas.text("right", (104.0, 42.0)).size(16.0).right();
    canvas.rect_outline((12.0, 66.0), (184.0, 66.0), 1.0, Color::GRAY);
    let text = "Lines are broken where a width is given, at any side.";
    canvas.text(text, (12.0, 68.0)).size(16.0).wrapped(184.0).centered();
}

fn scripts(canvas: &mut Canvas) {
    canvas.text("Größe, façade, Łódź", (12.0, 6.0)).size(16.0);
    canvas.text("Ελληνικά и кириллица", (12.0, 30.0)).size(16.0);
    canvas.text("✔ ★ ♥ → ∞ ≤", (12.0, 54.0)).size(16.0);
    canvas.text("🚀 🎮 😀 🐙", (12.0, 80.0)).size(24.0).color(Color::YELLOW);
    canvas.text("fixed 0123", (12.0, 114.0)).size(16.0).font("hack");
}

fn camera(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    canvas.set_camera(Camera {
        x: 0.0,
        y: 0.0,
        zoom: 3.0,
        rotation: 0.3,
    });
    let ship = ship(canvas);
    canvas.rect((-20.0, -16.0), (40.0, 32.0), Color::BLUE);
    canvas.sprite(ship, (-8.0, 0.0));
    canvas.text("world", (2.0, -6.0)).size(7.0);
    canvas.set_camera(Camera {
        x: 0.0,
        y: 0.0,
        zoom: 2.0,
        rotation: 0.0,
    });
    canvas.text("upright", (-48.0, 20.0)).size(9.0).color(Color::GREEN);
    canvas.reset_camera();
    canvas.text("pixels", (6.0, 4.0)).size(14.0).color(Color::YELLOW);
}

fn order(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    let ship = ship(canvas);
    canvas.circle((90.0, 70.0), 50.0, Color::BLUE);
    canvas.sprite(ship, (90.0, 70.0)).scaled(5.0);
    canvas.circle((120.0, 90.0), 20.0, Color::ORANGE);
    canvas.text("over it", (120.0, 78.0)).centered();
    canvas.rect((100.0, 100.0), (60.0, 6.0), Color::PURPLE);
}

fn missing(canvas: &mut Canvas) {
    canvas.sprite("nowhere", (60.0, 70.0));
    canvas.sprite("nowhere", (140.0, 70.0)).sized((64.0, 64.0)).rotated(0.4);
    canvas.sprite("nowhere", (f32::NAN, 70.0));
    canvas.text("not drawn", (f32::INFINITY, 1.0));
    canvas.text("not drawn", (1.0, 1.0)).size(f32::NAN);
}
