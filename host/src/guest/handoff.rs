//! The hand-off: what a guest lends in `save`, read where it lies.
//!
//! A list that is lent is (address, length) in the guest's memory, checked by wasmtime when it was
//! lent. It stays valid until the guest is next called, also after a trap. Memories never shrink, so
//! reading it late can give stale bytes and never bytes that are not there; `vblank-state` takes
//! hostile bytes.
//!
//! Where a guest's language cannot keep a list in place it says so (`copied`), and its lists are copied
//! when they are lent.
//!
//! Lists whose pages hold nothing else may be moved instead of copied: see `pages`.

use vblank_state::ParcelRef;
use wasmtime::component::{Linker, WasmList};
use wasmtime::{Store, StoreContextMut};

use super::api::Context;

/// What was lent since [`Lent::open`], and where lists are wanted. The buffers are reused.
#[derive(Default)]
pub(crate) struct Lent {
    phase: Phase,
    /// Whether lists are copied when they are lent, and how much has been: it is the host's memory.
    copied: bool,
    copied_bytes: usize,
    /// Whether the next list owns its pages.
    next_owns_pages: bool,
    own_pages: Vec<Paged>,
    places: Vec<(Paged, WasmList<u8>)>,
    tree: Option<List<u8>>,
    w8: Vec<List<u8>>,
    w16: Vec<List<u16>>,
    w32: Vec<List<u32>>,
    w64: Vec<List<u64>>,
}

/// A list that was lent.
enum List<W> {
    /// It lies in the guest's memory until the guest is next called.
    InPlace(WasmList<W>),
    /// It was there for the time of the call only.
    Copied(Vec<W>),
}

macro_rules! words {
    ($($word:ty)*) => {$(
        impl List<$word> {
            fn new(
                store: &mut StoreContextMut<'_, Context>,
                list: WasmList<$word>,
            ) -> wasmtime::Result<Self> {
                if !store.data().lent.copied {
                    return Ok(Self::InPlace(list));
                }
                let words = list.as_le_slice(&*store).to_vec();
                let context = store.data_mut();
                context.lent.copied_bytes += size_of_val(&*words);
                if context.lent.copied_bytes > context.memory.most {
                    wasmtime::bail!("more was lent than its memory may hold");
                }
                Ok(Self::Copied(words))
            }

            fn words<'a>(&'a self, store: &'a Store<Context>) -> &'a [$word] {
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
enum Phase {
    #[default]
    Closed,
    Save,
    Migrate,
}

/// A list of a parcel: the width of its words in bytes, and its number among those of this width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paged {
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
    pub(super) fn own_pages(&self) -> &[Paged] {
        &self.own_pages
    }

    /// More segments than a state of any size has; each costs the host some bytes.
    const MOST: usize = 1 << 20;

    fn check(&self) -> wasmtime::Result<()> {
        if self.phase != Phase::Save {
            wasmtime::bail!("the state is lent only while the host calls save");
        }
        if self.w8.len() + self.w16.len() + self.w32.len() + self.w64.len() >= Self::MOST {
            wasmtime::bail!("more than {} lists lent", Self::MOST);
        }
        Ok(())
    }
}

/// One of the lists that were lent, as bytes. It is one of [`Lent::own_pages`].
pub(super) fn list(store: &Store<Context>, list: Paged) -> &[u8] {
    let (lent, index) = (&store.data().lent, list.index as usize);
    match list.width {
        1 => lent.w8[index].words(store),
        2 => bytemuck::cast_slice(lent.w16[index].words(store)),
        4 => bytemuck::cast_slice(lent.w32[index].words(store)),
        _ => bytemuck::cast_slice(lent.w64[index].words(store)),
    }
}

/// Make a list of a parcel empty.
pub(super) fn leave_out(parcel: &mut ParcelRef<'_>, list: Paged) {
    fn clear<W>(lists: &mut [&[W]], index: u32) {
        if let Some(list) = lists.get_mut(index as usize) {
            *list = &[];
        }
    }
    match list.width {
        1 => clear(&mut parcel.w8, list.index),
        2 => clear(&mut parcel.w16, list.index),
        4 => clear(&mut parcel.w32, list.index),
        _ => clear(&mut parcel.w64, list.index),
    }
}

/// The memory that the guest named for a list.
pub(super) fn place(store: &Store<Context>, list: Paged) -> Option<&[u8]> {
    let mut places = store.data().lent.places.iter();
    let (_, memory) = places.find(|(named, _)| *named == list)?;
    Some(memory.as_le_slice(store))
}

/// What was lent, where it lies. `None` when no tree was lent.
pub(super) fn parcel(store: &Store<Context>) -> Option<ParcelRef<'_>> {
    let lent = &store.data().lent;
    Some(ParcelRef {
        tree: lent.tree.as_ref()?.words(store),
        w8: lent.w8.iter().map(|list| list.words(store)).collect(),
        w16: lent.w16.iter().map(|list| list.words(store)).collect(),
        w32: lent.w32.iter().map(|list| list.words(store)).collect(),
        w64: lent.w64.iter().map(|list| list.words(store)).collect(),
    })
}

pub(super) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut lend = linker.instance("vblank:guest/lend@0.1.0")?;
    lend.func_wrap("tree", |mut store, (list,): (WasmList<u8>,)| {
        store.data().lent.check()?;
        let list = List::<u8>::new(&mut store, list)?;
        store.data_mut().lent.tree = Some(list);
        Ok(())
    })?;
    macro_rules! segment {
        ($name:literal, $field:ident, $word:ty) => {
            lend.func_wrap($name, |mut store, (list,): (WasmList<$word>,)| {
                store.data().lent.check()?;
                let list = List::<$word>::new(&mut store, list)?;
                let lent = &mut store.data_mut().lent;
                if std::mem::take(&mut lent.next_owns_pages) {
                    lent.own_pages.push(Paged {
                        width: size_of::<$word>() as u8,
                        index: lent.$field.len() as u32,
                    });
                }
                lent.$field.push(list);
                Ok(())
            })?;
        };
    }
    segment!("bytes", w8, u8);
    segment!("halves", w16, u16);
    segment!("words", w32, u32);
    segment!("longs", w64, u64);
    lend.func_wrap("own-pages", |mut store, (): ()| {
        let lent = &mut store.data_mut().lent;
        lent.check()?;
        if lent.copied {
            wasmtime::bail!("a list that is copied has no pages of its own");
        }
        lent.next_owns_pages = true;
        Ok(())
    })?;
    lend.func_wrap("copied", |mut store, (): ()| {
        let lent = &mut store.data_mut().lent;
        lent.check()?;
        lent.copied = true;
        // Its pages would be the host's.
        lent.next_owns_pages = false;
        Ok(())
    })?;
    lend.func_wrap(
        "place",
        |mut store, (width, index, memory): (u8, u32, WasmList<u8>)| {
            let lent = &mut store.data_mut().lent;
            if lent.phase != Phase::Migrate || lent.places.len() >= Lent::MOST {
                wasmtime::bail!("a place for a list is named only while the host calls migrate");
            }
            lent.places.push((Paged { width, index }, memory));
            Ok(())
        },
    )?;
    Ok(())
}
