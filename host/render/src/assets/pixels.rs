//! A texture's pixels in memory, decoded and within limits. Knows no GPU.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, ImageReader, Limits};
use vblank_input::Size;

use super::error::AssetError;
use super::limits::MAX_SIDE;

/// Pixels of a texture: red, green, blue and straight alpha, in rows from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Size in pixels; no side is 0.
    pub size: Size,
    /// `size.width * size.height * 4` bytes.
    pub rgba: Arc<[u8]>,
}

impl Pixels {
    /// Makes a texture of these bytes.
    ///
    /// # Errors
    /// When the number of bytes does not match the size, or the size is too large.
    pub fn new(size: Size, rgba: &[u8]) -> Result<Self, AssetError> {
        let wanted = bytes(size)?;
        if wanted != rgba.len() as u64 {
            return Err(AssetError::Bytes {
                size,
                wanted,
                given: rgba.len(),
            });
        }
        let rgba = rgba.into();
        Ok(Self { size, rgba })
    }

    /// Decodes a PNG file. Takes about 5 ms for a megapixel.
    ///
    /// # Errors
    /// When the file is damaged, has another format, or is too large.
    pub fn decode(encoded: &[u8]) -> Result<Self, AssetError> {
        if encoded.is_empty() {
            return Err(AssetError::Damaged("it is empty".to_owned()));
        }
        let damaged = |error: image::ImageError| AssetError::Damaged(error.to_string());
        let mut reader = ImageReader::with_format(Cursor::new(encoded), ImageFormat::Png);
        // The size is checked first, so that no memory is allocated for a picture that is too large.
        let (width, height) = reader.into_dimensions().map_err(damaged)?;
        let size = Size::new(width, height);
        bytes(size)?;
        reader = ImageReader::with_format(Cursor::new(encoded), ImageFormat::Png);
        let mut limits = Limits::default();
        limits.max_alloc = Some(super::MAX_BYTES);
        reader.limits(limits);
        let decoded = reader.decode().map_err(damaged)?;
        Self::new(size, &decoded.into_rgba8())
    }
}

/// Checks that a texture can have this size.
pub fn check(size: Size) -> Result<(), AssetError> {
    bytes(size).map(|_| ())
}

/// Bytes of a texture of this size.
fn bytes(size: Size) -> Result<u64, AssetError> {
    let Size { width, height } = size;
    if size.is_empty() || width.max(height) > MAX_SIDE {
        return Err(AssetError::Side { size });
    }
    Ok(u64::from(width) * u64::from(height) * 4)
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({})", self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_bytes_must_match() {
        let size = Size::new(2, 1);
        let pixels = Pixels::new(size, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!((pixels.size, pixels.rgba.len()), (size, 8));
        let error = Pixels::new(size, &[0; 7]).unwrap_err().to_string();
        assert!(error.contains('8') && error.contains('7'), "{error}");
        for (width, height) in [(0, 1), (1, 0), (100_000, 100_000), (u32::MAX, u32::MAX)] {
            let error = Pixels::new(Size::new(width, height), &[]).unwrap_err();
            assert!(error.to_string().contains("16384"), "{error}");
        }
    }

    #[test]
    fn a_damaged_picture_is_an_error() {
        let mut png = Vec::new();
        let image = image::RgbaImage::from_fn(3, 2, |x, y| image::Rgba([x as u8, y as u8, 7, 99]));
        let format = ImageFormat::Png;
        image.write_to(&mut Cursor::new(&mut png), format).unwrap();
        let pixels = Pixels::decode(&png).unwrap();
        assert_eq!(pixels.size, Size::new(3, 2));
        assert_eq!(pixels.rgba[16..20], [1, 1, 7, 99]);
        for cut in [0, 1, 8, 20, png.len() / 2, png.len() - 20] {
            assert!(Pixels::decode(&png[..cut]).is_err(), "cut at {cut}");
        }
        // The header now claims a width of 100,000.
        png[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        assert!(Pixels::decode(&png).is_err());
    }
}
