//! The state of a guest, its storage, and the interface `vblank:guest/state`. Knows neither games
//! nor plugins.

use std::cell::RefCell;
use std::thread::LocalKey;

use vblank_state::{Reader, Segment, Segments, State, Writer};

use crate::bindings::vblank::guest::lend;
use crate::logger;

/// The type of a guest's whole state, with its storage. Implemented by `game!` and `plugin!`.
#[doc(hidden)]
pub trait Root: State + 'static {
    fn runtime() -> &'static LocalKey<Runtime<Self>>;

    /// Returns the state of a guest that was given none.
    fn begin() -> Self;
}

/// Storage of the state, and of the buffers that are lent to the host.
#[doc(hidden)]
pub struct Runtime<R> {
    state: RefCell<Option<R>>,
    /// Buffers of the last save that are not part of the state: the tree, and joined pieces.
    lent: RefCell<(Vec<u8>, Vec<Vec<u64>>)>,
}

impl<R> Runtime<R> {
    #[expect(clippy::new_without_default, reason = "only macros make one")]
    pub const fn new() -> Self {
        Self {
            state: RefCell::new(None),
            lent: RefCell::new((Vec::new(), Vec::new())),
        }
    }
}

/// Stores a state.
pub(crate) fn put<R: Root>(state: R) {
    logger::install();
    R::runtime().with(|runtime| *runtime.state.borrow_mut() = Some(state));
}

/// Calls a function with the state, which is made when there is none.
pub(crate) fn with<R: Root, T>(call: impl FnOnce(&mut R) -> T) -> T {
    R::runtime().with(|runtime| {
        let mut state = runtime.state.borrow_mut();
        call(state.get_or_insert_with(|| {
            logger::install();
            R::begin()
        }))
    })
}

/// Implements `state.save`: lends the state to the host.
#[doc(hidden)]
pub fn save<R: Root>() {
    let tree = R::runtime().with(|runtime| std::mem::take(&mut runtime.lent.borrow_mut().0));
    with::<R, _>(|state| {
        let mut writer = Writer::new(tree);
        state.save(&mut writer);
        let saved = writer.finish();
        if let Some(fault) = saved.fault::<R>() {
            panic!("the state cannot be saved: {fault}");
        }
        lend::tree(&saved.tree);
        saved.segments.iter().for_each(lend_segment);
        R::runtime().with(|runtime| *runtime.lent.borrow_mut() = saved.into_buffers());
    });
}

/// Lends a segment in words of its width.
fn lend_segment(segment: &Segment<'_>) {
    if segment.owns_pages() {
        lend::own_pages();
    }
    match (segment.as_u16s(), segment.as_u32s(), segment.as_u64s()) {
        (Some(halves), ..) => lend::halves(halves),
        (_, Some(words), _) => lend::words(words),
        (.., Some(longs)) => lend::longs(longs),
        _ => lend::bytes(segment.bytes()),
    }
}

/// Implements `state.prewarm`: touches memory.
#[doc(hidden)]
pub fn prewarm(bytes: u64) {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut memory: Vec<u8> = Vec::new();
    if memory.try_reserve_exact(bytes).is_ok() {
        // Reserving is not enough: each page costs a fault at its first write.
        memory.resize(bytes, 1);
        std::hint::black_box(&memory);
    }
}

/// Implements `state.migrate`: takes a state over.
///
/// # Errors
/// Returns an error when the state is not of this type, or when a hook of the author refuses it.
#[doc(hidden)]
pub fn migrate<R: Root>(tree: &[u8], segments: Segments, leftovers: &[u8]) -> Result<(), String> {
    logger::install();
    let reader = Reader::with_leftovers(tree, segments, leftovers);
    let mut reader = reader.defer_empty_segments();
    let state = R::restore(&mut reader);
    let pending = reader.pending_segments();
    let state = state.and_then(|state| reader.finish().map(|()| state));
    let state = state.map_err(|error| error.to_string())?;
    for segment in pending {
        // SAFETY: the memory belongs to a `PageVec` in `state`, which is alive. The call only lends
        // it: the host notes address and length, and fills it before the state is used.
        let memory = unsafe { std::slice::from_raw_parts(segment.memory, segment.len) };
        lend::place(segment.width, segment.index, memory);
    }
    put(state);
    Ok(())
}

/// Defines the storage of a [`Root`], and the section that names the contract.
#[doc(hidden)]
#[macro_export]
macro_rules! __root {
    ($root:ty) => {
        ::std::thread_local! {
            static RUNTIME: $crate::Runtime<$root> = const { $crate::Runtime::new() };
        }
        #[cfg(target_arch = "wasm32")]
        #[used]
        #[unsafe(link_section = "vblank:abi")]
        static ABI: [u8; $crate::ABI.len()] = {
            let mut bytes = [0; $crate::ABI.len()];
            bytes.copy_from_slice($crate::ABI.as_bytes());
            bytes
        };
    };
}
