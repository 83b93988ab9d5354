//! The page path of the hand-off: pages of one guest's memory become pages of another's. Only the page
//! table changes, no bytes are copied. It works on Linux only. Elsewhere, and if the kernel refuses, states
//! are copied. Knows addresses only.
//!
//! The one `unsafe` block relies on these invariants:
//!
//! 1. Both ranges lie in linear memories of two stores, and the caller has exclusive access to
//!    both stores. wasmtime checked that the ranges are in bounds. Linear memories are mapped readable and
//!    writable up to their size, which is a multiple of 64 KiB and so of the system's page.
//! 2. Both ranges begin at a multiple of the system's page. The length is rounded up to whole pages, which
//!    by the first rule stays inside the memory.
//! 3. No hole is left: `MREMAP_DONTUNMAP` leaves the old range mapped and full of zeros, and
//!    `MREMAP_FIXED` puts the pages in place of the new range within the one call.
//! 4. When the call fails, the kernel may have unmapped the new range already, and another thread may
//!    have mapped it since. So the new store must never be used or dropped again: it is leaked. After a
//!    failure this process moves no more pages, so this happens once at most.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// True once a move has failed.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// True if this system can move pages. The first call tries it.
pub(super) fn can_move() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(system::try_out) && !HAS_FAILED.load(Ordering::Relaxed)
}

/// True if a list at `from` can be moved to `to`.
pub(super) fn fit(from: &[u8], to: &[u8]) -> bool {
    let page = system::page_size();
    let begins = |list: &[u8]| list.as_ptr().addr().is_multiple_of(page);
    from.len() == to.len() && begins(from) && begins(to)
}

/// The position of a list in a guest's memory.
#[derive(Clone, Copy)]
pub(super) struct Range {
    begin: *mut u8,
    len: usize,
}

impl From<&[u8]> for Range {
    fn from(list: &[u8]) -> Self {
        Self {
            begin: list.as_ptr().cast_mut(),
            len: list.len(),
        }
    }
}

/// Moves the pages of one list to the place of another. The two must [`fit`]. Takes about 10 µs for 1 MiB
/// and 70 µs for 64 MiB if the target was never written to. Otherwise its pages have to be freed.
///
/// # Errors
/// When the kernel refuses. The new store must then be leaked (invariant 4).
///
/// # Safety
/// No one else uses the two stores whose linear memories contain the ranges (invariant 1), and there is no
/// reference into the ranges.
pub(super) unsafe fn move_pages(from: Range, to: Range) -> io::Result<()> {
    // SAFETY: promised by the caller, and the invariants above hold.
    let moved = unsafe { system::remap(from, to) };
    if moved.is_err() {
        HAS_FAILED.store(true, Ordering::Relaxed);
    }
    moved
}

