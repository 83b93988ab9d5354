//! The placement of a picture in a window of another size, and the conversion of points. Knows no window.

use std::fmt;
use std::str::FromStr;

use super::Size;

/// The policy for a picture and a window of different sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// The picture always has the size of the window.
    #[default]
    Resize,
    /// The picture fills the window, and its proportions may change.
    Stretch,
    /// The picture keeps its proportions, with bars at the sides.
    Letterbox,
    /// Letterbox with whole multiples when enlarged, so that pixels stay square.
    Integer,
}

impl Fit {
    const ALL: [(Self, &str); 4] = [
        (Self::Resize, "resize"),
        (Self::Stretch, "stretch"),
        (Self::Letterbox, "letterbox"),
        (Self::Integer, "integer"),
    ];
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(fit, _)| fit == self);
        f.pad(name.map_or("", |(_, name)| name))
    }
}

/// The error for an unknown name of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown fit {0:?}: it is resize, stretch, letterbox or integer")]
pub struct UnknownFit(String);

impl FromStr for Fit {
    type Err = UnknownFit;

    fn from_str(name: &str) -> Result<Self, UnknownFit> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found
            .map(|(fit, _)| *fit)
            .ok_or_else(|| UnknownFit(name.to_owned()))
    }
}

/// The rectangle of a picture in a window, in the window's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Top left corner.
    pub corner: [f32; 2],
    /// Size; at least one pixel.
    pub size: [f32; 2],
    /// Pixels of the window for one pixel of the picture.
    pub scale: [f32; 2],
}

impl Placement {
    /// Places a picture in a window. A size without pixels is taken as one pixel.
    #[must_use]
    pub fn new(picture: Size, window: Size, fit: Fit) -> Self {
        let side = |pixels: u32| pixels.max(1) as f32;
        let picture = [side(picture.width), side(picture.height)];
        let window = [side(window.width), side(window.height)];
        let each = [window[0] / picture[0], window[1] / picture[1]];
        let both = each[0].min(each[1]);
        let scale = match fit {
            Fit::Resize | Fit::Stretch => each,
            Fit::Letterbox => [both; 2],
            Fit::Integer if both >= 1.0 => [both.floor(); 2],
            Fit::Integer => [both; 2],
        };
        let size = [0, 1].map(|axis| {
            (picture[axis] * scale[axis])
                .round()
                .clamp(1.0, window[axis])
        });
        let corner = [0, 1].map(|axis| ((window[axis] - size[axis]) / 2.0).floor());
        Self {
            corner,
            size,
            scale,
        }
    }

    /// Converts a point of the window to a point of the picture. The flag is true if the point lies inside
    /// the picture.
    #[must_use]
    pub fn to_picture(self, [x, y]: [f32; 2]) -> ([f32; 2], bool) {
        let along = [x - self.corner[0], y - self.corner[1]];
        let inside = [0, 1].map(|axis| (0.0..self.size[axis]).contains(&along[axis]));
        let point = [0, 1].map(|axis| along[axis] / self.scale[axis]);
        (point, inside[0] && inside[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(picture: (u32, u32), window: (u32, u32), fit: Fit) -> ([f32; 2], [f32; 2]) {
        let picture = Size::new(picture.0, picture.1);
        let placed = Placement::new(picture, Size::new(window.0, window.1), fit);
        (placed.corner, placed.size)
    }

    #[test]
    fn each_policy_places_the_picture() {
        let (small, wide) = ((320, 180), (1000, 400));
        assert_eq!(
            placed(small, wide, Fit::Stretch),
            ([0.0; 2], [1000.0, 400.0])
        );
        let letterbox = ([144.0, 0.0], [711.0, 400.0]);
        assert_eq!(placed(small, wide, Fit::Letterbox), letterbox);
        let integer = ([180.0, 20.0], [640.0, 360.0]);
        assert_eq!(placed(small, wide, Fit::Integer), integer);
        let too_small = placed(small, (160, 160), Fit::Integer);
        assert_eq!(too_small, ([0.0, 35.0], [160.0, 90.0]), "it is seen whole");
    }

    #[test]
    fn sizes_without_pixels_give_finite_placements() {
        for fit in Fit::ALL.map(|(fit, _)| fit) {
            for sizes in [((0, 0), (0, 0)), ((1, 16384), (1, 1)), ((16384, 1), (0, 3))] {
                let (corner, size) = placed(sizes.0, sizes.1, fit);
                assert!(corner.iter().chain(&size).all(|side| side.is_finite()));
                assert!(size[0] >= 1.0 && size[1] >= 1.0, "{fit}: {sizes:?}");
            }
        }
    }

    #[test]
    fn a_point_of_the_window_lies_in_the_picture_or_a_bar() {
        let placed = Placement::new(Size::new(320, 180), Size::new(1000, 400), Fit::Integer);
        assert_eq!(placed.to_picture([180.0, 20.0]), ([0.0, 0.0], true));
        assert_eq!(placed.to_picture([200.0, 40.0]), ([10.0, 10.0], true));
        assert_eq!(placed.to_picture([100.0, 40.0]), ([-40.0, 10.0], false));
        assert!(!placed.to_picture([820.0, 40.0]).1);
    }

    #[test]
    fn policies_are_parsed_and_printed_alike() {
        for (fit, name) in Fit::ALL {
            assert_eq!((name.parse(), fit.to_string().as_str()), (Ok(fit), name));
        }
        let message = "fill".parse::<Fit>().unwrap_err().to_string();
        assert!(
            message.contains("stretch, letterbox or integer"),
            "{message}"
        );
    }
}
