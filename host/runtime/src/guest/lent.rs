//! The lists that a guest lends in `save`, and the places that it names in `migrate`. Knows no store's
//! data.

use wasmtime::Store;
use wasmtime::component::WasmList;

/// The lists lent since [`Lent::open`], and the places named for lists. The buffers are reused.
#[derive(Default)]
pub(crate) struct Lent {
    pub(super) phase: Phase,
    /// True if lists are copied when they are lent, which takes the host's memory.
    pub(super) copied: bool,
    /// Bytes of all lists and places so far. Those that overlap count each time, since the host reads each
    /// of them.
    pub(super) bytes: usize,
    /// True if the next list lies in pages of its own.
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
    /// Stays in the guest's memory until the next call of the guest.
    InPlace(WasmList<W>),
    /// Copied, since the guest keeps the list only during the call.
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

/// The calls of `lend` that the guest may make now.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Closed,
    Save,
    Migrate,
}

/// A list of a parcel, given by the width of its words in bytes and its index among the lists of this
/// width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PagedList {
    pub(super) width: u8,
    pub(super) index: u32,
}

impl Lent {
    /// Starts `save`, in which lists may be lent.
    pub(super) fn open(&mut self) {
        self.phase = Phase::Save;
        (self.copied, self.bytes) = (false, 0);
        self.next_owns_pages = false;
        self.own_pages.clear();
        self.tree = None;
        self.w8.clear();
        self.w16.clear();
        self.w32.clear();
        self.w64.clear();
    }

    /// Starts `migrate`, in which the guest may name places for lists.
    pub(super) fn open_places(&mut self) {
        self.phase = Phase::Migrate;
        self.bytes = 0;
        self.places.clear();
    }

    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// The lists whose pages may be moved.
    pub(super) fn own_pages(&self) -> &[PagedList] {
        &self.own_pages
    }

    /// Limit of lists in one state, far above the need of any state. Each list costs the host some bytes.
    pub(super) const MOST: usize = 1 << 20;

    /// Charges a list to the account of the state, before anything reads it. The account is the memory
    /// that the guest may have, so lists that do not overlap always fit.
    pub(super) fn charge(&mut self, len: usize, word: usize, most: usize) -> wasmtime::Result<()> {
        self.bytes = len
            .checked_mul(word)
            .and_then(|bytes| self.bytes.checked_add(bytes))
            .unwrap_or(usize::MAX);
        if self.bytes > most {
            wasmtime::bail!(
                "the lists that were lent have more than {} MiB together, which is the limit of its memory; \
                 lend each list once, or raise --memory-limit",
                most >> 20
            );
        }
        Ok(())
    }

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
