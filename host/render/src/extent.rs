//! The size of the next picture: that of the window, or a fixed one. Knows no window.

use super::{Fit, Placement, Size};

/// The sizes of window and picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    /// Size of the window, when it last had a pixel.
    window: Size,
    fixed: Option<(Size, Fit)>,
    /// Largest side of a picture in pixels.
    max_side: u32,
}

impl Extent {
    pub fn new(window: Size, max_side: u32) -> Self {
        Self {
            window: Size::new(1, 1),
            fixed: None,
            max_side,
        }
        .resized(window)
    }

    /// Returns the extent for another window. A window without pixels changes nothing.
    pub fn resized(self, window: Size) -> Self {
        if window.is_empty() {
            return self;
        }
        let window = self.bounded(window);
        Self { window, ..self }
    }

    pub fn fix(&mut self, fixed: Option<(Size, Fit)>) {
        self.fixed = fixed.filter(|(size, fit)| *fit != Fit::Resize && !size.is_empty());
    }

    /// Size of the next picture.
    pub fn picture(&self) -> Size {
        self.fixed
            .map_or(self.window, |(size, _)| self.bounded(size))
    }

    pub fn placement(&self) -> Placement {
        let fit = self.fixed.map_or(Fit::Resize, |(_, fit)| fit);
        Placement::new(self.picture(), self.window, fit)
    }

    fn bounded(&self, size: Size) -> Size {
        Size::new(
            size.width.min(self.max_side),
            size.height.min(self.max_side),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_follows_the_window_until_its_size_is_fixed() {
        let mut extent = Extent::new(Size::new(640, 360), 1000);
        assert_eq!(extent.picture(), Size::new(640, 360));
        extent = extent.resized(Size::new(0, 7));
        assert_eq!(extent.picture(), Size::new(640, 360), "minimised");
        extent = extent.resized(Size::new(800, 4000));
        assert_eq!(
            extent.picture(),
            Size::new(800, 1000),
            "no more than can be"
        );
        extent.fix(Some((Size::new(320, 180), Fit::Integer)));
        assert_eq!(extent.picture(), Size::new(320, 180));
        assert_eq!(extent.placement().size, [640.0, 360.0]);
        extent.fix(Some((Size::new(0, 180), Fit::Integer)));
        assert_eq!(
            extent.picture(),
            Size::new(800, 1000),
            "a size without pixels is none"
        );
    }
}
