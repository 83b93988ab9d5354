//! A picture in memory, for screenshots and tests. Knows no GPU.

use std::path::{Path, PathBuf};

use super::Size;

/// Pixels, row by row from the top left, four bytes each: red, green, blue, alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Size in pixels.
    pub size: Size,
    /// `size.width * size.height * 4` bytes.
    pub pixels: Vec<u8>,
}

/// The error of a picture that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the picture {}: {cause}", path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// Error of the encoder or of the system.
    pub cause: image::ImageError,
}

impl Picture {
    /// Red, green, blue and alpha of a pixel.
    ///
    /// # Panics
    /// If the pixel lies outside of the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        assert!(
            x < self.size.width && y < self.size.height,
            "{x}, {y} is outside {}",
            self.size
        );
        let at = (y as usize * self.size.width as usize + x as usize) * 4;
        std::array::from_fn(|channel| self.pixels[at + channel])
    }

    /// Writes a PNG file, independent of its name.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_png(&self, path: impl AsRef<Path>) -> Result<(), SaveError> {
        let (Size { width, height }, path) = (self.size, path.as_ref());
        let color = image::ExtendedColorType::Rgba8;
        image::save_buffer_with_format(
            path,
            &self.pixels,
            width,
            height,
            color,
            image::ImageFormat::Png,
        )
        .map_err(|cause| SaveError {
            path: path.to_owned(),
            cause,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_picture_is_read_back() {
        let pixels = (0..24).collect();
        let picture = Picture {
            size: Size::new(3, 2),
            pixels,
        };
        assert_eq!(picture.pixel(2, 1), [20, 21, 22, 23]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no extension");
        picture.save_png(&path).unwrap();
        let read = image::load_from_memory(&std::fs::read(&path).unwrap())
            .unwrap()
            .into_rgba8();
        assert_eq!((read.width(), read.height()), (3, 2));
        assert_eq!(read.into_raw(), picture.pixels);
    }

    #[test]
    fn an_error_names_the_file() {
        let picture = Picture {
            size: Size::new(1, 1),
            pixels: vec![0; 4],
        };
        let message = picture
            .save_png("/no/such/folder/a.png")
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("cannot write the picture /no/such/folder/a.png: "),
            "{message}"
        );
    }
}
