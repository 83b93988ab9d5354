//! The claim of one guest: the assets that it asks for or provides. Its claims end with it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vblank_input::Size;

use super::budget::{AssetLimits, DecodeBudget, MAX_DECODE_TIME};
use super::error::AssetError;
use super::handle::Assets;
use super::mesh::Mesh;
use super::payload::{Filter, Kind, Payload, Status};
use super::pixels::Pixels;
use super::registry::Owner;
use super::{key, pixels};
use crate::commands::TextStyle;
use crate::sound::Sound;

/// The claims of one guest. Dropping it releases them.
pub struct Claim {
    assets: Assets,
    owner: Owner,
    /// Time for decoding, in microseconds.
    micros: AtomicU64,
}

impl Assets {
    /// Creates a claim for a guest that will ask for assets.
    #[must_use]
    pub fn claim(&self) -> Claim {
        let owner = self.lock().new_owner();
        let assets = self.clone();
        Claim {
            assets,
            owner,
            micros: AtomicU64::new(MAX_DECODE_TIME.as_micros() as u64),
        }
    }
}

impl Claim {
    /// Sets the limits for assets that are made from now on. Without it, only those of all assets apply.
    pub fn limit(&self, limits: AssetLimits) {
        let micros = u64::try_from(limits.time.as_micros()).unwrap_or(u64::MAX);
        self.micros.store(micros, Ordering::Relaxed);
        self.assets.lock().set_limit(self.owner, limits.bytes);
    }

