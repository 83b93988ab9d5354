//! Sprites: their pixels in the picture, and the uploads of their textures.

use super::*;
use crate::assets::{Claim, Filter};
use crate::commands::Sprite;

const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const BLACK: [u8; 4] = [0, 0, 0, 255];
const MAGENTA: [u8; 4] = [255, 0, 255, 255];

/// A sprite with the whole texture at its top left corner, which the tests change.
const PLAIN: Sprite = Sprite {
    position: [0.0; 2],
    size: [0.0; 2],
    rotation: 0.0,
    pivot: [0.0; 2],
    source: [0; 2],
    source_size: [0; 2],
    tint: WHITE,
    scale: [1.0; 2],
};

/// A renderer, and a claim to its assets.
fn stage() -> (WgpuRenderer, Claim) {
    let assets = Assets::default();
    let mut renderer = renderer(SIZE);
    renderer.use_assets(assets.clone());
    (renderer, assets.claim())
}

/// Makes a texture of two pixels: green, and blue to its right.
fn two(claim: &Claim, filter: Filter) -> u32 {
    let rgba = [GREEN, BLUE].concat();
    claim.pixels("two", Size::new(2, 1), &rgba, filter).unwrap()
}

fn draw(sprite: Sprite) -> Picture {
    let (mut renderer, claim) = stage();
    let texture = two(&claim, Filter::Nearest);
    let sink = renderer.begin();
    sink.sprites(texture, Sprite::words(&[sprite]));
    renderer.submit().unwrap();
    renderer.capture().unwrap()
}

/// Checks that only these pixels are not black.
#[track_caller]
fn assert_only(picture: &Picture, lit: &[(u32, u32, [u8; 4])]) {
    for y in 0..SIZE.height {
        for x in 0..SIZE.width {
            let expected = lit.iter().find(|(at, down, _)| (*at, *down) == (x, y));
            let expected = expected.map_or(BLACK, |(.., color)| *color);
            assert_eq!(picture.pixel(x, y), expected, "at {x}, {y}");
        }
    }
}

#[test]
fn a_sprite_has_the_size_of_its_texture() {
    let position = [3.0, 2.0];
    let picture = draw(Sprite { position, ..PLAIN });
    assert_only(&picture, &[(3, 2, GREEN), (4, 2, BLUE)]);
}

#[test]
fn size_scale_and_flipping() {
    let sized = Sprite {
        position: [3.0, 2.0],
        size: [4.0, 1.0],
        ..PLAIN
    };
    let lit = [(3, 2, GREEN), (4, 2, GREEN), (5, 2, BLUE), (6, 2, BLUE)];
    assert_only(&draw(sized), &lit);
    let scaled = Sprite {
        size: [0.0; 2],
        scale: [2.0, 1.0],
        ..sized
    };
    assert_only(&draw(scaled), &lit);
    // Flipped about its middle, the sprite keeps its place.
    let flipped = Sprite {
        position: [4.0, 2.5],
        pivot: [0.5; 2],
        scale: [-1.0, 1.0],
        ..PLAIN
    };
    assert_only(&draw(flipped), &[(3, 2, BLUE), (4, 2, GREEN)]);
}

#[test]
fn rotation_is_about_the_pivot() {
    let turned = Sprite {
        position: [4.0, 4.0],
        pivot: [0.5; 2],
        rotation: std::f32::consts::FRAC_PI_2,
        size: [4.0, 2.0],
        ..PLAIN
    };
    let picture = draw(turned);
    let lit: Vec<_> = (3..5)
        .flat_map(|x| (2..6).map(move |y| (x, y, if y < 4 { GREEN } else { BLUE })))
        .collect();
    assert_only(&picture, &lit);
}

#[test]
fn a_part_of_a_texture_has_no_neighbours() {
    let (mut renderer, claim) = stage();
    let texture = two(&claim, Filter::Linear);
    let right = Sprite {
        position: [2.0, 2.0],
        source: [1, 0],
        source_size: [1, 1],
        size: [5.0, 2.0],
        ..PLAIN
    };
    let sink = renderer.begin();
    sink.sprites(texture, Sprite::words(&[right]));
    renderer.submit().unwrap();
    let lit: Vec<_> = (2..7)
        .flat_map(|x| (2..4).map(move |y| (x, y, BLUE)))
        .collect();
    assert_only(&renderer.capture().unwrap(), &lit);
}

#[test]
fn a_tint_multiplies_and_alpha_blends() {
    let picture = draw(Sprite {
        tint: Color::rgba(255, 128, 255, 128),
        ..PLAIN
    });
    assert_near(picture.pixel(0, 0), [0, 64, 0, 255]);
    assert_near(picture.pixel(1, 0), [0, 0, 128, 255]);
}

