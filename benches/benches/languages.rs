//! A plugin in Rust, C, JavaScript and Python: its size, the time until it is ready, and the cost of a
//! call, a save and a swap. Needs `cargo xtask languages` and a build of the demos.
//!
//! `cargo bench -p vblank-benches --bench languages`

use std::path::Path;
use std::time::Instant;

use vblank_runtime::guest::Code;
use vblank_runtime::plugin::{Host, Slot};

vblank_runtime::plugin!(
    Counter,
    path: ["../wit", "../demos/languages/wit"],
    world: "demo:languages/counter",
);

const FILES: [(&str, &str); 4] = [
    (
        "Rust",
        "demos/target/wasm32-unknown-unknown/debug/counter.wasm",
    ),
    ("C", "target/languages/counter-c.wasm"),
    ("JavaScript", "target/languages/counter-js.wasm"),
    ("Python", "target/languages/counter-python.wasm"),
];

/// Number of runs of each measurement, of which the median counts.
const RUNS: usize = 15;
const CALLS: u32 = 500;

fn add(slot: &mut Slot<Counter>, by: u32) -> u64 {
    let count = slot.call(|counter, store| counter.call_add(store, by));
    count.expect("it counts")
}

/// Returns the median of some runs, in microseconds.
fn median(runs: usize, mut once: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let begun = Instant::now();
            once();
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let codes = FILES.map(|(language, file)| {
        let code = Code::read(&root.join(file));
        (
            language,
            code.unwrap_or_else(|error| panic!("{language}: {error}")),
        )
    });
    println!(
        "| | stripped, KiB | ready, ms | a call, µs | an image, µs | with 100,000 steps | a swap from Rust: pause, µs | with 100,000 steps |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let rust = &codes[0].1;
    for (language, code) in &codes {
        let size = code.componentise().expect("it is one").len() / 1024;
        // Each host has a compiler of its own, with an empty cache.
        let ready = median(3, || {
            let slot = Host::new()
                .expect("a host")
                .slot::<Counter>("counter")
                .start(code);
            slot.expect("it starts");
        });
        let host = Host::new().expect("a host");
        let mut slot = host
            .slot::<Counter>("counter")
            .start(code)
            .expect("it starts");
        let mut steps = 0;
        let call = median(RUNS, || {
            for by in 0..CALLS {
                steps += 1;
                add(&mut slot, by);
            }
        }) / f64::from(CALLS);
        let small = median(RUNS, || drop(slot.image().expect("it saves")));
        let from_rust = |image| {
            let slot = host.slot::<Counter>("counter").state(image);
            let mut slot = slot.start(rust).expect("it starts");
            slot.swap(code).expect("it takes over");
            slot.figures().pause.as_secs_f64() * 1e6
        };
        // The first swap has cold caches to fill, so it is not counted.
        from_rust(slot.image().expect("it saves"));
        let small_swap = from_rust(slot.image().expect("it saves"));
        while steps < 100_000 {
            steps += 1;
            add(&mut slot, 1);
        }
        let large = median(RUNS, || drop(slot.image().expect("it saves")));
        let large_swap = from_rust(slot.image().expect("it saves"));
        let ready = ready / 1000.0;
        println!(
            "| {language} | {size} | {ready:.0} | {call:.2} | {small:.0} | {large:.0} | {small_swap:.0} | {large_swap:.0} |"
        );
    }
}
