//! `draw`: a list of commands, recorded while the guest draws and replayed when it has returned.
//! The quads themselves stay in the guest's memory until a sink reads them there.
//!
//! Where a guest's language cannot keep a list in place it says so (`copied`), and its lists and texts are
//! copied when they are lent.

use std::mem::take;
use std::ops::Range;

use wasmtime::component::{ComponentType, Lift, Linker, WasmList, WasmStr};
use wasmtime::{Store, StoreContextMut};

use super::Context;
use crate::guest::bindings::vblank::guest::draw::{Align, Area, Blend, Extent, Look, TextStyle};
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

/// The most that is copied of one picture, since it is the host's memory that fills: so many words, and so many
/// bytes of text.
const MAX_COPIED: usize = 16 << 20;

enum Command {
    Clear(Color),
    Camera(Option<commands::Camera>),
    Quads(Words),
    Sprites(u32, Words),
    Text(commands::TextStyle, [f32; 2], Letters),
    Triangles(Option<u32>, Words),
    Area(Option<commands::Area>),
    Look(commands::Look, Words),
    Matrix([f32; 16]),
    Meshes(u32, Option<u32>, Words),
    Target(Option<u32>, Option<Color>),
}

/// Words that are drawn with.
enum Words {
    /// They lie in the guest's memory until `draw` has returned.
    InPlace(WasmList<u32>),
    /// They were there for the time of the call only: which of [`Commands::words`].
    Copied(Range<usize>),
}

/// A text that is drawn, as [`Words`] are.
enum Letters {
    InPlace(WasmStr),
    /// Which of [`Commands::letters`].
    Copied(Range<usize>),
}

/// What a guest has drawn since [`Commands::begin`]. The buffers are reused.
#[derive(Default)]
pub(crate) struct Commands {
    list: Vec<Command>,
    drawing: bool,
    /// Whether words and texts are copied when they are lent.
    copied: bool,
    words: Vec<u32>,
    letters: String,
}

impl Commands {
    pub(in crate::guest) fn begin(&mut self) {
        self.forget();
        self.drawing = true;
    }

    pub(in crate::guest) fn end(&mut self) {
        self.drawing = false;
        self.copied = false;
    }

    fn forget(&mut self) {
        self.list.clear();
        self.words.clear();
        self.letters.clear();
    }

    fn push(&mut self, command: Command) {
        if self.drawing {
            self.list.push(command);
        }
    }
}

impl Words {
    fn new(
        store: &mut StoreContextMut<'_, Context>,
        list: WasmList<u32>,
    ) -> wasmtime::Result<Self> {
        if !store.data().commands.copied {
            return Ok(Self::InPlace(list));
        }
        let mut words = take(&mut store.data_mut().commands.words);
        let start = words.len();
        let kept = fits(start, list.as_le_slice(&*store));
        let kept = kept.map(|lent| words.extend_from_slice(lent));
        let end = words.len();
        store.data_mut().commands.words = words;
        kept.map(|()| Self::Copied(start..end))
    }

    fn get<'a>(&self, store: &'a Store<Context>) -> &'a [u32] {
        match self {
            Self::InPlace(list) => list.as_le_slice(store),
            Self::Copied(range) => &store.data().commands.words[range.clone()],
        }
    }
}

impl Letters {
    fn new(store: &mut StoreContextMut<'_, Context>, text: WasmStr) -> wasmtime::Result<Self> {
        if !store.data().commands.copied {
            return Ok(Self::InPlace(text));
        }
        let mut letters = take(&mut store.data_mut().commands.letters);
        let start = letters.len();
        let kept = text.to_str(&*store);
        let kept =
            kept.and_then(|lent| fits(start, lent.as_bytes()).map(|_| letters.push_str(&lent)));
        let end = letters.len();
        store.data_mut().commands.letters = letters;
        kept.map(|()| Self::Copied(start..end))
    }
}

/// The items, unless they are too many after so many others.
fn fits<T>(before: usize, items: &[T]) -> wasmtime::Result<&[T]> {
    if items.len() > MAX_COPIED - before {
        wasmtime::bail!("draw.copied: more is drawn in one picture than the host copies");
    }
    Ok(items)
}

