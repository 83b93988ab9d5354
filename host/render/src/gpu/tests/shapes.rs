//! The appearance of each command.

use super::*;

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
fn a_clear_removes_earlier_drawing_and_keeps_the_camera() {
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
    // The quad reaches from 4.75 to 8.5, and from 6.25 to 6.5.
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
fn light_is_added_and_shade_multiplied_as_far_as_it_is_opaque() {
    let color = Color::rgba(255, 100, 0, 128);
    let blended = |blend| {
        let picture = draw(|sink| {
            sink.clear(Color::rgba(0, 200, 100, 255));
            let look = Look {
                blend,
                ..Look::default()
            };
            sink.set_look(look, &[]);
            sink.quads(Quad::words(&[Quad {
                half: [8.0; 2],
                color,
                ..PLAIN
            }]));
            let corners = [(8.0, 0.0), (99.0, 0.0), (8.0, 99.0)];
            let words = corners.map(|(x, y): (f32, f32)| {
                let packed = u32::from_le_bytes(color.bytes());
                [x.to_bits(), y.to_bits(), 0, 0, packed]
            });
            sink.triangles(None, words.as_flattened());
        });
        [picture.pixel(3, 3), picture.pixel(12, 3)]
    };
    for pixel in blended(Blend::Add) {
        // 255 * 128 / 255, 200 + 100 * 128 / 255
        assert_near(pixel, [128, 250, 100, 255]);
    }
    for pixel in blended(Blend::Multiply) {
        // 200 * (100 * 128 / 255 + 127) / 255, 100 * 127 / 255
        assert_near(pixel, [0, 139, 50, 255]);
    }
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
