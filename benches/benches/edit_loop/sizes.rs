//! Programs of three sizes, edited while they run: the stages of an edit beside those of the rivals,
//! alternately.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use vblank_benches::generated::{Flavour, Program};
use vblank_tests::Run;

use super::rival::Rival;
use super::{Dependencies, Effort, build, median};

/// Columns of medians, in milliseconds.
struct Column {
    lines: usize,
    cells: Vec<(&'static str, f64)>,
}

pub fn measure(effort: Effort, dependencies: &Dependencies) {
    let columns: Vec<Column> = effort
        .sizes
        .iter()
        .map(|lines| of_size(*lines, effort.edits, dependencies))
        .collect();
    println!("\n{} edits of each, medians in ms\n", effort.edits);
    let heads: Vec<String> = columns
        .iter()
        .map(|column| format!(" {} lines |", column.lines))
        .collect();
    println!("| stage |{}", heads.concat());
    println!("|---|{}", "---|".repeat(columns.len()));
    for (row, (name, _)) in columns[0].cells.iter().enumerate() {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| format!(" {:.1} |", column.cells[row].1))
            .collect();
        println!("| {name} |{}", cells.concat());
    }
}

fn of_size(lines: usize, edits: usize, dependencies: &Dependencies) -> Column {
    let root = TempDir::new().expect("a temporary folder can be made");
    let alone = Program::write(&root.path().join("alone"), Flavour::Guest, lines);
    let running = Program::write(&root.path().join("running"), Flavour::Guest, lines);
    for program in [&alone, &running] {
        dependencies.put_into(program);
        build(program, &[]);
    }
    let mut host = Run::headless(running.folder())
        .args("--renderer null")
        .start();
    host.event("start");
    let mut quick = Rival::start(&root.path().join("quick"), lines, 50);
    let mut usual = Rival::start(&root.path().join("usual"), lines, 500);

    let (mut swaps, mut firsts) = (Vec::new(), Vec::new());
    let (mut builds, mut quicks, mut usuals) = (Vec::new(), Vec::new(), Vec::new());
    for edit in 1..=edits {
        running.edit(edit);
        swaps.push(host.event("swap"));
        firsts.push(host.event("first-frame"));
        alone.edit(edit);
        builds.push(build(&alone, &[]));
        quicks.push(quick.edit(edit));
        usuals.push(usual.edit(edit));
        // During this time the probation ends, and the incremental caches are written.
        host.run_on(Duration::from_millis(1200));
    }
    let ended = host.stop();
    assert_eq!(ended.all("swap").len(), edits, "one swap for each edit");
    assert!(ended.all("rollback").is_empty(), "no version failed");

    let stage = |path: &str| median(swaps.iter().map(|swap| number(swap, path)).collect());
    let first = |path: &str| median(firsts.iter().map(|first| number(first, path)).collect());
    let over = firsts
        .iter()
        .zip(&swaps)
        .map(|(first, swap)| number(first, "/since_saved_ms") - number(swap, "/stages/build_ms"));
    let over = median(over.collect());
    let (alone_ms, all) = (median(builds), first("/since_saved_ms"));
    Column {
        lines: alone.lines,
        cells: vec![
            ("quiet for 10 ms", stage("/stages/watch_ms")),
            (
                "cargo build, started by the host",
                stage("/stages/build_ms"),
            ),
            ("read, check, hash", stage("/stages/read_ms")),
            ("componentise", stage("/stages/componentise_ms")),
            ("Cranelift", stage("/stages/compile_ms")),
            (
                "instantiate, schema, prewarm",
                stage("/stages/instantiate_ms") + stage("/stages/prewarm_ms"),
            ),
            ("swap: the game stands still", stage("/pause_us") / 1e3),
            ("first new frame", first("/frame_ms")),
            ("**saved to first new frame**", all),
            ("of that, not the host's cargo", over),
            ("`cargo build` alone", alone_ms),
            (
                "saved to first new frame, over `cargo build` alone",
                all - alone_ms,
            ),
            ("hot-lib-reloader, 50 ms debounce", median(quicks)),
            ("hot-lib-reloader, 500 ms, its default", median(usuals)),
        ],
    }
}

fn number(event: &Value, path: &str) -> f64 {
    let number = event.pointer(path).and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("no number {path} in {event}"))
}
