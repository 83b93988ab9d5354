//! Triangles, meshes, areas and canvases with invalid input: the invalid part is left out, and the rest is
//! drawn.

use super::*;
use crate::assets::{Claim, Filter};
use crate::commands::{Area, Look, Sprite};

/// A quad over the whole target.
const ALL: Quad = Quad {
    half: [99.0; 2],
    ..PLAIN
};
/// Numbers that are not finite, or too large to draw with.
const BAD: [f32; 5] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MAX,
    f32::MIN,
];
/// A matrix that leaves clip space unchanged.
const IDENTITY: [f32; 16] = [
    1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
];
const BLACK: [u8; 4] = [0, 0, 0, 255];
const MAGENTA: [u8; 4] = [255, 0, 255, 255];

/// A renderer, and a claim to its assets.
fn stage() -> (WgpuRenderer, Claim) {
    let assets = Assets::default();
    let mut renderer = renderer(SIZE);
    renderer.use_assets(assets.clone());
    (renderer, assets.claim())
}

/// Draws commands with these assets.
fn draw_with(renderer: &mut WgpuRenderer, commands: impl FnOnce(&mut dyn Sink)) -> Picture {
    commands(renderer.begin());
    renderer.submit().unwrap();
    renderer.capture().unwrap()
}

/// The words of a triangle's corner.
fn corner(x: f32, y: f32) -> [u32; 5] {
    [x.to_bits(), y.to_bits(), 0, 0, WHITE.0]
}

/// A triangle over the upper left half of the picture.
fn triangle() -> [[u32; 5]; 3] {
    [corner(0.0, 0.0), corner(32.0, 0.0), corner(0.0, 24.0)]
}

/// A mesh that fills clip space, in the middle of its depth.
fn mesh(claim: &Claim) -> u32 {
    let vertex = |x: f32, y: f32| {
        let numbers = [x, y, 0.5, 0.0, 1.0, 0.0, 0.0, 0.0].map(f32::to_bits);
        [&numbers[..], &[WHITE.0]].concat()
    };
    let vertices = [vertex(-1.0, -1.0), vertex(3.0, -1.0), vertex(-1.0, 3.0)].concat();
    claim.mesh("mesh", &vertices, &[0, 1, 2]).unwrap()
}

/// The words of an instance without any transformation.
fn instance() -> [u32; 13] {
    let mut words = [0; 13];
    for (row, axis) in [(0, 0), (1, 1), (2, 2)] {
        words[row * 4 + axis] = 1.0_f32.to_bits();
    }
    words[12] = WHITE.0;
    words
}

/// A sprite over the whole picture.
fn everywhere() -> Sprite {
    Sprite {
        position: [0.0; 2],
        size: [99.0; 2],
        rotation: 0.0,
        pivot: [0.0; 2],
        source: [0; 2],
        source_size: [0; 2],
        tint: WHITE,
        scale: [1.0; 2],
    }
}

#[test]
fn triangles_that_are_not_finite_leave_the_others() {
    let good = triangle();
    let expected = draw(|sink| sink.triangles(None, good.as_flattened()));
    assert!(area(&expected) > 360.0 && expected.pixel(31, 23) == BLACK);
    for bad in BAD {
        for axis in 0..2 {
            let mut broken = triangle();
            broken[1][axis] = bad.to_bits();
            let words = [broken, good, broken].concat();
            let picture = draw(|sink| sink.triangles(None, words.as_flattened()));
            // A number that is too large may be cut off anywhere. One that is not finite draws nothing.
            if !bad.is_finite() {
                assert!(picture.pixels == expected.pixels, "with {bad}");
            }
            assert_eq!(covered(&picture, 1, 1), 255, "with {bad}");
        }
        let mut uv = triangle();
        uv[0][2] = bad.to_bits();
        let picture = draw(|sink| sink.triangles(None, uv.as_flattened()));
        assert_eq!(covered(&picture, 20, 4), 255, "a white texture is white");
    }
    // The list ends in the middle of a triangle.
    let words = good.as_flattened();
    let picture = draw(|sink| sink.triangles(None, &[words, &words[..14]].concat()));
    assert!(picture.pixels == expected.pixels);
}

