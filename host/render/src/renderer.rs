//! The renderer as the rest of the host sees it: one trait, its figures and its errors. Knows no wgpu.

use serde::{Deserialize, Serialize};
use vblank_input::Size;

use super::assets::Assets;
use super::commands::Sink;
use super::kind::Kind;
use super::picture::Picture;
use super::placement::{Fit, Placement};

/// A maker of pictures, one after the other: `begin`, commands, `submit`, and `present` if there is a
/// window. The last picture stays until the next one is submitted.
pub trait Renderer {
    /// Description for people: `gpu: NVIDIA H200, Vulkan`.
    fn name(&self) -> &str;

    /// Kind for reports.
    fn kind(&self) -> Kind;

    /// Size of the next picture.
    fn size(&self) -> Size;

    /// Notes a new size of the window. The next picture takes it, unless its size is fixed. A size without
    /// pixels is that of a minimised window, and the picture keeps its size.
    fn resize(&mut self, size: Size);

    /// Fixes the size of pictures and their placement, from the next picture on. With `None`, pictures are
    /// as large as the window, or as the size that replaces it.
    fn fix_size(&mut self, fixed: Option<(Size, Fit)>);

    /// Placement of the next picture in the window.
    fn placement(&self) -> Placement;

    /// Sets the assets to draw with. Their content is uploaded with the next picture.
    fn use_assets(&mut self, assets: Assets);

    /// Sets the game's time for the shaders of the next picture.
    fn set_time(&mut self, seconds: f32);

    /// Starts a picture: black, opaque, in pixels. A recording that was not submitted is dropped.
    fn begin(&mut self) -> &mut dyn Sink;

    /// Draws the recording, which becomes the last picture.
    ///
    /// # Errors
    /// When the GPU cannot draw it; the last picture then stays. After [`RenderError::Lost`] nothing else
    /// works, and a new renderer has to be made.
    fn submit(&mut self) -> Result<(), RenderError>;

    /// Shows the last picture in the window, also repeatedly. Does nothing without a window, or if the
    /// window cannot take the picture at this moment (hidden, just resized).
    ///
    /// # Errors
    /// As for `submit`.
    fn present(&mut self) -> Result<(), RenderError>;

    /// Returns the last submitted picture. Waits for the GPU.
    ///
    /// # Errors
    /// When there is no picture.
    fn capture(&mut self) -> Result<Picture, RenderError>;

    /// Sets the layer over the window, in place of the previous one. The picture never contains it.
    #[cfg(feature = "overlay")]
    fn lay_over(&mut self, layer: Layer);

    /// Returns the last picture with the layer, if there is no window that shows both. Waits for the GPU.
    ///
    /// # Errors
    /// When there is no picture.
    #[cfg(feature = "overlay")]
    fn capture_all(&mut self) -> Result<Picture, RenderError>;

    /// Figures of the last picture.
    fn stats(&self) -> Stats;
}

/// A layer over the window, as triangles of egui. An empty layer shows nothing.
#[cfg(feature = "overlay")]
#[derive(Default)]
pub struct Layer {
    /// Triangles, back to front.
    pub primitives: Vec<egui::ClippedPrimitive>,
    /// Textures to create and to free. In a debug build, egui panics if they are dropped while not empty.
    pub textures: egui::TexturesDelta,
    /// Pixels of the window for one of egui's points.
    pub pixels_per_point: f32,
}

/// The figures of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Number of quads.
    pub quads: u64,
    /// Number of sprites.
    pub sprites: u64,
    /// Number of glyphs.
    pub glyphs: u64,
    /// Number of triangles, without those of meshes.
    pub triangles: u64,
    /// Number of instances of meshes.
    pub meshes: u64,
    /// Bytes of instances that were uploaded for it.
    pub bytes: u64,
    /// Bytes of assets that were uploaded for it: 0 unless an asset is new or has changed.
    pub asset_bytes: u64,
}

/// Advice for a machine without an adapter.
pub const DRIVERS: &str = "install a Vulkan driver (on Debian: apt install mesa-vulkan-drivers)";

/// The error of a renderer.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is no adapter of the requested kind.
    #[error("no {0} found: {DRIVERS}")]
    NoAdapter(&'static str),
    /// The adapter exists and cannot be used.
    #[error("cannot use {adapter}: {cause}")]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// Error of the driver.
        cause: String,
    },
    /// The window cannot be drawn to.
    #[error("cannot draw to the window: {0}")]
    Surface(String),
    /// The picture would be too large.
    #[error("a picture of {size} is too large: {name} makes at most {max} pixels a side")]
    TooLarge {
        /// Requested size.
        size: Size,
        /// Name of the adapter.
        name: String,
        /// Largest side in pixels.
        max: u32,
    },
    /// The picture exceeds a limit.
    #[error("{count} {what} in one picture, of which at most {max} can be drawn")]
    TooMany {
        /// Name of the limited things: `quads`.
        what: &'static str,
        /// Number in the recording.
        count: u64,
        /// Largest possible number.
        max: u64,
    },
    /// The GPU refused, since memory is full or because of an error in this crate.
    #[error("the graphics adapter refused: {0}")]
    Refused(String),
    /// The GPU was lost.
    #[error(
        "the graphics adapter was lost: {0} (the game goes on unseen: end it, and run it with --resume)"
    )]
    Lost(String),
    /// There is no picture before the first submission.
    #[error("there is no picture yet")]
    NoPicture,
    /// The null renderer has no pictures.
    #[error("the null renderer makes no pictures: {DRIVERS}")]
    NullPicture,
}
