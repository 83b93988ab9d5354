//! States of versions that were replaced, as they were at their replacement. Knows no thread.

use std::collections::VecDeque;
use std::sync::Arc;

use vblank_state::Parcel;

use crate::guest::CodeHash;
use crate::image::Image;

/// Limits of the archive: number of states, and their size in bytes.
pub(super) const STATES: usize = 8;
const BYTES: usize = 256 << 20;

/// The last states, oldest first.
pub(super) struct ArchivedStates {
    most: usize,
    states: VecDeque<(CodeHash, Arc<Image>)>,
}

impl ArchivedStates {
    /// Creates an archive for so many states. With 0 it keeps none.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            states: VecDeque::new(),
        }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn keep(&mut self, version: CodeHash, image: Arc<Image>) {
        if self.most > 0 {
            self.evict(image.parcel.bytes());
            self.states.push_back((version, image));
        }
    }

    /// Returns the newest state of a version.
    pub(super) fn find(&self, version: CodeHash) -> Option<Arc<Image>> {
        let mut newest_first = self.states.iter().rev();
        let (_, image) = newest_first.find(|(of, _)| *of == version)?;
        Some(Arc::clone(image))
    }

    /// Drops the oldest states until a state of so many bytes fits. Returns memory for it, which is that of
    /// a dropped state if possible, since such memory is warm.
    pub(super) fn evict(&mut self, bytes: usize) -> Parcel {
        let mut spare = Parcel::default();
        let size = |(_, image): &(CodeHash, Arc<Image>)| image.parcel.bytes();
        while self.states.len() >= self.most
            || self.states.iter().map(size).sum::<usize>() + bytes > BYTES
        {
            let Some((_, oldest)) = self.states.pop_front() else {
                break;
            };
            // A state that is in use elsewhere keeps its memory.
            if let Ok(oldest) = Arc::try_unwrap(oldest) {
                spare = oldest.parcel;
            }
        }
        spare
    }
}

#[cfg(test)]
pub(super) mod tests {
    use vblank_state::{Parked, Schema};

    use super::*;

    pub(in crate::supervisor) fn image(frame: u64, bytes: usize) -> Arc<Image> {
        let state = vec![7_u8; bytes];
        Arc::new(Image {
            code: String::new(),
            frame,
            schema: Arc::new(Schema::of::<Vec<u8>>()),
            parcel: vblank_state::save(&state).to_parcel(),
            parked: Parked::default(),
        })
    }

    #[test]
    fn large_states_push_out_the_others() {
        let mut states = ArchivedStates::new(STATES);
        for (number, size) in [(0, 8), (1, 200 << 20), (2, 100 << 20)] {
            states.keep(CodeHash::of(b"a"), image(number, size));
        }
        let kept: Vec<u64> = states.states.iter().map(|(_, image)| image.frame).collect();
        assert_eq!(kept, [2]);
    }
}
