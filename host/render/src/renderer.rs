//! The renderer as the rest of the host sees it: one trait, its figures and its errors.

use serde::{Deserialize, Serialize};
use vblank_input::Size;

use super::assets::Assets;
use super::commands::Sink;
use super::kind::Kind;
use super::picture::Picture;
use super::placement::{Fit, Placement};

/// Makes pictures, one after the other: `begin`, commands, `submit`, and `present` where there is a
/// window. The last picture stays until the next one is submitted.
pub trait Renderer {
    /// What it is, for people: `gpu: NVIDIA H200, Vulkan`.
    fn name(&self) -> &str;

    /// What it is, for reports.
    fn kind(&self) -> Kind;

    /// The size of the next picture.
    fn size(&self) -> Size;

    /// The window has a new size, and the next picture takes it unless its own is fixed. A size without
    /// any pixel is that of a minimised window: the picture keeps the size it had.
    fn resize(&mut self, size: Size);

    /// From the next picture on, pictures have this size, and lie in the window so. `None`: they are as
    /// large as the window, or as what stands in for it.
    fn fix_size(&mut self, fixed: Option<(Size, Fit)>);

    /// How the next picture will lie in the window.
    fn placement(&self) -> Placement;

    /// Draw with these assets from now on. What they hold is uploaded with the next picture.
    fn use_assets(&mut self, assets: Assets);

    /// The game's time in the next picture, for shaders.
    fn set_time(&mut self, seconds: f32);

    /// Starts a picture: black, opaque, in pixels. What was recorded and not submitted is dropped.
    fn begin(&mut self) -> &mut dyn Sink;

    /// Makes what was recorded the picture.
    ///
    /// # Errors
    /// Where the GPU cannot; the last picture stays. After [`RenderError::Lost`] nothing else works,
    /// and a new renderer has to be made.
    fn submit(&mut self) -> Result<(), RenderError>;

    /// Shows the last picture in the window, again if need be; without a window does nothing. Where
    /// the window cannot take it just now (hidden, just resized), it is left out.
    ///
    /// # Errors
    /// As for `submit`.
    fn present(&mut self) -> Result<(), RenderError>;

    /// The last picture that was submitted. Waits for the GPU.
    ///
    /// # Errors
    /// Where there is none.
    fn capture(&mut self) -> Result<Picture, RenderError>;

    /// Lays this over the window from now on, in place of what lay there. The picture never has it.
    #[cfg(feature = "overlay")]
    fn lay_over(&mut self, layer: Layer);

    /// The last picture with what lies over it, where there is no window that shows both. Waits for the
    /// GPU.
    ///
    /// # Errors
    /// Where there is no picture.
    #[cfg(feature = "overlay")]
    fn capture_all(&mut self) -> Result<Picture, RenderError>;

    /// What the last picture took.
    fn stats(&self) -> Stats;
}

/// A layer over the window: triangles as egui makes them. The empty one shows nothing.
#[cfg(feature = "overlay")]
#[derive(Default)]
pub struct Layer {
    /// Back to front.
    pub primitives: Vec<egui::ClippedPrimitive>,
    /// Which textures come and go with it. It panics in a debug build if dropped while not empty.
    pub textures: egui::TexturesDelta,
    /// Pixels of the window in one of egui's points.
    pub pixels_per_point: f32,
}

/// What a picture took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Quads that it shows.
    pub quads: u64,
    /// Sprites that it shows.
    pub sprites: u64,
    /// Glyphs that it shows.
    pub glyphs: u64,
    /// Triangles that it shows, but for those of meshes.
    pub triangles: u64,
    /// Instances of meshes that it shows.
    pub meshes: u64,
    /// Bytes of instances that went to the GPU for it.
    pub bytes: u64,
    /// Bytes of assets that went to the GPU for it: 0 unless one is new or has changed.
    pub asset_bytes: u64,
}

/// What to install where there is no adapter.
pub const DRIVERS: &str = "install a Vulkan driver (on Debian: apt install mesa-vulkan-drivers)";

/// What can go wrong with pictures.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No adapter of the kind that was asked for.
    #[error("no {0} found: {DRIVERS}")]
    NoAdapter(&'static str),
    /// The adapter is there and cannot be used.
    #[error("cannot use {adapter}: {cause}")]
    Device {
        /// Its name.
        adapter: String,
        /// Why not.
        cause: String,
    },
    /// The window cannot be drawn to.
    #[error("cannot draw to the window: {0}")]
    Surface(String),
    /// A picture of this size is too much.
    #[error("a picture of {size} is too large: {name} makes at most {max} pixels a side")]
    TooLarge {
        /// What was asked for.
        size: Size,
        /// Of the adapter.
        name: String,
        /// Pixels a side.
        max: u32,
    },
    /// More of something than a picture can have.
    #[error("{count} {what} in one picture, of which at most {max} can be drawn")]
    TooMany {
        /// Of what: `quads`.
        what: &'static str,
        /// So many were recorded.
        count: u64,
        /// So many are possible.
        max: u64,
    },
    /// The GPU refused: out of memory, or a mistake of ours.
    #[error("the graphics adapter refused: {0}")]
    Refused(String),
    /// The GPU is gone.
    #[error(
        "the graphics adapter was lost: {0} (the game goes on unseen: end it, and run it with --resume)"
    )]
    Lost(String),
    /// Asked for a picture before the first one was submitted.
    #[error("there is no picture yet")]
    NoPicture,
    /// Asked the null renderer for a picture.
    #[error("the null renderer makes no pictures: {DRIVERS}")]
    NullPicture,
}
