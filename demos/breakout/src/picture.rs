//! Looks of the game: what it draws of its state, and the textures that it paints for that.

use vblank_guest::prelude::*;

use crate::{Breakout, FIELD, PADDLE, PADDLE_Y, Phase, RADIUS, Spark, bricks, zoom};

pub fn draw(game: &Breakout, canvas: &mut Canvas) {
    canvas.clear(Color::hex(0x05070d));
    canvas.set_filter(Filter::Nearest);
    let middle = FIELD / 2.0;
    canvas.set_camera(Camera {
        x: middle.x,
        y: middle.y,
        zoom: zoom(canvas.size()),
        rotation: 0.0,
    });
    let sky = canvas.painted("sky", (320, 180), sky);
    canvas.sprite(sky, middle).sized(FIELD);
    draw_bricks(game, canvas);
    for spark in &game.sparks {
        draw_spark(canvas, spark);
    }
    let paddle = canvas.painted("paddle", (36, 5), paddle);
    let at = vec2(game.paddle, PADDLE_Y + PADDLE.y / 2.0);
    canvas.sprite(paddle, at).sized(PADDLE);
    let ball = canvas.painted("ball", (10, 10), ball);
    for one in &game.balls {
        canvas.circle(one.position, RADIUS * 2.2, Color::WHITE.with_alpha(0.08));
        let size = Vec2::splat(RADIUS * 2.0);
        canvas.sprite(ball, one.position).sized(size);
    }
    draw_numbers(game, canvas);
    draw_words(game, canvas);
}

fn draw_bricks(game: &Breakout, canvas: &mut Canvas) {
    let brick = canvas.painted("brick", (24, 9), brick);
    let cracked = canvas.painted("cracked", (24, 9), cracked);
    for one in &game.bricks {
        let shadow = Color::BLACK.with_alpha(0.35);
        canvas.rect(one.corner() + vec2(3.0, 4.0), bricks::SIZE, shadow);
    }
    for one in &game.bricks {
        let look = if one.hits == 0 { brick } else { cracked };
        canvas
            .sprite(look, one.corner() + bricks::SIZE / 2.0)
            .sized(bricks::SIZE)
            .tinted(one.color());
    }
}

fn draw_spark(canvas: &mut Canvas, spark: &Spark) {
    let left = 1.0 - spark.age / 0.8;
    let color = spark.color.with_alpha(left);
    let size = Vec2::splat(2.0 + 3.0 * left);
    canvas.rotated_rect(spark.position, size, spark.age * 9.0, color);
}

fn draw_numbers(game: &Breakout, canvas: &mut Canvas) {
    canvas
        .text(format_args!("{:05}", game.score), (16.0, 10.0))
        .size(20.0);
    let level = format_args!("level {}", game.level);
    canvas
        .text(level, (FIELD.x / 2.0, 12.0))
        .size(16.0)
        .color(Color::hex(0x8d99ae))
        .centered();
    let ball = canvas.texture("ball");
    for life in 0..game.lives {
        let at = vec2(FIELD.x - 22.0 - 18.0 * life as f32, 22.0);
        canvas.sprite(ball, at).sized((12.0, 12.0));
    }
}

fn draw_words(game: &Breakout, canvas: &mut Canvas) {
    let (title, hint) = match game.phase {
        Phase::Title => ("BREAKOUT", "Space, a click or a finger begins"),
        Phase::Serve => ("", "Space or a click serves"),
        Phase::Play => ("", ""),
        Phase::Over => ("GAME OVER", "once more?"),
    };
    let middle = FIELD.x / 2.0;
    let shadow = Color::BLACK.with_alpha(0.6);
    for (off, color) in [(3.0, shadow), (0.0, Color::hex(0xffd166))] {
        canvas
            .text(title, (middle + off, 190.0 + off))
            .size(60.0)
            .color(color)
            .centered();
    }
    canvas.text(hint, (middle, 268.0)).size(16.0).centered();
    if game.phase == Phase::Over {
        let best = format_args!("{} points, and {} the best", game.score, game.best);
        canvas.text(best, (middle, 290.0)).size(16.0).centered();
    }
}

/// Night blue, darker at the top, with stars.
fn sky(x: u32, y: u32) -> Color {
    let dust =
        (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
    let night = Color::hex(0x0b1020).mix(Color::hex(0x1d2b53), y as f32 / 180.0);
    match dust >> 22 {
        0..=1 => night.mix(Color::WHITE, 0.5),
        2..=5 => night.mix(Color::WHITE, 0.2),
        _ => night,
    }
}

/// White, to be tinted: light from the upper left, and a gap to the neighbours.
fn brick(x: u32, y: u32) -> Color {
    match (x, y) {
        (23, _) | (_, 8) => Color::TRANSPARENT,
        (0, _) | (_, 0) => Color::WHITE,
        (22, _) | (_, 7) => Color::hex(0x8a8a8a),
        _ => Color::hex(0xd4d4d4),
    }
}

fn cracked(x: u32, y: u32) -> Color {
    const CRACK: [u32; 8] = [9, 10, 10, 12, 11, 13, 14, 14];
    match CRACK.get(y as usize) {
        Some(at) if *at == x => Color::hex(0x404040),
        _ => brick(x, y),
    }
}

fn paddle(x: u32, y: u32) -> Color {
    let is_corner = (x == 0 || x == 35) && (y == 0 || y == 4);
    let is_end = !(5..31).contains(&x);
    let look = match (is_end, y) {
        (true, 0..2) => Color::hex(0xff7b9c),
        (true, _) => Color::hex(0xef476f),
        (false, 0) => Color::WHITE,
        (false, 4) => Color::hex(0x8d99ae),
        (false, _) => Color::hex(0xdfe5ee),
    };
    if is_corner { Color::TRANSPARENT } else { look }
}

/// Light from the upper left.
fn ball(x: u32, y: u32) -> Color {
    let at = vec2(x as f32, y as f32) - 4.5;
    let light = 1.0 - (at - vec2(-1.5, -1.5)).length() / 9.0;
    let look = Color::hex(0x9fb3c8).mix(Color::WHITE, light * 1.3);
    look.with_alpha(if at.length() < 5.0 { 1.0 } else { 0.0 })
}
