//! Time from a saved file to the first new frame: twenty edits of a constant in `demos/particles` while
//! it runs, and the stages of each. Prints the table of the README: median, least and most, in
//! milliseconds.
//!
//! `cargo bench -p vblank-benches --bench edit`, after `cargo build --release`.

use std::time::Duration;

use serde_json::Value;
use vblank_tests::{Demo, Run};

const EDITS: usize = 20;

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let demo = Demo::copy("particles");
    let mut host = Run::headless(&demo.folder())
        .args("--renderer null")
        .start();
    host.event("start");
    host.run_on(Duration::from_secs(2));
    // The constants are 0.6, 0.601, 0.602, …
    let constant = |edit: usize| match edit {
        0 => "GRAVITY: f32 = 0.6;".to_owned(),
        _ => format!("GRAVITY: f32 = 0.6{edit:02};"),
    };
    let mut swaps = Vec::new();
    let mut firsts = Vec::new();
    for edit in 0..EDITS {
        demo.replace(&constant(edit), &constant(edit + 1));
        swaps.push(host.event("swap"));
        firsts.push(host.event("first-frame"));
        host.run_on(Duration::from_millis(700));
    }
    let ended = host.stop();
    assert_eq!(ended.all("swap").len(), EDITS, "one swap for each edit");
    assert!(ended.all("rollback").is_empty(), "no version failed");

    let stage = |name: &'static str| {
        let path = format!("/stages/{name}");
        swaps.iter().map(move |swap| number(swap, &path)).collect()
    };
    println!("| stage | median | least | most |\n|---|---|---|---|");
    row(
        "the file is written, and quiet for 10 ms",
        stage("watch_ms"),
    );
    row("cargo build", stage("build_ms"));
    row("read, check, hash", stage("read_ms"));
    row("componentise", stage("componentise_ms"));
    row("Cranelift", stage("compile_ms"));
    row("instantiate, schema", stage("instantiate_ms"));
    row("prewarm", stage("prewarm_ms"));
    let pauses = swaps.iter().map(|swap| number(swap, "/pause_us") / 1e3);
    row("**swap: the game stands still**", pauses.collect());
    let frames = firsts.iter().map(|first| number(first, "/frame_ms"));
    row("first new frame", frames.collect());
    let all: Vec<f64> = firsts
        .iter()
        .map(|first| number(first, "/since_saved_ms"))
        .collect();
    row("**saved to first new frame**", all.clone());
    let over = all.iter().zip(&swaps);
    let over = over.map(|(all, swap)| all - number(swap, "/stages/build_ms"));
    row("of that, not cargo", over.collect());
}

fn number(event: &Value, path: &str) -> f64 {
    let number = event.pointer(path).and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("no number {path} in {event}"))
}

fn row(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let (least, most) = (times[0], times[times.len() - 1]);
    println!(
        "| {name} | {:.2} | {least:.2} | {most:.2} |",
        times[times.len() / 2]
    );
}
