//! The hand-off: the host reads the state that a guest lends in `save` directly in the guest's memory.
//! Knows nothing of what the bytes mean.
//!
//! A lent list is an address and a length in the guest's memory, which wasmtime checks when the list is
//! lent. The list stays valid until the next call of the guest, also after a trap. Memories never shrink,
//! so late reading can return stale bytes, but never bytes outside the memory. `vblank-state` accepts
//! hostile bytes.
//!
//! A guest whose language cannot keep a list in place calls `copied`. Its lists are then copied when they
//! are lent.
//!
//! Lists whose pages hold nothing else may be moved instead of copied, see `pages`.

use vblank_state::ParcelRef;
use wasmtime::component::{Linker, WasmList};
use wasmtime::{Store, StoreContextMut};

use super::context::Context;
use super::lent::{Lent, List, PagedList, Phase};

macro_rules! lend {
    ($($lend:ident $word:ty),*) => {$(
        /// Notes a list that the guest lends, charges it, and copies it if the guest asked for that.
        fn $lend(
            store: &mut StoreContextMut<'_, Context>,
            list: WasmList<$word>,
        ) -> wasmtime::Result<List<$word>> {
                let context = store.data_mut();
                let most = context.account.limit();
                context.lent.charge(list.len(), size_of::<$word>(), most)?;
                if !context.lent.copied {
                    return Ok(List::InPlace(list));
                }
                Ok(List::Copied(list.as_le_slice(&*store).to_vec()))
            }

    )*};
}
lend!(lend_u8 u8, lend_u16 u16, lend_u32 u32, lend_u64 u64);

/// Returns the bytes of a lent list, which must be one of [`Lent::own_pages`].
pub(super) fn list(store: &Store<Context>, list: PagedList) -> &[u8] {
    let (lent, index) = (&store.data().lent, list.index as usize);
    match list.width {
        1 => lent.w8[index].words(store),
        2 => bytemuck::cast_slice(lent.w16[index].words(store)),
        4 => bytemuck::cast_slice(lent.w32[index].words(store)),
        _ => bytemuck::cast_slice(lent.w64[index].words(store)),
    }
}

/// Empties a list of a parcel.
pub(super) fn leave_out(parcel: &mut ParcelRef<'_>, list: PagedList) {
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

/// Returns the memory that the guest named for a list.
pub(super) fn target(store: &Store<Context>, list: PagedList) -> Option<&[u8]> {
    let mut places = store.data().lent.places.iter();
    let (_, memory) = places.find(|(named, _)| *named == list)?;
    Some(memory.as_le_slice(store))
}

/// Returns the lent state, in place. `None` if no tree was lent.
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
        let list = lend_u8(&mut store, list)?;
        store.data_mut().lent.tree = Some(list);
        Ok(())
    })?;
    macro_rules! segment {
        ($name:literal, $field:ident, $word:ty, $lend:ident) => {
            lend.func_wrap($name, |mut store, (list,): (WasmList<$word>,)| {
                store.data().lent.check()?;
                let list = $lend(&mut store, list)?;
                let lent = &mut store.data_mut().lent;
                if std::mem::take(&mut lent.next_owns_pages) {
                    lent.own_pages.push(PagedList {
                        width: size_of::<$word>() as u8,
                        index: lent.$field.len() as u32,
                    });
                }
                lent.$field.push(list);
                Ok(())
            })?;
        };
    }
    segment!("bytes", w8, u8, lend_u8);
    segment!("halves", w16, u16, lend_u16);
    segment!("words", w32, u32, lend_u32);
    segment!("longs", w64, u64, lend_u64);
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
        // The copy's pages belong to the host, so they cannot be moved.
        lent.next_owns_pages = false;
        Ok(())
    })?;
    lend.func_wrap(
        "place",
        |mut store, (width, index, memory): (u8, u32, WasmList<u8>)| {
            let context = store.data_mut();
            let (lent, most) = (&mut context.lent, context.account.limit());
            if lent.phase != Phase::Migrate || lent.places.len() >= Lent::MOST {
                wasmtime::bail!("a place for a list is named only while the host calls migrate");
            }
            lent.charge(memory.len(), 1, most)?;
            lent.places.push((PagedList { width, index }, memory));
            Ok(())
        },
    )?;
    Ok(())
}
