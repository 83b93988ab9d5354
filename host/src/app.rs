//! The window: opens it, tells the session what happens to it, and lets the session turn.
//!
//! Only this room names winit. It decides nothing about the game and draws nothing.

use std::fmt;
use std::panic;
use std::sync::Arc;
use std::time::Instant;

use winit::application::ApplicationHandler;
use winit::dpi::{LogicalSize, PhysicalPosition};
use winit::error::{EventLoopError, OsError};
use winit::event::{ElementState, MouseButton, MouseScrollDelta, Touch, TouchPhase, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop};
use winit::keyboard::{KeyCode, PhysicalKey};
use winit::window::{Fullscreen, Window, WindowId};

use crate::event::Event;
use crate::input::{Button, InputEvent, Key, Size};
use crate::render::{self, RenderError, Renderer, RendererChoice};
use crate::session::{Flow, Session};

/// A connection to the window system.
#[derive(Debug)]
pub struct Display(EventLoop<()>);

/// There is no window system, or what speaks to it is missing. One line, for people.
#[derive(Debug, thiserror::Error)]
pub struct NoDisplay {
    cause: String,
    /// Whether there is one, and it could not be reached.
    named: bool,
}

/// What X11 needs, and is loaded at run time.
const LIBRARIES: &str = "libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0";

impl fmt::Display for NoDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, named } = self;
        if !named {
            return write!(f, "no display: {cause}");
        }
        write!(
            f,
            "the display cannot be used: {cause} (on Debian: apt install {LIBRARIES})"
        )
    }
}

impl Display {
    /// Connects. Once in a process, and on its first thread.
    ///
    /// # Errors
    /// Without a window system, or without the libraries that speak to it.
    pub fn open() -> Result<Self, NoDisplay> {
        let unix = cfg!(all(unix, not(target_os = "macos")));
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if unix
            && !["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
                .into_iter()
                .any(set)
        {
            let cause = "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned();
            return Err(NoDisplay {
                cause,
                named: false,
            });
        }
        // Where a library is missing, winit panics. Nobody needs to read how.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let opened = panic::catch_unwind(EventLoop::new);
        panic::set_hook(hook);
        let cause = match opened {
            Ok(Ok(event_loop)) => return Ok(Self(event_loop)),
            Ok(Err(EventLoopError::Os(error))) => os_cause(&error),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
                (Some(text), _) => text.clone(),
                (None, Some(text)) => (*text).to_owned(),
                (None, None) => "winit panicked".to_owned(),
            },
        };
        Err(NoDisplay {
            cause: cause.trim_end_matches('.').to_owned(),
            named: true,
        })
    }
}

/// What an error says, without the line of winit's source: `os error at FILE.rs:LINE: cause`.
fn os_cause(error: &OsError) -> String {
    let text = error.to_string();
    let cause = text
        .split_once(".rs:")
        .and_then(|(_, rest)| rest.split_once(": "));
    cause.map_or(text.clone(), |(_, cause)| cause.to_owned())
}

