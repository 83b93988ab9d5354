//! Breakout: a paddle, a ball, and a wall that has to go. Until someone plays, it plays by itself.
//!
//! Arrows, the pointer, a finger or a gamepad move the paddle; Space, a click or the pad's lower button
//! begins. Start it with `cargo xtask run demos/breakout`, then change a file and save: the ball flies on
//! with the new code. `edits/` has changes to try.

mod bricks;
mod noises;
mod picture;

use bricks::{Brick, wall};
use noises::Noise;
use vblank_guest::prelude::*;

/// In units. The picture shows all of it, whatever its size.
const FIELD: Vec2 = vec2(640.0, 360.0);
const PADDLE: Vec2 = vec2(72.0, 10.0);
/// Height of the paddle's upper edge.
const PADDLE_Y: f32 = 332.0;
const RADIUS: f32 = 5.0;
/// Units a second: of the ball at first, of the ball for each further level, and of the paddle.
const SPEED: f32 = 290.0;
const FASTER: f32 = 20.0;
const STEER: f32 = 430.0;
const LIVES: u32 = 3;

#[derive(State, Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The title is shown, and the game plays by itself.
    Title,
    /// The ball lies on the paddle.
    Serve,
    Play,
    Over,
}

#[derive(State, Flat, Clone, Copy, Default)]
#[repr(C)]
struct Ball {
    position: Vec2,
    velocity: Vec2,
}

/// A remainder of a brick, for a moment.
#[derive(State, Flat, Clone, Copy, Default)]
#[repr(C)]
struct Spark {
    position: Vec2,
    velocity: Vec2,
    color: Color,
    age: f32,
}

#[derive(State)]
struct Breakout {
    phase: Phase,
    level: u32,
    score: u32,
    best: u32,
    lives: u32,
    /// Position of its middle.
    paddle: f32,
    /// Last position of the pointer: it steers when it moves.
    pointer: f32,
    balls: Vec<Ball>,
    bricks: Vec<Brick>,
    sparks: Vec<Spark>,
    rng: Rng,
}

impl Game for Breakout {
    fn new(setup: &Setup) -> Self {
        let mut game = Self {
            phase: Phase::Title,
            level: 1,
            score: 0,
            best: 0,
            lives: LIVES,
            paddle: FIELD.x / 2.0,
            pointer: 0.0,
            balls: Vec::new(),
            bricks: wall(1),
            sparks: Vec::new(),
            rng: Rng::new(setup.seed),
        };
        game.put_ball();
        game.serve();
        game
    }

    fn update(&mut self, frame: &Frame) {
        if begins(frame) {
            match self.phase {
                Phase::Title | Phase::Over => self.begin(),
                Phase::Serve => {
                    self.serve();
                    self.phase = Phase::Play;
                }
                Phase::Play => {}
            }
        }
        self.steer(frame);
        if self.phase == Phase::Serve {
            self.put_ball();
        } else {
            self.fly(frame.dt);
        }
        for spark in &mut self.sparks {
            spark.age += frame.dt;
            spark.velocity.y += 500.0 * frame.dt;
            spark.position += spark.velocity * frame.dt;
        }
        self.sparks.retain(|spark| spark.age < 0.8);
        if self.bricks.is_empty() {
            self.next_level();
        } else if self.balls.is_empty() {
            self.ball_is_lost();
        }
        if frame.number.is_multiple_of(30) {
            set_title(&format!(
                "breakout: level {}, {} points",
                self.level, self.score
            ));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        picture::draw(self, canvas);
    }
}

/// True if someone wants the game or the ball to go.
fn begins(frame: &Frame) -> bool {
    let pad = frame.gamepad();
    frame.is_pressed(Key::Space)
        || frame.is_pressed(Key::Enter)
        || frame.pointer.pressed.contains(Buttons::PRIMARY)
        || frame.touches.iter().any(|touch| touch.pressed)
        || pad.is_some_and(|pad| pad.is_pressed(PadButtons::SOUTH | PadButtons::START))
}

/// Number of pixels in a unit, in a picture of this size.
fn zoom(size: Vec2) -> f32 {
    (size / FIELD).min_element()
}

impl Breakout {
    fn begin(&mut self) {
        self.phase = Phase::Serve;
        (self.level, self.score, self.lives) = (1, 0, LIVES);
        self.bricks = wall(self.level);
        self.put_ball();
    }

    /// Puts a ball on the paddle.
    fn put_ball(&mut self) {
        let position = vec2(self.paddle, PADDLE_Y - RADIUS);
        let velocity = Vec2::ZERO;
        self.balls.clear();
        self.balls.push(Ball { position, velocity });
    }

