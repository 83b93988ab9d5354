//! Text: its pixels match its measure, and are sharp, tinted and in order. Invalid text draws nothing.

use super::*;
use crate::commands::{Align, TextStyle};

const STYLE: TextStyle = TextStyle {
    font: 0,
    size: 10.0,
    color: WHITE,
    align: Align::Left,
    width: None,
};

fn write(camera: Option<Camera>, style: TextStyle, position: [f32; 2], text: &str) -> Picture {
    draw(|sink| {
        sink.set_camera(camera);
        sink.text(&style, position, text);
    })
}

/// Smallest and largest x and y of the pixels that are not black.
fn bounds(picture: &Picture) -> Option<[u32; 4]> {
    let all = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
    let lit = all.filter(|(x, y)| picture.pixel(*x, *y) != [0, 0, 0, 255]);
    lit.fold(None, |bounds, (x, y)| {
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}

#[test]
fn a_text_lies_where_it_is_put() {
    let [left, top, right, bottom] = bounds(&write(None, STYLE, [5.0, 4.0], "HH")).unwrap();
    assert!(
        (5..8).contains(&left) && (18..23).contains(&right),
        "{left} to {right}"
    );
    assert!(
        (5..9).contains(&top) && (12..16).contains(&bottom),
        "{top} to {bottom}"
    );
    let align = Align::Right;
    let ends = write(None, TextStyle { align, ..STYLE }, [25.0, 4.0], "HH");
    let [_, again, right, _] = bounds(&ends).unwrap();
    assert!((22..=25).contains(&right) && again == top, "{right}");
}

#[test]
fn a_camera_moves_text_and_keeps_it_sharp() {
    let camera = |zoom, rotation| {
        Some(Camera {
            x: 0.0,
            y: 0.0,
            zoom,
            rotation,
        })
    };
    // Half the size at twice the zoom gives the same text at the same place.
    let half = TextStyle { size: 5.0, ..STYLE };
    let zoomed = write(camera(2.0, 0.0), half, [-4.0, -3.0], "HH");
    let plain = write(None, STYLE, [8.0, 6.0], "HH");
    assert_eq!(zoomed.pixels, plain.pixels);
    let turned = write(
        camera(1.0, std::f32::consts::FRAC_PI_2),
        STYLE,
        [-6.0, -6.0],
        "HH",
    );
    let [left, top, right, bottom] = bounds(&turned).unwrap();
    assert!(
        bottom - top > right - left,
        "it runs downwards: {left} {top} {right} {bottom}"
    );
}

#[test]
fn text_has_its_colour_and_its_place_in_the_order() {
    let cover = Quad {
        center: [16.0, 12.0],
        half: [16.0, 12.0],
        ..PLAIN
    };
    let style = TextStyle {
        size: 40.0,
        color: RED,
        ..STYLE
    };
    let picture = draw(|sink| {
        sink.quads(Quad::words(&[cover]));
        sink.text(&style, [2.0, -8.0], "■");
    });
    let reds = picture
        .pixels
        .chunks(4)
        .filter(|pixel| *pixel == RED.bytes());
    assert!(reds.count() > 50, "it is over the quad");
    let covered = draw(|sink| {
        sink.text(&style, [2.0, -8.0], "■");
        sink.quads(Quad::words(&[cover]));
    });
    assert!(
        covered.pixels.iter().all(|byte| *byte == 255),
        "it is under it"
    );
}

#[test]
fn many_sizes_fill_more_pages_than_are_kept() {
    let mut renderer = renderer(SIZE);
    for round in 0..3 {
        let sink = renderer.begin();
        for size in 30..250 {
            let size = size as f32 + round as f32 / 4.0;
            sink.text(&TextStyle { size, ..STYLE }, [0.0; 2], "WM@%&Q");
        }
        renderer.submit().unwrap();
        assert_eq!(renderer.stats().glyphs, 220 * 6);
    }
    renderer.begin().text(&STYLE, [5.0, 4.0], "HH");
    renderer.submit().unwrap();
    let expected = write(None, STYLE, [5.0, 4.0], "HH");
    assert_eq!(renderer.capture().unwrap().pixels, expected.pixels);
}

#[test]
fn text_without_a_finite_place_or_size_draws_nothing() {
    let nowhere = |style, position| bounds(&write(None, style, position, "HH"));
    assert_eq!(nowhere(STYLE, [f32::NAN, 0.0]), None);
    assert_eq!(nowhere(STYLE, [0.0, f32::INFINITY]), None);
    assert_eq!(nowhere(STYLE, [1e30, -1e30]), None);
    for size in [f32::NAN, f32::INFINITY, -10.0, 0.0, 1e-30, 1e30] {
        assert_eq!(
            nowhere(TextStyle { size, ..STYLE }, [0.0; 2]),
            None,
            "{size}"
        );
    }
    for zoom in [0.0, 1e-30, 1e30, -1.0] {
        let camera = Camera {
            x: 0.0,
            y: 0.0,
            zoom,
            rotation: 0.0,
        };
        write(Some(camera), STYLE, [0.0; 2], "HH");
    }
}

#[test]
fn too_much_text_is_refused_and_the_next_picture_is_drawn() {
    let mut renderer = renderer(SIZE);
    let sink = renderer.begin();
    let long = "x".repeat(1 << 19);
    (0..3).for_each(|_| sink.text(&STYLE, [0.0; 2], &long));
    let error = renderer.submit().unwrap_err().to_string();
    assert!(
        error.contains("1572864 bytes of text in one picture"),
        "{error}"
    );
    renderer.begin().text(&STYLE, [0.0; 2], "x");
    renderer.submit().unwrap();
    assert_eq!(renderer.stats().glyphs, 1);
}
