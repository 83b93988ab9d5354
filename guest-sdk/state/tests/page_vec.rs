//! `PageVec` has the schema and bytes of a `Vec`, and whole pages of memory.

use vblank_derive::{Flat, State};
use vblank_state::codec::PAGE;
use vblank_state::{PageVec, Reader, RestoreError, Schema, State, restore, save};

#[derive(State, Flat, Clone, Copy, Debug, PartialEq)]
#[state(crate = vblank_state)]
#[repr(C)]
struct Cell {
    kind: u64,
    height: f32,
    depth: [u16; 6],
}

mod with_copied {
    use super::*;

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Island {
        pub name: String,
        pub cells: Vec<Cell>,
        pub few: Vec<u8>,
        pub more: Vec<Cell>,
    }
}
use with_copied::Island as Copied;

mod with_paged {
    use super::*;

    #[derive(State, Debug, PartialEq)]
    #[state(crate = vblank_state)]
    pub struct Island {
        pub name: String,
        pub cells: PageVec<Cell>,
        pub few: PageVec<u8>,
        pub more: PageVec<Cell>,
    }
}
use with_paged::Island as Paged;

fn cells(count: u64) -> Vec<Cell> {
    let cell = |kind| Cell {
        height: kind as f32,
        kind,
        depth: [kind as u16; 6],
    };
    (0..count).map(cell).collect()
}

fn copied() -> Copied {
    Copied {
        name: "Sark".into(),
        cells: cells(5000),
        few: vec![1, 2, 3],
        more: cells(300),
    }
}

fn paged() -> Paged {
    let Copied {
        name,
        cells,
        few,
        more,
    } = copied();
    Paged {
        name,
        cells: cells.into(),
        few: few.into_iter().collect(),
        more: more.into(),
    }
}

#[test]
fn a_page_vec_has_the_schema_and_bytes_of_a_vec() {
    assert_eq!(Schema::of::<Copied>(), Schema::of::<Paged>());
    assert_eq!(save(&copied()).to_parcel(), save(&paged()).to_parcel());
    let back: Paged = restore(save(&copied()).to_parcel()).unwrap();
    assert_eq!(back, paged());
    let back: Copied = restore(save(&paged()).to_parcel()).unwrap();
    assert_eq!(back, copied());
}

#[test]
fn the_memory_of_a_page_vec_is_whole_pages() {
    let mut cells = PageVec::new();
    for kind in 0..10_000 {
        cells.push(kind);
        assert_eq!(cells.as_ptr().addr() % PAGE, 0);
    }
    cells.shrink_to_fit();
    cells.truncate(7000);
    cells.insert(0, 1);
    cells.retain(|kind| kind % 3 != 0);
    assert_eq!(cells.as_ptr().addr() % PAGE, 0);
    assert_eq!(cells.len(), 1 + 7000 - 2334);
    let empty = PageVec::<u64>::default();
    assert_eq!(empty.iter().count(), 0);
}

#[test]
fn only_segments_of_a_page_vec_own_their_pages() {
    let (paged, copied) = (paged(), copied());
    let owned = |saved: &vblank_state::SavedState<'_>| -> Vec<bool> {
        saved.segments.iter().map(|s| s.owns_pages()).collect()
    };
    assert_eq!(
        owned(&save(&paged)),
        [true, true],
        "three bytes are no segment"
    );
    assert_eq!(owned(&save(&copied)), [false, false]);
}

/// The host restores the tree first, and fills the pages afterwards.
#[test]
fn a_deferred_segment_is_filled_after_the_restore() {
    let parcel = save(&paged()).to_parcel();
    let (tree, mut segments) = parcel.into_parts();
    let later = std::mem::take(&mut segments.w64[1]);
    let mut reader = Reader::new(&tree, segments).defer_empty_segments();
    let back = Paged::restore(&mut reader).unwrap();
    let pending = reader.pending_segments();
    reader.finish().unwrap();
    let [segment] = pending[..] else {
        panic!("{} pending segments", pending.len())
    };
    assert_eq!(
        (segment.width, segment.index, segment.len),
        (8, 1, later.len() * 8)
    );
    assert_eq!(segment.memory.addr() % PAGE, 0);
    // SAFETY: the segment is the memory of `back.more`, which has this length and is not borrowed.
    unsafe { std::ptr::copy_nonoverlapping(later.as_ptr(), segment.memory.cast(), later.len()) };
    assert_eq!(back, paged());
}

#[test]
fn a_missing_segment_is_an_error_unless_it_is_deferred() {
    let restore_without = |announced: bool, paged: bool| -> Result<(), RestoreError> {
        let (tree, mut segments) = save(&copied()).to_parcel().into_parts();
        segments.w64[0].clear();
        let mut reader = Reader::new(&tree, segments);
        if announced {
            reader = reader.defer_empty_segments();
        }
        if paged {
            Paged::restore(&mut reader).map(drop)
        } else {
            Copied::restore(&mut reader).map(drop)
        }
    };
    assert!(restore_without(true, true).is_ok());
    for (announced, paged) in [(false, true), (false, false), (true, false)] {
        let error = restore_without(announced, paged).unwrap_err().to_string();
        assert!(error.contains("a segment has 0 bytes"), "{error}");
    }
}
