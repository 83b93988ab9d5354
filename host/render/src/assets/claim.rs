//! What one guest asks for and gives, and its claim to it, which goes when the guest does.

use vblank_input::Size;

use super::error::AssetError;
use super::handle::Assets;
use super::mesh::Mesh;
use super::payload::{Filter, Kind, Payload, Status};
use super::pixels::Pixels;
use super::registry::Owner;
use super::{key, pixels};
use crate::commands::TextStyle;
use crate::sound::Sound;

/// One guest's claims. They go when it is dropped.
pub struct Claim {
    assets: Assets,
    owner: Owner,
}

impl Assets {
    /// Makes a claim, for a guest that is going to ask for assets.
    #[must_use]
    pub fn claim(&self) -> Claim {
        let owner = self.lock().new_owner();
        let assets = self.clone();
        Claim { assets, owner }
    }
}

impl Claim {
    /// A texture: what was given under this key, or else from the asset folder.
    ///
    /// # Errors
    /// Where the key is none, or there are too many assets. That the file is missing or damaged shows
    /// later, in [`Claim::status`].
    pub fn texture(&self, key: &str, filter: Filter) -> Result<u32, AssetError> {
        let mut registry = self.assets.lock();
        let handle = registry.ask(self.owner, Kind::Texture, key)?;
        registry.set_filter(handle, filter);
        Ok(handle)
    }

    /// A texture of these bytes: red, green, blue and alpha, straight, in rows from the top.
    ///
    /// # Errors
    /// Where the key is none, the bytes do not fit the size, or it is too much.
    pub fn pixels(
        &self,
        key: &str,
        size: Size,
        rgba: &[u8],
        filter: Filter,
    ) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&size.width.to_le_bytes()).update(rgba);
        let hash = hasher.finalize();
        let decode = || Pixels::new(size, rgba).map(Payload::Texture);
        let handle = self.give(Kind::Texture, key, hash, decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// A texture of an encoded file: PNG.
    ///
    /// # Errors
    /// As for [`Claim::pixels`], and where the file is damaged.
    pub fn picture(&self, key: &str, encoded: &[u8], filter: Filter) -> Result<u32, AssetError> {
        let decode = || Kind::Texture.decode(encoded);
        let handle = self.give(Kind::Texture, key, blake3::hash(encoded), decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// A font: what was given under this key, or else from the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn font(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Font, key)
    }

    /// A font of a file that the guest carries with it.
    ///
    /// # Errors
    /// Where the key is none, the file is no font, or it is too much.
    pub fn font_file(&self, key: &str, encoded: &[u8]) -> Result<u32, AssetError> {
        let decode = || Kind::Font.decode(encoded);
        self.give(Kind::Font, key, blake3::hash(encoded), decode)
    }

    /// A sound: what was given under this key, or else from the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn sound(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Sound, key)
    }

    /// A sound of a file that the guest carries with it: WAV or Ogg Vorbis.
    ///
    /// # Errors
    /// Where the key is none, the file is no sound, or it is too much.
    pub fn sound_file(&self, key: &str, encoded: &[u8]) -> Result<u32, AssetError> {
        let decode = || Kind::Sound.decode(encoded);
        self.give(Kind::Sound, key, blake3::hash(encoded), decode)
    }

    /// A sound of samples from -1 to 1, so many a second; left and right by turns where there are two
    /// channels.
    ///
    /// # Errors
    /// Where the key is none, rate or channels make no sense, or it is too much.
    pub fn samples(
        &self,
        key: &str,
        rate: u32,
        channels: u32,
        samples: &[f32],
    ) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&rate.to_le_bytes());
        hasher.update(&channels.to_le_bytes());
        hasher.update(bytemuck::cast_slice(samples));
        let decode = || {
            Sound::of_samples(rate, channels, samples)
                .map(Payload::Sound)
                .map_err(|error| AssetError::Damaged(error.to_string()))
        };
        self.give(Kind::Sound, key, hasher.finalize(), decode)
    }

    /// Width and height of a text as it would be drawn, in units.
    #[must_use]
    pub fn measure(&self, style: &TextStyle, text: &str) -> [f32; 2] {
        self.assets.layout(style, text).size
    }

    /// A shader: what was given under this key, or else from the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn shader(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Shader, key)
    }

    /// A shader of this source.
    ///
    /// # Errors
    /// Where the key is none, or the source is no shader: with line and column.
    pub fn shader_source(&self, key: &str, source: &str) -> Result<u32, AssetError> {
        let decode = || Kind::Shader.decode(source.as_bytes());
        self.give(Kind::Shader, key, blake3::hash(source.as_bytes()), decode)
    }

    /// Whether a shader's parameters have so many bytes. One that is not there has none.
    ///
    /// # Errors
    /// With both numbers.
    pub fn check_params(&self, shader: u32, bytes: usize) -> Result<(), String> {
        match self.assets.lock().params_of(shader) {
            Some(wanted) if wanted != bytes => Err(format!(
                "the shader's parameters have {wanted} bytes, and {bytes} were given"
            )),
            _ => Ok(()),
        }
    }

    /// A mesh of these vertices, [`VERTEX_WORDS`](super::VERTEX_WORDS) words each, and triangles.
    ///
    /// # Errors
    /// Where the key is none, or the words make no mesh.
    pub fn mesh(&self, key: &str, vertices: &[u32], indices: &[u32]) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&vertices.len().to_le_bytes());
        hasher.update(bytemuck::cast_slice(vertices));
        hasher.update(bytemuck::cast_slice(indices));
        let decode = || Mesh::new(vertices, indices).map(Payload::Mesh);
        self.give(Kind::Mesh, key, hasher.finalize(), decode)
    }

    /// A canvas of this size.
    ///
    /// # Errors
    /// Where the key is none, or it is too large.
    pub fn canvas(&self, key: &str, size: Size, filter: Filter) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&size.width.to_le_bytes());
        hasher.update(&size.height.to_le_bytes());
        let decode = || pixels::check(size).map(|()| Payload::Canvas(size));
        let handle = self.give(Kind::Canvas, key, hasher.finalize(), decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// Why an asset is not there, or not as its file is now.
    #[must_use]
    pub fn problem(&self, handle: u32) -> Option<String> {
        self.assets.lock().problem(handle)
    }

    /// How far an asset is. One that is not there has failed.
    #[must_use]
    pub fn status(&self, handle: u32) -> Status {
        self.assets.lock().status(handle)
    }

    /// Of a texture that is there.
    #[must_use]
    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        self.assets.lock().texture_size(handle)
    }

    /// Give all claims up.
    pub fn release(&self) {
        self.assets.lock().release(self.owner);
    }

    /// The assets.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// What was given before is not decoded again.
    fn give(
        &self,
        kind: Kind,
        key: &str,
        hash: blake3::Hash,
        decode: impl FnOnce() -> Result<Payload, AssetError>,
    ) -> Result<u32, AssetError> {
        if let Some(handle) = self.assets.lock().given(self.owner, kind, key, hash) {
            return Ok(handle);
        }
        key::check(key)?;
        let payload = decode()?;
        let given = self
            .assets
            .lock()
            .give(self.owner, kind, key, hash, payload);
        self.assets.notify_settled();
        given
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.release();
    }
}
