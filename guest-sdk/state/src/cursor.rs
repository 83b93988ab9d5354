//! Reads bytes from a position in a parcel. Knows nothing of schemas.
//!
//! The bytes may come from a hostile guest, so every length is checked against what is left.

use crate::bounds::{MAX_DEPTH, MAX_EMPTY_ITEMS, SEGMENT_MIN, VALUES_PER_BYTE};
use crate::parcel::ParcelRef;
use crate::words::words_as_bytes;
use std::fmt;

/// The error for bytes that are not a state of their schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    message: String,
    is_damage: bool,
}

impl CodecError {
    pub(crate) fn new(message: impl Into<String>) -> CodecError {
        CodecError {
            message: message.into(),
            is_damage: true,
        }
    }

    /// Makes an error for a state that is sound, and too large for what is done with it.
    pub(crate) fn too_large(message: impl Into<String>) -> CodecError {
        CodecError {
            message: message.into(),
            is_damage: false,
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_damage {
            f.write_str("damaged state: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for CodecError {}

/// A position in a parcel, or in a value that was written with everything inline.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub tree: &'a [u8],
    pub at: usize,
    segments: Option<&'a ParcelRef<'a>>,
    /// Number of segments of each width that were passed.
    pub passed: [usize; 4],
    /// Number of values that were walked.
    pub steps: usize,
    /// Largest number of them, by the bytes of the tree.
    most_steps: usize,
    has_no_segments: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(parcel: &'a ParcelRef<'a>) -> Cursor<'a> {
        Cursor {
            tree: parcel.tree,
            at: 0,
            segments: Some(parcel),
            passed: [0; 4],
            steps: 0,
            most_steps: most_steps(parcel.tree.len()),
            has_no_segments: false,
        }
    }

    pub fn inline(tree: &'a [u8]) -> Cursor<'a> {
        Cursor {
            tree,
            at: 0,
            segments: None,
            passed: [0; 4],
            steps: 0,
            most_steps: most_steps(tree.len()),
            has_no_segments: false,
        }
    }

    /// Returns a cursor of a tree whose segments are not there. They count as read.
    pub fn inline_without_segments(tree: &'a [u8]) -> Cursor<'a> {
        Cursor {
            has_no_segments: true,
            ..Cursor::inline(tree)
        }
    }

    /// Charges values to the walk. One walk has one budget, which grows with the bytes of the tree.
    #[inline]
    pub fn spend(&mut self, values: usize) -> Result<(), CodecError> {
        self.steps = self.steps.saturating_add(values);
        if self.steps > self.most_steps {
            return Err(CodecError::new(format!(
                "it has more than {} values in {} bytes",
                self.most_steps,
                self.tree.len()
            )));
        }
        Ok(())
    }

    pub fn left(&self) -> usize {
        self.tree.len() - self.at
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let bytes = self.tree[self.at..].get(..len);
        let bytes = bytes.ok_or_else(|| {
            CodecError::new(format!(
                "{len} bytes are needed and {} are left",
                self.left()
            ))
        })?;
        self.at += len;
        Ok(bytes)
    }

    /// Reads a length, and that many bytes.
    pub fn slice(&mut self) -> Result<&'a [u8], CodecError> {
        let len = self.count(1)?;
        self.take(len)
    }

    /// Reads a length, and that many bytes of UTF-8.
    pub fn text(&mut self) -> Result<String, CodecError> {
        let text = std::str::from_utf8(self.slice()?);
        text.map(str::to_owned)
            .map_err(|_| CodecError::new("a name is not UTF-8"))
    }

    pub fn word(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(
            self.take(4)?.try_into().expect("four bytes"),
        ))
    }

    /// Reads a number of items, each of which takes at least `min` bytes in the tree.
    pub fn count(&mut self, min: u32) -> Result<usize, CodecError> {
        let count = self.word()? as usize;
        let most = match min {
            0 => MAX_EMPTY_ITEMS,
            min => self.left() / min as usize,
        };
        if count > most {
            return Err(CodecError::new(format!(
                "{count} items are claimed and at most {most} are possible"
            )));
        }
        Ok(count)
    }

    pub fn flag(&mut self) -> Result<bool, CodecError> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            other => Err(CodecError::new(format!("{} is neither 0 nor 1", other[0]))),
        }
    }

    pub fn tag(&mut self, cases: usize) -> Result<usize, CodecError> {
        let tag = match cases {
            ..=256 => usize::from(self.take(1)?[0]),
            _ => self.word()? as usize,
        };
        if tag < cases {
            Ok(tag)
        } else {
            Err(CodecError::new(format!(
                "there is no case {tag} among {cases}"
            )))
        }
    }

    /// Reads a set of flags, one bit each.
    pub fn flags(&mut self, flags: usize) -> Result<u64, CodecError> {
        let mut word = [0; 8];
        let bytes = self.take(flags.div_ceil(8))?;
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        match bits.checked_shr(flags as u32) {
            None | Some(0) => Ok(bits),
            Some(_) => Err(CodecError::new("a flag is set that does not exist")),
        }
    }

    /// Checks the length of an array whose items may take no bytes.
    pub fn bounded(&self, count: u32, min: u32) -> Result<(), CodecError> {
        if min == 0 && count as usize > MAX_EMPTY_ITEMS {
            return Err(CodecError::new(format!(
                "{count} items without bytes are too many"
            )));
        }
        Ok(())
    }

    /// Reads a flat list, from the tree or from the next segment.
    pub fn flat(&mut self, count: usize, size: usize, width: u8) -> Result<&'a [u8], CodecError> {
        let len = count.checked_mul(size).ok_or_else(|| {
            CodecError::new(format!("{count} items of {size} bytes are too many"))
        })?;
        if self.has_no_segments && len >= SEGMENT_MIN {
            return Ok(&[]);
        }
        let Some(parcel) = self.segments.filter(|_| len >= SEGMENT_MIN) else {
            return self.take(len);
        };
        let next = &mut self.passed[width.trailing_zeros() as usize];
        let segment = match width {
            1 => parcel.w8.get(*next).copied(),
            2 => parcel.w16.get(*next).map(|words| words_as_bytes(words)),
            4 => parcel.w32.get(*next).map(|words| words_as_bytes(words)),
            _ => parcel.w64.get(*next).map(|words| words_as_bytes(words)),
        };
        let bytes = segment
            .ok_or_else(|| CodecError::new(format!("a segment of {len} bytes is missing")))?;
        if bytes.len() != len {
            return Err(CodecError::new(format!(
                "a segment has {} bytes where the tree says {len}",
                bytes.len()
            )));
        }
        *next += 1;
        Ok(bytes)
    }

    /// Checks that nothing is left over.
    pub fn finish(&self) -> Result<(), CodecError> {
        let segments = self.segments.map_or([0; 4], |p| {
            [p.w8.len(), p.w16.len(), p.w32.len(), p.w64.len()]
        });
        if self.left() == 0 && segments == self.passed {
            return Ok(());
        }
        let left: usize = segments
            .iter()
            .zip(self.passed)
            .map(|(all, passed)| all - passed)
            .sum();
        Err(CodecError::new(format!(
            "{} bytes and {left} segments are left over",
            self.left()
        )))
    }
}

pub(crate) fn too_deep() -> CodecError {
    CodecError::new(format!("values are nested deeper than {MAX_DEPTH} levels"))
}

fn most_steps(bytes: usize) -> usize {
    MAX_EMPTY_ITEMS.saturating_add(bytes.saturating_mul(VALUES_PER_BYTE))
}
