//! Textures and fonts: kept by the host under keys, and found again by every later version of the code.

use crate::bindings::vblank::guest::assets as host;
use crate::color::Color;
use crate::input::Size;

pub use host::{Filter, Status};

/// A texture, by the number that the host knows it by. Cheap to copy.
///
/// It is good as long as the code that asked for it runs. What crosses a swap is the key: ask again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Texture(pub(crate) u32);

impl Texture {
    /// No texture: drawn as the placeholder.
    pub const MISSING: Self = Self(0);

    /// Its size in pixels, once it is loaded. For showing only: when a file is loaded is not part of
    /// a recording.
    #[must_use]
    pub fn size(self) -> Option<Size> {
        if cfg!(target_arch = "wasm32") {
            host::texture_size(self.0)
        } else {
            None
        }
    }

    /// How far it is; as for [`Texture::size`], for showing only.
    #[must_use]
    pub fn status(self) -> Status {
        if cfg!(target_arch = "wasm32") {
            host::status_of(self.0)
        } else {
            Status::Ready
        }
    }
}

/// A font, by the number that the host knows it by. As for a [`Texture`], what crosses a swap is the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Font(pub(crate) u32);

/// The font of a key: what was given under it, or else `assets/KEY.ttf` or `.otf` of the guest's folder.
/// Where it is missing or damaged, the built-in one is used, and the host says why.
#[must_use]
pub fn font(key: &str) -> Font {
    Font(ask("font", key, || host::font(key)))
}

/// A font of a file that the program carries with it: `include_bytes!("title.ttf")`.
///
/// If it is damaged, the reason is logged and the built-in one used.
pub fn font_from_file(key: &str, file: &[u8]) -> Font {
    Font(ask("font", key, || host::font_file(key, file)))
}

/// The texture of a key: what was given under it, or else `assets/KEY.png` of the guest's folder. The
/// file is watched, and shown anew when it changes.
///
/// Where the file is missing or damaged, a checkered placeholder is drawn, and the host says why.
#[must_use]
pub fn texture(key: &str, filter: Filter) -> Texture {
    Texture(ask("texture", key, || host::texture(key, filter)))
}

/// A texture made by the program: red, green, blue and alpha, straight, in rows from the top. The same
/// bytes under the same key cost a look at them, other bytes replace what was there.
///
/// If the bytes do not fit the size, or it is too large, the reason is logged and the placeholder drawn.
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

/// A texture of a PNG file that the program carries with it: `include_bytes!("ship.png")`.
///
/// If it is damaged, the reason is logged and the placeholder drawn.
pub fn texture_from_png(key: &str, png: &[u8], filter: Filter) -> Texture {
    Texture(ask("texture", key, || host::picture(key, png, filter)))
}

/// A texture painted pixel by pixel.
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

/// A shader that the host has, by its number there. Cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shader(pub(crate) u32);

impl Shader {
    /// None: things have their usual look.
    pub const USUAL: Self = Self(0);

    /// What is wrong with its source as it is now, with line and column. For showing only.
    #[must_use]
    pub fn problem(self) -> Option<String> {
        if cfg!(target_arch = "wasm32") {
            host::problem(self.0)
        } else {
            None
        }
    }
}

/// The shader of a key: what was given under it, or else `assets/KEY.wgsl` of the guest's folder. The file
/// is watched; where it has a mistake, that is told with its line, and the last good version stays.
#[must_use]
pub fn shader(key: &str) -> Shader {
    Shader(ask("shader", key, || host::shader(key)))
}

/// A shader of a source that the program carries with it: WGSL, with a `fn fragment(in: Surface) -> vec4f`.
///
/// # Errors
/// With line and column, where it is no shader.
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

/// Gives a handle, or 0, which stands for none. Under `cargo test` there is no host: every key is an asset
/// that is there.
fn ask(kind: &str, key: &str, host: impl FnOnce() -> Result<u32, String>) -> u32 {
    if !cfg!(target_arch = "wasm32") {
        return 1;
    }
    host().unwrap_or_else(|why| {
        log::error!("no {kind} {key:?}: {why}");
        0
    })
}
