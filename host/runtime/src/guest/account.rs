//! The account of one instance: the bytes that the host holds for it, within one limit. Everything is charged
//! before it is allocated. Knows no engine and no world.

use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::ResourceLimiter;

use super::limits::Limits;

/// Bytes of an element of a table.
const ELEMENT: usize = size_of::<usize>();

/// The account of one instance. Its limit is the memory limit.
#[derive(Debug)]
pub struct Account {
    limit: usize,
    /// Bytes of all memories of the instance.
    memory: usize,
    /// Bytes of all tables of the instance.
    tables: usize,
    /// Bytes of the present picture.
    picture: usize,
    /// Bytes of the assets that the guest has asked for. Set while its memory is borrowed.
    assets: AtomicUsize,
    /// True if a memory or a table could not grow. The trap that follows most likely comes from
    /// the guest's allocator.
    refused: bool,
}

/// The error of a guest for which the host would hold too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{bytes} more bytes of {what} would be over the memory limit of {limit} MiB, of which {held} bytes are taken",
    limit = .limit >> 20
)]
pub struct OverLimit {
    /// The things that were to be held: `draw commands`.
    pub what: &'static str,
    /// Their size.
    pub bytes: usize,
    /// Bytes that are held already.
    pub held: usize,
    /// The limit in bytes.
    pub limit: usize,
}

impl Account {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.memory,
            memory: 0,
            tables: 0,
            picture: 0,
            assets: AtomicUsize::new(0),
            refused: false,
        }
    }

    /// Largest number of bytes.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes of all memories of the instance.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    /// True if a memory or a table could not grow.
    pub(super) fn has_refused(&self) -> bool {
        self.refused
    }

    /// Bytes that the host holds for the instance.
    #[must_use]
    pub fn held(&self) -> usize {
        let others = self.tables.saturating_add(self.picture);
        self.memory
            .saturating_add(others)
            .saturating_add(self.assets.load(Ordering::Relaxed))
    }

    /// Largest size of all assets of the instance together.
    #[must_use]
    pub fn left_for_assets(&self) -> usize {
        self.limit
            .saturating_sub(self.held() - self.assets.load(Ordering::Relaxed))
    }

    /// Notes the present size of all assets of the instance.
    pub fn set_assets(&self, bytes: usize) {
        self.assets.store(bytes, Ordering::Relaxed);
    }

    /// Charges a part of the present picture.
    ///
    /// # Errors
    /// When the instance would hold too much.
    #[inline]
    pub fn charge_picture(&mut self, what: &'static str, bytes: usize) -> Result<(), OverLimit> {
        let held = self.held();
        if bytes > self.limit.saturating_sub(held) {
            let limit = self.limit;
            return Err(OverLimit {
                what,
                bytes,
                held,
                limit,
            });
        }
        self.picture += bytes;
        Ok(())
    }

    /// Releases the picture, since the next one begins.
    pub fn release_picture(&mut self) {
        self.picture = 0;
    }

    /// Returns the grown size, unless it is over the limit.
    fn grow(&mut self, now: usize, more: usize) -> Option<usize> {
        let is_within = more <= self.limit.saturating_sub(self.held());
        self.refused |= !is_within;
        is_within.then(|| now + more)
    }
}

impl ResourceLimiter for Account {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = self.grow(self.memory, desired.saturating_sub(current));
        self.memory = grown.unwrap_or(self.memory);
        Ok(grown.is_some())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current).saturating_mul(ELEMENT);
        let grown = self.grow(self.tables, more);
        self.tables = grown.unwrap_or(self.tables);
        Ok(grown.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(memory: usize) -> Account {
        Account::new(&Limits {
            memory,
            ..Limits::default()
        })
    }

    #[test]
    fn everything_counts_towards_one_limit() {
        let mut account = account(1000);
        assert!(account.memory_growing(0, 400, None).unwrap());
        assert!(account.table_growing(0, 25, None).unwrap());
        assert!(!account.table_growing(0, 1 << 20, None).unwrap());
        account.set_assets(200);
        assert_eq!((account.held(), account.left_for_assets()), (800, 400));
        assert!(account.charge_picture("texts", 150).is_ok());
        let error = account.charge_picture("texts", 51).unwrap_err();
        assert_eq!((error.bytes, error.held, error.limit), (51, 950, 1000));
        assert!(
            error.to_string().starts_with("51 more bytes of texts"),
            "{error}"
        );
        assert!(!account.memory_growing(400, 451, None).unwrap());
        account.release_picture();
        assert!(account.memory_growing(400, 451, None).unwrap());
        assert!(account.has_refused());
        assert!(!account.memory_growing(0, usize::MAX, None).unwrap());
        assert!(!account.table_growing(0, usize::MAX, None).unwrap());
    }
}
