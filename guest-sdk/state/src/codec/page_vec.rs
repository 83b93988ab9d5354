//! `PageVec`: a vector in whole pages of its own, which a host can move instead of copying.
//!
//! This module knows nothing of how a host moves pages. Schema and bytes are those of a `Vec`.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use allocator_api2::vec::Vec as VecIn;

use super::flat::Flat;
use super::is_flat::FlatProof;
use super::reader::{PendingSegment, Reader, RestoreError};
use super::state::State;
use super::writer::Writer;
use crate::schema::{SchemaBuilder, Type};

/// Alignment and granularity of the memory of a [`PageVec`], in bytes.
///
/// The value is WebAssembly's page size, a multiple of the page size of every machine that a host
/// runs on.
pub const PAGE: usize = 1 << 16;

/// A vector of flat records for states of many megabytes.
///
/// A `PageVec` has the methods and the schema of [`Vec`], so changing `Vec` to `PageVec` in a game is an
/// identical swap. Its memory begins at a multiple of [`PAGE`] and is a whole number of pages.
///
/// On Linux, a host moves these pages to the new version when types have not changed. Moving takes
/// some microseconds for any size. Copying 64 MiB takes as many milliseconds as a frame. Moving
/// pays from about 4 MiB.
///
/// ```
/// use vblank_derive::{Flat, State};
/// use vblank_state::PageVec;
///
/// #[derive(State, Flat, Clone, Copy)]
/// # #[state(crate = vblank_state)]
/// #[repr(C)]
/// struct Body {
///     at: [f32; 2],
///     speed: [f32; 2],
/// }
///
/// #[derive(State, Default)]
/// # #[state(crate = vblank_state)]
/// struct World {
///     bodies: PageVec<Body>,
/// }
///
/// let mut world = World::default();
/// world.bodies.push(Body { at: [0.0; 2], speed: [1.0, 0.0] });
/// for body in world.bodies.iter_mut() {
///     body.at[0] += body.speed[0];
/// }
/// assert_eq!(world.bodies[0].at, [1.0, 0.0]);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageVec<T>(VecIn<T, Pages>);

/// An allocator that gives whole pages from the global allocator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages;

impl Pages {
    /// Rounds a layout to page alignment and whole pages.
    fn whole(layout: Layout) -> Result<Layout, AllocError> {
        let layout = layout.align_to(PAGE).map_err(|_| AllocError)?;
        Ok(layout.pad_to_align())
    }
}

// SAFETY: memory comes from `Global` and returns to it, always with the layout that `whole` makes
// from the caller's. That layout fits whatever the caller's fits. `Pages` has no state, so all
// copies are the same allocator.
unsafe impl Allocator for Pages {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Global.allocate(Self::whole(layout)?)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        let Ok(layout) = Self::whole(layout) else {
            return;
        };
        // SAFETY: the caller promises that the memory was allocated here with a layout from which
        // `whole` makes this one.
        unsafe { Global.deallocate(memory, layout) }
    }
}

impl<T> PageVec<T> {
    /// Returns an empty vector without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self(VecIn::new_in(Pages))
    }

    /// Returns an empty vector with space for `items` items, rounded up to whole pages.
    #[must_use]
    pub fn with_capacity(items: usize) -> Self {
        Self(VecIn::with_capacity_in(items, Pages))
    }
}

impl<T> Default for PageVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for PageVec<T> {
    type Target = VecIn<T, Pages>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for PageVec<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for PageVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> FromIterator<T> for PageVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut all = Self::new();
        all.extend(items);
        all
    }
}

impl<T> Extend<T> for PageVec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<T> From<Vec<T>> for PageVec<T> {
    fn from(mut items: Vec<T>) -> Self {
        let count = items.len();
        let mut all = Self::with_capacity(count);
        // SAFETY: the new memory has space for `count` items and does not overlap the old. The
        // items are moved: they belong to `all` now, and `items` is empty.
        unsafe {
            items.set_len(0);
            std::ptr::copy_nonoverlapping(items.as_ptr(), all.0.as_mut_ptr(), count);
            all.0.set_len(count);
        }
        all
    }
}

impl<T> IntoIterator for PageVec<T> {
    type Item = T;
    type IntoIter = <VecIn<T, Pages> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a PageVec<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut PageVec<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

impl<T: Flat> State for PageVec<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        Vec::<T>::schema(builder)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        let flat = FlatProof::<T>::new();
        out.flat_pages(self.0.len(), flat.width, (flat.bytes)(&self.0));
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let flat = FlatProof::<T>::new();
        let count = input.count()?;
        let size = count.saturating_mul(size_of::<T>());
        if input.is_segment(size)
            && let Some(index) = input.take_deferred(T::WIDTH)
        {
            let (items, segment) = deferred(flat, count, index)?;
            input.push_pending(segment);
            return Ok(items);
        }
        let memory = input.flat(count, flat.size, flat.width)?;
        Ok(Self::from((flat.values)(memory)))
    }
}

/// Makes a vector whose memory is filled later.
fn deferred<T: Flat>(
    _: FlatProof<T>,
    count: usize,
    index: u32,
) -> Result<(PageVec<T>, PendingSegment), RestoreError> {
    let mut items = PageVec::<T>::new();
    let reserved = items.0.try_reserve_exact(count);
    reserved.map_err(|_| RestoreError::new(format!("there is no memory for {count} items")))?;
    let segment = PendingSegment {
        width: T::WIDTH,
        index,
        memory: items.0.as_mut_ptr().cast(),
        len: count * size_of::<T>(),
    };
    // SAFETY: there is space for `count` items. The caller of `Reader::defer_empty_segments` fills
    // their memory before any of it is read, and every bit pattern is a `T`.
    unsafe { items.0.set_len(count) };
    Ok((items, segment))
}
