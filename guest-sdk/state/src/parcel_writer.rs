//! Writes a new parcel with a bound on its memory. Knows no plans.

use crate::bounds::SEGMENT_MIN;
use crate::cursor::{Cursor, too_deep};
use crate::parcel::Parcel;
use crate::refusal::Refusal;
use crate::schema::{Kind, Schema, Type};
use crate::words::words_as_bytes_mut;

pub(crate) struct ParcelWriter {
    pub parcel: Parcel,
    /// Buffers to write into. Touching fresh pages costs more than writing to them.
    spare: Parcel,
    inline: bool,
    segment_bytes: usize,
    limit: usize,
}

impl ParcelWriter {
    pub fn new(limit: usize) -> ParcelWriter {
        ParcelWriter::reusing(limit, Parcel::default())
    }

    pub fn reusing(limit: usize, mut spare: Parcel) -> ParcelWriter {
        let mut tree = std::mem::take(&mut spare.tree);
        tree.clear();
        let parcel = Parcel {
            tree,
            ..Parcel::default()
        };
        ParcelWriter {
            parcel,
            spare,
            inline: false,
            segment_bytes: 0,
            limit,
        }
    }

    /// Returns a writer that makes no segments.
    pub fn inline(limit: usize) -> ParcelWriter {
        ParcelWriter {
            inline: true,
            ..ParcelWriter::new(limit)
        }
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.check_limit(bytes.len())?;
        self.parcel.tree.extend_from_slice(bytes);
        Ok(())
    }

    pub fn count(&mut self, count: usize) -> Result<(), Refusal> {
        self.bytes(&(count as u32).to_le_bytes())
    }

    pub fn tag(&mut self, tag: u32, cases: usize) -> Result<(), Refusal> {
        if cases <= 256 {
            self.bytes(&[tag as u8])
        } else {
            self.bytes(&tag.to_le_bytes())
        }
    }

    /// Reserves the bytes of a flat list, in the tree or as a segment by their size.
    ///
    /// The caller writes all of them.
    pub fn flat(&mut self, len: usize, width: u8) -> Result<&mut [u8], Refusal> {
        self.check_limit(len)?;
        if self.inline || len < SEGMENT_MIN {
            return self.tree(len);
        }
        self.segment_bytes += len;
        let (parcel, spare) = (&mut self.parcel, &mut self.spare);
        Ok(match width {
            1 => push(&mut parcel.w8, &mut spare.w8, len),
            2 => words_as_bytes_mut(push(&mut parcel.w16, &mut spare.w16, len / 2)),
            4 => words_as_bytes_mut(push(&mut parcel.w32, &mut spare.w32, len / 4)),
            _ => words_as_bytes_mut(push(&mut parcel.w64, &mut spare.w64, len / 8)),
        })
    }

    /// Reserves zeroed bytes in the tree.
    pub fn tree(&mut self, len: usize) -> Result<&mut [u8], Refusal> {
        self.check_limit(len)?;
        let start = self.parcel.tree.len();
        self.parcel.tree.resize(start + len, 0);
        Ok(&mut self.parcel.tree[start..])
    }

    fn check_limit(&self, more: usize) -> Result<(), Refusal> {
        let used = self.parcel.tree.len() + self.segment_bytes;
        if more > self.limit - used.min(self.limit) {
            return Err(Refusal::new(
                "",
                format!(
                    "the new state needs more than {} bytes, which is the limit",
                    self.limit
                ),
            ));
        }
        Ok(())
    }

    /// Copies a value of an unchanged type. Lists become segments or inline bytes as this writer
    /// needs.
    pub fn copy(
        &mut self,
        from: &mut Cursor<'_>,
        schema: &Schema,
        ty: &Type,
        depth: usize,
    ) -> Result<(), Refusal> {
        if let Some(size) = schema.layout(ty).size() {
            return self.bytes(from.take(size)?);
        }
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match ty {
            Type::String => {
                let len = from.count(1)?;
                self.count(len)?;
                self.bytes(from.take(len)?)
            }
            Type::List(item) => match schema.layout(item).as_flat() {
                Some((size, width)) => {
                    let count = from.word()? as usize;
                    let bytes = from.flat(count, size, width)?;
                    self.count(count)?;
                    self.flat(bytes.len(), width)?.copy_from_slice(bytes);
                    Ok(())
                }
                None => self.copy_items(from, schema, item, depth),
            },
            Type::Set(item) => self.copy_items(from, schema, item, depth),
            Type::Array(item, count) => {
                (0..*count).try_for_each(|_| self.copy(from, schema, item, depth))
            }
            Type::Map(key, value) => {
                let count = from.count(schema.layout(key).min)?;
                self.count(count)?;
                for _ in 0..count {
                    self.copy(from, schema, key, depth)?;
                    self.copy(from, schema, value, depth)?;
                }
                Ok(())
            }
            Type::Option(item) => {
                let some = from.flag()?;
                self.bytes(&[u8::from(some)])?;
                if some {
                    self.copy(from, schema, item, depth)
                } else {
                    Ok(())
                }
            }
            Type::Result(ok, err) => {
                let is_err = from.flag()?;
                self.bytes(&[u8::from(is_err)])?;
                self.copy(from, schema, if is_err { err } else { ok }, depth)
            }
            Type::Tuple(items) => items
                .iter()
                .try_for_each(|item| self.copy(from, schema, item, depth)),
            Type::Named(id) => {
                let fields = match &schema.get(*id).kind {
                    Kind::Record { fields, .. } => fields,
                    Kind::Variant(cases) | Kind::Flags(cases) => {
                        let tag = from.tag(cases.len())?;
                        self.tag(tag as u32, cases.len())?;
                        &cases[tag].fields
                    }
                };
                fields
                    .list
                    .iter()
                    .try_for_each(|field| self.copy(from, schema, &field.ty, depth))
            }
            Type::Bool | Type::Number(_) | Type::Char => unreachable!("these are of fixed size"),
        }
    }

    fn copy_items(
        &mut self,
        from: &mut Cursor<'_>,
        schema: &Schema,
        item: &Type,
        depth: usize,
    ) -> Result<(), Refusal> {
        let layout = schema.layout(item);
        let count = from.count(layout.min)?;
        self.count(count)?;
        match layout.size() {
            Some(size) => self.bytes(from.take(count * size)?),
            None => (0..count).try_for_each(|_| self.copy(from, schema, item, depth)),
        }
    }
}

fn push<'s, W: Clone + Default>(
    segments: &'s mut Vec<Vec<W>>,
    spare: &mut Vec<Vec<W>>,
    len: usize,
) -> &'s mut [W] {
    let words = match spare.iter().position(|words| words.capacity() >= len) {
        Some(index) => {
            let mut words = spare.swap_remove(index);
            // The caller overwrites all words, so only the missing ones are filled.
            words.truncate(len);
            words.resize(len, W::default());
            words
        }
        None => vec![W::default(); len],
    };
    segments.push(words);
    segments.last_mut().expect("one was just pushed")
}