/// A window that did not open, or did not stay.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It did not open.
    #[error("cannot open a window: {0}")]
    Window(#[from] OsError),
    /// Nothing can be drawn in it.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The window system ended.
    #[error("the window system failed: {0}")]
    EventLoop(#[from] EventLoopError),
}

/// Opens a window, has the session made for it, and runs it to its end. Returns the session's exit
/// code. `notice` hears what the user should know about the choice of renderer.
///
/// # Errors
/// Where there can be no window, or nothing can be drawn in it.
pub fn run(
    display: Display,
    size: Size,
    choice: RendererChoice,
    session: impl FnOnce(Box<dyn Renderer>) -> Session,
    notice: impl FnMut(String),
) -> Result<u8, AppError> {
    let mut app = App {
        size,
        choice,
        make: Some(session),
        notice,
        stage: None,
        end: Ok(0),
    };
    display.0.run_app(&mut app)?;
    app.end
}

/// What winit calls.
struct App<M, N> {
    size: Size,
    choice: RendererChoice,
    make: Option<M>,
    notice: N,
    stage: Option<Stage>,
    end: Result<u8, AppError>,
}

/// The window and the session in it.
struct Stage {
    window: Arc<Window>,
    session: Session,
    title: String,
    /// The finger that is the pointer.
    finger: Option<u64>,
}

impl<M, N> App<M, N>
where
    M: FnOnce(Box<dyn Renderer>) -> Session,
    N: FnMut(String),
{
    fn open(&mut self, event_loop: &ActiveEventLoop, make: M) -> Result<Stage, AppError> {
        let Size { width, height } = self.size;
        let attributes = Window::default_attributes()
            .with_title("Vblank")
            .with_inner_size(LogicalSize::new(width, height));
        let window = Arc::new(event_loop.create_window(attributes)?);
        let actual = window.inner_size();
        let actual = Size::new(actual.width, actual.height);
        let display = event_loop.owned_display_handle();
        let (mut renderer, notice) =
            render::windowed(self.choice, Arc::clone(&window), display, actual)?;
        notice.into_iter().for_each(&mut self.notice);
        // Until the guest has drawn its first picture, which it may have to be built for.
        renderer.begin();
        renderer.submit().and_then(|()| renderer.present())?;
        let mut session = make(renderer);
        session.handle(Event::Resized(actual));
        Ok(Stage {
            window,
            session,
            title: String::new(),
            finger: None,
        })
    }
}

impl<M, N> ApplicationHandler for App<M, N>
where
    M: FnOnce(Box<dyn Renderer>) -> Session,
    N: FnMut(String),
{
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        let Some(make) = self.make.take() else { return };
        match self.open(event_loop, make) {
            Ok(stage) => self.stage = Some(stage),
            Err(error) => {
                self.end = Err(error);
                event_loop.exit();
            }
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        if let Some(stage) = &mut self.stage {
            stage.hear(event_loop, event);
        }
    }

    /// Turns are due by the clock and not by redraws: of a covered window nobody asks for any, and
    /// the game in it goes on.
    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        if let Some(stage) = &mut self.stage {
            stage.turn_if_due(event_loop);
        }
    }

    fn exiting(&mut self, _: &ActiveEventLoop) {
        // The surface has to go while the window system is still there.
        if let Some(stage) = self.stage.take() {
            self.end = Ok(stage.session.exit_code());
        }
    }
}

impl Stage {
    fn turn_if_due(&mut self, event_loop: &ActiveEventLoop) {
        if self.session.until_next_turn().is_zero() {
            self.turn(event_loop);
        }
        let due = Instant::now() + self.session.until_next_turn();
        event_loop.set_control_flow(ControlFlow::WaitUntil(due));
    }

    fn turn(&mut self, event_loop: &ActiveEventLoop) {
        if self.session.turn() == Flow::Exit {
            event_loop.exit();
        }
        let title = self.session.title();
        if !title.is_empty() && title != self.title {
            title.clone_into(&mut self.title);
            self.window.set_title(title);
        }
    }

    fn hear(&mut self, event_loop: &ActiveEventLoop, event: WindowEvent) {
        match event {
            WindowEvent::CloseRequested => self.close(event_loop),
            WindowEvent::Resized(size) => {
                self.session
                    .handle(Event::Resized(Size::new(size.width, size.height)));
            }
            // While a window is dragged larger, some systems ask for nothing else.
            WindowEvent::RedrawRequested => self.turn_if_due(event_loop),
            WindowEvent::KeyboardInput {
                event,
                is_synthetic: false,
                ..
            } => {
                let PhysicalKey::Code(code) = event.physical_key else {
                    return;
                };
                let down = event.state == ElementState::Pressed;
                match code {
                    KeyCode::Escape if down => self.close(event_loop),
                    KeyCode::F11 if down && !event.repeat => self.toggle_fullscreen(),
                    KeyCode::Escape | KeyCode::F11 => {}
                    _ => {
                        if let Some(key) = key(code) {
                            self.input(InputEvent::Key { key, down });
                        }
                        if let Some(text) = event.text.filter(|_| down) {
                            self.text(&text);
                        }
                    }
                }
            }
            WindowEvent::Touch(touch) => self.touch(touch),
            other => {
                if let Some(event) = pointer(&other) {
                    self.input(event);
                }
            }
        }
    }

    /// In order: the session ends in the turn that follows at once.
    fn close(&mut self, event_loop: &ActiveEventLoop) {
        self.session.handle(Event::Close);
        self.turn(event_loop);
    }