#[cfg(target_os = "linux")]
mod system {
    use super::Range;
    use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap_fixed, munmap};
    use std::io;
    use std::ptr::null_mut;

    pub(super) fn page_size() -> usize {
        rustix::param::page_size()
    }

    pub(super) unsafe fn remap(from: Range, to: Range) -> io::Result<()> {
        let len = from.len.next_multiple_of(page_size());
        let flags = MremapFlags::MAYMOVE | MremapFlags::DONTUNMAP;
        // SAFETY: as promised to `move_pages`, both ranges are mapped, and no one else uses them.
        unsafe { mremap_fixed(from.begin.cast(), len, len, flags, to.begin.cast())? };
        Ok(())
    }

    /// Tries the move on two pages of its own, since older kernels and some sandboxes cannot do it.
    pub(super) fn try_out() -> bool {
        let len = page_size();
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: both are new mappings to which nothing else points. If the move fails, the second page is
        // not touched again (invariant 4).
        unsafe {
            let map = || mmap_anonymous(null_mut(), len, access, MapFlags::PRIVATE);
            let (Ok(from), Ok(to)) = (map(), map()) else {
                return false;
            };
            from.cast::<u8>().write(7);
            let range = |begin: *mut std::ffi::c_void| Range {
                begin: begin.cast(),
                len,
            };
            let moved = remap(range(from), range(to)).is_ok();
            let is_there = moved && to.cast::<u8>().read() == 7 && from.cast::<u8>().read() == 0;
            // A failure of munmap leaks two pages at most.
            let _ = munmap(from, len);
            if moved {
                let _ = munmap(to, len);
            }
            is_there
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Range;
    use std::io;

    pub(super) fn page_size() -> usize {
        1 << 16
    }

    pub(super) unsafe fn remap(_: Range, _: Range) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn try_out() -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

    /// Memory of some pages, mapped like that of a guest.
    struct Memory(*mut u8, usize);

    impl Memory {
        fn new(pages: usize) -> Self {
            let len = pages * system::page_size();
            let access = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: a fresh mapping.
            let begin = unsafe {
                mmap_anonymous(std::ptr::null_mut(), len, access, MapFlags::PRIVATE).unwrap()
            };
            Self(begin.cast(), len)
        }

        fn bytes(&mut self) -> &mut [u8] {
            // SAFETY: the range is mapped and initialised with zeros, and `self` owns it.
            unsafe { std::slice::from_raw_parts_mut(self.0, self.1) }
        }

        fn range(&mut self, pages: std::ops::Range<usize>, len: usize) -> Range {
            let page = system::page_size();
            Range::from(&self.bytes()[pages.start * page..][..len.min(pages.len() * page)])
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: mapped by `new`, and nothing borrows it now.
            unsafe { munmap(self.0.cast(), self.1).unwrap() };
        }
    }

    #[test]
    fn pages_move_and_leave_zeros() {
        assert!(can_move(), "the kernel of a test machine can");
        let page = system::page_size();
        let (mut old, mut new) = (Memory::new(8), Memory::new(8));
        old.bytes().fill(1);
        new.bytes().fill(2);
        // The last page is used in part, and moved as a whole.
        let (from, to) = (
            old.range(2..5, 2 * page + 10),
            new.range(1..4, 2 * page + 10),
        );
        // SAFETY: this test owns both memories, and nothing borrows them.
        unsafe { move_pages(from, to).unwrap() };
        let expected = |value: &[(u8, usize)]| -> Vec<u8> {
            let pages = value.iter();
            pages
                .flat_map(|(byte, count)| vec![*byte; count * page])
                .collect()
        };
        assert_eq!(old.bytes(), expected(&[(1, 2), (0, 3), (1, 3)]));
        assert_eq!(new.bytes(), expected(&[(2, 1), (1, 3), (2, 4)]));
        // Both remain usable.
        old.bytes().fill(3);
        new.bytes().fill(4);
    }

    /// Compares random sequences of moving, writing, growing and dropping with plain vectors.
    #[test]
    fn any_order_of_moves_equals_copies() {
        const PAGES: usize = 16;
        let page = system::page_size();
        let mut moves = 0;
        'seeds: for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut real: Vec<Memory> = (0..3).map(|_| Memory::new(PAGES)).collect();
            let mut model = vec![vec![0_u8; PAGES * page]; 3];
            for turn in 0..60_u8 {
                let (a, b) = (random.usize(0..3), random.usize(0..3));
                let count = random.usize(1..=PAGES);
                let (from, to) = (
                    random.usize(0..=PAGES - count),
                    random.usize(0..=PAGES - count),
                );
                match random.u8(0..8) {
                    // A guest writes.
                    0..3 => {
                        let range = from * page..(from + count) * page;
                        real[a].bytes()[range.clone()].fill(turn);
                        model[a][range].fill(turn);
                    }
                    // A memory is dropped and replaced.
                    3 => {
                        real[a] = Memory::new(PAGES);
                        model[a].fill(0);
                    }
                    // A list moves to another memory, perhaps over pages that were moved before.
                    _ if a != b => {
                        let len = count * page - random.usize(0..page);
                        let source = real[a].range(from..from + count, len);
                        let target = real[b].range(to..to + count, len);
                        // SAFETY: this test owns both memories, and nothing borrows them.
                        if unsafe { move_pages(source, target).is_err() } {
                            // Linux before 6.17 cannot move a range that consists of several mappings.
                            real.into_iter().for_each(std::mem::forget);
                            continue 'seeds;
                        }
                        moves += 1;
                        let moved = model[a][from * page..][..count * page].to_vec();
                        model[b][to * page..][..count * page].copy_from_slice(&moved);
                        model[a][from * page..][..count * page].fill(0);
                    }
                    _ => {}
                }
                for (real, model) in real.iter_mut().zip(&model) {
                    assert!(real.bytes() == *model, "seed {seed}, turn {turn}");
                }
            }
        }
        assert!(moves > 200, "only {moves} moves were tried");
    }

    #[test]
    fn only_whole_pages_of_the_same_length_fit() {
        let mut memory = Memory::new(4);
        let page = system::page_size();
        let bytes = memory.bytes();
        assert!(fit(&bytes[..100], &bytes[page..page + 100]));
        assert!(!fit(&bytes[..100], &bytes[page..page + 101]));
        assert!(!fit(&bytes[8..108], &bytes[page..page + 100]));
        assert!(!fit(&bytes[..100], &bytes[page + 8..page + 108]));
    }
}
