//! The window: opens it, passes its events to the session, and lets the session turn.
//!
//! Only this module names winit. It decides nothing about the game and draws nothing.

mod display;
mod gamepads;
#[cfg(not(feature = "overlay"))]
mod no_overlay;
#[cfg(feature = "overlay")]
mod overlay;
mod translate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vblank_input::{Button, InputEvent, Size};
use vblank_render::{self, Fit, RenderError, Renderer, RendererChoice};
use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::error::{EventLoopError, OsError};
use winit::event::{ElementState, Touch, TouchPhase, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow};
use winit::keyboard::{KeyCode, PhysicalKey};
use winit::window::{Fullscreen, Window, WindowId};

use crate::event::Event;
use crate::session::{Flow, Session};

pub use display::Display;

use gamepads::Gamepads;
#[cfg(not(feature = "overlay"))]
use no_overlay::{Over, Overlay};
#[cfg(feature = "overlay")]
use overlay::{Over, Overlay};
use translate::{finger, key, moved, pointer};

/// Error of a window that did not open, or did not stay open.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The window did not open.
    #[error("cannot open a window: {0}")]
    Window(OsError),
    /// The renderer failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The window system ended.
    #[error("the window system failed: {0}")]
    EventLoop(EventLoopError),
}

/// Opens a window, makes the session for it, and runs the session to its end. Returns the session's
/// exit code. `notice` is called with information on the choice of the renderer.
///
/// # Errors
/// When no window can be opened, or nothing can be drawn in it.
pub fn run(
    display: Display,
    shown: Shown,
    session: impl FnOnce(Box<dyn Renderer>) -> Session,
    notice: impl FnMut(String),
) -> Result<u8, AppError> {
    let Shown {
        size,
        fit,
        choice,
        overlay,
        progress,
    } = shown;
    let mut app = App {
        size,
        fit,
        choice,
        make: Some((session, overlay, progress)),
        notice,
        stage: None,
        end: Ok(0),
    };
    let ran = display.0.run_app(&mut app);
    ran.map_err(AppError::EventLoop)?;
    app.end
}

/// Presentation of a game in a window.
pub struct Shown {
    /// Size of the window.
    pub size: Size,
    /// Fit of the picture into the window.
    pub fit: Fit,
    /// Choice of the renderer.
    pub choice: RendererChoice,
    /// Overlay over the pictures.
    pub overlay: Overlay,
    /// Called after each turn.
    pub progress: Box<dyn FnMut(&mut Session)>,
}

/// Constructor of the session, its overlay, and the callback for each turn.
type Making<M> = (M, Overlay, Box<dyn FnMut(&mut Session)>);

/// Handler of winit's events.
struct App<M, N> {
    size: Size,
    fit: Fit,
    choice: RendererChoice,
    make: Option<Making<M>>,
    notice: N,
    stage: Option<Stage>,
    end: Result<u8, AppError>,
}

/// The window and the session in it.
struct Stage {
    window: Arc<Window>,
    session: Session,
    over: Over,
    /// Called after each turn.
    progress: Box<dyn FnMut(&mut Session)>,
    title: String,
    /// Finger that also acts as the pointer.
    finger: Option<u64>,
    gamepads: Gamepads,
    /// True if the window has the keyboard focus. Without it, gamepad events are meant for another
    /// program.
    has_focus: bool,
}

impl<M, N> App<M, N>
where
    M: FnOnce(Box<dyn Renderer>) -> Session,
    N: FnMut(String),
{
    fn open(
        &mut self,
        event_loop: &ActiveEventLoop,
        (make, overlay, progress): Making<M>,
    ) -> Result<Stage, AppError> {
        let Size { width, height } = self.size;
        let attributes = Window::default_attributes()
            .with_title("Vblank")
            .with_inner_size(LogicalSize::new(width, height));
        let window = Arc::new(
            event_loop
                .create_window(attributes)
                .map_err(AppError::Window)?,
        );
        let actual = window.inner_size();
        let actual = Size::new(actual.width, actual.height);
        let display = event_loop.owned_display_handle();
        let (mut renderer, notice) =
            vblank_render::windowed(self.choice, Arc::clone(&window), display, actual)?;
        notice.into_iter().for_each(&mut self.notice);
        renderer.fix_size(Some((self.size, self.fit)));
        // An empty picture is shown until the guest has drawn one, which may take a whole build.
        renderer.begin();
        renderer.submit().and_then(|()| renderer.present())?;
        let mut session = make(renderer);
        session.handle(Event::Resized(actual));
        session.handle(Event::Scaled(window.scale_factor() as f32));
        session.show_for(refresh(&window));
        Ok(Stage {
            window,
            session,
            over: Over::new(overlay),
            progress,
            title: String::new(),
            finger: None,
            gamepads: Gamepads::open(),
            has_focus: true,
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

    /// Handles news of the pipeline, such as a candidate. winit calls this between two frames.
    fn user_event(&mut self, event_loop: &ActiveEventLoop, (): ()) {
        if let Some(stage) = &mut self.stage
            && stage.session.look_for_news()
        {
            stage.turn(event_loop);
        }
    }

    /// Runs a turn when the clock says so. Redraw requests are no measure, because a covered window
    /// gets none while its game goes on.
    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        if let Some(stage) = &mut self.stage {
            stage.turn_if_due(event_loop);
        }
    }

    fn exiting(&mut self, _: &ActiveEventLoop) {
        // The surface must be dropped before the window system.
        if let Some(stage) = self.stage.take() {
            self.end = Ok(stage.session.exit_code());
        }
    }
}

/// Interval at which the window's screen shows pictures, if it is known. The interval limits pictures
/// on systems that do not wait for the screen.
fn refresh(window: &Window) -> Option<Duration> {
    let rate = window.current_monitor()?.refresh_rate_millihertz()?;
    (rate > 0).then(|| Duration::from_secs_f64(1000.0 / f64::from(rate)))
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
        while let Some(event) = self.gamepads.next() {
            if self.has_focus {
                self.input(event);
            }
        }
        self.over.turn(&self.window, &mut self.session);
        if self.session.turn() == Flow::Exit {
            event_loop.exit();
        }
        (self.progress)(&mut self.session);
        let title = self.session.title();
        if !title.is_empty() && title != self.title {
            title.clone_into(&mut self.title);
            self.window.set_title(title);
        }
    }

    fn hear(&mut self, event_loop: &ActiveEventLoop, event: WindowEvent) {
        if self.over.hear(&self.window, &event, &mut self.session) {
            return;
        }
        match event {
            WindowEvent::CloseRequested => self.close(event_loop),
            WindowEvent::Resized(size) => {
                self.session
                    .handle(Event::Resized(Size::new(size.width, size.height)));
            }
            WindowEvent::ScaleFactorChanged { scale_factor, .. } => {
                self.session.handle(Event::Scaled(scale_factor as f32));
            }
            // The window may have moved to another screen.
            WindowEvent::Moved(_) => self.session.show_for(refresh(&self.window)),
            // Some systems send only this event while a user drags the window's edge.
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
                if let WindowEvent::Focused(has_focus) = other {
                    self.has_focus = has_focus;
                }
                if let Some(event) = pointer(&other) {
                    self.input(event);
                }
            }
        }
    }

    /// Ends the session properly, in a turn that follows at once.
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

    /// Reports a touch. The first finger is the pointer as well, and its touch is the primary button.
    fn touch(&mut self, touch: Touch) {
        self.input(finger(&touch));
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