/// Replay what the guest drew; quads are read where they lie in its memory, unless they were copied.
pub(in crate::guest) fn replay(store: &Store<Context>, sink: &mut dyn Sink) {
    let commands = &store.data().commands;
    for command in &commands.list {
        match command {
            Command::Clear(color) => sink.clear(*color),
            Command::Camera(camera) => sink.set_camera(*camera),
            Command::Quads(words) => sink.quads(words.get(store)),
            Command::Sprites(texture, words) => sink.sprites(*texture, words.get(store)),
            Command::Text(style, position, Letters::InPlace(text)) => {
                // It was text when it was lent; what the guest has made of it since is its own affair.
                if let Ok(text) = text.to_str(store) {
                    sink.text(style, *position, &text);
                }
            }
            Command::Text(style, position, Letters::Copied(range)) => {
                sink.text(style, *position, &commands.letters[range.clone()]);
            }
            Command::Triangles(texture, words) => {
                sink.triangles(*texture, words.get(store));
            }
            Command::Area(area) => sink.set_area(*area),
            Command::Look(look, params) => sink.set_look(*look, params.get(store)),
            Command::Matrix(matrix) => sink.set_matrix(*matrix),
            Command::Meshes(mesh, texture, words) => {
                sink.meshes(*mesh, *texture, words.get(store));
            }
            Command::Target(canvas, clear) => sink.set_target(*canvas, *clear),
        }
    }
}

pub(in crate::guest) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut draw = linker.instance("vblank:guest/draw@0.1.0")?;
    draw.func_wrap("clear", |mut store, (color,): (u32,)| {
        let commands = &mut store.data_mut().commands;
        let is_target = |command: &Command| matches!(command, Command::Target(..));
        if !commands.list.iter().any(is_target) {
            commands.forget();
        }
        commands.push(Command::Clear(Color(color)));
        Ok(())
    })?;
    draw.func_wrap("copied", |mut store, (): ()| {
        let commands = &mut store.data_mut().commands;
        commands.copied = commands.drawing;
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
        let words = Words::new(&mut store, words)?;
        store.data_mut().commands.push(Command::Quads(words));
        Ok(())
    })?;
    draw.func_wrap(
        "sprites",
        |mut store, (texture, words): (u32, WasmList<u32>)| {
            whole("sprites", words.as_le_slice(&store), Sprite::WORDS)?;
            let sprites = Command::Sprites(texture, Words::new(&mut store, words)?);
            store.data_mut().commands.push(sprites);
            Ok(())
        },
    )?;
    draw.func_wrap(
        "text",
        |mut store, (style, x, y, text): (TextStyle, f32, f32, WasmStr)| {
            let text = Letters::new(&mut store, text)?;
            let text = Command::Text(style.into(), [x, y], text);
            store.data_mut().commands.push(text);
            Ok(())
        },
    )?;
    draw.func_wrap(
        "triangles",
        |mut store, (texture, words): (Option<u32>, WasmList<u32>)| {
            let each = 3 * commands::VERTEX_WORDS;
            whole("triangles", words.as_le_slice(&store), each)?;
            let triangles = Command::Triangles(texture, Words::new(&mut store, words)?);
            store.data_mut().commands.push(triangles);
            Ok(())
        },
    )?;
    draw.func_wrap("set-area", |mut store, (area,): (Option<Area>,)| {
        let area = area.map(|area| commands::Area {
            x: area.x,
            y: area.y,
            width: area.width,
            height: area.height,
        });
        store.data_mut().commands.push(Command::Area(area));
        Ok(())
    })?;
    draw.func_wrap(
        "set-look",
        |mut store, (look, params): (Option<Look>, WasmList<u32>)| {
            let look = look.map_or_else(commands::Look::default, Into::into);
            let bytes = size_of_val(params.as_le_slice(&store));
            let fits = store.data().claim.check_params(look.shader, bytes);
            let look = if fits.is_ok() {
                look
            } else {
                commands::Look::default()
            };
            let command = Command::Look(look, Words::new(&mut store, params)?);
            store.data_mut().commands.push(command);
            Ok((fits,))
        },
    )?;
    draw.func_wrap("set-matrix", |mut store, (words,): (WasmList<u32>,)| {
        let words = words.as_le_slice(&store);
        let matrix: &[u32; 16] = words.try_into().map_err(|_| {
            wasmtime::format_err!("draw.set-matrix: {} words, and not 16", words.len())
        })?;
        let matrix = Command::Matrix(matrix.map(f32::from_bits));
        store.data_mut().commands.push(matrix);
        Ok(())
    })?;
    draw.func_wrap(
        "meshes",
        |mut store, (mesh, texture, words): (u32, Option<u32>, WasmList<u32>)| {
            whole(
                "meshes",
                words.as_le_slice(&store),
                commands::INSTANCE_WORDS,
            )?;
            let meshes = Command::Meshes(mesh, texture, Words::new(&mut store, words)?);
            store.data_mut().commands.push(meshes);
            Ok(())
        },
    )?;
    draw.func_wrap(
        "set-target",
        |mut store, (canvas, clear): (Option<u32>, Option<u32>)| {
            let target = Command::Target(canvas, clear.map(Color));
            store.data_mut().commands.push(target);
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
