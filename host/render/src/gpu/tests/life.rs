//! Successive pictures: growth, resizing and failures.

use super::*;

#[test]
fn lists_are_joined_and_buffers_grow() {
    // The picture has one quad for each pixel, row by row, in lists of many lengths.
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
                bytes: quads * 32,
                ..Stats::default()
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
fn a_picture_over_its_limits_is_refused_and_the_next_is_drawn() {
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
