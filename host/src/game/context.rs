//! The host's side of a game's imports: one context for each instance. It knows no session and no
//! window.

use vblank_render::assets::Claim;
use vblank_runtime::guest::Context;
use vblank_runtime::guest::wasmtime::StoreContextMut;

use super::draw_list::DrawList;
use super::requests::GuestRequests;

/// The host's side of a game's imports, for one instance.
pub(super) struct GameContext {
    /// The picture that the guest draws.
    pub(super) draw: DrawList,
    /// Requests to the window and the speaker.
    pub(super) requests: GuestRequests,
    /// The assets that the guest has asked for.
    pub(super) claim: Claim,
}

impl GameContext {
    pub(super) fn new(claim: Claim) -> Self {
        Self {
            draw: DrawList::default(),
            requests: GuestRequests::default(),
            claim,
        }
    }

    /// Returns the context of the calling instance.
    pub(super) fn of<'a>(store: &'a StoreContextMut<'_, Context>) -> &'a Self {
        store.data().data()
    }

    /// Returns the context of the calling instance for writing.
    pub(super) fn of_mut<'a>(store: &'a mut StoreContextMut<'_, Context>) -> &'a mut Self {
        store.data_mut().data_mut()
    }
}
