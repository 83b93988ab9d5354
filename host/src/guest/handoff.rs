//! The hand-off: what a guest lends in `save`, read where it lies.
//!
//! A list that is lent is (address, length) in the guest's memory, checked by wasmtime when it was
//! lent. It stays valid until the guest is next called, also after a trap. Memories never shrink, so
//! reading it late can give stale bytes and never bytes that are not there; `vblank-state` takes
//! hostile bytes.

use vblank_state::ParcelRef;
use wasmtime::Store;
use wasmtime::component::{Linker, WasmList};

use super::api::Context;

/// What was lent since [`Lent::open`]. The buffers are reused.
#[derive(Default)]
pub(crate) struct Lent {
    open: bool,
    tree: Option<WasmList<u8>>,
    w8: Vec<WasmList<u8>>,
    w16: Vec<WasmList<u16>>,
    w32: Vec<WasmList<u32>>,
    w64: Vec<WasmList<u64>>,
}

impl Lent {
    pub(super) fn open(&mut self) {
        self.open = true;
        self.tree = None;
        self.w8.clear();
        self.w16.clear();
        self.w32.clear();
        self.w64.clear();
    }

    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// More segments than a state of any size has; each costs the host some bytes.
    const MOST: usize = 1 << 20;

    fn check(&self) -> wasmtime::Result<()> {
        if !self.open {
            wasmtime::bail!("the state is lent only while the host calls save");
        }
        if self.w8.len() + self.w16.len() + self.w32.len() + self.w64.len() >= Self::MOST {
            wasmtime::bail!("more than {} lists lent", Self::MOST);
        }
        Ok(())
    }
}

/// What was lent, as it lies in the guest's memory. `None` when no tree was lent.
pub(super) fn parcel(store: &Store<Context>) -> Option<ParcelRef<'_>> {
    let lent = &store.data().lent;
    Some(ParcelRef {
        tree: lent.tree.as_ref()?.as_le_slice(store),
        w8: lent.w8.iter().map(|list| list.as_le_slice(store)).collect(),
        w16: lent
            .w16
            .iter()
            .map(|list| list.as_le_slice(store))
            .collect(),
        w32: lent
            .w32
            .iter()
            .map(|list| list.as_le_slice(store))
            .collect(),
        w64: lent
            .w64
            .iter()
            .map(|list| list.as_le_slice(store))
            .collect(),
    })
}

pub(super) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    let mut lend = linker.instance("vblank:guest/lend@0.1.0")?;
    lend.func_wrap("tree", |mut store, (list,): (WasmList<u8>,)| {
        let lent = &mut store.data_mut().lent;
        lent.check()?;
        lent.tree = Some(list);
        Ok(())
    })?;
    macro_rules! segment {
        ($name:literal, $field:ident, $word:ty) => {
            lend.func_wrap($name, |mut store, (list,): (WasmList<$word>,)| {
                let lent = &mut store.data_mut().lent;
                lent.check()?;
                lent.$field.push(list);
                Ok(())
            })?;
        };
    }
    segment!("bytes", w8, u8);
    segment!("halves", w16, u16);
    segment!("words", w32, u32);
    segment!("longs", w64, u64);
    Ok(())
}
