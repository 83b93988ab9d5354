//! The kinds of assets, and their contents. Knows no registry and no GPU.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cosmic_text::fontdb;
use vblank_input::Size;

use super::budget::DecodeBudget;
use super::error::AssetError;
use super::mesh::Mesh;
use super::pixels::Pixels;
use super::shader::Shader;
use crate::sound::Sound;

/// The kind of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A picture to draw with.
    Texture,
    /// A font.
    Font,
    /// A sound.
    Sound,
    /// A fragment function that colours surfaces.
    Shader,
    /// Triangles in space.
    Mesh,
    /// A texture that a guest draws to.
    Canvas,
}

impl Kind {
    /// Name of the kind, for people.
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

    /// Endings of the files that it may come from.
    pub(super) fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Texture => &["png"],
            Self::Font => &["ttf", "otf"],
            Self::Sound => &["ogg", "wav"],
            Self::Shader => &["wgsl"],
            // Only guests make these.
            Self::Mesh | Self::Canvas => &[],
        }
    }

    /// Decodes a file's bytes within a budget.
    ///
    /// # Errors
    /// When the bytes are damaged, a limit is exceeded, or the library that decodes them panics.
    pub fn decode(self, encoded: &[u8], budget: &DecodeBudget) -> Result<Payload, AssetError> {
        // What a library leaves half done is dropped with the panic. The panic hook reports it.
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decode_by_library(encoded, budget)));
        decoded.unwrap_or_else(|_| Err(AssetError::Damaged("the decoder failed".to_owned())))
    }

    fn decode_by_library(
        self,
        encoded: &[u8],
        budget: &DecodeBudget,
    ) -> Result<Payload, AssetError> {
        match self {
            Self::Texture => Pixels::decode(encoded, budget).map(Payload::Texture),
            Self::Font => {
                budget.check_bytes(encoded.len() as u64)?;
                font(encoded)
            }
            Self::Sound => sound(encoded, budget).map(Payload::Sound),
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

fn sound(encoded: &[u8], budget: &DecodeBudget) -> Result<Sound, AssetError> {
    let mut exceeded = None;
    let decoded = Sound::decode(encoded, |bytes| {
        let checked = budget.check_time().and_then(|()| budget.check_bytes(bytes));
        exceeded = checked.err();
        exceeded.is_none()
    });
    decoded.map_err(|error| exceeded.unwrap_or_else(|| AssetError::Damaged(error.to_string())))
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

/// The content of an asset, ready for use. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Pixels of a texture.
    Texture(Pixels),
    /// File of a font.
    Font(Arc<[u8]>),
    /// Samples of a sound.
    Sound(Sound),
    /// Source of a shader.
    Shader(Shader),
    /// Triangles of a mesh.
    Mesh(Mesh),
    /// Size of a canvas in pixels.
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

/// The sampling of a texture between its pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Pixels are blended.
    #[default]
    Linear,
    /// Pixels are squares.
    Nearest,
}

/// The loading status of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The file is being loaded.
    Loading,
    /// The asset has content. It stays ready even if its file is damaged later.
    Ready,
    /// The file is missing or damaged, for this reason. It may be loaded later.
    Failed(String),
}
