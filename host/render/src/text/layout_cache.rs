//! A cache of layouts, since most texts appear again in the next picture. Knows no fonts and no GPU.
//!
//! There are two generations. An entry that is found in the old generation moves to the young one. When the
//! young generation is full, it becomes the old one, and the old one is dropped. So memory is bounded
//! without sorting.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::layout::Layout;
use crate::commands::{Align, TextStyle};

/// Number of layouts in one generation.
const GENERATION: usize = 2048;

#[derive(Default)]
pub(super) struct LayoutCache {
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
}

struct Entry {
    shape: Shape,
    text: Box<str>,
    layout: Arc<Layout>,
}

/// The inputs of a layout beside the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    font: u32,
    revision: u64,
    size: u32,
    align: Align,
    width: Option<u32>,
}

impl Shape {
    fn of(revision: u64, style: &TextStyle) -> Self {
        Self {
            font: style.font,
            revision,
            size: style.size.to_bits(),
            align: style.align,
            width: style.width.map(f32::to_bits),
        }
    }

    fn number(self, text: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        text.hash(&mut hasher);
        hasher.finish()
    }
}

impl Entry {
    fn is_of(&self, shape: Shape, text: &str) -> bool {
        self.shape == shape && *self.text == *text
    }
}

impl LayoutCache {
    pub fn find(&mut self, revision: u64, style: &TextStyle, text: &str) -> Option<Arc<Layout>> {
        let shape = Shape::of(revision, style);
        let number = shape.number(text);
        if let Some(entry) = self.young.get(&number) {
            return entry.is_of(shape, text).then(|| Arc::clone(&entry.layout));
        }
        let entry = self.old.remove(&number)?;
        let layout = Arc::clone(&entry.layout);
        let found = entry.is_of(shape, text).then_some(layout);
        self.insert(number, entry);
        found
    }

    pub fn keep(&mut self, revision: u64, style: &TextStyle, text: &str, layout: Arc<Layout>) {
        let shape = Shape::of(revision, style);
        let text: Box<str> = text.into();
        let number = shape.number(&text);
        self.insert(
            number,
            Entry {
                shape,
                text,
                layout,
            },
        );
    }

    fn insert(&mut self, number: u64, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(number, entry);
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
