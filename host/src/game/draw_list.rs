//! The command list: the commands that a guest records while it draws. They are sent to the renderer when
//! `draw` has returned. The quads stay in the guest's memory until the renderer reads them there.
//!
//! A guest whose language cannot keep a list in place calls `copied`. Its lists and texts are then
//! copied when they are lent.
//!
//! This module knows no GPU.

use std::ops::Range;

use vblank_render::commands::{self, Color, Sink};
use vblank_runtime::guest::wasmtime;
use vblank_runtime::guest::wasmtime::component::{WasmList, WasmStr};
use vblank_runtime::guest::{Account, Store};

/// Largest number of words, and of bytes of text, that are copied for one picture. Copies take the
/// host's own memory.
const MAX_COPIED: usize = 16 << 20;

/// One command of a picture.
pub(super) enum DrawCommand {
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

/// Words of a command.
pub(super) enum Words {
    /// A reference into the guest's memory, valid until `draw` has returned.
    InPlace(WasmList<u32>),
    /// A copy: a range of [`DrawList::words`].
    Copied(Range<usize>),
}

/// Text of a command.
pub(super) enum Letters {
    /// A reference into the guest's memory, valid until `draw` has returned.
    InPlace(WasmStr),
    /// A copy: a range of [`DrawList::letters`].
    Copied(Range<usize>),
}

/// Commands that a guest has recorded since [`DrawList::begin`]. The buffers are reused.
#[derive(Default)]
pub(super) struct DrawList {
    commands: Vec<DrawCommand>,
    is_recording: bool,
    /// True if words and texts are copied when they are lent.
    copies: bool,
    words: Vec<u32>,
    letters: String,
}

impl DrawList {
    /// Starts a picture.
    pub(super) fn begin(&mut self, account: &mut Account) {
        self.forget(account);
        self.is_recording = true;
    }

    /// Ends a picture: later commands are ignored.
    pub(super) fn end(&mut self) {
        self.is_recording = false;
        self.copies = false;
    }

    fn forget(&mut self, account: &mut Account) {
        account.release_picture();
        self.commands.clear();
        self.words.clear();
        self.letters.clear();
    }

    /// Drops all commands that a `clear` of the whole picture hides. Commands for canvases stay.
    ///
    /// # Errors
    /// When the picture would be over the memory limit.
    pub(super) fn clear(&mut self, color: Color, account: &mut Account) -> wasmtime::Result<()> {
        let is_target = |command: &DrawCommand| matches!(command, DrawCommand::Target(..));
        if !self.commands.iter().any(is_target) {
            self.forget(account);
        }
        self.push(DrawCommand::Clear(color), account)
    }

    /// Adds a command.
    ///
    /// # Errors
    /// When the picture would be over the memory limit.
    pub(super) fn push(
        &mut self,
        command: DrawCommand,
        account: &mut Account,
    ) -> wasmtime::Result<()> {
        // A list of commands that is full is copied to one of twice the size.
        const BYTES: usize = 2 * size_of::<DrawCommand>();
        if self.is_recording {
            account.charge_picture("draw commands", BYTES)?;
            self.commands.push(command);
        }
        Ok(())
    }

    /// Copies lists and texts from now on, until the picture ends.
    pub(super) fn copy_from_now_on(&mut self) {
        self.copies = self.is_recording;
    }

    /// Returns true if lists and texts are copied when they are lent.
    pub(super) fn copies(&self) -> bool {
        self.copies
    }

    /// Takes the buffer of copied words, to fill it while the guest's memory is borrowed.
    pub(super) fn take_words(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.words)
    }

    /// Returns the buffer of copied words.
    pub(super) fn put_words(&mut self, words: Vec<u32>) {
        self.words = words;
    }

    /// Takes the buffer of copied texts, to fill it while the guest's memory is borrowed.
    pub(super) fn take_letters(&mut self) -> String {
        std::mem::take(&mut self.letters)
    }

    /// Returns the buffer of copied texts.
    pub(super) fn put_letters(&mut self, letters: String) {
        self.letters = letters;
    }

    fn words_of<'a>(&'a self, words: &Words, store: &'a Store) -> &'a [u32] {
        match words {
            Words::InPlace(list) => list.as_le_slice(store),
            Words::Copied(range) => &self.words[range.clone()],
        }
    }

    /// Sends the picture to a sink. Lists are read where they lie in the guest's memory, unless they were
    /// copied.
    pub(super) fn send(&self, store: &Store, sink: &mut dyn Sink) {
        let get = |words| self.words_of(words, store);
        for command in &self.commands {
            match command {
                DrawCommand::Clear(color) => sink.clear(*color),
                DrawCommand::Camera(camera) => sink.set_camera(*camera),
                DrawCommand::Quads(words) => sink.quads(get(words)),
                DrawCommand::Sprites(texture, words) => sink.sprites(*texture, get(words)),
                DrawCommand::Text(style, position, Letters::InPlace(text)) => {
                    // The text was valid UTF-8 when it was lent. A guest that overwrote it since loses
                    // it.
                    if let Ok(text) = text.to_str(store) {
                        sink.text(style, *position, &text);
                    }
                }
                DrawCommand::Text(style, position, Letters::Copied(range)) => {
                    sink.text(style, *position, &self.letters[range.clone()]);
                }
                DrawCommand::Triangles(texture, words) => sink.triangles(*texture, get(words)),
                DrawCommand::Area(area) => sink.set_area(*area),
                DrawCommand::Look(look, params) => sink.set_look(*look, get(params)),
                DrawCommand::Matrix(matrix) => sink.set_matrix(*matrix),
                DrawCommand::Meshes(mesh, texture, words) => {
                    sink.meshes(*mesh, *texture, get(words));
                }
                DrawCommand::Target(canvas, clear) => sink.set_target(*canvas, *clear),
            }
        }
    }
}

/// Returns the items, or an error if they and the `before` items exceed the limit.
///
/// # Errors
/// When one picture has more than the host copies.
pub(super) fn within_copy_limit<T>(before: usize, items: &[T]) -> wasmtime::Result<&[T]> {
    if items.len() > MAX_COPIED - before {
        wasmtime::bail!("draw.copied: more is drawn in one picture than the host copies");
    }
    Ok(items)
}
