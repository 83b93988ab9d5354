//! {{name}}: a comet about a sun. The arrow keys steer it.
//!
//! Start it with `host run`, change anything here, and save: the comet flies on with the new code.
//! `log::info!("{value}")` writes to the terminal. A guest has no output for `println!` and `dbg!`.

use std::collections::VecDeque;

use vblank_guest::prelude::*;

/// Strength of the sun's pull. Try 9.0 while it runs.
const PULL: f32 = 3.0;
/// Pixels a second, each second.
const THRUST: f32 = 900.0;
const TAIL: usize = 90;

/// The state. Its values are kept when the code is replaced. A field that you add gets its default, or the
/// value of `#[state(default = 5.0)]`.
#[derive(State)]
struct World {
    /// Position relative to the sun, in pixels.
    position: Vec2,
    velocity: Vec2,
    /// Former positions of the comet, the newest first.
    tail: VecDeque<Vec2>,
    /// Positions from 0 to 1, so that the stars fill a window of any size.
    stars: Vec<Vec2>,
}

impl Game for World {
    /// A fresh game; not called when the code is replaced.
    fn new(setup: &Setup) -> Self {
        set_title("{{name}}");
        // Random numbers come from the run's seed, so a run can be repeated.
        let mut rng = Rng::new(setup.seed);
        Self {
            position: vec2(420.0, 0.0),
            velocity: vec2(0.0, 330.0),
            tail: VecDeque::new(),
            stars: (0..200).map(|_| vec2(rng.unit(), rng.unit())).collect(),
        }
    }

    /// Sixty times a second, `frame.dt` seconds each. All input is in `frame`.
    fn update(&mut self, frame: &Frame) {
        let steer = vec2(
            frame.axis(Key::ArrowLeft, Key::ArrowRight),
            frame.axis(Key::ArrowUp, Key::ArrowDown),
        );
        self.velocity += (steer * THRUST - self.position * PULL) * frame.dt;
        self.position += self.velocity * frame.dt;
        self.tail.push_front(self.position);
        self.tail.truncate(TAIL);
    }

    /// Once a picture. Later shapes cover earlier ones.
    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x0b1026));
        let sun = canvas.size() / 2.0;
        for star in &self.stars {
            let at = *star * canvas.size();
            canvas.circle(at, 1.5, Color::WHITE.with_alpha(0.5));
        }
        // Rings that shine through, one over the other, make a glow.
        for ring in 1..=14 {
            canvas.circle(sun, 8.0 * ring as f32, Color::ORANGE.with_alpha(0.07));
        }
        canvas.circle(sun, 40.0, Color::YELLOW);
        for (age, at) in self.tail.iter().enumerate().rev() {
            let left = 1.0 - age as f32 / TAIL as f32;
            let color = Color::PURPLE.mix(Color::CYAN, left).with_alpha(0.6 * left);
            canvas.circle(sun + *at, 14.0 * left, color);
        }
        canvas.circle(sun + self.position, 12.0, Color::WHITE);
    }
}

game!(World);

/// `cargo test` plays the game without a host.
#[cfg(test)]
mod tests {
    use super::*;
    use vblank_guest::test::Player;

    #[test]
    fn the_arrow_keys_steer() {
        let mut still = Player::<World>::new(1);
        let mut steered = Player::<World>::new(1);
        still.updates(30);
        steered.press(Key::ArrowRight).updates(30);
        assert!(steered.game().position.x > still.game().position.x);
    }

    #[test]
    fn the_tail_has_an_end() {
        let mut player = Player::<World>::new(1);
        player.updates(1000);
        assert_eq!(player.game().tail.len(), TAIL);
        assert!(player.draw() > TAIL);
    }
}
