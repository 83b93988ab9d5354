//! The page path of the hand-off: pages of one guest's memory become pages of another's, by changing the
//! page table and not the bytes. Linux only; elsewhere, and where the kernel cannot, states are copied.
//!
//! Invariants, on which the one `unsafe` block rests:
//!
//! 1. Both ranges lie in linear memories of two stores, and whoever calls has both stores for himself.
//!    wasmtime checked that they are in bounds; linear memories are mapped readable and writable up to
//!    their size, which is a multiple of 64 KiB and so of the system's page.
//! 2. Both begin at a multiple of the system's page. What is moved is rounded up to whole pages, which
//!    by the first rule does not leave the memory.
//! 3. No hole is left: `MREMAP_DONTUNMAP` leaves the old range mapped and full of zeros, and
//!    `MREMAP_FIXED` puts the pages in place of the new range within the one call.
//! 4. When the call fails, the kernel may have unmapped the new range already, and another thread may
//!    have been given it. So the new store must never be used nor dropped again: it is leaked. Pages
//!    are not moved any more in this process then, so this happens once at most.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a move has failed.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Whether this system can move pages. The first call tries it.
pub(super) fn can_move() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(system::try_out) && !HAS_FAILED.load(Ordering::Relaxed)
}

/// Whether a list that lies here may be moved there.
pub(super) fn fit(from: &[u8], to: &[u8]) -> bool {
    let page = system::page_size();
    let begins = |list: &[u8]| list.as_ptr().addr().is_multiple_of(page);
    from.len() == to.len() && begins(from) && begins(to)
}

/// Where a list lies in a guest's memory.
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

/// Move the pages of one list to the place of another; they [`fit`]. Some 10 µs for 1 MiB, 70 µs for
/// 64 MiB, if the new place was never written to: its pages would have to be freed.
///
/// # Errors
/// When the kernel refuses. Then the new store is to be leaked (invariant 4).
///
/// # Safety
/// Nobody else uses the stores to whose linear memories the ranges belong (invariant 1), and no
/// reference into the ranges is alive.
pub(super) unsafe fn move_pages(from: Range, to: Range) -> io::Result<()> {
    // SAFETY: the caller's promise, and the invariants above.
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
        // SAFETY: as promised to `move_pages`: both ranges are mapped, and nobody else's.
        unsafe { mremap_fixed(from.begin.cast(), len, len, flags, to.begin.cast())? };
        Ok(())
    }

    /// Older kernels and some sandboxes cannot; tried on two pages of nobody's.
    pub(super) fn try_out() -> bool {
        let len = page_size();
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: fresh mappings of our own, to which nothing else points. Where the move fails, the second
        // page is left alone (invariant 4).
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
            // What cannot be unmapped is two pages.
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

    /// Memory of so many pages, mapped as a guest's is.
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
            // SAFETY: mapped, initialised with zeros, ours alone.
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
        // The last page is only begun; it is moved whole.
        let (from, to) = (
            old.range(2..5, 2 * page + 10),
            new.range(1..4, 2 * page + 10),
        );
        // SAFETY: both are ours.
        unsafe { move_pages(from, to).unwrap() };
        let expected = |value: &[(u8, usize)]| -> Vec<u8> {
            let pages = value.iter();
            pages
                .flat_map(|(byte, count)| vec![*byte; count * page])
                .collect()
        };
        assert_eq!(old.bytes(), expected(&[(1, 2), (0, 3), (1, 3)]));
        assert_eq!(new.bytes(), expected(&[(2, 1), (1, 3), (2, 4)]));
        // Both are as usable as before.
        old.bytes().fill(3);
        new.bytes().fill(4);
    }

    /// Every order of moving, writing, growing and dropping, against plain vectors.
    #[test]
    fn any_order_of_moves_is_that_of_copies() {
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
                    // One is dropped, and another begins.
                    3 => {
                        real[a] = Memory::new(PAGES);
                        model[a].fill(0);
                    }
                    // A list moves from one to another, be it over what moved before.
                    _ if a != b => {
                        let len = count * page - random.usize(0..page);
                        let source = real[a].range(from..from + count, len);
                        let target = real[b].range(to..to + count, len);
                        // SAFETY: both are ours.
                        if unsafe { move_pages(source, target).is_err() } {
                            // Linux before 6.17 moves no range that was put together of several.
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
