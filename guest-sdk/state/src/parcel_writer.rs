//! Writes a new parcel with a bound on its memory. Knows no plans.

use crate::bounds::SEGMENT_MIN;
use crate::cursor::Cursor;
use crate::parcel::Parcel;
use crate::refusal::Refusal;
use crate::schema::{Schema, Type};
use crate::walk::Sink;
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
        from.pass(schema, ty, depth, self)
    }
}

/// A walk that copies. The limit of the writer bounds its work too.
impl Sink for ParcelWriter {
    type Error = Refusal;
    const IS_THOROUGH: bool = false;

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        ParcelWriter::bytes(self, bytes)
    }

    fn flat(&mut self, bytes: &[u8], width: u8) -> Result<(), Refusal> {
        ParcelWriter::flat(self, bytes.len(), width)?.copy_from_slice(bytes);
        Ok(())
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