    /// Bytes of all claimed assets that the guest has made, as of the last one.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.assets.lock().bytes_of(self.owner)
    }

    /// Returns a texture: the one provided under this key, or else the file in the asset folder.
    ///
    /// # Errors
    /// When the key is invalid, or there are too many assets. A missing or damaged file shows later, in
    /// [`Claim::status`].
    pub fn texture(&self, key: &str, filter: Filter) -> Result<u32, AssetError> {
        let mut registry = self.assets.lock();
        let handle = registry.ask(self.owner, Kind::Texture, key)?;
        registry.set_filter(handle, filter);
        Ok(handle)
    }

    /// Makes a texture of these bytes: red, green, blue and straight alpha, in rows from the top.
    ///
    /// # Errors
    /// When the key is invalid, the number of bytes does not match the size, or a limit is exceeded.
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
        let decode = |budget: &DecodeBudget| {
            budget.check_bytes(rgba.len() as u64)?;
            Pixels::new(size, rgba).map(Payload::Texture)
        };
        let handle = self.give(Kind::Texture, key, hash, decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// Makes a texture of an encoded PNG file.
    ///
    /// # Errors
    /// As for [`Claim::pixels`], and when the file is damaged.
    pub fn picture(&self, key: &str, encoded: &[u8], filter: Filter) -> Result<u32, AssetError> {
        let decode = |budget: &_| Kind::Texture.decode(encoded, budget);
        let handle = self.give(Kind::Texture, key, blake3::hash(encoded), decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// Returns a font: the one provided under this key, or else the file in the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn font(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Font, key)
    }

    /// Makes a font of a file that is part of the guest.
    ///
    /// # Errors
    /// When the key is invalid, the file is no font, or a limit is exceeded.
    pub fn font_file(&self, key: &str, encoded: &[u8]) -> Result<u32, AssetError> {
        let decode = |budget: &_| Kind::Font.decode(encoded, budget);
        self.give(Kind::Font, key, blake3::hash(encoded), decode)
    }

    /// Returns a sound: the one provided under this key, or else the file in the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn sound(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Sound, key)
    }

    /// Makes a sound of a file that is part of the guest: WAV or Ogg Vorbis.
    ///
    /// # Errors
    /// When the key is invalid, the file is no sound, or a limit is exceeded.
    pub fn sound_file(&self, key: &str, encoded: &[u8]) -> Result<u32, AssetError> {
        let decode = |budget: &_| Kind::Sound.decode(encoded, budget);
        self.give(Kind::Sound, key, blake3::hash(encoded), decode)
    }

    /// Makes a sound of samples from -1 to 1. `rate` is in samples per second. With two channels, samples
    /// of left and right alternate.
    ///
    /// # Errors
    /// When the key is invalid, rate or channels are out of range, or a limit is exceeded.
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
        let decode = |budget: &DecodeBudget| {
            // A sample of one channel becomes one of two.
            budget.check_bytes(2 * size_of_val(samples) as u64)?;
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

    /// Returns a shader: the one provided under this key, or else the file in the asset folder.
    ///
    /// # Errors
    /// As for [`Claim::texture`].
    pub fn shader(&self, key: &str) -> Result<u32, AssetError> {
        self.assets.lock().ask(self.owner, Kind::Shader, key)
    }

    /// Makes a shader of this source.
    ///
    /// # Errors
    /// When the key is invalid, or the source is no valid shader. The message has line and column.
    pub fn shader_source(&self, key: &str, source: &str) -> Result<u32, AssetError> {
        let decode = |budget: &_| Kind::Shader.decode(source.as_bytes(), budget);
        self.give(Kind::Shader, key, blake3::hash(source.as_bytes()), decode)
    }

    /// Checks the size of a shader's parameters. A shader that is not loaded accepts any size.
    ///
    /// # Errors
    /// A message with both sizes.
    pub fn check_params(&self, shader: u32, bytes: usize) -> Result<(), String> {
        match self.assets.lock().params_of(shader) {
            Some(wanted) if wanted != bytes => Err(format!(
                "the shader's parameters have {wanted} bytes, and {bytes} were given"
            )),
            _ => Ok(()),
        }
    }

    /// Makes a mesh of vertices, [`VERTEX_WORDS`](super::VERTEX_WORDS) words each, and of indices, three
    /// for each triangle.
    ///
    /// # Errors
    /// When the key is invalid, or the words make no mesh.
    pub fn mesh(&self, key: &str, vertices: &[u32], indices: &[u32]) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&vertices.len().to_le_bytes());
        hasher.update(bytemuck::cast_slice(vertices));
        hasher.update(bytemuck::cast_slice(indices));
        let decode = |budget: &DecodeBudget| {
            budget.check_bytes((size_of_val(vertices) + size_of_val(indices)) as u64)?;
            Mesh::new(vertices, indices).map(Payload::Mesh)
        };
        self.give(Kind::Mesh, key, hasher.finalize(), decode)
    }

    /// Makes a canvas of this size.
    ///
    /// # Errors
    /// When the key is invalid, or the canvas is too large.
    pub fn canvas(&self, key: &str, size: Size, filter: Filter) -> Result<u32, AssetError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&size.width.to_le_bytes());
        hasher.update(&size.height.to_le_bytes());
        let decode = |budget: &DecodeBudget| {
            pixels::check(size)?;
            let canvas = Payload::Canvas(size);
            budget.check_bytes(canvas.bytes())?;
            Ok(canvas)
        };
        let handle = self.give(Kind::Canvas, key, hasher.finalize(), decode)?;
        self.assets.lock().set_filter(handle, filter);
        Ok(handle)
    }

    /// The reason why an asset has no content, or not the present content of its file.
    #[must_use]
    pub fn problem(&self, handle: u32) -> Option<String> {
        self.assets.lock().problem(handle)
    }

    /// The loading status of an asset. `Failed` if there is no such asset.
    #[must_use]
    pub fn status(&self, handle: u32) -> Status {
        self.assets.lock().status(handle)
    }

    /// Size of a texture or canvas, once it is loaded.
    #[must_use]
    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        self.assets.lock().texture_size(handle)
    }

    /// Releases all claims.
    pub fn release(&self) {
        self.assets.lock().release(self.owner);
    }

    /// The assets.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Puts an asset under a key. Content that is there already is not decoded again.
    fn give(
        &self,
        kind: Kind,
        key: &str,
        hash: blake3::Hash,
        decode: impl FnOnce(&DecodeBudget) -> Result<Payload, AssetError>,
    ) -> Result<u32, AssetError> {
        if let Some(handle) = self.assets.lock().given(self.owner, kind, key, hash) {
            return Ok(handle);
        }
        key::check(key)?;
        let left = self.assets.lock().left_for(self.owner, kind, key);
        let time = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        let payload = decode(&DecodeBudget::new(left, time))?;
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
