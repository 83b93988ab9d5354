//! A walk over a meadow from morning to night: gather the lights before it is dark.
//!
//! Arrows or WASD walk and turn, as does a gamepad's left stick. Start it with `cargo xtask run demos/meadow`,
//! then change this file or `assets/water.wgsl` and save. `edits/` has changes to try.

use vblank_guest::prelude::*;

const SIDE: f32 = 60.0;
const LIGHTS: usize = 12;
const BLADES: usize = 3000;
const TREES: usize = 40;
/// Units a second, and radians a second.
const WALK: f32 = 5.0;
const TURN: f32 = 2.2;
/// Seconds from morning to night.
const DAY: f32 = 120.0;
const WATER: f32 = -0.6;

#[derive(State, Clone, Copy)]
struct Light {
    x: f32,
    z: f32,
    taken: bool,
}

#[derive(State)]
struct Meadow {
    x: f32,
    z: f32,
    /// Radians; 0 looks to -z.
    heading: f32,
    /// 0 is morning, 1 is night.
    hour: f32,
    lights: Vec<Light>,
    seconds: f32,
}

impl Game for Meadow {
    fn new(setup: &Setup) -> Self {
        let mut rng = Rng::new(setup.seed);
        let mut lights = Vec::new();
        while lights.len() < LIGHTS {
            let (x, z) = (rng.range(-25.0..25.0), rng.range(-25.0..25.0));
            if height(x, z) > WATER + 0.4 {
                let taken = false;
                lights.push(Light { x, z, taken });
            }
        }
        Self {
            x: 0.0,
            z: 12.0,
            heading: 0.0,
            hour: 0.25,
            lights,
            seconds: 0.0,
        }
    }

    fn update(&mut self, frame: &Frame) {
        let (mut turn, mut walk) = (
            frame.axis(Key::ArrowLeft, Key::ArrowRight) + frame.axis(Key::KeyA, Key::KeyD),
            frame.axis(Key::ArrowDown, Key::ArrowUp) + frame.axis(Key::KeyS, Key::KeyW),
        );
        if let Some(pad) = frame.gamepad() {
            turn += pad.left_stick().x;
            walk -= pad.left_stick().y;
        }
        self.heading += turn.clamp(-1.0, 1.0) * TURN * frame.dt;
        let step = self.forward() * (walk.clamp(-1.0, 1.0) * WALK * frame.dt);
        let next = vec2(self.x, self.z) + step;
        let edge = SIDE * 0.45;
        // The player stays on the meadow and out of the water.
        if next.abs().max_element() < edge && height(next.x, next.y) > WATER {
            (self.x, self.z) = (next.x, next.y);
        }
        self.seconds += frame.dt;
        self.hour = (self.hour + frame.dt / DAY).min(1.0);
        for light in &mut self.lights {
            let near = vec2(light.x, light.z).distance(vec2(self.x, self.z)) < 1.2;
            if near && !light.taken {
                light.taken = true;
                let found = 1.0 + 0.06 * self.seconds.fract();
                sound::play("chime").pitch(found).volume(0.4);
            }
        }
        if frame.number == 0 || frame.number % 60 == 0 {
            sound::samples("chime", 22_050, &chime());
            set_title(&format!("meadow: {} of {LIGHTS} lights", self.taken()));
        }
    }

    fn draw(&self, canvas: &mut Canvas) {
        let sky = Color::hex(0x8ecae6).mix(Color::hex(0x0b1026), self.dusk());
        canvas.clear(sky);
        let forward = self.forward();
        let at = vec3(self.x, height(self.x, self.z) + 1.0, self.z);
        let back = vec3(forward.x, 0.0, forward.y) * -6.0;
        canvas.look_at(at + back + Vec3::Y * 2.6, at - back, 55.0);

        let daylight = Color::WHITE.mix(Color::hex(0x31417a), self.dusk());
        let ground = canvas.built("ground", || Triangles::ground(SIDE, 60, height, earth));
        let place = Affine3A::IDENTITY;
        canvas.mesh(ground, place).tinted(daylight);
        self.draw_plants(canvas, daylight);
        self.draw_lights(canvas);
        let walker = canvas.built("walker", walker);
        let turned = Affine3A::from_rotation_translation(Quat::from_rotation_y(-self.heading), at);
        canvas.mesh(walker, turned).tinted(daylight);
        self.draw_water(canvas, sky);

        let middle = canvas.size().x * 0.5;
        let text = if self.taken() == LIGHTS {
            "All of them. Good night."
        } else if self.hour >= 1.0 {
            "It is dark. The lights show the way."
        } else {
            ""
        };
        canvas.text(text, (middle, 80.0)).centered().size(28.0);
        canvas
            .text(format_args!("{} of {LIGHTS}", self.taken()), (24.0, 20.0))
            .size(26.0);
    }
}

