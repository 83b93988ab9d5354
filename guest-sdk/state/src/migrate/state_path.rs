//! The position of a migration in the state, for messages and for parked values.

use crate::refusal::Refusal;

/// A path with open indices and keys, and their values.
///
/// Values in the same position, such as one field of all items of a list, share the open path.
#[derive(Clone, Default)]
pub(super) struct StatePath {
    /// Open path, such as `particles[].pos`.
    pub open: String,
    /// Indices (big endian) and keys (encoded), each after its length.
    pub row: Vec<u8>,
    /// True for each of them that is an index.
    steps: Vec<bool>,
    /// Start of the last of them in `row`.
    last: usize,
}

/// A position in a path, to return to.
pub(super) struct PathMark {
    open: usize,
    row: usize,
    steps: usize,
    last: usize,
}

impl StatePath {
    pub fn mark(&self) -> PathMark {
        PathMark {
            open: self.open.len(),
            row: self.row.len(),
            steps: self.steps.len(),
            last: self.last,
        }
    }

    pub fn back(&mut self, mark: PathMark) {
        self.open.truncate(mark.open);
        self.row.truncate(mark.row);
        self.steps.truncate(mark.steps);
        self.last = mark.last;
    }

    pub fn field(&mut self, name: &str) {
        if !self.open.is_empty() {
            self.open.push('.');
        }
        self.open.push_str(name);
    }

    pub fn index(&mut self, index: usize) {
        self.step(&(index as u32).to_be_bytes(), true);
    }

    pub fn key(&mut self, key: &[u8]) {
        self.step(key, false);
    }

    fn step(&mut self, bytes: &[u8], index: bool) {
        self.open.push_str("[]");
        self.last = self.row.len();
        self.row
            .extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.row.extend_from_slice(bytes);
        self.steps.push(index);
    }

    /// Returns the row with another key in place of the last.
    pub fn row_with_last(&self, key: &[u8]) -> Vec<u8> {
        let mut other = StatePath {
            row: self.row[..self.last].to_vec(),
            ..StatePath::default()
        };
        other.key(key);
        other.row
    }

    /// Adds this path to a refusal that has none.
    pub fn locate(&self, refusal: Refusal) -> Refusal {
        if refusal.path.is_empty() {
            Refusal {
                path: self.to_string(),
                ..refusal
            }
        } else {
            refusal
        }
    }
}

impl std::fmt::Display for StatePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rows = self.row.as_slice();
        let mut parts = self.open.split("[]");
        f.write_str(parts.next().unwrap_or_default())?;
        for (part, index) in parts.zip(&self.steps) {
            let (len, rest) = rows.split_at(4);
            let (bytes, rest) =
                rest.split_at(u32::from_be_bytes(len.try_into().expect("four bytes")) as usize);
            rows = rest;
            f.write_str("[")?;
            match (index, bytes) {
                (true, bytes) => write!(
                    f,
                    "{}",
                    bytes
                        .iter()
                        .fold(0_u32, |n, byte| n << 8 | u32::from(*byte))
                )?,
                (false, bytes) => show_key(f, bytes)?,
            }
            write!(f, "]{part}")?;
        }
        Ok(())
    }
}

/// Formats a key: as text when it looks like text, as a number when it is short, otherwise as
/// bytes.
fn show_key(f: &mut std::fmt::Formatter<'_>, bytes: &[u8]) -> std::fmt::Result {
    let text = bytes
        .split_first_chunk::<4>()
        .filter(|(len, text)| u32::from_le_bytes(**len) as usize == text.len());
    match text.and_then(|(_, text)| std::str::from_utf8(text).ok()) {
        Some(text) => write!(f, "{text:?}"),
        None if bytes.len() <= 8 => write!(
            f,
            "{}",
            bytes
                .iter()
                .rev()
                .fold(0_u64, |n, byte| n << 8 | u64::from(*byte))
        ),
        None => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
    }
}
