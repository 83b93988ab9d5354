//! Descriptions of single assets: for the loader, for a renderer, for people.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vblank_input::Size;

use super::key;
use super::payload::{Filter, Kind, Payload, Status};
use super::pixels::Pixels;

/// A file that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetRequest {
    /// Of the asset.
    pub handle: u32,
    /// What it is to be.
    pub kind: Kind,
    /// What the guest calls it.
    pub key: Arc<str>,
}

impl AssetRequest {
    /// The files that it may be, in the order in which they are to be tried.
    #[must_use]
    pub fn files(&self, folder: &Path) -> Vec<PathBuf> {
        key::files(folder, &self.key, self.kind)
    }
}

/// An asset that is there, as a renderer needs it.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its number, never 0.
    pub handle: u32,
    /// Another one with each change of the content.
    pub revision: u64,
    /// The content.
    pub payload: Payload,
    /// For textures.
    pub filter: Filter,
}

impl Live {
    /// Bytes that the GPU gets of it.
    #[must_use]
    pub fn upload_bytes(&self) -> u64 {
        match &self.payload {
            Payload::Texture(_) | Payload::Mesh(_) => self.payload.bytes(),
            // Its glyphs are uploaded as they are drawn.
            Payload::Font(_) | Payload::Sound(_) | Payload::Shader(_) | Payload::Canvas(_) => 0,
        }
    }
}

/// An asset, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetInfo {
    /// What it is.
    pub kind: Kind,
    /// What the guest calls it.
    pub key: Arc<str>,
    /// In memory.
    pub bytes: u64,
    /// Of what has pixels.
    pub size: Option<Size>,
    /// How far it is.
    pub status: Status,
    /// What is wrong with its file, also where an older content is still in use.
    pub problem: Option<String>,
    /// Of a texture, and which of its contents these are.
    pub pixels: Option<(u64, Pixels)>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Assets, also such as are on their way.
    pub entries: usize,
    /// Bytes in memory.
    pub bytes: u64,
}