impl Meadow {
    /// Direction in which the walker looks, on the ground: x and z.
    fn forward(&self) -> Vec2 {
        vec2(self.heading.sin(), -self.heading.cos())
    }

    fn taken(&self) -> usize {
        self.lights.iter().filter(|light| light.taken).count()
    }

    /// 0 while it is day, 1 when it is night.
    fn dusk(&self) -> f32 {
        ((self.hour - 0.5) * 2.0).clamp(0.0, 1.0)
    }

    fn draw_plants(&self, canvas: &mut Canvas, daylight: Color) {
        let blade = canvas.built("blade", blade);
        let grass = Color::hex(0x6a994e).mix(Color::hex(0xa7c957), 0.4);
        for number in 0..BLADES {
            let Some(root) = spot(number, 0) else {
                continue;
            };
            // The wind goes over the meadow in waves.
            let lean = 0.35 * (self.seconds * 1.7 + root.x * 0.5 + root.z * 0.3).sin();
            let tall = 0.5 + 0.4 * chance(number, 7);
            let turn = Quat::from_rotation_y(chance(number, 8) * std::f32::consts::TAU);
            let mut stem =
                Affine3A::from_scale_rotation_translation(vec3(1.0, tall, 1.0), turn, root);
            stem.y_axis.x += lean * tall;
            let shade = 0.7 + 0.3 * chance(number, 9);
            canvas
                .mesh(blade, stem)
                .tinted(Color::BLACK.mix(grass, shade).mix(daylight, 0.15));
        }
        let tree = canvas.built("tree", tree);
        for number in 0..TREES {
            // No plant where the walk begins.
            let root = spot(number, 20).filter(|at| at.distance(vec3(0.0, 0.0, 15.0)) > 9.0);
            if let Some(root) = root {
                let size = Vec3::splat(0.8 + 0.6 * chance(number, 27));
                let turn = Quat::from_rotation_y(chance(number, 28) * 6.0);
                let trunk = Affine3A::from_scale_rotation_translation(size, turn, root);
                canvas.mesh(tree, trunk).tinted(daylight);
            }
        }
    }

    fn draw_lights(&self, canvas: &mut Canvas) {
        let bulb = canvas.built("bulb", || Triangles::sphere(0.25, 8, Color::WHITE));
        let glow = canvas.shader("glow");
        canvas.set_material(Material::shader(glow));
        for light in self.lights.iter().filter(|light| !light.taken) {
            let bob = 1.0 + 0.2 * (self.seconds * 2.0 + light.x).sin();
            let at = vec3(light.x, height(light.x, light.z) + bob, light.z);
            canvas
                .mesh(bulb, Affine3A::from_translation(at))
                .tinted(Color::hex(0xffd166));
        }
        canvas.reset_material();
    }

    fn draw_water(&self, canvas: &mut Canvas, sky: Color) {
        let water = canvas.built("water", || {
            Triangles::ground(SIDE, 1, |_, _| 0.0, |_| Color::WHITE)
        });
        let shader = canvas.shader("water");
        canvas.set_material(Material::shader(shader));
        let level = Affine3A::from_translation(vec3(0.0, WATER, 0.0));
        canvas.mesh(water, level).tinted(sky.with_alpha(0.75));
        canvas.reset_material();
    }
}

/// Height of the ground.
fn height(x: f32, z: f32) -> f32 {
    1.1 * (x * 0.13).sin() * (z * 0.11).cos() + 0.5 * (x * 0.31 + z * 0.17).sin()
}