    fn serve(&mut self) {
        let side = self.rng.range(-0.5..0.5);
        let speed = self.speed();
        for ball in &mut self.balls {
            ball.velocity = upwards(side) * speed;
        }
    }

    fn speed(&self) -> f32 {
        SPEED + FASTER * (self.level - 1).min(10) as f32
    }

    fn next_level(&mut self) {
        self.play(Noise::Cheer, 1.0, 0.5);
        self.level += 1;
        self.bricks = wall(self.level);
        self.put_ball();
        match self.phase {
            Phase::Title => self.serve(),
            _ => self.phase = Phase::Serve,
        }
    }

    fn ball_is_lost(&mut self) {
        match self.phase {
            Phase::Title => {
                self.put_ball();
                self.serve();
            }
            Phase::Play => {
                self.play(Noise::Lost, 1.0, 0.5);
                self.lives -= 1;
                self.phase = Phase::Serve;
                if self.lives == 0 {
                    self.phase = Phase::Over;
                    self.best = self.best.max(self.score);
                }
            }
            Phase::Serve | Phase::Over => {}
        }
    }

    fn steer(&mut self, frame: &Frame) {
        let step = STEER * frame.dt;
        if self.phase == Phase::Title {
            // To the lowest ball, now with this end of the paddle and now with that.
            let lowest = self
                .balls
                .iter()
                .max_by(|a, b| a.position.y.total_cmp(&b.position.y));
            let aim = lowest.map_or(self.paddle, |ball| ball.position.x);
            let swing = PADDLE.x * 0.4 * (frame.number as f32 * 0.023).sin();
            self.paddle += (aim + swing - self.paddle).clamp(-step, step);
        } else {
            let mut tilt = frame.axis(Key::ArrowLeft, Key::ArrowRight);
            if let Some(pad) = frame.gamepad() {
                let held = |buttons| f32::from(u8::from(pad.is_held(buttons)));
                tilt += pad.left_stick().x;
                tilt += held(PadButtons::DPAD_RIGHT) - held(PadButtons::DPAD_LEFT);
            }
            self.paddle += tilt.clamp(-1.0, 1.0) * step;
        }
        let finger = frame.touches.first().map(|touch| touch.x);
        let pointer = frame.pointer.inside.then_some(frame.pointer.x);
        if let Some(x) = finger.or(pointer) {
            if x != self.pointer && self.phase != Phase::Title {
                let size = frame.size.as_vec2();
                self.paddle = FIELD.x / 2.0 + (x - size.x / 2.0) / zoom(size);
            }
            self.pointer = x;
        }
        let half = PADDLE.x / 2.0;
        self.paddle = self.paddle.clamp(half, FIELD.x - half);
    }

    fn fly(&mut self, dt: f32) {
        let mut balls = std::mem::take(&mut self.balls);
        for ball in &mut balls {
            ball.position += ball.velocity * dt;
            self.bounce_off_the_sides(ball);
            self.bounce_off_the_paddle(ball);
            self.bounce_off_a_brick(ball);
        }
        balls.retain(|ball| ball.position.y < FIELD.y + RADIUS);
        self.balls = balls;
    }

    fn bounce_off_the_sides(&self, ball: &mut Ball) {
        let (low, high) = (Vec2::splat(RADIUS), FIELD - RADIUS);
        let before = ball.velocity;
        if ball.position.x < low.x {
            ball.velocity.x = before.x.abs();
        } else if ball.position.x > high.x {
            ball.velocity.x = -before.x.abs();
        }
        if ball.position.y < low.y {
            ball.velocity.y = before.y.abs();
        }
        if ball.velocity != before {
            self.play(Noise::Tock, 0.8, 0.25);
        }
    }

    /// The point where the ball meets the paddle says where it goes, so that one can aim.
    fn bounce_off_the_paddle(&self, ball: &mut Ball) {
        let off = ball.position - vec2(self.paddle, PADDLE_Y + PADDLE.y / 2.0);
        let reach = PADDLE / 2.0 + RADIUS;
        if ball.velocity.y > 0.0 && off.abs().cmplt(reach).all() {
            ball.velocity = upwards(off.x / reach.x) * self.speed();
            self.play(Noise::Tock, 1.0, 0.4);
        }
    }

