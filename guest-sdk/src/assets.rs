//! Textures, fonts and shaders. The host keeps them under keys, so a later version of the code
//! finds them again. Knows no canvas.

use crate::bindings::vblank::guest::assets as host;
use crate::color::Color;
use crate::input::Size;

pub use host::{Filter, Status};

/// A texture that the host has. Cheap to copy.
///
/// The value is a number that is valid while the code that asked for it runs. The key crosses a
/// swap, so ask again after one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Texture(pub(crate) u32);

impl Texture {
    /// No texture. A placeholder is drawn.
    pub const MISSING: Self = Self(0);

    /// Returns the size in pixels, once the texture is loaded.
    ///
    /// Use it for display only: the time of loading is not part of a recording.
    #[must_use]
    pub fn size(self) -> Option<Size> {
        if cfg!(target_arch = "wasm32") {
            host::texture_size(self.0)
        } else {
            None
        }
    }

    /// Returns the progress of loading. Use it for display only, as with [`Texture::size`].
    #[must_use]
    pub fn status(self) -> Status {
        if cfg!(target_arch = "wasm32") {
            host::status_of(self.0)
        } else {
            Status::Ready
        }
    }
}

/// A font that the host has. Cheap to copy. As with a [`Texture`], the key crosses a swap and the
/// value does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Font(pub(crate) u32);

/// Returns the font of a key: the one the program gave, or `assets/KEY.ttf` or `.otf` in the
/// guest's folder.
///
/// The built-in font is used while the file is missing or damaged, and the host reports the reason.
#[must_use]
pub fn font(key: &str) -> Font {
    Font(ask("font", key, || host::font(key)))
}

/// Makes a font from a file in the program: `include_bytes!("title.ttf")`.
///
/// If the file is damaged, the reason is logged and the built-in font is used.
pub fn font_from_file(key: &str, file: &[u8]) -> Font {
    Font(ask("font", key, || host::font_file(key, file)))
}

/// Returns the texture of a key: the one the program gave, or `assets/KEY.png` in the guest's
/// folder.
///
/// The host watches the file, and shows its new content when it changes. A checkered placeholder is
/// drawn while the file is missing or damaged, and the host reports the reason.
#[must_use]
pub fn texture(key: &str, filter: Filter) -> Texture {
    Texture(ask("texture", key, || host::texture(key, filter)))
}

/// Makes a texture from pixels: red, green, blue and straight alpha, in rows from the top.
///
/// Equal bytes under a known key cost a comparison. Other bytes replace the texture. If the
/// bytes do not fit the size, or the size is too large, the reason is logged and the placeholder is
/// drawn.
pub fn texture_from_pixels(
    key: &str,
    width: u32,
    height: u32,
    rgba: &[u8],
    filter: Filter,
) -> Texture {
    let size = Size { width, height };
    Texture(ask("texture", key, || {
        host::pixels(key, size, rgba, filter)
    }))
}

/// Makes a texture from a PNG file in the program: `include_bytes!("ship.png")`.
///
/// If the file is damaged, the reason is logged and the placeholder is drawn.
pub fn texture_from_png(key: &str, png: &[u8], filter: Filter) -> Texture {
    Texture(ask("texture", key, || host::picture(key, png, filter)))
}

/// Makes a texture pixel by pixel.
pub(crate) fn painted(
    key: &str,
    (width, height): (u32, u32),
    filter: Filter,
    mut paint: impl FnMut(u32, u32) -> Color,
) -> Texture {
    if !cfg!(target_arch = "wasm32") {
        return Texture(ask("texture", key, || Ok(0)));
    }
    let mut rgba = Vec::new();
    for y in 0..height {
        for x in 0..width {
            rgba.extend(paint(x, y).packed().to_le_bytes());
        }
    }
    texture_from_pixels(key, width, height, &rgba, filter)
}

/// A shader that the host has. Cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shader(pub(crate) u32);

impl Shader {
    /// No shader: the default look.
    pub const USUAL: Self = Self(0);

    /// Returns the error in its current source, with line and column. Use it for display only.
    #[must_use]
    pub fn problem(self) -> Option<String> {
        if cfg!(target_arch = "wasm32") {
            host::problem(self.0)
        } else {
            None
        }
    }
}

/// Returns the shader of a key: the one the program gave, or `assets/KEY.wgsl` in the guest's
/// folder.
///
/// The host watches the file. An error in it is reported with its line, and the last valid version
/// stays in use.
#[must_use]
pub fn shader(key: &str) -> Shader {
    Shader(ask("shader", key, || host::shader(key)))
}

/// Makes a shader from WGSL source with a `fn fragment(in: Surface) -> vec4f`.
///
/// # Errors
/// Returns the error with line and column when the source is not a valid shader.
pub fn shader_from_source(key: &str, source: &str) -> Result<Shader, String> {
    if cfg!(target_arch = "wasm32") {
        host::shader_source(key, source).map(Shader)
    } else {
        Ok(Shader(1))
    }
}

pub(crate) fn mesh(key: &str, vertices: &[u32], indices: &[u32]) -> u32 {
    ask("mesh", key, || host::mesh(key, vertices, indices))
}

pub(crate) fn canvas(key: &str, size: Size, filter: Filter) -> Texture {
    Texture(ask("canvas", key, || host::canvas(key, size, filter)))
}

/// Returns a handle, or 0 for none. Under `cargo test` there is no host, and every key has an
/// asset.
fn ask(kind: &str, key: &str, host: impl FnOnce() -> Result<u32, String>) -> u32 {
    if !cfg!(target_arch = "wasm32") {
        return 1;
    }
    host().unwrap_or_else(|why| {
        log::error!("no {kind} {key:?}: {why}");
        0
    })
}
