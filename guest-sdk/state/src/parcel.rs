//! Parcels: the bytes of a state on its way between two guests. Knows no types.

/// A state that owns its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// Tree of inline values.
    pub tree: Vec<u8>,
    /// Segments of one-byte words.
    pub w8: Vec<Vec<u8>>,
    /// Segments of two-byte words.
    pub w16: Vec<Vec<u16>>,
    /// Segments of four-byte words.
    pub w32: Vec<Vec<u32>>,
    /// Segments of eight-byte words.
    pub w64: Vec<Vec<u64>>,
}

/// A state whose bytes are borrowed, for example from a guest's live memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParcelRef<'a> {
    /// Tree of inline values.
    pub tree: &'a [u8],
    /// Segments of one-byte words.
    pub w8: Vec<&'a [u8]>,
    /// Segments of two-byte words.
    pub w16: Vec<&'a [u16]>,
    /// Segments of four-byte words.
    pub w32: Vec<&'a [u32]>,
    /// Segments of eight-byte words.
    pub w64: Vec<&'a [u64]>,
}

/// The segments of a parcel by width. Each list is in the order in which the tree refers to it.
#[derive(Default)]
pub struct Segments {
    /// Segments of one-byte words.
    pub w8: Vec<Vec<u8>>,
    /// Segments of two-byte words.
    pub w16: Vec<Vec<u16>>,
    /// Segments of four-byte words.
    pub w32: Vec<Vec<u32>>,
    /// Segments of eight-byte words.
    pub w64: Vec<Vec<u64>>,
}

impl Parcel {
    /// Borrows the parcel.
    pub fn as_ref(&self) -> ParcelRef<'_> {
        ParcelRef {
            tree: &self.tree,
            w8: self.w8.iter().map(Vec::as_slice).collect(),
            w16: self.w16.iter().map(Vec::as_slice).collect(),
            w32: self.w32.iter().map(Vec::as_slice).collect(),
            w64: self.w64.iter().map(Vec::as_slice).collect(),
        }
    }

    /// Returns the size of the state in bytes.
    pub fn bytes(&self) -> usize {
        self.as_ref().bytes()
    }

    /// Splits the parcel into the tree and the segments that a [`Reader`](crate::Reader) takes.
    pub fn into_parts(self) -> (Vec<u8>, Segments) {
        (
            self.tree,
            Segments {
                w8: self.w8,
                w16: self.w16,
                w32: self.w32,
                w64: self.w64,
            },
        )
    }
}

impl ParcelRef<'_> {
    /// Copies the state.
    pub fn to_owned(&self) -> Parcel {
        Parcel {
            tree: self.tree.to_vec(),
            w8: self.w8.iter().map(|words| words.to_vec()).collect(),
            w16: self.w16.iter().map(|words| words.to_vec()).collect(),
            w32: self.w32.iter().map(|words| words.to_vec()).collect(),
            w64: self.w64.iter().map(|words| words.to_vec()).collect(),
        }
    }

    /// Copies the state into the buffers of a parcel that is no longer needed.
    pub fn clone_into(&self, parcel: &mut Parcel) {
        fn each<W: Copy>(from: &[&[W]], to: &mut Vec<Vec<W>>) {
            to.resize_with(from.len(), Vec::new);
            for (from, to) in from.iter().zip(to) {
                to.clear();
                to.extend_from_slice(from);
            }
        }
        parcel.tree.clear();
        parcel.tree.extend_from_slice(self.tree);
        each(&self.w8, &mut parcel.w8);
        each(&self.w16, &mut parcel.w16);
        each(&self.w32, &mut parcel.w32);
        each(&self.w64, &mut parcel.w64);
    }

    /// Returns the size of the state in bytes.
    pub fn bytes(&self) -> usize {
        fn sum<W>(segments: &[&[W]]) -> usize {
            segments.iter().map(|words| size_of_val(*words)).sum()
        }
        self.tree.len() + sum(&self.w8) + sum(&self.w16) + sum(&self.w32) + sum(&self.w64)
    }
}