#[test]
fn meshes_that_are_not_finite_leave_the_others() {
    let (mut renderer, claim) = stage();
    let mesh = mesh(&claim);
    let mut seen = |matrix: Option<[f32; 16]>, words: &[u32]| {
        let picture = draw_with(&mut renderer, |sink| {
            if let Some(matrix) = matrix {
                sink.set_matrix(matrix);
            }
            sink.meshes(mesh, None, words);
        });
        picture.pixel(16, 12) != BLACK
    };
    let good = instance();
    assert!(seen(Some(IDENTITY), &good));
    assert!(!seen(None, &good), "through no matrix");
    for bad in BAD {
        let mut matrix = IDENTITY;
        matrix[5] = bad;
        let is_seen = seen(Some(matrix), &good);
        assert!(bad.is_finite() || !is_seen, "through {bad}");
        let mut broken = good;
        broken[3] = bad.to_bits();
        assert!(!seen(Some(IDENTITY), &broken), "at {bad}");
        let both = [broken, good].concat();
        assert!(seen(Some(IDENTITY), &both), "behind one at {bad}");
    }
    assert!(!seen(Some([0.0; 16]), &good), "a matrix of nothing");
    assert!(!seen(Some(IDENTITY), &good[..12]), "cut off");
}

#[test]
fn an_area_is_clipped_to_the_target() {
    let lit = |x, y, width, height| {
        let picture = draw(|sink| {
            sink.set_area(Some(Area {
                x,
                y,
                width,
                height,
            }));
            sink.quads(Quad::words(&[ALL]));
        });
        area(&picture)
    };
    let all = SIZE.width as f32 * SIZE.height as f32;
    assert_eq!(lit(2.0, 3.0, 4.0, 5.0), 20.0);
    assert_eq!(
        lit(-5.0, -5.0, 7.0, 8.0),
        6.0,
        "cut off at the left and top"
    );
    assert_eq!(
        lit(30.0, 20.0, 99.0, 99.0),
        8.0,
        "and at the right and bottom"
    );
    assert_eq!(lit(-1e30, -1e30, f32::MAX, f32::MAX), all);
    assert_eq!(lit(0.0, 0.0, f32::INFINITY, f32::INFINITY), all);
    for outside in [-200.0, 100.0, 32.0, f32::MAX, f32::MIN] {
        assert_eq!(lit(outside, 0.0, 9.0, 9.0), 0.0, "at {outside}");
        assert_eq!(lit(0.0, outside, 9.0, 9.0), 0.0, "at {outside}");
    }
    for none in [0.0, -0.0, -4.0, f32::MIN, f32::NEG_INFINITY, f32::NAN] {
        assert_eq!(lit(8.0, 8.0, none, 4.0), 0.0, "{none} wide");
        assert_eq!(lit(8.0, 8.0, 4.0, none), 0.0, "{none} high");
    }
    for nowhere in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(lit(nowhere, 0.0, 9.0, 9.0), 0.0, "at {nowhere}");
    }
}

#[test]
fn a_canvas_is_not_drawn_onto_itself() {
    let (mut renderer, claim) = stage();
    let canvas = claim.canvas("c", SIZE, Filter::Nearest).unwrap();
    let source = "fn fragment(in: Surface) -> vec4f { return texel1(in.uv); }";
    let shader = claim.shader_source("s", source).unwrap();
    let mesh = mesh(&claim);
    let sprite = [Sprite {
        tint: Color::BLACK,
        ..everywhere()
    }];
    let picture = draw_with(&mut renderer, |sink| {
        sink.set_target(Some(canvas), Some(RED));
        sink.sprites(canvas, Sprite::words(&sprite));
        sink.triangles(Some(canvas), triangle().as_flattened());
        sink.set_matrix(IDENTITY);
        sink.meshes(mesh, Some(canvas), &instance());
        let look = Look {
            shader,
            textures: [canvas, 0],
            ..Look::default()
        };
        sink.set_look(look, &[]);
        sink.sprites(0, Sprite::words(&sprite));
        sink.set_look(Look::default(), &[]);
        sink.quads(Quad::words(&[Quad {
            half: [2.0; 2],
            ..PLAIN
        }]));
        sink.set_target(None, None);
        sink.sprites(canvas, Sprite::words(&[everywhere()]));
    });
    assert_eq!(picture.pixel(16, 12), RED.bytes());
    assert_eq!(picture.pixel(0, 0), WHITE.bytes(), "what came after it");
}

