//! The overlay in the window: routes the window's events to the overlay or to the game.

use egui_winit::State;
use egui_winit::egui::ViewportId;
use vblank_input::InputEvent;
use winit::event::{ElementState, WindowEvent};
use winit::keyboard::{KeyCode, PhysicalKey};
use winit::window::Window;

use crate::event::Event;
pub use crate::overlay::Overlay;
use crate::session::Session;

/// Key that opens and closes the overlay. The game does not receive it.
const KEY: KeyCode = KeyCode::F1;

/// The overlay of the window, and its translation of winit's events.
pub(super) struct Over {
    overlay: Overlay,
    /// Event state of egui, made when the window exists.
    state: Option<State>,
    /// Position of the pointer, in pixels.
    pointer: (f32, f32),
    /// True while the overlay has the pointer, of which the game was sent the leaving.
    has_pointer: bool,
    /// Number of buttons that went down over the game. The game receives their release, wherever the
    /// pointer is.
    held: u32,
    /// True while the overlay has the keyboard, of which the game was sent the loss.
    has_keyboard: bool,
}

impl Over {
    pub(super) fn new(overlay: Overlay) -> Self {
        Self {
            overlay,
            state: None,
            pointer: (-1.0, -1.0),
            has_pointer: false,
            held: 0,
            has_keyboard: false,
        }
    }

    /// Handles an event of the window. Returns true if it was for the overlay and the game must not see
    /// it.
    pub(super) fn hear(
        &mut self,
        window: &Window,
        event: &WindowEvent,
        session: &mut Session,
    ) -> bool {
        if let WindowEvent::KeyboardInput {
            event,
            is_synthetic,
            ..
        } = event
            && event.physical_key == PhysicalKey::Code(KEY)
        {
            // winit reports a key twice that is down while the window gets the focus.
            if event.state == ElementState::Pressed && !event.repeat && !is_synthetic {
                self.overlay.toggle();
                (self.has_pointer, self.has_keyboard, self.held) = (false, false, 0);
            }
            return true;
        }
        if let WindowEvent::CursorMoved { position, .. } = event {
            self.pointer = (position.x as f32, position.y as f32);
        }
        if !self.overlay.is_open() {
            return false;
        }
        let consumed = self.state(window).on_window_event(window, event).consumed;
        match event {
            WindowEvent::CursorMoved { .. } => {
                let over = self.wants_pointer();
                if over && !std::mem::replace(&mut self.has_pointer, over) {
                    session.handle(Event::Input(InputEvent::PointerLeft));
                }
                self.has_pointer = over;
                over
            }
            WindowEvent::MouseInput { state, .. } => {
                let is_for_the_game = match state {
                    ElementState::Pressed => !self.wants_pointer(),
                    ElementState::Released => self.held > 0,
                };
                match state {
                    ElementState::Pressed if is_for_the_game => {
                        self.held += 1;
                        // At once, so that a key that follows the click within a frame is for the game.
                        self.overlay.release_keyboard();
                    }
                    ElementState::Pressed => {}
                    ElementState::Released => self.held = self.held.saturating_sub(1),
                }
                !is_for_the_game
            }
            WindowEvent::MouseWheel { .. } => self.wants_pointer(),
            WindowEvent::Touch(_) | WindowEvent::KeyboardInput { .. } => consumed,
            _ => false,
        }
    }

    /// Runs the overlay, if there is anything to show.
    pub(super) fn turn(&mut self, window: &Window, session: &mut Session) {
        if self.overlay.is_idle() {
            return;
        }
        let input = self.state(window).take_egui_input(window);
        if let (Some(output), Some(state)) = (self.overlay.frame(input, session), &mut self.state) {
            state.handle_platform_output(window, output);
        }
        let has_keyboard = self.overlay.wants_keyboard();
        if has_keyboard && !std::mem::replace(&mut self.has_keyboard, has_keyboard) {
            // Keys that are down would otherwise stay down in the game.
            session.handle(Event::Input(InputEvent::FocusLost));
        }
        self.has_keyboard = has_keyboard;
    }

    fn wants_pointer(&self) -> bool {
        let (x, y) = self.pointer;
        self.held == 0 && self.overlay.wants_pointer(x, y)
    }

    fn state(&mut self, window: &Window) -> &mut State {
        self.state.get_or_insert_with(|| {
            let ctx = self.overlay.context().clone();
            let scale = Some(window.scale_factor() as f32);
            State::new(ctx, ViewportId::ROOT, window, scale, window.theme(), None)
        })
    }
}
