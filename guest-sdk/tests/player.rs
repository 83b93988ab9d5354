//! The player for tests: input reaches the game, and swaps behave as in the host.

use vblank_guest::prelude::*;
use vblank_guest::test::Player;

/// A game that records its input.
#[derive(State, Default)]
struct Witness {
    seed: u64,
    numbers: Vec<u64>,
    pressed: Vec<u64>,
    held: Vec<u64>,
    released: Vec<u64>,
    clicked: Vec<u64>,
    text: String,
    size: Vec2,
    pointer: Vec2,
}

impl Game for Witness {
    fn new(setup: &Setup) -> Self {
        Self {
            seed: setup.seed,
            ..Self::default()
        }
    }

    fn update(&mut self, frame: &Frame) {
        // Calls to the host have no effect here.
        set_title("witness");
        log::info!("update {}", frame.number);
        let mut note = |seen: bool, list: fn(&mut Self) -> &mut Vec<u64>| {
            if seen {
                list(self).push(frame.number);
            }
        };
        note(true, |witness| &mut witness.numbers);
        note(frame.is_pressed(Key::Space), |witness| &mut witness.pressed);
        note(frame.is_held(Key::Space), |witness| &mut witness.held);
        note(frame.is_released(Key::Space), |witness| {
            &mut witness.released
        });
        let clicked = frame.pointer.pressed.contains(Buttons::PRIMARY);
        note(clicked, |witness| &mut witness.clicked);
        self.text += &frame.text;
        self.size = frame.size.as_vec2();
        self.pointer = frame.pointer.position();
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.clear(Color::BLACK);
        canvas.circle(canvas.size() / 2.0, 10.0, Color::RED);
        canvas.rect((0.0, 0.0), (5.0, 5.0), Color::BLUE);
    }
}

/// A game that draws with assets of the host.
#[derive(State, Default)]
struct Painter {}

impl Game for Painter {
    fn new(_: &Setup) -> Self {
        Self::default()
    }

    fn update(&mut self, _: &Frame) {}

    fn draw(&self, canvas: &mut Canvas) {
        canvas.sprite("ship", (10.0, 10.0)).rotated(1.0).scaled(2.0);
        let dot = canvas.painted("dot", (1, 1), |_, _| Color::RED);
        canvas.sprite(dot, (20.0, 10.0));
        canvas.text("hello", (0.0, 0.0)).font("title").size(10.0);
        assert_eq!(canvas.measure("hello\nyou", 10.0), vec2(25.0, 24.0));
        let extent = canvas.text(12.5, (0.0, 0.0)).size(10.0).extent();
        assert_eq!(extent, vec2(20.0, 12.0));
    }
}

#[test]
fn assets_and_texts_need_no_host() {
    let mut player = Player::<Painter>::new(0);
    assert_eq!(player.draw(), 4);
    assert_eq!(player.draw(), 4);
}

#[test]
fn input_reaches_the_game_once() {
    let mut player = Player::<Witness>::new(7);
    player.updates(1);
    player
        .press(Key::Space)
        .press(Key::Space)
        .type_text("hi")
        .updates(2);
    player.point(3.0, 4.0).click(Buttons::PRIMARY);
    player.release(Key::Space).resize(640, 480).updates(2);
    let game = player.game();
    assert_eq!(game.seed, 7);
    assert_eq!(game.numbers, [0, 1, 2, 3, 4]);
    assert_eq!(game.pressed, [1]);
    assert_eq!(game.held, [1, 2]);
    assert_eq!(game.released, [3]);
    assert_eq!(game.clicked, [3]);
    assert_eq!(game.text, "hi");
    assert_eq!(game.size, vec2(640.0, 480.0));
    assert_eq!(game.pointer, vec2(3.0, 4.0));
    assert_eq!(player.draw(), 2);
    assert_eq!(player.draw(), 2);
}

/// A game that only counts, in three versions.
macro_rules! versions {
    ($($version:ident: $counter:ident { $($field:ident: $type:ty),* })*) => {$(
        mod $version {
            use vblank_guest::prelude::*;

            #[derive(State, Default)]
            pub struct World {
                $(pub $field: $type,)*
                #[state(skip)]
                pub swapped: Option<(u64, bool)>,
            }

            impl Game for World {
                fn new(_: &Setup) -> Self {
                    Self::default()
                }
                fn update(&mut self, _: &Frame) {
                    self.$counter += 1;
                }
                fn draw(&self, _: &mut Canvas) {}
                fn resumed(&mut self, swapped: &Swapped) {
                    self.swapped = Some((swapped.frame, swapped.identical));
                }
            }
        }
    )*};
}

versions! {
    first: steps { steps: u32, name: String }
    wider: steps { steps: u64 }
    other: beats { steps: String, beats: u32 }
}

#[test]
fn a_swap_keeps_the_state_and_the_parked_values() {
    let game = first::World {
        name: "Ada".to_owned(),
        ..Default::default()
    };
    let mut player = Player::with_game(game, 1);
    player.updates(3);
    let player = player.swap_to::<first::World>().unwrap();
    assert_eq!(player.game().swapped, Some((3, true)));
    let mut player = player.swap_to::<wider::World>().unwrap();
    assert_eq!(player.game().swapped, Some((3, false)));
    player.updates(2);
    assert_eq!(player.game().steps, 5);
}

#[test]
fn a_restored_field_has_its_parked_value() {
    mod back {
        pub use super::wider::World as Without;
        use vblank_guest::prelude::*;

        #[derive(State, Default)]
        pub struct World {
            pub steps: u64,
            pub name: String,
        }

        impl Game for World {
            fn new(_: &Setup) -> Self {
                Self::default()
            }
            fn update(&mut self, _: &Frame) {}
            fn draw(&self, _: &mut Canvas) {}
        }
    }
    let game = back::World {
        steps: 1,
        name: "Ada".to_owned(),
    };
    let player = Player::with_game(game, 1);
    let player = player.swap_to::<back::Without>().unwrap();
    let player = player.swap_to::<back::World>().unwrap();
    assert_eq!(player.game().name, "Ada");
}

#[test]
fn a_refused_swap_prints_the_report_in_lines() {
    let player = Player::<first::World>::new(1);
    let refused = player.swap_to::<other::World>().err();
    let refused = refused.expect("a number is no text");
    let report = refused.to_string();
    assert!(report.contains("steps"), "{report}");
    assert!(report.contains('\n'), "{report}");
    assert_eq!(format!("{refused:?}"), report);
}