#[test]
fn an_asset_of_another_kind_counts_as_missing() {
    let (mut renderer, claim) = stage();
    let texture = claim
        .pixels("t", Size::new(1, 1), &RED.bytes(), Filter::Nearest)
        .unwrap();
    let canvas = claim.canvas("c", SIZE, Filter::Nearest).unwrap();
    let mesh = mesh(&claim);
    let samples = claim.samples("s", 48_000, 1, &[0.0; 8]).unwrap();
    let source = "fn fragment(in: Surface) -> vec4f { return in.tint; }";
    let shader = claim.shader_source("f", source).unwrap();
    let all = [everywhere()];
    for none in [mesh, samples, shader, 12_345, u32::MAX] {
        let picture = draw_with(&mut renderer, |sink| {
            sink.sprites(none, Sprite::words(&all));
        });
        assert_eq!(picture.pixel(0, 0), MAGENTA, "as a texture");
        let picture = draw_with(&mut renderer, |sink| {
            sink.set_target(Some(none), Some(RED));
            sink.quads(Quad::words(&[ALL]));
        });
        assert_eq!(picture.pixel(0, 0), BLACK, "as a canvas");
    }
    for none in [texture, canvas, samples, shader, 12_345, u32::MAX] {
        let picture = draw_with(&mut renderer, |sink| {
            sink.set_matrix(IDENTITY);
            sink.meshes(none, None, &instance());
        });
        assert_eq!(picture.pixel(16, 12), BLACK, "as a mesh");
    }
    for none in [texture, canvas, samples, mesh, 12_345, u32::MAX] {
        let picture = draw_with(&mut renderer, |sink| {
            let look = Look {
                shader: none,
                ..Look::default()
            };
            sink.set_look(look, &[1, 2, 3]);
            sink.sprites(texture, Sprite::words(&all));
        });
        assert_eq!(picture.pixel(0, 0), RED.bytes(), "as a shader");
    }
    let picture = draw_with(&mut renderer, |sink| {
        sink.set_target(Some(texture), Some(Color::BLACK));
        sink.quads(Quad::words(&[ALL]));
        sink.set_target(None, None);
        sink.sprites(texture, Sprite::words(&all));
    });
    assert_eq!(picture.pixel(0, 0), RED.bytes(), "a texture is no canvas");
}

#[test]
fn canvases_have_pixels_and_there_may_be_a_thousand() {
    let (mut renderer, claim) = stage();
    for (width, height) in [(0, 0), (0, 5), (5, 0), (100_000, 100_000), (u32::MAX, 1)] {
        let refused = claim.canvas("none", Size::new(width, height), Filter::Nearest);
        assert!(refused.is_err(), "{width} by {height}");
    }
    let canvases: Vec<u32> = (0..1000)
        .map(|number| {
            let key = format!("canvas/{number}");
            claim.canvas(&key, Size::new(8, 8), Filter::Nearest)
        })
        .map(Result::unwrap)
        .collect();
    let picture = draw_with(&mut renderer, |sink| {
        for (index, canvas) in canvases.iter().enumerate() {
            let color = Color(0xff00_0000 | index as u32);
            sink.set_target(Some(*canvas), Some(color));
        }
        sink.set_target(None, None);
        for (index, canvas) in canvases.iter().enumerate() {
            let [x, y] = [index % 32, index / 32 % 24].map(|side| side as f32);
            let sprite = Sprite {
                position: [x, y],
                size: [1.0; 2],
                ..everywhere()
            };
            sink.sprites(*canvas, Sprite::words(&[sprite]));
        }
    });
    for index in 232..1000_u32 {
        let [red, green, ..] = index.to_le_bytes();
        let seen = picture.pixel(index % 32, index / 32 % 24);
        assert_eq!(seen, [red, green, 0, 255], "of canvas {index}");
    }
}

