//! Everything that can be drawn, a scene for each seed: for the pictures of docs/drawing.md, which
//! tests/tests/pictures.rs holds them to.

use vblank_guest::assets;
use vblank_guest::glam::camera::rh::{proj, view};
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
            9 => triangles(canvas),
            10 => areas(canvas),
            11 => blending(canvas),
            12 => canvases(canvas),
            13 => shaders(canvas),
            14 => meshes(canvas),
            15 => views(canvas),
            16 => fits(canvas),
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

fn triangles(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    canvas.triangle([vec2(12.0, 60.0), vec2(40.0, 12.0), vec2(68.0, 60.0)], Color::YELLOW);
    let hexagon = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|i| vec2(110.0, 36.0) + Vec2::from_angle(i * 1.0472) * 28.0);
    canvas.polygon(&hexagon, Color::GREEN);
    // A colour in each corner.
    let white = canvas.painted("white", (1, 1), |_, _| Color::WHITE);
    let corner = |x, y, color| Corner {
        position: vec2(x, y),
        uv: Vec2::ZERO,
        color,
    };
    canvas.triangles(white, &[
        corner(146.0, 62.0, Color::RED),
        corner(170.0, 12.0, Color::YELLOW),
        corner(196.0, 62.0, Color::BLUE),
    ]);
    // A texture on a strip that waves.
    let ship = ship(canvas);
    let at = |step: u8, down: f32| {
        let part = f32::from(step) / 12.0;
        let wave = 8.0 * (part * 9.0).sin();
        Corner {
            position: vec2(16.0 + 176.0 * part, 84.0 + wave + 40.0 * down),
            uv: vec2(part * 4.0 % 1.0, down),
            color: Color::WHITE,
        }
    };
    for step in 0..12 {
        let (left, mut right) = ([at(step, 0.0), at(step, 1.0)], [at(step + 1, 0.0), at(step + 1, 1.0)]);
        for corner in &mut right {
            // The right edge of a ship, and not the left one of the next.
            corner.uv.x = left[0].uv.x + 4.0 / 12.0;
        }
        canvas.triangles(ship, &[left[0], right[0], left[1], right[0], right[1], left[1]]);
    }
}

fn areas(canvas: &mut Canvas) {
    canvas.rect_outline((19.0, 19.0), (72.0, 102.0), 1.0, Color::GRAY);
    canvas.set_area((20.0, 20.0), (70.0, 100.0));
    canvas.circle((70.0, 50.0), 40.0, Color::RED);
    canvas.text("A list that is longer than the room for it, and is cut off.", (26.0, 70.0)).size(14.0).wrapped(62.0);
    canvas.set_area((110.0, 40.0), (80.0, 60.0));
    canvas.set_camera(Camera {
        x: 0.0,
        y: 0.0,
        zoom: 2.0,
        rotation: 0.5,
    });
    canvas.rect((-40.0, -20.0), (80.0, 40.0), Color::BLUE);
    canvas.circle((23.0, 8.0), 14.0, Color::ORANGE);
    canvas.reset_camera();
    canvas.reset_area();
    canvas.line((110.0, 100.0), (190.0, 40.0), 3.0, Color::YELLOW);
}

fn blending(canvas: &mut Canvas) {
    canvas.rect((0.0, 30.0), (208.0, 34.0), Color::GRAY);
    let ways = [
        (Blend::Alpha, "alpha", 32.0),
        (Blend::Add, "add", 80.0),
        (Blend::Multiply, "multiply", 128.0),
        (Blend::Replace, "replace", 176.0),
    ];
    for (blend, name, x) in ways {
        canvas.set_material(Material::blend(blend));
        canvas.rect((x - 20.0, 44.0), (40.0, 50.0), Color::ORANGE.with_alpha(0.6));
        canvas.reset_material();
        canvas.text(name, (x, 104.0)).size(13.0).centered();
    }
}

fn canvases(canvas: &mut Canvas) {
    let map = canvas.draw_to("map", (48, 48), Some(Color::BLUE), |map| {
        map.circle((24.0, 24.0), 20.0, Color::GREEN);
        map.text("map", (24.0, 14.0)).size(16.0).centered();
    });
    canvas.sprite(map, (40.0, 40.0));
    canvas.sprite(map, (108.0, 40.0)).rotated(0.4).tinted(Color::YELLOW);
    canvas.sprite(map, (172.0, 40.0)).part(0, 0, 24, 24).scaled(2.0);
    // Drawn to twice, and filled only the first time.
    canvas.draw_to("steps", (160, 40), Some(Color::TRANSPARENT), |steps| {
        steps.circle((30.0, 20.0), 18.0, Color::RED);
    });
    let steps = canvas.draw_to("steps", (160, 40), None, |steps| {
        steps.circle((80.0, 20.0), 18.0, Color::ORANGE);
        steps.set_material(Material::blend(Blend::Replace));
        steps.rect((0.0, 16.0), (160.0, 8.0), Color::TRANSPARENT);
    });
    canvas.sprite(steps, (104.0, 104.0));
}

