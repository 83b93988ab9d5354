//! The assets of a guest: textures, fonts, sounds, shaders, meshes and canvases, under keys that the guest
//! chooses, owned by the host.
//!
//! This module is pure data. It knows no GPU, no files and no threads: a loader fills in the content of
//! files, and a renderer takes what has changed since its last look. Equal keys mean the same asset for all
//! guests, so a new version of the code finds the assets of the old one.
//!
//! A guest that asks for an asset has a claim to it until the claim is released. [`Assets::sweep`] frees
//! assets without a claim.

mod budget;
mod claim;
mod error;
mod handle;
mod info;
mod key;
mod limits;
mod mesh;
mod payload;
mod pixels;
mod registry;
mod shader;
mod shader_error;
mod shader_size;

pub use self::budget::{AssetLimits, DecodeBudget, MAX_DECODE_TIME};
pub use self::claim::Claim;
pub use self::error::AssetError;
pub use self::handle::Assets;
pub use self::info::{AssetInfo, AssetRequest, Held, Live};
pub use self::limits::{MAX_BYTES, MAX_ENTRIES, MAX_SIDE};
pub use self::mesh::{Mesh, VERTEX_WORDS};
pub use self::payload::{Filter, Kind, Payload, Status};
pub use self::pixels::Pixels;
pub use self::shader::{MAX_PARAMS, PRELUDE, Shader};
pub use self::shader_error::BadShader;
