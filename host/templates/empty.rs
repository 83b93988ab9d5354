//! {{name}}: an empty game. Start it with `host run`, change this file, and save.
//!
//! `log::info!("{value}")` writes to the terminal. A guest has no output for `println!` and `dbg!`.

use vblank_guest::prelude::*;

/// The state. Its values are kept when the code is replaced.
#[derive(State, Default)]
struct World {
    seconds: f32,
}

impl Game for World {
    /// A fresh game; not called when the code is replaced.
    fn new(_: &Setup) -> Self {
        set_title("{{name}}");
        Self::default()
    }

    /// Sixty times a second. All input is in `frame`.
    fn update(&mut self, frame: &Frame) {
        self.seconds += frame.dt;
    }

    /// Once a picture.
    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::hex(0x1b1b2f));
    }
}

game!(World);

#[cfg(test)]
mod tests {
    use super::*;
    use vblank_guest::test::Player;

    #[test]
    fn time_passes() {
        let mut player = Player::<World>::new(1);
        player.updates(60);
        assert!((player.game().seconds - 1.0).abs() < 0.001);
    }
}
