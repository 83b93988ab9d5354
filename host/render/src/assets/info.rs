//! Descriptions of single assets, for the loader, for a renderer and for people. Knows no registry.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vblank_input::Size;

use super::key;
use super::payload::{Filter, Kind, Payload, Status};
use super::pixels::Pixels;

/// A request for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetRequest {
    /// Handle of the asset.
    pub handle: u32,
    /// Expected kind.
    pub kind: Kind,
    /// Key that the guest chose.
    pub key: Arc<str>,
}

impl AssetRequest {
    /// Lists the files that the key may mean, in the order in which they are tried.
    #[must_use]
    pub fn files(&self, folder: &Path) -> Vec<PathBuf> {
        key::files(folder, &self.key, self.kind)
    }
}

/// A loaded asset, as a renderer needs it.
#[derive(Clone, Debug)]
pub struct Live {
    /// Handle of the asset, never 0.
    pub handle: u32,
    /// Number that changes with each change of the content.
    pub revision: u64,
    /// Content of the asset.
    pub payload: Payload,
    /// Filter, for textures.
    pub filter: Filter,
}

impl Live {
    /// Bytes that are uploaded to the GPU.
    #[must_use]
    pub fn upload_bytes(&self) -> u64 {
        match &self.payload {
            Payload::Texture(_) | Payload::Mesh(_) => self.payload.bytes(),
            // Glyphs of a font are uploaded when they are drawn.
            Payload::Font(_) | Payload::Sound(_) | Payload::Shader(_) | Payload::Canvas(_) => 0,
        }
    }
}

/// A description of an asset, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetInfo {
    /// Kind of the asset.
    pub kind: Kind,
    /// Key that the guest chose.
    pub key: Arc<str>,
    /// Bytes in memory.
    pub bytes: u64,
    /// Size in pixels, for textures and canvases.
    pub size: Option<Size>,
    /// Loading status.
    pub status: Status,
    /// Problem of its file, even if older content is still in use.
    pub problem: Option<String>,
    /// Revision and pixels, for textures.
    pub pixels: Option<(u64, Pixels)>,
}

/// The number and size of all assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Number of assets, including those that are loading.
    pub entries: usize,
    /// Bytes in memory.
    pub bytes: u64,
}
