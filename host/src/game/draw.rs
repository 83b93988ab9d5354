//! The interface `draw`: imports that record a picture. They call no renderer.

use vblank_render::commands::{self, Color, Quad, Sprite};
use vblank_runtime::guest::Context;
use vblank_runtime::guest::wasmtime;
use vblank_runtime::guest::wasmtime::StoreContextMut;
use vblank_runtime::guest::wasmtime::component::{ComponentType, Lift, Linker, WasmList, WasmStr};

use super::bindings::vblank::guest::draw::{Align, Area, Blend, Extent, Look, TextStyle};
use super::context::GameContext;
use super::draw_list::{DrawCommand, Letters, Words, within_copy_limit};

/// The record `camera` of `wit/draw.wit` in its ABI form.
#[derive(Clone, Copy, ComponentType, Lift)]
#[component(record)]
struct Camera {
    x: f32,
    y: f32,
    zoom: f32,
    rotation: f32,
}

/// Stores a reference to words that a guest lends, or a copy if the guest asked for copies.
fn lend_words(
    store: &mut StoreContextMut<'_, Context>,
    list: WasmList<u32>,
) -> wasmtime::Result<Words> {
    if !GameContext::of(store).draw.copies() {
        return Ok(Words::InPlace(list));
    }
    let bytes = size_of_val(list.as_le_slice(&*store));
    charge_copy(store, bytes)?;
    let mut words = GameContext::of_mut(store).draw.take_words();
    let start = words.len();
    let copied = within_copy_limit(start, list.as_le_slice(&*store));
    let copied = copied.map(|lent| words.extend_from_slice(lent));
    let end = words.len();
    GameContext::of_mut(store).draw.put_words(words);
    copied.map(|()| Words::Copied(start..end))
}

/// Stores a reference to a text that a guest lends, or a copy if the guest asked for copies.
fn lend_text(store: &mut StoreContextMut<'_, Context>, text: WasmStr) -> wasmtime::Result<Letters> {
    if !GameContext::of(store).draw.copies() {
        return Ok(Letters::InPlace(text));
    }
    let bytes = text.to_str(&*store)?.len();
    charge_copy(store, bytes)?;
    let mut letters = GameContext::of_mut(store).draw.take_letters();
    let start = letters.len();
    let copied = text.to_str(&*store);
    let copied = copied.and_then(|lent| {
        within_copy_limit(start, lent.as_bytes()).map(|_| letters.push_str(&lent))
    });
    let end = letters.len();
    GameContext::of_mut(store).draw.put_letters(letters);
    copied.map(|()| Letters::Copied(start..end))
}

/// Charges the copy of a list or a text.
fn charge_copy(store: &mut StoreContextMut<'_, Context>, bytes: usize) -> wasmtime::Result<()> {
    let account = store.data_mut().account_mut();
    Ok(account.charge_picture("copied lists and texts", bytes)?)
}

/// Adds a command to the picture.
fn record(store: &mut StoreContextMut<'_, Context>, command: DrawCommand) -> wasmtime::Result<()> {
    let (account, game) = store.data_mut().account_and_data_mut::<GameContext>();
    game.draw.push(command, account)
}

