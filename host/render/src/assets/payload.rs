//! The kinds of assets, and their contents.

use std::sync::Arc;

use cosmic_text::fontdb;
use vblank_input::Size;

use super::error::AssetError;
use super::mesh::Mesh;
use super::pixels::Pixels;
use super::shader::Shader;
use crate::sound::Sound;

/// What an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A picture to draw with.
    Texture,
    /// A font.
    Font,
    /// Something to be heard.
    Sound,
    /// What colours a surface.
    Shader,
    /// Triangles in space.
    Mesh,
    /// A texture that is drawn to.
    Canvas,
}

impl Kind {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Texture => "texture",
            Self::Font => "font",
            Self::Sound => "sound",
            Self::Shader => "shader",
            Self::Mesh => "mesh",
            Self::Canvas => "canvas",
        }
    }

    /// Of the files that it may come from.
    pub(super) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Texture => &["png"],
            Self::Font => &["ttf", "otf"],
            Self::Sound => &["ogg", "wav"],
            Self::Shader => &["wgsl"],
            // Made by guests only.
            Self::Mesh | Self::Canvas => &[],
        }
    }

    /// Makes of a file's bytes what is kept in memory. May take long.
    ///
    /// # Errors
    /// Where the bytes are damaged, or too much.
    pub fn decode(self, encoded: &[u8]) -> Result<Payload, AssetError> {
        match self {
            Self::Texture => Pixels::decode(encoded).map(Payload::Texture),
            Self::Font => font(encoded),
            Self::Sound => Sound::decode(encoded.to_vec())
                .map(Payload::Sound)
                .map_err(|error| AssetError::Damaged(error.to_string())),
            Self::Shader => {
                let source = str::from_utf8(encoded)
                    .map_err(|error| AssetError::Damaged(format!("it is no text: {error}")))?;
                Shader::parse(source)
                    .map(Payload::Shader)
                    .map_err(|error| AssetError::Damaged(error.to_string()))
            }
            Self::Mesh | Self::Canvas => {
                let name = self.name();
                Err(AssetError::Damaged(format!("a {name} has no file")))
            }
        }
    }
}

fn font(encoded: &[u8]) -> Result<Payload, AssetError> {
    let bytes: Arc<[u8]> = encoded.into();
    let source: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(Arc::clone(&bytes));
    let found = fontdb::Database::new().load_font_source(fontdb::Source::Binary(source));
    if found.is_empty() {
        let what = if encoded.is_empty() {
            "empty"
        } else {
            "no font"
        };
        return Err(AssetError::Damaged(format!("it is {what}")));
    }
    Ok(Payload::Font(bytes))
}

/// An asset's content, ready to be used. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Of a texture.
    Texture(Pixels),
    /// Of a font: its file.
    Font(Arc<[u8]>),
    /// Of a sound: its samples.
    Sound(Sound),
    /// Of a shader: its source.
    Shader(Shader),
    /// Of a mesh: its triangles.
    Mesh(Mesh),
    /// Of a canvas: its size in pixels.
    Canvas(Size),
}

impl Payload {
    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Texture(pixels) => pixels.rgba.len() as u64,
            Self::Font(file) => file.len() as u64,
            Self::Sound(sound) => sound.bytes() as u64,
            Self::Shader(shader) => shader.source.len() as u64,
            Self::Mesh(mesh) => mesh.bytes(),
            Self::Canvas(size) => u64::from(size.width) * u64::from(size.height) * 4,
        }
    }
}

/// How a texture looks between its pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Blended.
    #[default]
    Linear,
    /// As squares.
    Nearest,
}

/// How far an asset is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// On its way from the file.
    Loading,
    /// There. A file that was damaged later changes nothing about that.
    Ready,
    /// The file is not there or damaged, for this reason. It may come.
    Failed(String),
}
