//! A player for tests: plays a game under `cargo test`, natively and without a host.
//!
//! The player sends keys and pointer input, reads the state, and swaps to another version through
//! the same schema, plan and migration as the host.
//!
//! ```
//! use vblank_guest::prelude::*;
//! use vblank_guest::test::Player;
//!
//! #[derive(State, Default)]
//! struct Walker {
//!     x: f32,
//! }
//!
//! impl Game for Walker {
//!     fn new(_: &Setup) -> Self {
//!         Self::default()
//!     }
//!     fn update(&mut self, frame: &Frame) {
//!         self.x += 60.0 * frame.dt * frame.axis(Key::ArrowLeft, Key::ArrowRight);
//!     }
//!     fn draw(&self, canvas: &mut Canvas) {
//!         canvas.circle((self.x, 100.0), 10.0, Color::RED);
//!     }
//! }
//!
//! let mut player = Player::<Walker>::new(7);
//! player.press(Key::ArrowRight).updates(60);
//! assert!((player.game().x - 60.0).abs() < 0.01);
//! assert_eq!(player.draw(), 1);
//! ```

#[cfg(not(target_arch = "wasm32"))]
mod script;

use std::fmt;

use vblank_state::rehearse::carry;
use vblank_state::{Comparison, Parked, Schema, Verdict};

use crate::canvas::Canvas;
use crate::game::{Game, Setup, Swapped};
use crate::input::{Buttons, Frame, Gamepad, Key, PadButtons, Pointer, Size};

/// The host's default size of a picture.
const SIZE: Size = Size {
    width: 1280,
    height: 720,
};
const HZ: f32 = 60.0;

/// A player of a game in a test: presses keys, lets time pass, and reads the state.
///
/// There are sixty updates a second and a picture of 1280 by 720, the defaults of `host run`. Keys
/// stay down until they are released. Functions of the host have no effect:
/// [`set_title`](crate::set_title), and `log`, unless the test sets a logger.
pub struct Player<G> {
    game: G,
    /// Input of the next update.
    frame: Frame,
    canvas: Canvas,
    /// Values of fields that a swap removed, for a later swap that adds them again.
    parked: Parked,
    #[cfg(not(target_arch = "wasm32"))]
    script: Option<script::ScriptPlayer>,
}

