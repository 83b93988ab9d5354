//! Pictures on a software adapter, pixel by pixel.

use super::*;
use crate::render::commands::{Camera, Color, Quad};

const SIZE: Size = Size::new(32, 24);
const WHITE: Color = Color::rgba(255, 255, 255, 255);
const RED: Color = Color::rgba(255, 0, 0, 255);

/// What quads have in common here: white, filled, with sharp corners.
const PLAIN: Quad = Quad {
    center: [0.0; 2],
    half: [0.0; 2],
    rotation: 0.0,
    radius: 0.0,
    outline: 0.0,
    color: WHITE,
};

fn renderer(size: Size) -> WgpuRenderer {
    WgpuRenderer::headless(size, Prefer::Software)
        .unwrap_or_else(|error| panic!("these tests need a software renderer: {error}"))
}

/// The picture that commands make.
fn draw(commands: impl FnOnce(&mut dyn Sink)) -> Picture {
    let mut renderer = renderer(SIZE);
    commands(renderer.begin());
    renderer.submit().unwrap();
    renderer.capture().unwrap()
}

fn draw_quads(quads: &[Quad]) -> Picture {
    draw(|sink| sink.quads(Quad::words(quads)))
}

/// The red of each pixel, which for white on black is how much of it is covered.
fn covered(picture: &Picture, x: u32, y: u32) -> u8 {
    let [red, green, blue, alpha] = picture.pixel(x, y);
    assert_eq!((green, blue, alpha), (red, red, 255), "at {x}, {y}");
    red
}

/// Covered pixels, in whole ones.
fn area(picture: &Picture) -> f32 {
    let reds = picture.pixels.iter().step_by(4);
    reds.map(|&red| f32::from(red) / 255.0).sum()
}

#[track_caller]
fn assert_near(actual: [u8; 4], expected: [u8; 4]) {
    let near = actual.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
    assert!(near, "{actual:?} is not {expected:?}");
}

#[test]
fn a_picture_begins_black_and_is_cleared_to_a_colour() {
    assert!(
        draw(|_| {})
            .pixels
            .chunks(4)
            .all(|pixel| pixel == [0, 0, 0, 255])
    );
    let color = Color::rgba(1, 20, 200, 255);
    assert!(
        draw(|sink| sink.clear(color))
            .pixels
            .chunks(4)
            .all(|pixel| pixel == color.bytes())
    );
    let half = draw(|sink| sink.clear(Color::rgba(255, 100, 0, 128)));
    assert_near(half.pixel(3, 3), [128, 50, 0, 255]);
}

#[test]
fn what_was_drawn_before_a_clear_is_gone_and_the_camera_stays() {
    let dot = Quad {
        half: [1.0; 2],
        ..PLAIN
    };
    let camera = Camera {
        x: 0.0,
        y: 0.0,
        zoom: 1.0,
        rotation: 0.0,
    };
    let picture = draw(|sink| {
        sink.quads(Quad::words(&[Quad {
            half: [99.0; 2],
            color: RED,
            ..PLAIN
        }]));
        sink.set_camera(Some(camera));
        sink.clear(Color::BLACK);
        sink.quads(Quad::words(&[dot]));
    });
    assert_eq!(area(&picture), 4.0);
    assert_eq!(covered(&picture, SIZE.width / 2, SIZE.height / 2), 255);
}

#[test]
fn a_rectangle_on_whole_pixels_covers_just_them() {
    let picture = draw_quads(&[Quad {
        center: [10.0, 8.0],
        half: [4.0, 2.0],
        color: RED,
        ..PLAIN
    }]);
    for y in 0..SIZE.height {
        for x in 0..SIZE.width {
            let inside = (6..14).contains(&x) && (6..10).contains(&y);
            let expected = if inside { RED } else { Color::BLACK };
            assert_eq!(picture.pixel(x, y), expected.bytes(), "at {x}, {y}");
        }
    }
}

