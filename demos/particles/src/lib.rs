//! A fountain of ten thousand sparks. The wind follows the pointer, a click throws a burst.
//!
//! Start it with `cargo xtask run demos/particles`, then change this file and save: the fountain goes
//! on with the new code. `edits/` has changes to try.

use vblank_guest::prelude::*;

const COUNT: usize = 10_000;
/// Heights of the picture a second, each second; so it looks the same in a window of any size.
const GRAVITY: f32 = 0.6;
const LIFE: f32 = 2.8;
/// Radians to either side.
const SPREAD: f32 = 0.45;

#[derive(State, Flat, Clone, Copy, Default)]
#[repr(C)]
struct Spark {
    position: Vec2,
    velocity: Vec2,
    /// Seconds since it was thrown.
    age: f32,
    /// Pixels.
    size: f32,
}

#[derive(State)]
struct Particles {
    sparks: Vec<Spark>,
    /// Heights of the picture a second, sideways.
    wind: f32,
    /// Sparks thrown so far.
    thrown: u64,
    /// Clicks.
    score: u32,
    rng: Rng,
}

impl Game for Particles {
    fn new(setup: &Setup) -> Self {
        let mut game = Self {
            sparks: Vec::new(),
            wind: 0.0,
            thrown: 0,
            score: 0,
            rng: Rng::new(setup.seed),
        };
        let size = setup.size.as_vec2();
        for _ in 0..COUNT {
            // As if it had been running for a while.
            let mut spark = game.throw(source(size), SPREAD, size.y);
            let age = game.rng.range(0.0..LIFE);
            let fall = vec2(0.0, GRAVITY * size.y);
            spark.position += spark.velocity * age + fall * (0.5 * age * age);
            spark.velocity += fall * age;
            spark.age = age;
            game.sparks.push(spark);
        }
        game
    }

    fn update(&mut self, frame: &Frame) {
        let size = frame.size.as_vec2();
        let pointer = frame.pointer.position();
        let pull = if frame.pointer.inside {
            pointer.x / size.x - 0.5
        } else {
            0.1 * (frame.number as f32 * 0.01).sin()
        };
        self.wind += (pull - self.wind) * (2.0 * frame.dt);

        let mut burst = 0;
        if frame.pointer.pressed.contains(Buttons::PRIMARY) || frame.is_pressed(Key::Space) {
            self.score += 1;
            burst = 400;
        }
        for index in 0..self.sparks.len() {
            let mut spark = self.sparks[index];
            spark.age += frame.dt;
            if burst > 0 {
                burst -= 1;
                spark = self.throw(pointer, std::f32::consts::PI, size.y);
            } else if spark.age > LIFE {
                spark = self.throw(source(size), SPREAD, size.y);
            }
            // Young sparks have not felt the wind for long.
            let force = vec2(self.wind * spark.age, GRAVITY) * size.y;
            spark.velocity += force * frame.dt;
            spark.position += spark.velocity * frame.dt;
            self.sparks[index] = spark;
        }
        if frame.number % 30 == 0 {
            set_title(&format!(
                "particles: {} sparks, {} thrown, {} clicks",
                self.sparks.len(),
                self.thrown,
                self.score
            ));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x0b1026));
        for spark in &self.sparks {
            let tail = spark.position - spark.velocity * 0.02;
            canvas.line(tail, spark.position, spark.size, color(spark));
        }
    }
}

impl Particles {
    /// A new spark from here; `spread` is how far it may leave the vertical, `height` the picture's.
    fn throw(&mut self, from: Vec2, spread: f32, height: f32) -> Spark {
        self.thrown += 1;
        // Two throws of the dice: more of them near the middle.
        let side = (self.rng.range(-1.0..1.0) + self.rng.range(-1.0..1.0)) * 0.5;
        let speed = self.rng.range(0.66..1.1) * (1.0 - 0.2 * side.abs()) * height;
        let (sin, cos) = (side * spread).sin_cos();
        Spark {
            position: from,
            velocity: vec2(sin, -cos) * speed,
            age: self.rng.range(0.0..0.2),
            size: self.rng.range(0.0018..0.005) * height,
        }
    }
}

/// Position of the fountain.
fn source(size: Vec2) -> Vec2 {
    vec2(size.x / 2.0, size.y * 0.95)
}

/// White at first, then yellow, red and out.
fn color(spark: &Spark) -> Color {
    let age = spark.age / LIFE;
    let color = if age < 0.25 {
        Color::WHITE.mix(Color::YELLOW, age / 0.25)
    } else {
        Color::YELLOW.mix(Color::RED, (age - 0.25) / 0.5)
    };
    color.with_alpha((1.0 - age) * 0.9)
}

game!(Particles);
