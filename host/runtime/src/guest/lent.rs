//! Lists that a guest lent in `save`, and places that it named in `migrate`. Knows no store's data.

use wasmtime::Store;
use wasmtime::component::WasmList;

/// What was lent since [`Lent::open`], and where lists are wanted. The buffers are reused.
#[derive(Default)]
pub(crate) struct Lent {
    pub(super) phase: Phase,
    /// Whether lists are copied when they are lent, and how much has been: it is the host's memory.
    pub(super) copied: bool,
    pub(super) copied_bytes: usize,
    /// Whether the next list owns its pages.
    pub(super) next_owns_pages: bool,
    pub(super) own_pages: Vec<PagedList>,
    pub(super) places: Vec<(PagedList, WasmList<u8>)>,
    pub(super) tree: Option<List<u8>>,
    pub(super) w8: Vec<List<u8>>,
    pub(super) w16: Vec<List<u16>>,
    pub(super) w32: Vec<List<u32>>,
    pub(super) w64: Vec<List<u64>>,
}

/// A list that was lent.
pub(super) enum List<W> {
    /// It lies in the guest's memory until the guest is next called.
    InPlace(WasmList<W>),
    /// It was there for the time of the call only.
    Copied(Vec<W>),
}

macro_rules! words {
    ($($word:ty)*) => {$(
        impl List<$word> {
            pub(super) fn words<'a, T>(&'a self, store: &'a Store<T>) -> &'a [$word] {
                match self {
                    Self::InPlace(list) => list.as_le_slice(store),
                    Self::Copied(words) => words,
                }
            }
        }
    )*};
}
words!(u8 u16 u32 u64);

/// What the guest may do now.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Closed,
    Save,
    Migrate,
}

/// A list of a parcel: the width of its words in bytes, and its number among those of this width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PagedList {
    pub(super) width: u8,
    pub(super) index: u32,
}

impl Lent {
    /// In `save` lists may be lent.
    pub(super) fn open(&mut self) {
        self.phase = Phase::Save;
        (self.copied, self.copied_bytes) = (false, 0);
        self.next_owns_pages = false;
        self.own_pages.clear();
        self.tree = None;
        self.w8.clear();
        self.w16.clear();
        self.w32.clear();
        self.w64.clear();
    }

    /// In `migrate` the guest may say where it wants lists.
    pub(super) fn open_places(&mut self) {
        self.phase = Phase::Migrate;
        self.places.clear();
    }

    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// The lists whose pages may be moved.
    pub(super) fn own_pages(&self) -> &[PagedList] {
        &self.own_pages
    }

    /// More segments than a state of any size has; each costs the host some bytes.
    pub(super) const MOST: usize = 1 << 20;

    pub(super) fn check(&self) -> wasmtime::Result<()> {
        if self.phase != Phase::Save {
            wasmtime::bail!("the state is lent only while the host calls save");
        }
        if self.w8.len() + self.w16.len() + self.w32.len() + self.w64.len() >= Self::MOST {
            wasmtime::bail!("more than {} lists lent", Self::MOST);
        }
        Ok(())
    }
}