#[test]
fn a_rectangle_covers_each_pixel_by_the_area_that_they_share() {
    // From 4.75 to 8.5, and 6.25 to 6.5.
    let quad = Quad {
        center: [6.625, 6.375],
        half: [1.875, 0.125],
        ..PLAIN
    };
    let picture = draw_quads(&[quad]);
    let row: Vec<u8> = (3..10).map(|x| covered(&picture, x, 6)).collect();
    let expected = [0.0, 0.25, 1.0, 1.0, 1.0, 0.5, 0.0].map(|width: f32| width * 0.25 * 255.0);
    for (actual, expected) in row.iter().zip(expected) {
        assert!((f32::from(*actual) - expected).abs() <= 1.0, "{row:?}");
    }
    assert_eq!((covered(&picture, 6, 5), covered(&picture, 6, 7)), (0, 0));
}

#[test]
fn a_circle_has_its_area_and_is_round() {
    let circle = Quad {
        center: [16.0, 12.0],
        half: [9.0; 2],
        radius: 1e6,
        ..PLAIN
    };
    let picture = draw_quads(&[circle]);
    let expected = std::f32::consts::PI * 81.0;
    assert!(
        (area(&picture) - expected).abs() < 0.01 * expected,
        "{}",
        area(&picture)
    );
    assert!(
        covered(&picture, 16, 3) > 245,
        "the topmost pixel, all but full"
    );
    assert_eq!(
        covered(&picture, 8, 4),
        0,
        "a corner of the square around it"
    );
    assert_eq!(
        covered(&picture, 22, 18),
        covered(&picture, 9, 5),
        "the same on both sides"
    );
    let capsule = draw_quads(&[Quad {
        half: [9.0, 3.0],
        ..circle
    }]);
    let expected = std::f32::consts::PI * 9.0 + 12.0 * 6.0;
    assert!(
        (area(&capsule) - expected).abs() < 0.02 * expected,
        "{}",
        area(&capsule)
    );
}

#[test]
fn a_radius_rounds_the_corners_only() {
    let sharp = Quad {
        center: [16.0, 12.0],
        half: [8.0, 6.0],
        ..PLAIN
    };
    let picture = draw_quads(&[Quad {
        radius: 3.0,
        ..sharp
    }]);
    let expected = 16.0 * 12.0 - (4.0 - std::f32::consts::PI) * 9.0;
    assert!(
        (area(&picture) - expected).abs() < 0.6,
        "{}",
        area(&picture)
    );
    assert_eq!(covered(&picture, 8, 12), 255);
    assert!(covered(&picture, 8, 6) < 40);
}

#[test]
fn an_outline_lies_inside() {
    let quad = Quad {
        center: [10.0, 10.0],
        half: [6.0, 5.0],
        outline: 2.0,
        ..PLAIN
    };
    let picture = draw_quads(&[quad]);
    assert_eq!(area(&picture), 120.0 - 8.0 * 6.0);
    assert_eq!(
        [3, 4, 5, 6].map(|x| covered(&picture, x, 10)),
        [0, 255, 255, 0]
    );
    let thick = draw_quads(&[Quad {
        outline: 50.0,
        ..quad
    }]);
    assert_eq!(area(&thick), 120.0, "as wide as the quad fills it");
    let ring = draw_quads(&[Quad {
        half: [6.0; 2],
        radius: 6.0,
        ..quad
    }]);
    let expected = std::f32::consts::PI * (36.0 - 16.0);
    assert!(
        (area(&ring) - expected).abs() < 0.02 * expected,
        "{}",
        area(&ring)
    );
}

#[test]
fn rotation_is_clockwise_about_the_centre() {
    let bar = Quad {
        center: [16.0, 12.0],
        half: [8.0, 1.0],
        ..PLAIN
    };
    let upright = draw_quads(&[Quad {
        rotation: std::f32::consts::FRAC_PI_2,
        ..bar
    }]);
    assert!((area(&upright) - 32.0).abs() < 0.1);
    assert!(covered(&upright, 16, 5) >= 254 && covered(&upright, 9, 12) == 0);
    let tilted = draw_quads(&[Quad {
        rotation: 0.5,
        ..bar
    }]);
    assert!((area(&tilted) - 32.0).abs() < 0.5, "{}", area(&tilted));
    assert!(covered(&tilted, 21, 14) > 200, "its right end went down");
    assert!(covered(&tilted, 10, 9) > 200, "and its left end up");
    let turns = 200.0 * std::f32::consts::TAU;
    assert!(
        area(&draw_quads(&[Quad {
            rotation: 0.5 + turns,
            ..bar
        }])) - area(&tilted)
            < 0.5
    );
}