    fn toggle_fullscreen(&self) {
        let borderless = || Fullscreen::Borderless(None);
        let wanted = self.window.fullscreen().is_none().then(borderless);
        self.window.set_fullscreen(wanted);
    }

    fn input(&mut self, event: InputEvent) {
        self.session.handle(Event::Input(event));
    }

    fn text(&mut self, text: &str) {
        let typed: String = text.chars().filter(|letter| !letter.is_control()).collect();
        if !typed.is_empty() {
            self.input(InputEvent::Text(typed));
        }
    }

    /// The first finger is the pointer, and its touch the primary button.
    fn touch(&mut self, touch: Touch) {
        if *self.finger.get_or_insert(touch.id) != touch.id {
            return;
        }
        let button = |down| InputEvent::Button {
            button: Button::Primary,
            down,
        };
        self.input(moved(touch.location));
        match touch.phase {
            TouchPhase::Started => self.input(button(true)),
            TouchPhase::Moved => {}
            TouchPhase::Ended | TouchPhase::Cancelled => {
                self.finger = None;
                self.input(button(false));
                self.input(InputEvent::PointerLeft);
            }
        }
    }
}

/// What an event means to the game, if it is one of the pointer or the focus.
fn pointer(event: &WindowEvent) -> Option<InputEvent> {
    Some(match event {
        WindowEvent::CursorMoved { position, .. } => moved(*position),
        WindowEvent::CursorLeft { .. } => InputEvent::PointerLeft,
        WindowEvent::MouseInput { button, state, .. } => {
            let button = match button {
                MouseButton::Left => Button::Primary,
                MouseButton::Right => Button::Secondary,
                MouseButton::Middle => Button::Middle,
                MouseButton::Back => Button::Back,
                MouseButton::Forward => Button::Forward,
                MouseButton::Other(_) => return None,
            };
            InputEvent::Button {
                button,
                down: *state == ElementState::Pressed,
            }
        }
        WindowEvent::MouseWheel { delta, .. } => wheel(*delta),
        WindowEvent::Focused(false) => InputEvent::FocusLost,
        _ => return None,
    })
}

/// The picture is as large as the window, so their pixels are the same.
fn moved(position: PhysicalPosition<f64>) -> InputEvent {
    InputEvent::PointerMoved {
        x: position.x as f32,
        y: position.y as f32,
    }
}

/// winit counts where the content goes: to the right, when the wheel is turned to the left.
fn wheel(delta: MouseScrollDelta) -> InputEvent {
    const PIXELS_A_LINE: f32 = 20.0;
    match delta {
        MouseScrollDelta::LineDelta(x, y) => InputEvent::Wheel { x: 0.0 - x, y },
        MouseScrollDelta::PixelDelta(PhysicalPosition { x, y }) => InputEvent::Wheel {
            x: (0.0 - x as f32) / PIXELS_A_LINE,
            y: y as f32 / PIXELS_A_LINE,
        },
    }
}

macro_rules! keys {
    ($($name:ident,)*) => {
        /// The key of a code, for the keys that the contract has. What it calls Meta is Super in winit.
        fn key(code: KeyCode) -> Option<Key> {
            Some(match code {
                $(KeyCode::$name => Key::$name,)*
                KeyCode::SuperLeft => Key::MetaLeft,
                KeyCode::SuperRight => Key::MetaRight,
                _ => return None,
            })
        }

        #[cfg(test)]
        const SAME: &[(KeyCode, Key)] = &[$((KeyCode::$name, Key::$name),)*];
    };
}

