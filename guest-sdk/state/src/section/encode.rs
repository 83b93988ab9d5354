//! Entries of the section, written while the guest is compiled.
//!
//! An entry is its length (four bytes, not counting themselves), a version byte, a tag (0 for the
//! root, 1 for a type) and its content. Texts and lists follow their length. All lengths are four
//! bytes.

use super::shape::{CaseDef, Def, FieldsDef, HookDef, KindDef, Shape};

pub(super) const VERSION: u8 = 1;

/// Takes bytes up to its size, and counts all bytes that it is given.
pub struct Sink<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

/// Returns the identity of a type within one program: FNV-1a of its path.
pub const fn id(path: &str) -> u128 {
    let mut hash = 0x6c62272e07bb014262b821756295c58d_u128;
    let mut at = 0;
    while at < path.len() {
        hash =
            (hash ^ path.as_bytes()[at] as u128).wrapping_mul(0x0000000001000000000000000000013b);
        at += 1;
    }
    hash
}

/// Returns the length of a type's entry.
pub const fn measure(def: &Def) -> usize {
    entry::<0>(def).len
}

/// Returns the entry of a type.
pub const fn entry<const N: usize>(def: &Def) -> Sink<N> {
    Sink::new()
        .number(0)
        .byte(VERSION)
        .byte(1)
        .def(def)
        .length()
}

/// Returns the entry of the root.
pub const fn root_entry<const N: usize>(root: &Shape) -> Sink<N> {
    Sink::new()
        .number(0)
        .byte(VERSION)
        .byte(0)
        .shape(root)
        .length()
}

impl<const N: usize> Sink<N> {
    const fn new() -> Self {
        Sink {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Returns the number of bytes that were given.
    #[allow(clippy::len_without_is_empty, reason = "an entry is never empty")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns the bytes.
    ///
    /// # Panics
    /// Panics when their number differs from the size.
    pub const fn bytes(self) -> [u8; N] {
        assert!(self.len == N);
        self.bytes
    }

    /// Returns the bytes that were given to a larger sink.
    pub fn prefix(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    const fn length(mut self) -> Self {
        let len = ((self.len - 4) as u32).to_le_bytes();
        let mut at = 0;
        while at < 4 && at < N {
            self.bytes[at] = len[at];
            at += 1;
        }
        self
    }

    const fn byte(mut self, byte: u8) -> Self {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
        self
    }

    const fn raw(mut self, bytes: &[u8]) -> Self {
        let mut at = 0;
        while at < bytes.len() {
            self = self.byte(bytes[at]);
            at += 1;
        }
        self
    }

    const fn number(self, number: u32) -> Self {
        self.raw(&number.to_le_bytes())
    }

    const fn text(self, text: &str) -> Self {
        self.number(text.len() as u32).raw(text.as_bytes())
    }

    const fn texts(mut self, texts: &[&str]) -> Self {
        self = self.number(texts.len() as u32);
        let mut at = 0;
        while at < texts.len() {
            self = self.text(texts[at]);
            at += 1;
        }
        self
    }

    const fn shapes(mut self, shapes: &[&Shape]) -> Self {
        self = self.number(shapes.len() as u32);
        let mut at = 0;
        while at < shapes.len() {
            self = self.shape(shapes[at]);
            at += 1;
        }
        self
    }

    const fn shape(self, shape: &Shape) -> Self {
        match shape {
            Shape::Number(number) => self.byte(*number as u8),
            Shape::Bool => self.byte(10),
            Shape::Char => self.byte(11),
            Shape::String => self.byte(12),
            Shape::List(item) => self.byte(13).shape(item),
            Shape::Array(item, count) => self.byte(14).number(*count).shape(item),
            Shape::Set(item) => self.byte(15).shape(item),
            Shape::Map(key, value) => self.byte(16).shape(key).shape(value),
            Shape::Option(item) => self.byte(17).shape(item),
            Shape::Result(ok, err) => self.byte(18).shape(ok).shape(err),
            Shape::Tuple(items) => self.byte(19).shapes(items),
            Shape::Named(id) => self.byte(20).raw(&id.to_le_bytes()),
            Shape::Inline(def, arguments) => self.byte(21).shapes(arguments).def(def),
            Shape::Opaque => self.byte(22),
        }
    }

    const fn def(mut self, def: &Def) -> Self {
        self = self
            .raw(&def.id.to_le_bytes())
            .text(def.name)
            .texts(def.aliases)
            .number(def.version);
        self = self.hooks(def.hooks);
        match &def.kind {
            KindDef::Record { fields, flat } => self.byte(*flat as u8).fields(fields),
            KindDef::Variant(cases) => self.byte(2).cases(cases),
        }
    }

    const fn hooks(mut self, hooks: &[HookDef]) -> Self {
        self = self.number(hooks.len() as u32);
        let mut at = 0;
        while at < hooks.len() {
            let hook = &hooks[at];
            self = self.number(hook.from).byte(hook.replaces as u8);
            self = match hook.wants {
                Some(shape) => self.byte(1).shape(shape),
                None => self.byte(0),
            };
            at += 1;
        }
        self
    }

    const fn cases(mut self, cases: &[CaseDef]) -> Self {
        self = self.number(cases.len() as u32);
        let mut at = 0;
        while at < cases.len() {
            let case = &cases[at];
            self = self
                .text(case.name)
                .texts(case.aliases)
                .fields(&case.fields);
            at += 1;
        }
        self
    }

    const fn fields(mut self, fields: &FieldsDef) -> Self {
        self = self
            .byte(fields.style as u8)
            .number(fields.list.len() as u32);
        let mut at = 0;
        while at < fields.list.len() {
            let field = &fields.list[at];
            self = self
                .text(field.name)
                .texts(field.aliases)
                .shape(field.shape);
            self = match (field.default, field.default_text) {
                (false, _) => self.byte(0),
                (true, None) => self.byte(1),
                (true, Some(text)) => self.byte(2).text(text),
            };
            at += 1;
        }
        self.texts(fields.skipped)
    }
}