#[test]
fn a_camera_shows_its_point_in_the_middle() {
    let dot = Quad {
        center: [100.0, -50.0],
        half: [1.0; 2],
        ..PLAIN
    };
    let right = Quad {
        center: [102.5, -50.0],
        half: [0.5; 2],
        color: RED,
        ..PLAIN
    };
    let camera = Camera {
        x: 100.0,
        y: -50.0,
        zoom: 2.0,
        rotation: 0.0,
    };
    let seen = |camera| {
        draw(|sink| {
            sink.set_camera(Some(camera));
            sink.quads(Quad::words(&[dot, right]));
        })
    };
    let straight = seen(camera);
    assert_eq!(
        [13, 14, 17, 18].map(|x| straight.pixel(x, 12)[1]),
        [0, 255, 255, 0]
    );
    assert_eq!(straight.pixel(20, 12), RED.bytes());
    let turned = seen(Camera {
        rotation: std::f32::consts::FRAC_PI_2,
        ..camera
    });
    assert_near(turned.pixel(16, 16), RED.bytes());
    let mirrored = seen(Camera {
        zoom: -2.0,
        ..camera
    });
    assert_near(mirrored.pixel(11, 11), RED.bytes());
    let lost = seen(Camera {
        x: f32::NAN,
        ..camera
    });
    assert_eq!(area(&lost), 0.0);
    let pixels = draw(|sink| {
        sink.set_camera(Some(camera));
        sink.set_camera(None);
        sink.quads(Quad::words(&[Quad {
            center: [1.0; 2],
            ..dot
        }]));
    });
    assert_eq!(covered(&pixels, 0, 0), 255);
}

#[test]
fn colours_are_blended_as_they_are_written() {
    let all = Quad {
        half: [99.0; 2],
        ..PLAIN
    };
    let picture = draw(|sink| {
        sink.clear(Color::rgba(0, 200, 100, 255));
        sink.quads(Quad::words(&[Quad {
            color: Color::rgba(255, 100, 0, 128),
            ..all
        }]));
    });
    // 255 * 128 / 255, 100 * 128 / 255 + 200 * 127 / 255, 100 * 127 / 255
    assert_near(picture.pixel(5, 5), [128, 150, 50, 255]);
    let over = draw_quads(&[all, Quad { color: RED, ..all }]);
    assert_eq!(over.pixel(5, 5), RED.bytes(), "later quads lie on top");
}

#[test]
fn quads_that_are_not_finite_do_no_harm() {
    let good = Quad {
        center: [4.0, 4.0],
        half: [2.0; 2],
        ..PLAIN
    };
    let mut quads = vec![good];
    for bad in [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        1e30,
    ] {
        quads.push(Quad {
            center: [bad, 4.0],
            ..good
        });
        quads.push(Quad {
            half: [2.0, bad],
            ..good
        });
        quads.push(Quad {
            rotation: bad,
            ..good
        });
        quads.push(Quad {
            radius: bad,
            ..good
        });
        quads.push(Quad {
            outline: bad,
            ..good
        });
    }
    assert_eq!(area(&draw_quads(&quads)), 16.0);
    let none = [
        Quad {
            half: [0.0, 5.0],
            ..good
        },
        Quad {
            half: [0.0; 2],
            radius: 1.0,
            ..good
        },
    ];
    assert_eq!(
        area(&draw_quads(&none)),
        0.0,
        "without any width there is nothing"
    );
    let mirrored = Quad {
        half: [-2.0, -2.0],
        radius: -1.0,
        outline: -1.0,
        ..good
    };
    assert_eq!(area(&draw_quads(&[mirrored])), 16.0);
    let huge = Quad {
        half: [1e6; 2],
        center: [-3e5, 7e5],
        ..good
    };
    assert!(draw_quads(&[huge]).pixels.iter().all(|&byte| byte == 255));
}

