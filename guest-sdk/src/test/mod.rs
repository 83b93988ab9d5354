//! Plays a game under `cargo test`, natively and without a host: keys and pointer in, the state out,
//! and a swap to another version through the same schema, plan and migration as in the host.
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

/// What the host has when nothing else is asked of it.
const SIZE: Size = Size {
    width: 1280,
    height: 720,
};
const HZ: f32 = 60.0;

/// Someone who plays a game in a test: presses keys, lets time pass, and looks.
///
/// Sixty updates a second on a picture of 1280 by 720, as `host run` has by itself. Keys stay down
/// until they are released. What is of the host has no effect: [`set_title`](crate::set_title), and
/// `log`, unless the test sets a logger.
pub struct Player<G> {
    game: G,
    /// The next update's.
    frame: Frame,
    canvas: Canvas,
    /// Fields that a swap took away, for the one that brings them back.
    parked: Parked,
    #[cfg(not(target_arch = "wasm32"))]
    script: Option<script::ScriptPlayer>,
}

impl<G: Game> Player<G> {
    /// Begin a game, as `host run --seed` does.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let setup = Setup {
            seed,
            size: SIZE,
            hz: HZ,
        };
        Self::with_game(G::new(&setup), seed)
    }

    /// Go on with a game that stands somewhere in the middle.
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

    /// The game as it stands.
    #[must_use]
    pub fn game(&self) -> &G {
        &self.game
    }

    /// Put a key down. The next update sees it pressed, and all until its release see it held.
    pub fn press(&mut self, key: Key) -> &mut Self {
        if !self.frame.is_held(key) {
            self.frame.held.push(key);
            self.frame.pressed.push(key);
        }
        self
    }

    /// Let a key go.
    pub fn release(&mut self, key: Key) -> &mut Self {
        if self.frame.is_held(key) {
            self.frame.held.retain(|held| *held != key);
            self.frame.released.push(key);
        }
        self
    }

    /// Type a text, which the next update gets.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        self.frame.text.push_str(text);
        self
    }

    /// Move the pointer over the picture, to this pixel.
    pub fn point(&mut self, x: f32, y: f32) -> &mut Self {
        let pointer = &mut self.frame.pointer;
        (pointer.x, pointer.y, pointer.inside) = (x, y, true);
        self
    }

    /// Put buttons of the pointer down and let them go at once, where it is.
    pub fn click(&mut self, buttons: Buttons) -> &mut Self {
        self.frame.pointer.pressed |= buttons;
        self.frame.pointer.released |= buttons;
        self
    }

    /// A gamepad, plugged in at the first call: sticks and triggers stay where they are put.
    pub fn gamepad(&mut self, id: u32) -> &mut Gamepad {
        let pads = &mut self.frame.gamepads;
        let place = pads.binary_search_by_key(&id, |pad| pad.id);
        let place = place.unwrap_or_else(|place| {
            pads.insert(place, Gamepad::at_rest(id));
            place
        });
        &mut pads[place]
    }

    /// Put buttons of a gamepad down. The next update sees them pressed, and all until their release see
    /// them held.
    pub fn press_pad(&mut self, id: u32, buttons: PadButtons) -> &mut Self {
        let pad = self.gamepad(id);
        pad.pressed |= buttons - pad.held;
        pad.held |= buttons;
        self
    }

    /// Let buttons of a gamepad go.
    pub fn release_pad(&mut self, id: u32, buttons: PadButtons) -> &mut Self {
        let pad = self.gamepad(id);
        pad.released |= buttons & pad.held;
        pad.held -= buttons;
        self
    }

    /// Give the picture another size, in pixels.
    pub fn resize(&mut self, width: u32, height: u32) -> &mut Self {
        self.frame.size = Size { width, height };
        self
    }

    /// From now on, play the input of a file: `text` is what `host run --input FILE` reads, each line
    /// for the update of its number, of which the first is 0. Updates see what the host would show
    /// them, and nothing of what is pressed by hand. Goes on through a swap.
    ///
    /// # Errors
    /// Names the first line that means nothing, and what is wrong with it.
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
        // A guest does not play itself, but editors check its tests for the guest's target.
        #[cfg(target_arch = "wasm32")]
        Err(BadScript(format!(
            "a script of {} bytes is played natively, by cargo test",
            text.len()
        )))
    }

    /// Let this many updates pass.
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
            // What happened once is seen once.
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

    /// Have it draw a picture, which nobody sees, and say of how many shapes.
    pub fn draw(&mut self) -> usize {
        self.canvas.begin(self.frame.size, 0.0);
        self.game.draw(&mut self.canvas);
        self.canvas.shapes()
    }

    /// Go on with the state in another version of the game, as a swap does: the fields are carried
    /// over by their names, migrations run, and what has no place is parked for a later swap.
    ///
    /// # Errors
    /// When the host would refuse it, with what the host would say.
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

/// Why a script cannot be played: its line, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadScript(String);

impl fmt::Display for BadScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadScript {}

/// Why a state does not go on in another version: the host's own report, for people.
#[derive(Clone, PartialEq, Eq)]
pub struct SwapError(String);

impl fmt::Display for SwapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same, since `unwrap` in a test prints this, and a report has several lines.
impl fmt::Debug for SwapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SwapError {}
