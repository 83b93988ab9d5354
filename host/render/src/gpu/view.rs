//! The view: the numbers about the camera that every kind of shader gets. Knows no GPU.

use bytemuck::{Pod, Zeroable};

use crate::Size;
use crate::commands::Camera;

/// Size of the view in bytes.
pub(super) const VIEW_BYTES: u32 = size_of::<View>() as u32;

/// `View` in the shaders.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct View {
    center: [f32; 2],
    middle: [f32; 2],
    to_clip: [f32; 2],
    rotor: [f32; 2],
    zoom: f32,
    /// Game time in seconds.
    time: f32,
    resolution: [f32; 2],
    matrix: [f32; 16],
}

impl View {
    pub fn new(size: Size, camera: Option<Camera>, matrix: [f32; 16], time: f32) -> Self {
        let [width, height] = [size.width as f32, size.height as f32];
        let pixels = Self {
            center: [0.0; 2],
            middle: [0.0; 2],
            to_clip: [2.0 / width, -2.0 / height],
            rotor: [1.0, 0.0],
            zoom: 1.0,
            time,
            resolution: [width, height],
            matrix,
        };
        let Some(Camera {
            x,
            y,
            zoom,
            rotation,
        }) = camera
        else {
            return pixels;
        };
        let (sin, cos) = rotation.sin_cos();
        Self {
            center: [x, y],
            middle: [width / 2.0, height / 2.0],
            // A negative zoom turns the world and each quad in it by half a turn.
            rotor: [cos, sin].map(|part| part * zoom.signum()),
            zoom: zoom.abs(),
            ..pixels
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_zoom_is_half_a_turn() {
        let camera = Camera {
            x: 1.0,
            y: 2.0,
            zoom: -3.0,
            rotation: 0.5,
        };
        let view = View::new(Size::new(10, 20), Some(camera), [0.0; 16], 0.0);
        let (sin, cos) = 0.5_f32.sin_cos();
        assert_eq!((view.rotor, view.zoom), ([-cos, -sin], 3.0));
        assert_eq!((view.middle, view.to_clip), ([5.0, 10.0], [0.2, -0.1]));
        let turned = Camera {
            zoom: 3.0,
            rotation: 3.0,
            ..camera
        };
        let view = View::new(Size::new(10, 20), Some(turned), [0.0; 16], 0.0);
        let (sin, cos) = 3.0_f32.sin_cos();
        assert_eq!(view.rotor, [cos, sin]);
    }
}
