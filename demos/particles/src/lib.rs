//! A fountain of ten thousand sparks. The wind follows the pointer, a click throws a burst.
//!
//! Start it with `cargo xtask run demos/particles`, then change this file and save: the fountain goes
//! on with the new code. `edits/` has changes to try.

use vblank_guest::prelude::*;

const COUNT: usize = 10_000;
const GRAVITY: f32 = 420.0;
const LIFE: f32 = 2.6;
const SPREAD: f32 = 0.16;

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
    /// Pixels a second, sideways.
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
        let source = source(setup.size.as_vec2());
        for _ in 0..COUNT {
            // As if it had been running for a while.
            let mut spark = game.throw(source, 1.0);
            let age = game.rng.range(0.0..LIFE);
            spark.position += spark.velocity * age + vec2(0.0, GRAVITY) * (0.5 * age * age);
            spark.velocity.y += GRAVITY * age;
            spark.age = age;
            game.sparks.push(spark);
        }
        game
    }

    fn update(&mut self, frame: &Frame) {
        let size = frame.size.as_vec2();
        let pointer = frame.pointer.position();
        let pull = if frame.pointer.inside {
            (pointer.x - size.x / 2.0) / size.x * 600.0
        } else {
            0.0
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
            if spark.age > LIFE || burst > 0 {
                spark = if burst > 0 {
                    burst -= 1;
                    self.throw(pointer, 0.5 + std::f32::consts::PI)
                } else {
                    self.throw(source(size), 1.0)
                };
            }
            // Small sparks are lighter, so the wind has more of them.
            let drag = self.wind * (3.0 / spark.size);
            spark.velocity += vec2(drag, GRAVITY) * frame.dt;
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
            canvas.circle(spark.position, spark.size, color(spark));
        }
    }
}

impl Particles {
    /// A new spark from here; `spread` is how far it may leave the vertical.
    fn throw(&mut self, from: Vec2, spread: f32) -> Spark {
        self.thrown += 1;
        let angle = self.rng.range(-SPREAD..SPREAD) * spread;
        let speed = self.rng.range(420.0..760.0);
        Spark {
            position: from,
            velocity: vec2(angle.sin(), -angle.cos()) * speed,
            age: self.rng.range(0.0..0.1),
            size: self.rng.range(1.2..3.4),
        }
    }
}

/// Where the fountain stands.
fn source(size: Vec2) -> Vec2 {
    vec2(size.x / 2.0, size.y * 0.92)
}

/// White at first, then yellow, orange and out.
fn color(spark: &Spark) -> Color {
    let age = spark.age / LIFE;
    let color = if age < 0.3 {
        Color::WHITE.mix(Color::YELLOW, age / 0.3)
    } else {
        Color::YELLOW.mix(Color::RED, (age - 0.3) / 0.7)
    };
    color.with_alpha(1.0 - age * age)
}

game!(Particles);