pub(super) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut draw = linker.instance("vblank:guest/draw@0.1.0")?;
    draw.func_wrap("clear", |mut store, (color,): (u32,)| {
        let (account, game) = store.data_mut().account_and_data_mut::<GameContext>();
        game.draw.clear(Color(color), account)
    })?;
    draw.func_wrap("copied", |mut store, (): ()| {
        GameContext::of_mut(&mut store).draw.copy_from_now_on();
        Ok(())
    })?;
    draw.func_wrap("set-camera", |mut store, (camera,): (Option<Camera>,)| {
        let camera = camera.map(|c| commands::Camera {
            x: c.x,
            y: c.y,
            zoom: c.zoom,
            rotation: c.rotation,
        });
        record(&mut store, DrawCommand::Camera(camera))
    })?;
    draw.func_wrap("quads", |mut store, (words,): (WasmList<u32>,)| {
        whole("quads", words.as_le_slice(&store), Quad::WORDS)?;
        let words = lend_words(&mut store, words)?;
        record(&mut store, DrawCommand::Quads(words))
    })?;
    draw.func_wrap(
        "sprites",
        |mut store, (texture, words): (u32, WasmList<u32>)| {
            whole("sprites", words.as_le_slice(&store), Sprite::WORDS)?;
            let sprites = DrawCommand::Sprites(texture, lend_words(&mut store, words)?);
            record(&mut store, sprites)
        },
    )?;
    draw.func_wrap(
        "text",
        |mut store, (style, x, y, text): (TextStyle, f32, f32, WasmStr)| {
            let text = lend_text(&mut store, text)?;
            let text = DrawCommand::Text(style.into(), [x, y], text);
            record(&mut store, text)
        },
    )?;
    draw.func_wrap(
        "triangles",
        |mut store, (texture, words): (Option<u32>, WasmList<u32>)| {
            let each = 3 * commands::VERTEX_WORDS;
            whole("triangles", words.as_le_slice(&store), each)?;
            let triangles = DrawCommand::Triangles(texture, lend_words(&mut store, words)?);
            record(&mut store, triangles)
        },
    )?;
    draw.func_wrap("set-area", |mut store, (area,): (Option<Area>,)| {
        let area = area.map(|area| commands::Area {
            x: area.x,
            y: area.y,
            width: area.width,
            height: area.height,
        });
        record(&mut store, DrawCommand::Area(area))
    })?;
    draw.func_wrap(
        "set-look",
        |mut store, (look, params): (Option<Look>, WasmList<u32>)| {
            let look = look.map_or_else(commands::Look::default, Into::into);
            let bytes = size_of_val(params.as_le_slice(&store));
            let fits = GameContext::of(&store)
                .claim
                .check_params(look.shader, bytes);
            let look = if fits.is_ok() {
                look
            } else {
                commands::Look::default()
            };
            let command = DrawCommand::Look(look, lend_words(&mut store, params)?);
            record(&mut store, command)?;
            Ok((fits,))
        },
    )?;
    draw.func_wrap("set-matrix", |mut store, (words,): (WasmList<u32>,)| {
        let words = words.as_le_slice(&store);
        let matrix: &[u32; 16] = words.try_into().map_err(|_| {
            wasmtime::format_err!("draw.set-matrix: {} words, and not 16", words.len())
        })?;
        let matrix = DrawCommand::Matrix(matrix.map(f32::from_bits));
        record(&mut store, matrix)
    })?;
    draw.func_wrap(
        "meshes",
        |mut store, (mesh, texture, words): (u32, Option<u32>, WasmList<u32>)| {
            whole(
                "meshes",
                words.as_le_slice(&store),
                commands::INSTANCE_WORDS,
            )?;
            let meshes = DrawCommand::Meshes(mesh, texture, lend_words(&mut store, words)?);
            record(&mut store, meshes)
        },
    )?;
    draw.func_wrap(
        "set-target",
        |mut store, (canvas, clear): (Option<u32>, Option<u32>)| {
            let target = DrawCommand::Target(canvas, clear.map(Color));
            record(&mut store, target)
        },
    )?;
    draw.func_wrap(
        "measure",
        |store: StoreContextMut<'_, Context>, (style, text): (TextStyle, WasmStr)| {
            let text = text.to_str(&store)?;
            let [width, height] = GameContext::of(&store).claim.measure(&style.into(), &text);
            Ok((Extent { width, height },))
        },
    )?;
    Ok(())
}

impl From<Look> for commands::Look {
    fn from(look: Look) -> Self {
        Self {
            shader: look.shader,
            textures: [look.texture1, look.texture2],
            blend: match look.blend {
                Blend::Alpha => commands::Blend::Alpha,
                Blend::Add => commands::Blend::Add,
                Blend::Multiply => commands::Blend::Multiply,
                Blend::Replace => commands::Blend::Replace,
            },
        }
    }
}

impl From<TextStyle> for commands::TextStyle {
    fn from(style: TextStyle) -> Self {
        Self {
            font: style.font,
            size: style.size,
            color: Color(style.color),
            align: match style.align {
                Align::Left => commands::Align::Left,
                Align::Center => commands::Align::Center,
                Align::Right => commands::Align::Right,
            },
            width: style.width,
        }
    }
}

fn whole(function: &str, words: &[u32], each: usize) -> wasmtime::Result<()> {
    let len = words.len();
    if !len.is_multiple_of(each) {
        wasmtime::bail!("draw.{function}: {len} words, which is no multiple of {each}");
    }
    Ok(())
}