fn shaders(canvas: &mut Canvas) {
    let tiles = canvas.painted("checks", (8, 8), |x, y| {
        if (x + y) % 2 == 0 { Color::YELLOW } else { Color::PURPLE }
    });
    let waves = canvas.shader("waves");
    for (height, x) in [(0.05, 40.0), (0.15, 104.0)] {
        canvas.set_material(Material::shader(waves).params(&[height, 9.0, 0.0, 0.0, 0.2, 0.8, 1.0, 1.0]));
        canvas.sprite(tiles, (x, 44.0)).sized((56.0, 56.0));
    }
    let ship = ship(canvas);
    match assets::shader_from_source("masked", MASKED) {
        Ok(masked) => canvas.set_material(Material::shader(masked).textures(ship, None)),
        Err(why) => log::error!("{why}"),
    }
    canvas.sprite(tiles, (168.0, 44.0)).sized((56.0, 56.0));
    let glow = canvas.shader("glow");
    canvas.set_material(Material::shader(glow).blended(Blend::Add));
    canvas.sprite(tiles, (104.0, 106.0)).sized((190.0, 56.0)).tinted(Color::ORANGE);
    canvas.reset_material();
}

const MASKED: &str = "
fn fragment(in: Surface) -> vec4f {
    return texel(in.uv) * texel1(in.uv).a;
}
";

fn meshes(canvas: &mut Canvas) {
    canvas.look_at(vec3(0.0, 3.5, 8.0), vec3(0.0, 0.4, 0.0), 40.0);
    let hills = canvas.built("hills", || {
        let height = |x: f32, z: f32| 0.3 * (x * 1.3).sin() * (z * 1.1).cos() - 0.6;
        Triangles::ground(9.0, 30, height, |at| Color::GREEN.mix(Color::YELLOW, at.y + 0.9))
    });
    let cube = canvas.built("cube", || Triangles::cuboid(Vec3::ONE, Color::WHITE));
    let house = canvas.built("house", || {
        let mut house = Triangles::cuboid(vec3(1.2, 1.0, 1.2), Color::ORANGE);
        house.add(&Triangles::sphere(0.7, 16, Color::RED), vec3(0.0, 0.5, 0.0));
        house
    });
    let checks = canvas.painted("checks", (4, 4), |x, y| {
        if (x + y) % 2 == 0 { Color::WHITE } else { Color::PURPLE }
    });
    canvas.mesh(hills, Affine3A::IDENTITY);
    canvas.mesh(house, Affine3A::from_translation(vec3(-2.0, 0.2, 0.0)));
    canvas.mesh(cube, Affine3A::from_rotation_y(0.6)).tinted(Color::CYAN);
    let place = Affine3A::from_rotation_translation(Quat::from_rotation_x(0.7), vec3(2.0, 0.5, 0.0));
    canvas.textured_mesh(cube, checks, place);
    canvas.text("over it", (8.0, 4.0)).size(14.0);
}

fn views(canvas: &mut Canvas) {
    // Without perspective, as plans are drawn.
    let lens = proj::directx::orthographic(-4.2, 4.2, -2.8, 2.8, 0.0, 100.0);
    canvas.set_view(lens * view::look_at_mat4(vec3(6.0, 6.0, 6.0), Vec3::ZERO, Vec3::Y));
    let cube = canvas.built("cube", || Triangles::cuboid(Vec3::splat(0.9), Color::WHITE));
    for (x, z) in (-2_i8..=2).flat_map(|x| (-2_i8..=2).map(move |z| (x, z))) {
        let high = f32::from((x * x + z * z) % 3);
        let place = vec3(f32::from(x), high * 0.5 - 0.5, f32::from(z));
        let color = Color::BLUE.mix(Color::YELLOW, high * 0.5);
        canvas.mesh(cube, Affine3A::from_translation(place)).tinted(color);
    }
}

/// A picture of 16 by 9 in windows of another shape.
fn fits(canvas: &mut Canvas) {
    canvas.set_filter(Filter::Nearest);
    let picture = canvas.draw_to("picture", (32, 18), Some(Color::BLUE), |picture| {
        picture.circle((16.0, 9.0), 7.0, Color::YELLOW);
        picture.rect_outline((0.0, 0.0), (32.0, 18.0), 1.0, Color::CYAN);
    });
    let window = vec2(80.0, 44.0);
    let larger = window / vec2(32.0, 18.0);
    let both = larger.min_element();
    let fits = [
        ("stretch", larger, vec2(8.0, 20.0)),
        ("letterbox", Vec2::splat(both), vec2(112.0, 20.0)),
        ("integer", Vec2::splat(both.floor()), vec2(8.0, 90.0)),
    ];
    for (name, scale, corner) in fits {
        canvas.text(name, corner - vec2(0.0, 18.0)).size(13.0);
        canvas.rect(corner, window, Color::BLACK);
        canvas.sprite(picture, corner + window * 0.5).scaled(scale);
    }
    // The picture has the window's own size, and its shapes are where they were.
    let corner = vec2(112.0, 90.0);
    canvas.text("resize", corner - vec2(0.0, 18.0)).size(13.0);
    canvas.rect(corner, window, Color::BLUE);
    canvas.circle(corner + vec2(16.0, 9.0), 7.0, Color::YELLOW);
    canvas.rect_outline(corner, (32.0, 18.0), 1.0, Color::CYAN);
}

fn missing(canvas: &mut Canvas) {
    canvas.sprite("nowhere", (60.0, 70.0));
    canvas.sprite("nowhere", (140.0, 70.0)).sized((64.0, 64.0)).rotated(0.4);
    canvas.sprite("nowhere", (f32::NAN, 70.0));
    canvas.text("not drawn", (f32::INFINITY, 1.0));
    canvas.text("not drawn", (1.0, 1.0)).size(f32::NAN);
}