#[rustfmt::skip]
keys! {
    Backquote, Backslash, BracketLeft, BracketRight, Comma,
    Digit0, Digit1, Digit2, Digit3, Digit4, Digit5, Digit6, Digit7, Digit8, Digit9,
    Equal, IntlBackslash, IntlRo, IntlYen,
    KeyA, KeyB, KeyC, KeyD, KeyE, KeyF, KeyG, KeyH, KeyI, KeyJ, KeyK, KeyL, KeyM,
    KeyN, KeyO, KeyP, KeyQ, KeyR, KeyS, KeyT, KeyU, KeyV, KeyW, KeyX, KeyY, KeyZ,
    Minus, Period, Quote, Semicolon, Slash,
    AltLeft, AltRight, Backspace, CapsLock, ContextMenu, ControlLeft, ControlRight, Enter,
    ShiftLeft, ShiftRight, Space, Tab,
    Convert, KanaMode, Lang1, Lang2, Lang3, Lang4, Lang5, NonConvert,
    Delete, End, Help, Home, Insert, PageDown, PageUp,
    ArrowDown, ArrowLeft, ArrowRight, ArrowUp,
    NumLock, Numpad0, Numpad1, Numpad2, Numpad3, Numpad4, Numpad5, Numpad6, Numpad7, Numpad8,
    Numpad9, NumpadAdd, NumpadBackspace, NumpadClear, NumpadClearEntry, NumpadComma,
    NumpadDecimal, NumpadDivide, NumpadEnter, NumpadEqual, NumpadHash, NumpadMemoryAdd,
    NumpadMemoryClear, NumpadMemoryRecall, NumpadMemoryStore, NumpadMemorySubtract,
    NumpadMultiply, NumpadParenLeft, NumpadParenRight, NumpadStar, NumpadSubtract,
    Escape, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17, F18, F19,
    F20, F21, F22, F23, F24, Fn, FnLock, PrintScreen, ScrollLock, Pause,
    BrowserBack, BrowserFavorites, BrowserForward, BrowserHome, BrowserRefresh,
    BrowserSearch, BrowserStop, Eject, LaunchApp1, LaunchApp2, LaunchMail,
    MediaPlayPause, MediaSelect, MediaStop, MediaTrackNext, MediaTrackPrevious, Power,
    Sleep, AudioVolumeDown, AudioVolumeMute, AudioVolumeUp, WakeUp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use winit::event::DeviceId;

    #[test]
    fn every_key_of_the_contract_can_be_pressed() {
        let meta = [
            (KeyCode::SuperLeft, Key::MetaLeft),
            (KeyCode::SuperRight, Key::MetaRight),
        ];
        let mut reached: Vec<Key> = Vec::new();
        for (code, expected) in SAME.iter().copied().chain(meta) {
            assert_eq!(key(code), Some(expected));
            reached.push(expected);
        }
        reached.sort_unstable();
        assert_eq!(reached, Key::ALL);
        assert_eq!(key(KeyCode::F25), None);
    }

    #[test]
    fn the_wheel_is_counted_in_lines_away_and_to_the_right() {
        let lines = wheel(MouseScrollDelta::LineDelta(1.0, 2.0));
        assert_eq!(lines, InputEvent::Wheel { x: -1.0, y: 2.0 });
        let pixels = wheel(MouseScrollDelta::PixelDelta(PhysicalPosition::new(
            -40.0, -10.0,
        )));
        assert_eq!(pixels, InputEvent::Wheel { x: 2.0, y: -0.5 });
    }

    #[test]
    fn the_pointer_and_the_focus_are_told() {
        let device_id = DeviceId::dummy();
        let position = PhysicalPosition::new(3.5, 4.0);
        let moved = WindowEvent::CursorMoved {
            device_id,
            position,
        };
        assert_eq!(
            pointer(&moved),
            Some(InputEvent::PointerMoved { x: 3.5, y: 4.0 })
        );
        let click = |button| WindowEvent::MouseInput {
            device_id,
            state: ElementState::Pressed,
            button,
        };
        let expected = InputEvent::Button {
            button: Button::Secondary,
            down: true,
        };
        assert_eq!(pointer(&click(MouseButton::Right)), Some(expected));
        assert_eq!(pointer(&click(MouseButton::Other(9))), None);
        assert_eq!(
            pointer(&WindowEvent::Focused(false)),
            Some(InputEvent::FocusLost)
        );
        assert_eq!(pointer(&WindowEvent::Focused(true)), None);
    }

    #[test]
    fn without_a_display_one_line_says_so() {
        let cause = "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned();
        let error = NoDisplay {
            cause: cause.clone(),
            named: false,
        };
        assert_eq!(error.to_string(), format!("no display: {cause}"));
        let named = NoDisplay { cause, named: true }.to_string();
        assert!(
            named.contains("apt install libx11-6") && !named.contains('\n'),
            "{named}"
        );
    }
}
