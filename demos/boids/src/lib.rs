//! Fifty thousand birds that follow their neighbours. The pointer draws them near, a click lets more of them
//! in at the gate.
//!
//! Start it with `cargo xtask run demos/boids`, then change this file and save: the flock flies on with the
//! new code. `edits/` has changes to try.

use vblank_guest::prelude::*;

const COUNT: usize = 50_000;
/// Width of the world; its height follows from the picture.
const WIDTH: f32 = 3200.0;
/// Sides of the cells in which neighbours are looked for.
const CELL: f32 = 32.0;
const SLOWEST: f32 = 90.0;
const FASTEST: f32 = 260.0;
/// Strengths of a bird's wish to fly as its neighbours do, to be where they are, and not to be too near.
const ALIGN: f32 = 2.2;
const GATHER: f32 = 5.0;
const AVOID: f32 = 160.0;
/// Birds in a cell from which on it is crowded.
const CROWD: f32 = 24.0;
/// Strength with which the pointer draws: away where it is negative.
const POINTER: f32 = 900.0;

#[derive(State, Flat, Clone, Copy, Default)]
#[repr(C)]
struct Bird {
    position: Vec2,
    velocity: Vec2,
}

#[derive(State)]
struct Boids {
    birds: PageVec<Bird>,
    pointer: Vec2,
    rng: Rng,
    /// The grid is computed in each update, so it is no state.
    #[state(skip)]
    grid: Grid,
}

/// The birds of each cell, added up.
#[derive(Default)]
struct Grid {
    /// Position of its corner, which differs in each update so that its lines are invisible.
    corner: Vec2,
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    position: Vec2,
    velocity: Vec2,
    count: f32,
}

impl Game for Boids {
    fn new(setup: &Setup) -> Self {
        let mut game = Self {
            birds: PageVec::new(),
            pointer: Vec2::ZERO,
            rng: Rng::new(setup.seed),
            grid: Grid::default(),
        };
        let world = world(setup.size);
        for _ in 0..COUNT {
            let x = game.rng.range(0.0..world.x);
            let y = game.rng.range(0.0..world.y);
            game.let_in(vec2(x, y));
        }
        game
    }

    fn update(&mut self, frame: &Frame) {
        let world = world(frame.size);
        let scale = WIDTH / frame.size.width as f32;
        self.pointer = frame.pointer.position() * scale;
        if frame.pointer.pressed.contains(Buttons::PRIMARY) || frame.is_pressed(Key::Space) {
            for _ in 0..500 {
                self.let_in(self.pointer);
            }
        }
        self.grid.corner = -vec2(self.rng.range(0.0..CELL), self.rng.range(0.0..CELL));
        self.grid.count(&self.birds, world);
        let pull = if frame.pointer.inside { POINTER } else { 0.0 };
        for bird in self.birds.iter_mut() {
            let near = self.grid.around(bird.position);
            let here = self.grid.at(bird.position);
            let mut force = Vec2::ZERO;
            if near.count > 0.0 {
                force += (near.velocity / near.count - bird.velocity) * ALIGN;
                force += (near.position / near.count - bird.position) * GATHER;
            }
            if here.count > CROWD {
                let away = bird.position - here.position / here.count;
                force += away.normalize_or_zero() * AVOID * (here.count / CROWD).min(4.0);
            }
            let to_pointer = self.pointer - bird.position;
            force += to_pointer.normalize_or_zero() * pull * (-to_pointer.length() / 300.0).exp();
            bird.velocity += force * frame.dt;
            bird.velocity = bird.velocity.clamp_length(SLOWEST, FASTEST);
            bird.position += bird.velocity * frame.dt;
            // The world has no edges.
            bird.position = bird.position.rem_euclid(world);
        }
        if frame.number % 30 == 0 {
            set_title(&format!("boids: {} birds", self.birds.len()));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x101820));
        let zoom = canvas.size().x / WIDTH;
        let middle = canvas.size() / zoom / 2.0;
        canvas.set_camera(Camera {
            x: middle.x,
            y: middle.y,
            zoom,
            rotation: 0.0,
        });
        let bird = canvas.painted("bird", (8, 8), |x, y| {
            // An arrowhead to the right.
            let across = (y as f32 - 3.5).abs();
            let inside = across <= (7.0 - x as f32) * 0.5 && across + 4.0 >= (4.0 - x as f32) * 2.0;
            Color::WHITE.with_alpha(if inside { 1.0 } else { 0.0 })
        });
        for one in self.birds.iter() {
            canvas
                .sprite(bird, one.position)
                .sized((11.0, 8.0))
                .rotated(one.velocity.to_angle())
                .tinted(color(one));
        }
    }
}

