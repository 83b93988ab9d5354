//! Games: the world `vblank:guest/game`, its imports and exports, and the files of its assets.
//!
//! This module builds on the runtime, which knows nothing of games, and on the renderer's commands and
//! assets. It knows no session and no window.

#[cfg(feature = "build")]
mod asset_files;
mod assets;
mod audio;
mod bindings;
mod context;
mod convert;
mod draw;
mod draw_list;
mod frame_buffers;
mod lifecycle;
#[cfg(feature = "build")]
mod pipeline;
mod requests;
mod step;
mod window;

use std::sync::Arc;
use std::time::Duration;

use vblank_render::assets::Assets;
use vblank_runtime::error::GuestError;
use vblank_runtime::guest::wasmtime::component::HasSelf;
use vblank_runtime::guest::{Context, Engine, EngineOptions, Hooks, World};
use vblank_runtime::supervisor::{Reaper, Supervisor, SupervisorOptions};

pub use lifecycle::{GameCalls, Setup};
#[cfg(feature = "build")]
pub use pipeline::{GamePipeline, start_pipeline};
pub use requests::GuestRequests;
pub use step::Step;

use bindings::vblank::guest as imports;
use context::GameContext;
use lifecycle::GameExports;

/// A running game.
pub type Game = Supervisor<Step>;

/// Returns the world of games. Its guests draw with `assets`.
#[must_use]
pub fn world(assets: &Assets) -> World {
    let assets = assets.clone();
    let world = World::new(
        "vblank:guest/game",
        |linker| {
            imports::audio::add_to_linker::<_, HasSelf<GameContext>>(linker, Context::data_mut)?;
            imports::window::add_to_linker::<_, HasSelf<GameContext>>(linker, Context::data_mut)?;
            // These interfaces are linked by hand, because generated bindings would copy each list.
            draw::add_to_linker(linker)?;
            assets::add_to_linker(linker)
        },
        GameExports::bind,
        move || GameContext::new(assets.claim()),
    );
    let offers = &["assets", "audio", "draw", "input", "window"];
    world
        .with_contract(offers, &["lifecycle"])
        .with_hooks(Hooks::<GameContext> {
            retire: |context| context.claim.release(),
            sweep: |context| context.claim.assets().sweep(),
            after_replay: |context| context.requests.sounds.clear(),
        })
}

/// Options of a game's supervisor: an image each second, and a reaper of its own that archives states.
///
/// # Errors
/// When the system cannot start a thread.
pub fn supervisor_options() -> Result<SupervisorOptions, GuestError> {
    let reaper = Reaper::with_archive().map_err(|cause| GuestError::Thread {
        name: "reaper",
        cause,
    })?;
    Ok(SupervisorOptions {
        image_every: Duration::from_secs(1),
        reaper,
    })
}

/// Makes an engine for games. Its guests draw with `assets`.
///
/// # Errors
/// When the system cannot start threads, or wasmtime does not support the processor.
pub fn engine(assets: &Assets, options: EngineOptions) -> Result<Engine, GuestError> {
    let frames = Some(Arc::default());
    Engine::new(world(assets), EngineOptions { frames, ..options })
}