#[test]
fn a_new_renderer_after_a_loss_draws_everything() {
    let (mut lost, claim) = stage();
    let texture = claim
        .pixels("t", Size::new(1, 1), &RED.bytes(), Filter::Nearest)
        .unwrap();
    let canvas = claim.canvas("c", SIZE, Filter::Nearest).unwrap();
    let mesh = mesh(&claim);
    let source = "fn fragment(in: Surface) -> vec4f { return vec4f(in.tint.rgb * 0.5, 1.0); }";
    let shader = claim.shader_source("s", source).unwrap();
    let commands = |sink: &mut dyn Sink| {
        sink.set_target(Some(canvas), Some(Color::rgba(0, 0, 200, 255)));
        sink.set_target(None, None);
        let quarter = |x, y| Sprite {
            position: [x, y],
            size: [16.0, 12.0],
            ..everywhere()
        };
        sink.set_matrix(IDENTITY);
        sink.meshes(mesh, None, &instance());
        sink.sprites(texture, Sprite::words(&[quarter(0.0, 0.0)]));
        sink.sprites(canvas, Sprite::words(&[quarter(16.0, 0.0)]));
        let look = Look {
            shader,
            ..Look::default()
        };
        sink.set_look(look, &[]);
        sink.sprites(texture, Sprite::words(&[quarter(0.0, 12.0)]));
    };
    let before = draw_with(&mut lost, commands);
    let bytes = lost.stats().asset_bytes;
    assert_eq!(before.pixel(4, 4), RED.bytes());
    assert_eq!(before.pixel(20, 4), [0, 0, 200, 255]);
    assert_eq!(
        before.pixel(4, 16)[1],
        before.pixel(4, 16)[0],
        "the shader's"
    );
    assert_ne!(before.pixel(20, 16), BLACK, "the mesh");
    let device = &lost.recorder.gpu.device;
    device.destroy();
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    commands(lost.begin());
    assert!(matches!(lost.submit(), Err(RenderError::Lost(_))));

    let mut next = renderer(SIZE);
    next.use_assets(claim.assets().clone());
    let after = draw_with(&mut next, commands);
    assert!(after.pixels == before.pixels);
    assert_eq!(next.stats().asset_bytes, bytes);
}

/// A command of a picture.
type Command<'a> = &'a dyn Fn(&mut dyn Sink);

#[test]
fn state_changes_in_a_picture_are_limited() {
    let (mut renderer, claim) = stage();
    let source = "fn fragment(in: Surface) -> vec4f { return in.tint; }";
    let shader = claim.shader_source("s", source).unwrap();
    let look = Look {
        shader,
        ..Look::default()
    };
    let again_and_again: [(&str, u32, Command<'_>); 4] = [
        ("changes of target", 5_000, &|sink| {
            sink.set_target(None, None);
        }),
        ("shaders set", 70_000, &|sink| sink.set_look(look, &[])),
        ("matrices set", 70_000, &|sink| sink.set_matrix(IDENTITY)),
        ("separate draws", 530_000, &|sink| {
            sink.quads(Quad::words(&[PLAIN]));
            sink.triangles(None, triangle().as_flattened());
        }),
    ];
    for (what, times, command) in again_and_again {
        let sink = renderer.begin();
        (0..times).for_each(|_| command(sink));
        let error = renderer.submit().unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        let picture = draw_with(&mut renderer, |sink| sink.clear(RED));
        assert_eq!(picture.pixel(0, 0), RED.bytes(), "after too many {what}");
    }
}