impl Boids {
    fn let_in(&mut self, at: Vec2) {
        let turn = self.rng.range(0.0..std::f32::consts::TAU);
        let speed = self.rng.range(SLOWEST..FASTEST);
        self.birds.push(Bird {
            position: at,
            velocity: Vec2::from_angle(turn) * speed,
        });
    }
}

impl Grid {
    fn count(&mut self, birds: &[Bird], world: Vec2) {
        self.columns = (world.x / CELL).ceil() as usize + 1;
        self.rows = (world.y / CELL).ceil() as usize + 1;
        self.cells.clear();
        self.cells.resize(self.columns * self.rows, Cell::default());
        for bird in birds {
            let index = self.index(bird.position, 0, 0);
            let cell = &mut self.cells[index];
            cell.position += bird.position;
            cell.velocity += bird.velocity;
            cell.count += 1.0;
        }
    }

    /// The cell so many columns and rows from that of a point; beyond an edge, the one at the edge.
    fn index(&self, point: Vec2, right: isize, down: isize) -> usize {
        let within = |at: f32, off: isize, count: usize| {
            ((at / CELL) as isize + off).clamp(0, count as isize - 1) as usize
        };
        let at = point - self.corner;
        within(at.y, down, self.rows) * self.columns + within(at.x, right, self.columns)
    }

    fn at(&self, point: Vec2) -> Cell {
        self.cells[self.index(point, 0, 0)]
    }

    /// The cell of a point and the eight around it, added up.
    fn around(&self, point: Vec2) -> Cell {
        let mut sum = Cell::default();
        for down in -1..=1 {
            for right in -1..=1 {
                let cell = self.cells[self.index(point, right, down)];
                sum.position += cell.position;
                sum.velocity += cell.velocity;
                sum.count += cell.count;
            }
        }
        sum
    }
}

fn world(size: Size) -> Vec2 {
    let size = size.as_vec2();
    vec2(WIDTH, WIDTH * size.y / size.x)
}

/// Warm to the right, cold to the left.
fn color(bird: &Bird) -> Color {
    let right = bird.velocity.x / FASTEST * 0.5 + 0.5;
    Color::hex(0x4cc9f0).mix(Color::hex(0xf9844a), right)
}

game!(Boids);

#[cfg(test)]
mod tests {
    use super::*;
    use vblank_guest::test::Player;

    #[test]
    fn birds_stay_in_the_world_and_come_to_fly_together() {
        let mut player = Player::<Boids>::new(1);
        let order = |game: &Boids| {
            let sum: Vec2 = game
                .birds
                .iter()
                .map(|bird| bird.velocity.normalize())
                .sum();
            sum.length() / game.birds.len() as f32
        };
        let before = order(player.game());
        player.updates(120);
        let game = player.game();
        assert_eq!(game.birds.len(), COUNT);
        assert!(
            game.birds
                .iter()
                .all(|bird| bird.position.is_finite() && (0.0..=WIDTH).contains(&bird.position.x))
        );
        assert!(order(game) > before, "{} {before}", order(game));
    }
}
