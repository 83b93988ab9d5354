//! `draw`: a list of commands, recorded while the guest draws and replayed when it has returned.
//! The quads themselves stay in the guest's memory until a sink reads them there.

use wasmtime::component::{ComponentType, Lift, Linker, WasmList, WasmStr};
use wasmtime::{Store, StoreContextMut};

use super::Context;
use crate::guest::bindings::vblank::guest::draw::{Align, Extent, TextStyle};
use crate::render::commands::{self, Color, Quad, Sink, Sprite};

/// The record `camera` of `wit/draw.wit`, as it crosses.
#[derive(Clone, Copy, ComponentType, Lift)]
#[component(record)]
struct Camera {
    x: f32,
    y: f32,
    zoom: f32,
    rotation: f32,
}

enum Command {
    Clear(Color),
    Camera(Option<commands::Camera>),
    Quads(WasmList<u32>),
    Sprites(u32, WasmList<u32>),
    Text(commands::TextStyle, [f32; 2], WasmStr),
}

/// What a guest has drawn since [`Commands::begin`]. The buffer is reused.
#[derive(Default)]
pub(crate) struct Commands {
    list: Vec<Command>,
    drawing: bool,
}

impl Commands {
    pub(in crate::guest) fn begin(&mut self) {
        self.list.clear();
        self.drawing = true;
    }

    pub(in crate::guest) fn end(&mut self) {
        self.drawing = false;
    }

    fn push(&mut self, command: Command) {
        if self.drawing {
            self.list.push(command);
        }
    }
}

/// Replay what the guest drew; quads are read where they lie in its memory.
pub(in crate::guest) fn replay(store: &Store<Context>, sink: &mut dyn Sink) {
    for command in &store.data().commands.list {
        match command {
            Command::Clear(color) => sink.clear(*color),
            Command::Camera(camera) => sink.set_camera(*camera),
            Command::Quads(words) => sink.quads(words.as_le_slice(store)),
            Command::Sprites(texture, words) => sink.sprites(*texture, words.as_le_slice(store)),
            Command::Text(style, position, text) => {
                // It was text when it was lent; what the guest has made of it since is its own affair.
                if let Ok(text) = text.to_str(store) {
                    sink.text(style, *position, &text);
                }
            }
        }
    }
}

pub(in crate::guest) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut draw = linker.instance("vblank:guest/draw@0.1.0")?;
    draw.func_wrap("clear", |mut store, (color,): (u32,)| {
        let commands = &mut store.data_mut().commands;
        commands.list.clear();
        commands.push(Command::Clear(Color(color)));
        Ok(())
    })?;
    draw.func_wrap("set-camera", |mut store, (camera,): (Option<Camera>,)| {
        let camera = camera.map(|c| commands::Camera {
            x: c.x,
            y: c.y,
            zoom: c.zoom,
            rotation: c.rotation,
        });
        store.data_mut().commands.push(Command::Camera(camera));
        Ok(())
    })?;
    draw.func_wrap("quads", |mut store, (words,): (WasmList<u32>,)| {
        whole("quads", words.as_le_slice(&store), Quad::WORDS)?;
        store.data_mut().commands.push(Command::Quads(words));
        Ok(())
    })?;
    draw.func_wrap(
        "sprites",
        |mut store, (texture, words): (u32, WasmList<u32>)| {
            whole("sprites", words.as_le_slice(&store), Sprite::WORDS)?;
            let sprites = Command::Sprites(texture, words);
            store.data_mut().commands.push(sprites);
            Ok(())
        },
    )?;
    draw.func_wrap(
        "text",
        |mut store, (style, x, y, text): (TextStyle, f32, f32, WasmStr)| {
            let text = Command::Text(style.into(), [x, y], text);
            store.data_mut().commands.push(text);
            Ok(())
        },
    )?;
    draw.func_wrap(
        "measure",
        |store: StoreContextMut<'_, Context>, (style, text): (TextStyle, WasmStr)| {
            let text = text.to_str(&store)?;
            let [width, height] = store.data().claim.measure(&style.into(), &text);
            Ok((Extent { width, height },))
        },
    )?;
    Ok(())
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
