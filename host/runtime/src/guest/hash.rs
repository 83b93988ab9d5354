//! The hash that identifies a guest's code. Knows nothing of what the bytes mean.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// BLAKE3 hash of a guest's file. Printed and serialised, it is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Hashes a file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The first six hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..6].to_owned()
    }
}

impl FromStr for CodeHash {
    type Err = String;

    /// Parses all 64 hexadecimal digits.
    fn from_str(hex: &str) -> Result<Self, String> {
        let hash = blake3::Hash::from_hex(hex).map_err(|error| error.to_string())?;
        Ok(Self(*hash.as_bytes()))
    }
}

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", blake3::Hash::from(self.0).to_hex())
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CodeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