    fn bounce_off_a_brick(&mut self, ball: &mut Ball) {
        let met = self.bricks.iter().position(|brick| {
            let corner = brick.corner();
            let nearest = ball.position.clamp(corner, corner + bricks::SIZE);
            nearest.distance(ball.position) < RADIUS
        });
        let Some(index) = met else {
            return;
        };
        let brick = &mut self.bricks[index];
        brick.hits += 1;
        let brick = *brick;
        let off = ball.position - (brick.corner() + bricks::SIZE / 2.0);
        // In from the side that it is nearest to.
        let deep = off.abs() - bricks::SIZE / 2.0;
        if deep.x > deep.y {
            ball.velocity.x = ball.velocity.x.abs() * off.x.signum();
        } else {
            ball.velocity.y = ball.velocity.y.abs() * off.y.signum();
        }
        self.play(Noise::Tick, 1.6 - 0.12 * f32::from(brick.row), 0.35);
        if brick.is_broken() {
            self.bricks.remove(index);
            self.break_up(brick);
        }
    }

    fn break_up(&mut self, brick: Brick) {
        self.score += brick.worth();
        for _ in 0..14 {
            let part = vec2(self.rng.unit(), self.rng.unit());
            let flight = vec2(self.rng.range(-110.0..110.0), self.rng.range(-150.0..60.0));
            self.sparks.push(Spark {
                position: brick.corner() + bricks::SIZE * part,
                velocity: flight,
                color: brick.color(),
                age: self.rng.range(0.0..0.3),
            });
        }
    }

    /// A game that plays by itself does so in silence.
    fn play(&self, noise: Noise, pitch: f32, volume: f32) {
        if self.phase != Phase::Title {
            let pan = self.paddle / FIELD.x - 0.5;
            noise.play().pitch(pitch).volume(volume).pan(pan);
        }
    }
}

/// Up, and as far to a side as -1 to 1 says.
fn upwards(side: f32) -> Vec2 {
    let (sin, cos) = side.clamp(-1.0, 1.0).sin_cos();
    vec2(sin, -cos)
}

game!(Breakout);

#[cfg(test)]
mod tests {
    use super::*;
    use vblank_guest::test::Player;

    /// A player with the ball on the paddle.
    fn served() -> Player<Breakout> {
        let mut player = Player::new(1);
        player.press(Key::Space).updates(1);
        player.release(Key::Space).updates(1);
        player
    }

    #[test]
    fn it_plays_by_itself_until_someone_begins() {
        let mut player = Player::<Breakout>::new(1);
        let whole = player.game().bricks.len();
        player.updates(600);
        assert!(player.game().bricks.len() < whole);
        assert_eq!(player.game().phase, Phase::Title);
        player.press(Key::Space).updates(1);
        let game = player.game();
        assert_eq!((game.phase, game.score), (Phase::Serve, 0));
        assert_eq!(game.bricks.len(), whole);
    }

    #[test]
    fn keys_pointer_and_pad_move_the_paddle_and_the_ball_on_it() {
        let mut player = served();
        player.press(Key::ArrowLeft).updates(30);
        let left = player.game().paddle;
        assert!(left < FIELD.x / 2.0 - 100.0, "{left}");
        assert_eq!(player.game().balls[0].position.x, left);
        // The picture has 1280 pixels, the field 640 units.
        player.release(Key::ArrowLeft).point(800.0, 10.0).updates(1);
        assert_eq!(player.game().paddle, 400.0);
        player.gamepad(0).left_x = 1.0;
        player.updates(600);
        assert_eq!(player.game().paddle, FIELD.x - PADDLE.x / 2.0);
    }

    #[test]
    fn bricks_are_broken_and_balls_are_lost() {
        let mut player = served();
        player.press(Key::Space).updates(60);
        assert_eq!(player.game().phase, Phase::Play);
        assert!(player.game().score > 0, "the ball has met the wall");
        // Away from wherever it falls.
        for _ in 0..3 {
            player.release(Key::Space).updates(1);
            player.press(Key::Space).updates(1);
            for _ in 0..6000 {
                if player.game().phase != Phase::Play {
                    break;
                }
                let ball = player.game().balls[0].position.x;
                let far = if ball < FIELD.x / 2.0 { 1279.0 } else { 1.0 };
                player.point(far, 0.0).updates(1);
            }
        }
        let game = player.game();
        assert_eq!((game.phase, game.lives), (Phase::Over, 0));
        assert_eq!(game.best, game.score);
        assert!(player.draw() > 50);
    }

    #[test]
    fn a_wall_that_is_gone_is_followed_by_the_next() {
        let mut game = served();
        game.press(Key::Space).updates(1);
        let setup = Setup {
            seed: 1,
            size: Size {
                width: 1280,
                height: 720,
            },
            hz: 60.0,
        };
        let mut almost = Breakout::new(&setup);
        almost.phase = Phase::Play;
        almost.bricks.clear();
        let mut player = Player::with_game(almost, 1);
        player.updates(1);
        let game = player.game();
        assert_eq!((game.phase, game.level), (Phase::Serve, 2));
        assert!(!game.bricks.is_empty());
        assert!(game.speed() > SPEED);
    }
}