fn earth(at: Vec3) -> Color {
    let sand = Color::hex(0xd8c690);
    let low = Color::hex(0x588157);
    let high = Color::hex(0x8fb569);
    if at.y < WATER + 0.25 {
        sand
    } else {
        low.mix(high, (at.y + 0.5) / 2.0)
    }
}

/// A number from 0 to 1 that is the same each time.
fn chance(number: usize, salt: u32) -> f32 {
    let mut bits = (number as u32).wrapping_mul(0x9e37_79b9) ^ salt.wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2c1b_3c6d);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297a_2d39);
    (bits >> 8) as f32 / (1 << 24) as f32
}

/// Position of a plant, unless that is in the water.
fn spot(number: usize, salt: u32) -> Option<Vec3> {
    let along = |salt| (chance(number, salt) - 0.5) * SIDE * 0.95;
    let (x, z) = (along(salt + 1), along(salt + 2));
    let y = height(x, z);
    (y > WATER + 0.3).then(|| vec3(x, y, z))
}

fn blade() -> Triangles {
    let mut blade = Triangles::default();
    let [left, right] = [vec3(-0.05, 0.0, 0.0), vec3(0.05, 0.0, 0.0)];
    let tip = vec3(0.0, 1.0, 0.0);
    blade.quad([left, right, tip, tip], Color::WHITE);
    for vertex in &mut blade.vertices {
        // Lit as the ground is.
        vertex.normal = Vec3::Y;
    }
    blade
}

fn tree() -> Triangles {
    let mut tree = Triangles::default();
    let trunk = Triangles::cuboid(vec3(0.3, 1.6, 0.3), Color::hex(0x7f5539));
    tree.add(&trunk, vec3(0.0, 0.7, 0.0));
    for (at, radius) in [
        (vec3(0.0, 2.0, 0.0), 0.9),
        (vec3(0.5, 1.7, 0.2), 0.6),
        (vec3(-0.4, 2.4, -0.2), 0.6),
    ] {
        tree.add(&Triangles::sphere(radius, 7, Color::hex(0x386641)), at);
    }
    tree
}

fn walker() -> Triangles {
    let mut walker = Triangles::default();
    let coat = Triangles::cuboid(vec3(0.5, 0.8, 0.35), Color::hex(0xbc4749));
    let legs = Triangles::cuboid(vec3(0.4, 0.6, 0.25), Color::hex(0x344e41));
    let head = Triangles::sphere(0.24, 8, Color::hex(0xf2cc8f));
    walker.add(&coat, vec3(0.0, 0.0, 0.0));
    walker.add(&legs, vec3(0.0, -0.7, 0.0));
    walker.add(&head, vec3(0.0, 0.62, 0.0));
    walker
}

/// Two notes that die away.
fn chime() -> Vec<f32> {
    let note = |i: usize, hertz: f32| (i as f32 * hertz * std::f32::consts::TAU / 22_050.0).sin();
    (0..11_025)
        .map(|i| (note(i, 880.0) + 0.6 * note(i, 1318.5)) * 0.3 * (-(i as f32) / 2500.0).exp())
        .collect()
}

game!(Meadow);

#[cfg(test)]
mod tests {
    use super::*;
    use vblank_guest::test::Player;

    #[test]
    fn a_light_is_gathered_by_walking_to_it() {
        let mut game = Meadow::new(&Setup {
            seed: 3,
            size: Size {
                width: 640,
                height: 360,
            },
            hz: 60.0,
        });
        let step = game.forward() * 2.0;
        game.lights[0] = Light {
            x: game.x + step.x,
            z: game.z + step.y,
            taken: false,
        };
        let mut player = Player::with_game(game, 3);
        player.press(Key::KeyW).updates(60);
        assert!(player.game().lights[0].taken);
        assert!(player.draw() > 1000);
    }

    #[test]
    fn nobody_walks_into_the_water() {
        let mut player = Player::<Meadow>::new(1);
        player.press(Key::ArrowUp);
        for _ in 0..30 {
            player.press(Key::ArrowRight).updates(30);
            player.release(Key::ArrowRight).updates(60);
            let game = player.game();
            assert!(height(game.x, game.z) > WATER);
        }
    }
}
