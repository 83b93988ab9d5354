//! A texture's pixels in memory, decoded and within limits. Knows no GPU.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use vblank_input::Size;

use super::budget::DecodeBudget;
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
    pub fn decode(encoded: &[u8], budget: &DecodeBudget) -> Result<Self, AssetError> {
        if encoded.is_empty() {
            return Err(AssetError::Damaged("it is empty".to_owned()));
        }
        let damaged = |error: png::DecodingError| AssetError::Damaged(error.to_string());
        let mut decoder = png::Decoder::new(Cursor::new(encoded));
        decoder.set_transformations(png::Transformations::EXPAND);
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let mut reader = decoder.read_info().map_err(damaged)?;
        let size = Size::new(reader.info().width, reader.info().height);
        // The size is checked first, so that no memory is allocated for a picture that is too large.
        let bytes = bytes(size)?;
        budget.check_bytes(bytes)?;
        let (color, depth) = reader.output_color_type();
        let mut rgba: Arc<[u8]> = std::iter::repeat_n(0, bytes as usize).collect();
        let pixels = Arc::get_mut(&mut rgba).expect("nobody else has it");
        let stride = size.width as usize * 4;
        let mut next = 0;
        let mut row = Vec::with_capacity(stride);
        while let Some(encoded) = reader.next_interlaced_row().map_err(damaged)? {
            budget.check_time()?;
            row.clear();
            to_rgba(encoded.data(), color, depth, &mut row);
            match encoded.interlace() {
                png::InterlaceInfo::Null(_) => {
                    let line = pixels.get_mut(next * stride..(next + 1) * stride);
                    if let (Some(line), Some(row)) = (line, row.get(..stride)) {
                        line.copy_from_slice(row);
                    }
                    next += 1;
                }
                png::InterlaceInfo::Adam7(place) => {
                    png::expand_interlaced_row(pixels, stride, &row, place, 32);
                }
            }
        }
        Ok(Self { size, rgba })
    }
}

/// Appends pixels to a row as red, green, blue and alpha.
fn to_rgba(data: &[u8], color: png::ColorType, depth: png::BitDepth, row: &mut Vec<u8>) {
    let is_wide = depth == png::BitDepth::Sixteen;
    let sample = |at: &[u8], index: usize| match is_wide {
        true => {
            let wide = u32::from(u16::from_be_bytes([at[2 * index], at[2 * index + 1]]));
            ((wide + 128) / 257) as u8
        }
        false => at[index],
    };
    let samples = color.samples();
    for pixel in data.chunks_exact(samples * (1 + usize::from(is_wide))) {
        let of = |index| sample(pixel, index);
        row.extend_from_slice(&match samples {
            1 => [of(0), of(0), of(0), 255],
            2 => [of(0), of(0), of(0), of(1)],
            3 => [of(0), of(1), of(2), 255],
            _ => [of(0), of(1), of(2), of(3)],
        });
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
    use std::time::Duration;

    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn decode(encoded: &[u8]) -> Result<Pixels, AssetError> {
        Pixels::decode(
            encoded,
            &DecodeBudget::new(1 << 30, Duration::from_secs(60)),
        )
    }

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
        let pixels = decode(&png).unwrap();
        assert_eq!(pixels.size, Size::new(3, 2));
        assert_eq!(pixels.rgba[16..20], [1, 1, 7, 99]);
        for cut in [0, 1, 8, 20, png.len() / 2, png.len() - 20] {
            assert!(decode(&png[..cut]).is_err(), "cut at {cut}");
        }
        // The header now claims a width of 100,000.
        png[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        assert!(decode(&png).is_err());
    }

    #[test]
    fn every_kind_of_pixels_is_read_as_the_library_reads_it() {
        let image = image::RgbaImage::from_fn(13, 7, |x, y| {
            image::Rgba([x as u8 * 19, y as u8 * 31, 7, (x * y) as u8])
        });
        let image = DynamicImage::from(image);
        let wide = image::ImageBuffer::from_fn(13, 7, |x, y| {
            image::Rgba([x as u16 * 5041, y as u16 * 999, 300, 65_000])
        });
        for image in [
            image.to_luma8().into(),
            image.to_luma_alpha8().into(),
            image.to_rgb8().into(),
            DynamicImage::from(wide),
            image,
        ] {
            let mut png = Vec::new();
            image
                .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
                .unwrap();
            assert_eq!(*decode(&png).unwrap().rgba, *image.to_rgba8().into_raw());
        }
    }

    #[test]
    fn a_budget_ends_decoding() {
        let mut png = Vec::new();
        let image = DynamicImage::new_luma8(4000, 4000);
        image
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .unwrap();
        let small = DecodeBudget::new(60_000_000, Duration::from_secs(60));
        let error = Pixels::decode(&png, &small).unwrap_err().to_string();
        assert!(error.contains("64000000 bytes"), "{error}");
        let short = DecodeBudget::new(1 << 30, Duration::ZERO);
        let error = Pixels::decode(&png, &short).unwrap_err().to_string();
        assert!(error.contains("longer than 0 ms"), "{error}");
    }
}