#[test]
fn the_order_of_calls_is_the_order_on_the_picture() {
    let (mut renderer, claim) = stage();
    let texture = two(&claim, Filter::Nearest);
    let green = Sprite {
        size: [8.0, 4.0],
        ..PLAIN
    };
    let red = Quad {
        center: [2.0, 2.0],
        half: [1.0; 2],
        color: RED,
        ..super::PLAIN
    };
    let dot = Sprite {
        position: [2.0, 2.0],
        ..PLAIN
    };
    let sink = renderer.begin();
    sink.sprites(texture, Sprite::words(&[green]));
    sink.quads(Quad::words(&[red]));
    sink.sprites(texture, Sprite::words(&[dot]));
    sink.quads(Quad::words(&[]));
    renderer.submit().unwrap();
    assert_eq!((renderer.stats().sprites, renderer.stats().quads), (2, 1));
    let picture = renderer.capture().unwrap();
    let row: Vec<[u8; 4]> = (0..5).map(|x| picture.pixel(x, 2)).collect();
    assert_eq!(row, [GREEN, RED.bytes(), GREEN, BLUE, BLUE]);
    assert_eq!(picture.pixel(2, 1), RED.bytes());
}

#[test]
fn the_camera_moves_sprites_too() {
    let (mut renderer, claim) = stage();
    let texture = two(&claim, Filter::Nearest);
    let camera = Camera {
        x: 1.0,
        y: 0.5,
        zoom: 4.0,
        rotation: 0.0,
    };
    let sink = renderer.begin();
    sink.set_camera(Some(camera));
    sink.sprites(texture, Sprite::words(&[PLAIN]));
    renderer.submit().unwrap();
    let picture = renderer.capture().unwrap();
    let middle = SIZE.height / 2;
    let lit: Vec<_> = (12..20)
        .flat_map(|x| {
            let color = if x < 16 { GREEN } else { BLUE };
            (middle - 2..middle + 2).map(move |y| (x, y, color))
        })
        .collect();
    assert_only(&picture, &lit);
}

#[test]
fn a_missing_texture_is_a_checkered_placeholder() {
    let (mut renderer, _claim) = stage();
    let sink = renderer.begin();
    sink.sprites(0, Sprite::words(&[PLAIN]));
    sink.sprites(99, Sprite::words(&[PLAIN]));
    renderer.submit().unwrap();
    let picture = renderer.capture().unwrap();
    let row: Vec<[u8; 4]> = (0..32).step_by(8).map(|x| picture.pixel(x, 0)).collect();
    assert_eq!(row, [MAGENTA, BLACK, MAGENTA, BLACK]);
    assert_eq!(picture.pixel(0, 8), BLACK);
    assert_eq!(picture.pixel(24, 8), MAGENTA);
}

#[test]
fn sprites_that_are_not_finite_are_not_drawn() {
    for broken in [
        Sprite {
            position: [f32::NAN, 0.0],
            ..PLAIN
        },
        Sprite {
            size: [f32::INFINITY, 1.0],
            ..PLAIN
        },
        Sprite {
            rotation: f32::NAN,
            ..PLAIN
        },
        Sprite {
            pivot: [0.0, f32::NEG_INFINITY],
            ..PLAIN
        },
        Sprite {
            scale: [1.0, f32::NAN],
            ..PLAIN
        },
    ] {
        assert_only(&draw(broken), &[]);
    }
}

#[test]
fn unchanged_textures_are_not_uploaded_again() {
    let (mut renderer, claim) = stage();
    let bytes = |renderer: &mut WgpuRenderer| {
        renderer.begin();
        renderer.submit().unwrap();
        renderer.stats().asset_bytes
    };
    let texture = two(&claim, Filter::Nearest);
    assert_eq!(bytes(&mut renderer), 8);
    assert_eq!(bytes(&mut renderer), 0);
    // The next version of the code asks for it again.
    let next = claim.assets().claim();
    assert_eq!(two(&next, Filter::Nearest), texture);
    assert_eq!(bytes(&mut renderer), 0);
    // Another filter is no new content.
    two(&next, Filter::Linear);
    assert_eq!(bytes(&mut renderer), 0);
    let other = next.pixels("two", Size::new(1, 1), &BLUE, Filter::Nearest);
    assert_eq!((other, bytes(&mut renderer)), (Ok(texture), 4));
    let sink = renderer.begin();
    sink.sprites(texture, Sprite::words(&[PLAIN]));
    renderer.submit().unwrap();
    assert_only(&renderer.capture().unwrap(), &[(0, 0, BLUE)]);
    drop((claim, next));
    renderer.recorder.assets.sweep();
    assert_eq!(bytes(&mut renderer), 0);
    let sink = renderer.begin();
    sink.sprites(texture, Sprite::words(&[PLAIN]));
    renderer.submit().unwrap();
    assert_eq!(
        renderer.capture().unwrap().pixel(0, 0),
        MAGENTA,
        "it is gone"
    );
}

#[test]
fn a_new_renderer_uploads_everything() {
    let (_lost, claim) = stage();
    two(&claim, Filter::Nearest);
    let mut next = renderer(SIZE);
    next.use_assets(claim.assets().clone());
    next.begin();
    next.submit().unwrap();
    assert_eq!(next.stats().asset_bytes, 8);
}
