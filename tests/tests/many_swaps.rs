//! Many swaps in one process. At the end the state is right, and nothing is left of the old versions:
//! no memory, no mapping, no descriptor, no thread.
//! A binary of its own, because it measures its process, in which nothing else may run.

use std::path::Path;
use std::time::Instant;

use vblank_host::game::{self, Game, GameCalls, Setup, Step};
use vblank_host::input::Size;
use vblank_host::render::assets::Assets;
use vblank_runtime::guest::{Code, EngineOptions};
use vblank_runtime::supervisor::{Candidate, ExpectedState, Version, prepare};
use vblank_tests::{Guest, Held, Tally};

#[test]
fn ten_thousand_swaps_of_a_mebibyte() {
    const SWAPS: u64 = 10_000;
    const WORDS: usize = 1 << 17;
    let engine =
        game::engine(&Assets::default(), EngineOptions::default()).expect("an engine can be made");
    let version = |step: u64| -> Version {
        let code = Guest::tally(WORDS).step(step).module();
        let code = Code::from_bytes(code).expect("the fixture is a guest");
        let candidate = prepare(&engine, &code, &ExpectedState::default())
            .unwrap_or_else(|error| panic!("{error}"));
        candidate.version
    };
    let versions = [version(1), version(10)];
    // Compiled once; each swap gets a fresh instance, as it would from the cache of compiled code.
    let candidate = |number: u64| {
        let version = versions[usize::from(!number.is_multiple_of(2))].another_instance(&engine);
        Candidate::of(version.unwrap_or_else(|error| panic!("{error}")))
    };
    let setup = Setup {
        seed: 0,
        size: Size::new(640, 360),
        hz: 60.0,
    };
    let mut game = Game::fresh(
        candidate(0),
        game::supervisor_options().expect("it starts"),
        |guest| guest.init(setup),
    )
    .unwrap_or_else(|refused| panic!("{refused}"));
    let mut wanted = Tally::of(WORDS);
    let process = Path::new("/proc/self");
    let mut before = None;
    let begun = Instant::now();
    for swap in 0..SWAPS {
        let step = if swap.is_multiple_of(2) { 1 } else { 10 };
        let number = game.frame();
        game.update(&Step {
            number,
            ..Step::default()
        })
        .expect("an update goes well");
        wanted.count += step;
        wanted.words[number as usize % WORDS] += step;
        let done = game.swap(&engine, candidate(swap + 1), false);
        let done = done.unwrap_or_else(|refused| panic!("swap {swap}: {refused}"));
        assert!(done.is_identical() && done.state_bytes > 1 << 20);
        if swap + 1 == 100 {
            before = Some(Held::settled(process));
        }
    }
    let took = begun.elapsed();
    let before = before.expect("there were more than 100");
    let after = Held::wait_for_no_more(process, before);
    println!("{SWAPS} swaps in {took:.1?}: {before:?}, {after:?}");

    let image = game.image().expect("the state can be had");
    let state: Tally = vblank_state::restore(image.parcel).expect("it is a tally");
    assert_eq!(image.frame, SWAPS);
    assert!(state == wanted, "count {} of {}", state.count, wanted.count);
}