impl<G: Game> Player<G> {
    /// Starts a game, as `host run --seed` does.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let setup = Setup {
            seed,
            size: SIZE,
            hz: HZ,
        };
        Self::with_game(G::new(&setup), seed)
    }

    /// Starts with a game in any state.
    #[must_use]
    pub fn with_game(game: G, seed: u64) -> Self {
        let frame = Frame {
            number: 0,
            dt: 1.0 / HZ,
            seed,
            size: SIZE,
            scale: 1.0,
            held: Vec::new(),
            pressed: Vec::new(),
            released: Vec::new(),
            text: String::new(),
            pointer: Pointer {
                x: 0.0,
                y: 0.0,
                inside: false,
                held: Buttons::empty(),
                pressed: Buttons::empty(),
                released: Buttons::empty(),
                wheel_x: 0.0,
                wheel_y: 0.0,
            },
            touches: Vec::new(),
            gamepads: Vec::new(),
        };
        Self {
            game,
            frame,
            canvas: Canvas::new(),
            parked: Parked::default(),
            #[cfg(not(target_arch = "wasm32"))]
            script: None,
        }
    }

    /// Returns the game.
    #[must_use]
    pub fn game(&self) -> &G {
        &self.game
    }

    /// Presses a key. The next update sees it pressed, and all updates until its release see it
    /// held.
    pub fn press(&mut self, key: Key) -> &mut Self {
        if !self.frame.is_held(key) {
            self.frame.held.push(key);
            self.frame.pressed.push(key);
        }
        self
    }

    /// Releases a key.
    pub fn release(&mut self, key: Key) -> &mut Self {
        if self.frame.is_held(key) {
            self.frame.held.retain(|held| *held != key);
            self.frame.released.push(key);
        }
        self
    }

    /// Types a text, which the next update receives.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        self.frame.text.push_str(text);
        self
    }

    /// Moves the pointer to a pixel of the picture.
    pub fn point(&mut self, x: f32, y: f32) -> &mut Self {
        let pointer = &mut self.frame.pointer;
        (pointer.x, pointer.y, pointer.inside) = (x, y, true);
        self
    }

    /// Presses and releases buttons of the pointer, at its position.
    pub fn click(&mut self, buttons: Buttons) -> &mut Self {
        self.frame.pointer.pressed |= buttons;
        self.frame.pointer.released |= buttons;
        self
    }

    /// Returns a gamepad, which the first call plugs in. Sticks and triggers keep their values.
    pub fn gamepad(&mut self, id: u32) -> &mut Gamepad {
        let pads = &mut self.frame.gamepads;
        let place = pads.binary_search_by_key(&id, |pad| pad.id);
        let place = place.unwrap_or_else(|place| {
            pads.insert(place, Gamepad::at_rest(id));
            place
        });
        &mut pads[place]
    }

    /// Presses buttons of a gamepad. The next update sees them pressed, and all updates until their
    /// release see them held.
    pub fn press_pad(&mut self, id: u32, buttons: PadButtons) -> &mut Self {
        let pad = self.gamepad(id);
        pad.pressed |= buttons - pad.held;
        pad.held |= buttons;
        self
    }

    /// Releases buttons of a gamepad.
    pub fn release_pad(&mut self, id: u32, buttons: PadButtons) -> &mut Self {
        let pad = self.gamepad(id);
        pad.released |= buttons & pad.held;
        pad.held -= buttons;
        self
    }

    /// Resizes the picture, in pixels.
    pub fn resize(&mut self, width: u32, height: u32) -> &mut Self {
        self.frame.size = Size { width, height };
        self
    }

    /// Plays recorded input from now on, in the format of `host run --input FILE`.
    ///
    /// Each line belongs to the update with its number, of which the first is 0. Updates see what
    /// the host would show them, and nothing that the test presses. A swap does not end the script.
    ///
    /// # Errors
    /// Returns the first line that cannot be read, and the reason.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # use vblank_guest::test::Player;
    /// # #[derive(State, Default)]
    /// # struct Jumper { jumps: u32 }
    /// # impl Game for Jumper {
    /// #     fn new(_: &Setup) -> Self { Self::default() }
    /// #     fn update(&mut self, frame: &Frame) { self.jumps += u32::from(frame.is_pressed(Key::Space)); }
    /// #     fn draw(&self, _: &mut Canvas) {}
    /// # }
    /// let mut player = Player::<Jumper>::new(7);
    /// player.script(r#"{"frame": 30, "key": "Space", "down": true}"#)?.updates(30);
    /// assert_eq!(player.game().jumps, 0);
    /// assert_eq!(player.updates(1).game().jumps, 1);
    /// # Ok::<(), vblank_guest::test::BadScript>(())
    /// ```
    pub fn script(&mut self, text: &str) -> Result<&mut Self, BadScript> {
        #[cfg(not(target_arch = "wasm32"))]
        {
            let script = script::ScriptPlayer::parse(text);
            self.script = Some(script.map_err(|error| BadScript(error.to_string()))?);
            Ok(self)
        }
        // A guest never plays itself, but editors check its tests for the guest's target.
        #[cfg(target_arch = "wasm32")]
        Err(BadScript(format!(
            "a script of {} bytes is played natively, by cargo test",
            text.len()
        )))
    }

    /// Runs this many updates.
    pub fn updates(&mut self, count: u32) -> &mut Self {
        for _ in 0..count {
            #[cfg(not(target_arch = "wasm32"))]
            if let Some(script) = &mut self.script {
                script.show(&mut self.frame);
            }
            self.game.update(&self.frame);
            let Frame {
                number,
                pressed,
                released,
                text,
                pointer,
                gamepads,
                ..
            } = &mut self.frame;
            *number += 1;
            // An edge is seen by one update only.
            pressed.clear();
            released.clear();
            text.clear();
            pointer.pressed = Buttons::empty();
            pointer.released = Buttons::empty();
            for pad in gamepads {
                (pad.pressed, pad.released) = (PadButtons::empty(), PadButtons::empty());
            }
        }
        self
    }

    /// Draws a picture, and returns the number of its shapes.
    pub fn draw(&mut self) -> usize {
        self.canvas.begin(self.frame.size, 0.0);
        self.game.draw(&mut self.canvas);
        self.canvas.shapes()
    }

    /// Swaps to another version of the game, with the state.
    ///
    /// Fields move by their names, migrations run, and values without a place are parked for a
    /// later swap.
    ///
    /// # Errors
    /// Returns the host's report when the host would refuse the swap.
    pub fn swap_to<New: Game>(mut self) -> Result<Player<New>, SwapError> {
        let mut game: New = carry(&self.game, &mut self.parked).map_err(SwapError)?;
        let comparison = Comparison::new(&Schema::of::<G>(), &Schema::of::<New>());
        game.resumed(&Swapped {
            frame: self.frame.number,
            identical: comparison.verdict() == Verdict::Identical,
        });
        Ok(Player {
            game,
            frame: self.frame,
            canvas: self.canvas,
            parked: self.parked,
            #[cfg(not(target_arch = "wasm32"))]
            script: self.script,
        })
    }
}

/// The reason why a script cannot be played, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadScript(String);

impl fmt::Display for BadScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadScript {}

/// The reason why a state does not cross: the host's report for people.
#[derive(Clone, PartialEq, Eq)]
pub struct SwapError(String);

impl fmt::Display for SwapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints the report with its line breaks, because `unwrap` in a test uses this format.
impl fmt::Debug for SwapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SwapError {}