#[test]
fn lists_are_joined_and_buffers_grow() {
    // One pixel each, row by row, in lists of all lengths.
    let size = Size::new(128, 128);
    let mut renderer = renderer(size);
    let pixels: Vec<Quad> = (0..128 * 128)
        .map(|index| {
            let [x, y] = [index % 128, index / 128].map(|place| place as f32 + 0.5);
            Quad {
                center: [x, y],
                half: [0.5; 2],
                color: Color(0xff00_0000 | index),
                ..PLAIN
            }
        })
        .collect();
    for picture in 0..8 {
        let sink = renderer.begin();
        let (mut rest, mut length) = (&pixels[..], 1);
        while !rest.is_empty() {
            let (list, later) = rest.split_at(length.min(rest.len()));
            sink.quads(Quad::words(list));
            (rest, length) = (later, length * 3);
        }
        renderer.submit().unwrap();
        let quads = pixels.len() as u64;
        assert_eq!(
            renderer.stats(),
            Stats {
                quads,
                bytes: quads * 32
            }
        );
        let drawn = renderer.capture().unwrap();
        let expected = pixels.iter().flat_map(|quad| quad.color.bytes());
        assert!(
            drawn.pixels.iter().copied().eq(expected),
            "picture {picture}"
        );
    }
}

#[test]
fn a_picture_stays_until_the_next_and_follows_the_size() {
    let mut renderer = renderer(SIZE);
    assert!(matches!(renderer.capture(), Err(RenderError::NoPicture)));
    renderer.present().unwrap();
    renderer.begin().clear(RED);
    renderer.submit().unwrap();
    renderer.resize(Size::new(0, 7));
    assert_eq!(renderer.size(), SIZE);
    renderer.resize(Size::new(5, 7));
    renderer.begin().clear(WHITE);
    let before = renderer.capture().unwrap();
    assert_eq!(
        (before.size, before.pixel(0, 0)),
        (SIZE, RED.bytes()),
        "begun, not submitted"
    );
    renderer.submit().unwrap();
    let after = renderer.capture().unwrap();
    assert_eq!(
        (after.size, after.pixel(4, 6)),
        (Size::new(5, 7), WHITE.bytes())
    );
}

#[test]
fn too_much_is_refused_and_the_next_picture_is_drawn() {
    assert!(matches!(
        WgpuRenderer::headless(Size::new(1 << 20, 1), Prefer::Software),
        Err(RenderError::TooLarge { .. })
    ));
    let mut renderer = renderer(SIZE);
    renderer.resize(Size::new(u32::MAX, 1));
    assert!(renderer.size().width < 1 << 20);
    renderer.resize(SIZE);
    let words = vec![0; (1 << 20) * Quad::WORDS];
    let sink = renderer.begin();
    (0..9).for_each(|_| sink.quads(&words));
    let error = renderer.submit().unwrap_err();
    assert!(
        error.to_string().contains("9437184 quads in one picture"),
        "{error}"
    );
    renderer.begin().clear(RED);
    renderer.submit().unwrap();
    assert_eq!(renderer.capture().unwrap().pixel(0, 0), RED.bytes());
}

#[test]
fn a_lost_device_is_an_error_and_no_panic() {
    let mut renderer = renderer(SIZE);
    let quad = [Quad {
        half: [99.0; 2],
        ..PLAIN
    }];
    renderer.begin().quads(Quad::words(&quad));
    renderer.submit().unwrap();
    let device = &renderer.recorder.gpu.device;
    device.destroy();
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    for _ in 0..5 {
        renderer.begin().quads(Quad::words(&quad));
        assert!(matches!(renderer.submit(), Err(RenderError::Lost(_))));
        assert!(matches!(renderer.capture(), Err(RenderError::Lost(_))));
        renderer.present().unwrap();
    }
}
