//! A guest that shows what a canvas has beyond shapes, sprites and text, for tests/tests/scene.rs: sixteen
//! fields of 80 by 60 pixels.

use vblank_guest::assets;
use vblank_guest::prelude::*;

#[derive(State, Default)]
struct Scene {
    updates: u64,
}

const CUBE: Color = Color::RED;

impl Game for Scene {
    fn new(_: &Setup) -> Self {
        set_picture(320, 180, Fit::Letterbox);
        Self::default()
    }

    fn update(&mut self, _: &Frame) {
        self.updates += 1;
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x0b1026));
        // Triangles, and a polygon.
        canvas.triangle(
            [vec2(10.0, 50.0), vec2(40.0, 10.0), vec2(70.0, 50.0)],
            Color::YELLOW,
        );
        let hexagon: Vec<Vec2> = (0..6)
            .map(|i| vec2(120.0, 30.0) + Vec2::from_angle(i as f32 * 1.0472) * 22.0)
            .collect();
        canvas.polygon(&hexagon, Color::GREEN);
        // Ways of blending: two circles, each over a bar.
        let bars = [(Blend::Alpha, 170.0), (Blend::Add, 210.0), (Blend::Multiply, 250.0), (Blend::Replace, 290.0)];
        for (blend, x) in bars {
            canvas.rect((x - 15.0, 10.0), (30.0, 20.0), Color::hex(0x808080));
            canvas.set_material(Material::blend(blend));
            canvas.circle((x, 30.0), 14.0, Color::rgba(200, 100, 50, 255));
            canvas.reset_material();
        }
        // Only a part of it.
        canvas.set_area((10.0, 70.0), (30.0, 40.0));
        canvas.circle((40.0, 90.0), 25.0, Color::WHITE);
        canvas.reset_area();
        // A canvas, twice.
        let map = canvas.draw_to("map", (40, 40), Some(Color::BLUE), |map| {
            map.circle((20.0, 20.0), 15.0, Color::WHITE);
            map.rect((0.0, 0.0), (10.0, 10.0), Color::RED);
        });
        canvas.sprite(map, (105.0, 90.0));
        canvas.sprite(map, (145.0, 90.0)).rotated(0.5).scaled(0.6);
        // A shader of its own, and one from a file.
        let waves = assets::shader_from_source("waves", WAVES);
        if let Ok(waves) = waves {
            canvas.set_material(Material::shader(waves).params(&[8.0, 0.0, 0.0, 0.0, 0.2, 0.8, 1.0, 1.0]));
            canvas.sprite(map, (200.0, 90.0)).sized((40.0, 40.0));
            canvas.reset_material();
        }
        let file = canvas.shader("stripes");
        canvas.set_material(Material::shader(file));
        canvas.sprite(map, (260.0, 90.0)).sized((40.0, 40.0));
        canvas.reset_material();
        // Space: a cube before a ball, which is drawn later and farther away.
        canvas.look_at(vec3(0.0, 3.0, 9.0), vec3(0.0, 1.6, 0.0), 35.0);
        let cube = canvas.built("cube", || Triangles::cuboid(Vec3::ONE, Color::WHITE));
        let ball = canvas.built("ball", || Triangles::sphere(0.8, 12, Color::WHITE));
        canvas.mesh(cube, Affine3A::from_rotation_y(0.6)).tinted(CUBE);
        canvas.mesh(cube, Affine3A::from_translation(vec3(2.0, 0.0, 0.0)));
        canvas
            .mesh(ball, Affine3A::from_translation(vec3(0.5, 0.0, -1.5)))
            .tinted(Color::hex(0x40c0ff));
        canvas.textured_mesh(cube, map, Affine3A::from_translation(vec3(-2.0, 0.0, 0.0)));
        // And flat again, over it.
        canvas.text("space", (10.0, 150.0)).size(16.0);
    }
}

const WAVES: &str = "
struct Params { waves: f32, color: vec4f }
@group(1) @binding(0) var<uniform> params: Params;

fn fragment(in: Surface) -> vec4f {
    let height = 0.5 + 0.3 * sin(in.uv.x * params.waves);
    return mix(texel(in.uv), params.color, step(height, in.uv.y));
}
";

game!(Scene);
