//! The interface `assets`: textures, fonts and sounds by key. Their bytes are read where they lie in
//! the guest's memory. This module reads no files.

use vblank_input as input;
use vblank_render::assets::{self, AssetError, AssetLimits, Claim};
use vblank_runtime::guest::Context;
use vblank_runtime::guest::wasmtime;
use vblank_runtime::guest::wasmtime::StoreContextMut;
use vblank_runtime::guest::wasmtime::component::{Linker, WasmList, WasmStr};

use super::bindings::vblank::guest::assets::{Filter, Size, Status};
use super::context::GameContext;
use super::convert;

impl From<Filter> for assets::Filter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::Linear => Self::Linear,
            Filter::Nearest => Self::Nearest,
        }
    }
}

impl From<assets::Status> for Status {
    fn from(status: assets::Status) -> Self {
        match status {
            assets::Status::Loading => Self::Loading,
            assets::Status::Ready => Self::Ready,
            assets::Status::Failed(_) => Self::Failed,
        }
    }
}

/// Result of an import: a handle, or the reason why there is none.
type Answer = wasmtime::Result<(Result<u32, String>,)>;
type Caller<'a> = StoreContextMut<'a, Context>;

pub(super) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut assets = linker.instance("vblank:guest/assets@0.1.0")?;
    assets.func_wrap(
        "texture",
        |store: Caller, (key, filter): (WasmStr, Filter)| {
            answer(&store, &key, |claim, key| claim.texture(key, filter.into()))
        },
    )?;
    assets.func_wrap(
        "pixels",
        |store: Caller, (key, size, rgba, filter): (WasmStr, Size, WasmList<u8>, Filter)| {
            let rgba = rgba.as_le_slice(&store);
            let size = input::Size::new(size.width, size.height);
            answer(&store, &key, |claim, key| {
                claim.pixels(key, size, rgba, filter.into())
            })
        },
    )?;
    assets.func_wrap(
        "picture",
        |store: Caller, (key, encoded, filter): (WasmStr, WasmList<u8>, Filter)| {
            let encoded = encoded.as_le_slice(&store);
            answer(&store, &key, |claim, key| {
                claim.picture(key, encoded, filter.into())
            })
        },
    )?;
    assets.func_wrap("font", |store: Caller, (key,): (WasmStr,)| {
        answer(&store, &key, Claim::font)
    })?;
    assets.func_wrap(
        "font-file",
        |store: Caller, (key, encoded): (WasmStr, WasmList<u8>)| {
            let encoded = encoded.as_le_slice(&store);
            answer(&store, &key, |claim, key| claim.font_file(key, encoded))
        },
    )?;
    assets.func_wrap("sound", |store: Caller, (key,): (WasmStr,)| {
        answer(&store, &key, Claim::sound)
    })?;
    assets.func_wrap(
        "sound-file",
        |store: Caller, (key, encoded): (WasmStr, WasmList<u8>)| {
            let encoded = encoded.as_le_slice(&store);
            answer(&store, &key, |claim, key| claim.sound_file(key, encoded))
        },
    )?;
    assets.func_wrap(
        "samples",
        |store: Caller, (key, rate, channels, words): (WasmStr, u32, u32, WasmList<u32>)| {
            let samples = bytemuck::cast_slice(words.as_le_slice(&store));
            answer(&store, &key, |claim, key| {
                claim.samples(key, rate, channels, samples)
            })
        },
    )?;
    assets.func_wrap("shader", |store: Caller, (key,): (WasmStr,)| {
        answer(&store, &key, Claim::shader)
    })?;
    assets.func_wrap(
        "shader-source",
        |store: Caller, (key, source): (WasmStr, WasmStr)| {
            let source = source.to_str(&store)?;
            answer(&store, &key, |claim, key| claim.shader_source(key, &source))
        },
    )?;
    assets.func_wrap(
        "mesh",
        |store: Caller, (key, vertices, indices): (WasmStr, WasmList<u32>, WasmList<u32>)| {
            let (vertices, indices) = (vertices.as_le_slice(&store), indices.as_le_slice(&store));
            answer(&store, &key, |claim, key| {
                claim.mesh(key, vertices, indices)
            })
        },
    )?;
    assets.func_wrap(
        "canvas",
        |store: Caller, (key, size, filter): (WasmStr, Size, Filter)| {
            let size = input::Size::new(size.width, size.height);
            answer(&store, &key, |claim, key| {
                claim.canvas(key, size, filter.into())
            })
        },
    )?;
    assets.func_wrap("problem", |store: Caller, (asset,): (u32,)| {
        Ok((GameContext::of(&store).claim.problem(asset),))
    })?;
    assets.func_wrap("status-of", |store: Caller, (asset,): (u32,)| {
        Ok((Status::from(GameContext::of(&store).claim.status(asset)),))
    })?;
    assets.func_wrap("texture-size", |store: Caller, (texture,): (u32,)| {
        let size = GameContext::of(&store).claim.texture_size(texture);
        let size = size.map(convert::size);
        Ok((size,))
    })?;
    Ok(())
}

fn answer(
    store: &Caller<'_>,
    key: &WasmStr,
    ask: impl FnOnce(&Claim, &str) -> Result<u32, AssetError>,
) -> Answer {
    let key = key.to_str(store)?;
    let context = store.data();
    let (account, claim) = (context.account(), &GameContext::of(store).claim);
    claim.limit(AssetLimits {
        bytes: account.left_for_assets() as u64,
        time: context.call_limit(),
    });
    let handle = ask(claim, &key);
    account.set_assets(usize::try_from(claim.bytes()).unwrap_or(usize::MAX));
    Ok((handle.map_err(|error| error.to_string()),))
}
