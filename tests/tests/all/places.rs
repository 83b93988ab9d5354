//! The line of its source in which a guest trapped: in the report, and in the terminal with the line itself.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use vblank_tests::{Counter, Demo, Ended, Guest, Run};

/// Inserts code into the update of frame 90.
fn insert(demo: &Demo, code: &str) {
    let before = "self.x += speed";
    let code =
        format!("if frame.number == 90 {{\n            {code}\n        }}\n        {before}");
    demo.replace(before, &code);
}

/// A run of 100 frames that begins with this guest.
fn run(guest: &Path) -> Ended {
    let run = Run::headless(guest).args("--fast --frames 100 --renderer null --exit-on-break");
    run.to_end().exits(1)
}

/// `src/lib.rs:20:`, for the line that has this text.
#[track_caller]
fn place_of(demo: &Demo, text: &str) -> String {
    let source = std::fs::read_to_string(demo.source()).expect("the source can be read");
    let line = source.lines().position(|line| line.contains(text));
    format!("src/lib.rs:{}:", line.expect("it is there") + 1)
}

/// The record and the terminal have the place, and the terminal has the line.
#[track_caller]
fn is_told(ended: &Ended, event: &Value, place: &str, line: &str) {
    let location = event["location"].as_str().unwrap_or_default();
    assert!(location.starts_with(place), "{place} wanted: {event}");
    let said = &ended.said;
    is_opened(said, location);
    assert!(
        said.contains(&format!("| {}", line_with_indent(line))),
        "{said}"
    );
    let trace = event["trace"].as_array().expect("there is a trace");
    let place = place.trim_end_matches(':');
    let mut own = trace.iter().filter_map(Value::as_str);
    assert!(
        own.any(|call| call.ends_with(place)),
        "{place} in {trace:#?}"
    );
}

/// The terminal has the place with a path that leads there from the folder in which the host was started.
#[track_caller]
fn is_opened(said: &str, location: &str) {
    let words = said.split([' ', ',', ';', '\n']);
    let found = words.filter(|word| word.ends_with(location));
    let mut files = found.filter_map(|word| word.split(':').next());
    let file = files
        .next()
        .unwrap_or_else(|| panic!("no {location} in {said}"));
    assert!(Path::new(file).is_file(), "{file} is not there: {said}");
}

#[test]
fn the_terminals_path_begins_where_the_host_was_started() {
    let demo = Demo::copy("hello");
    let code = "panic!(\"not here\");";
    insert(&demo, code);
    let place = place_of(&demo, code);
    let other = TempDir::new().expect("a temporary folder can be made");
    let absolute = demo.folder().canonicalize().expect("it is there");
    for (folder, path) in [
        (demo.folder(), place.clone()),
        (demo.beside(""), format!("hello/{place}")),
        (
            other.path().to_owned(),
            absolute.join(&place).display().to_string(),
        ),
    ] {
        let run = Run::headless(&demo.folder());
        let run = run.args("--fast --frames 100 --renderer null --exit-on-break");
        let folder = folder.to_str().expect("its path is text");
        let ended = run.within("env", &["-C", folder]).to_end().exits(1);
        let location = ended.only("break")["location"].as_str();
        assert!(location.is_some_and(|at| at.starts_with(&place)));
        let ended = ended.says_once(&["break  at", "not here", &format!(", at {path}")]);
        // The callers as well.
        let call = format!("  {}\n", path.trim_end_matches(':'));
        assert!(ended.said.contains(&call), "no {call} in {}", ended.said);
    }
}

fn line_with_indent(line: &str) -> String {
    format!("            {line}")
}

#[test]
fn every_kind_of_trap_has_its_line() {
    let demo = Demo::copy("hello");
    let mut last = "// Here.";
    insert(&demo, last);
    for (code, message) in [
        (
            "let none: Vec<u32> = Vec::new(); self.turns += none[frame.number as usize];",
            "update panicked: index out of bounds",
        ),
        (
            "self.turns /= (frame.number - 90) as u32;",
            "update panicked: attempt to divide by zero",
        ),
        (
            "unsafe { self.turns += (0x7fff_0000 as *const u32).read_volatile(); }",
            "update trapped: out of bounds memory access",
        ),
        (
            "loop { self.turns = self.turns.wrapping_add(std::hint::black_box(1)); }",
            "update ran longer than 1000 ms",
        ),
    ] {
        demo.replace(last, code);
        last = code;
        let ended = run(&demo.folder());
        let event = ended.only("break");
        let told = event["message"].as_str().unwrap_or_default();
        assert!(told.starts_with(message), "{message} wanted: {event}");
        is_told(&ended, event, &place_of(&demo, code), code);
    }
}

#[test]
fn a_recursion_without_end_is_one_line_of_the_trace() {
    let demo = Demo::copy("hello");
    insert(&demo, "self.turns = deep(self.turns);");
    let deep = "let room = std::hint::black_box([n; 64]);";
    let source = std::fs::read_to_string(demo.source()).expect("the source can be read");
    let source = format!(
        "{source}
#[inline(never)]
#[allow(unconditional_recursion)]
fn deep(n: u32) -> u32 {{
            {deep}
    deep(n + 1) + room[n as usize % 64]
}}
"
    );
    std::fs::write(demo.source(), source).expect("the source can be written");
    let ended = run(&demo.folder());
    let event = ended.only("break");
    is_told(&ended, event, &place_of(&demo, deep), deep);
    let trace = event["trace"].to_string();
    assert!(trace.contains(" times"), "{trace}");
}

#[test]
fn a_candidate_that_is_refused_or_rolled_back_has_its_line() {
    let demo = Demo::copy("hello");
    demo.build();
    let good = demo.keep_wasm("good.wasm");
    let traps = "unsafe { self.turns += (0x7fff_0000 as *const u32).read_volatile(); }";
    insert(&demo, traps);
    demo.build();
    let in_update = (demo.keep_wasm("update.wasm"), place_of(&demo, traps));
    demo.replace(traps, "");
    let refuses = "panic!(\"not me\");";
    let resumed = format!("fn resumed(&mut self, _: &Swapped) {{\n            {refuses}\n    }}\n");
    demo.replace("fn draw(", &format!("{resumed}\n    fn draw("));
    demo.build();
    let in_resume = (demo.wasm(), place_of(&demo, refuses));

    let ended = Run::headless(&good)
        .args("--fast --frames 100 --renderer null")
        .file(
            "--swap-at",
            Path::new(&format!("20={}", in_resume.0.display())),
            "",
        )
        .file(
            "--swap-at",
            Path::new(&format!("60={}", in_update.0.display())),
            "",
        )
        .to_end()
        .exits(0);
    let (refused, rollback) = (ended.only("refused"), ended.only("rollback"));
    assert_eq!(refused["message"], "resume panicked: not me");
    for (event, place) in [(refused, &in_resume.1), (rollback, &in_update.1)] {
        let location = event["location"].as_str().unwrap_or_default();
        // A file on its own does not say where its crate is.
        assert!(location.contains(place.as_str()), "{place} wanted: {event}");
        is_opened(&ended.said, location);
    }
    // Told in the order in which it happened, although the place is found later.
    let frames = ended.events.iter().map(|event| event["frame"].as_u64());
    assert!(frames.is_sorted(), "{:#?}", ended.events);
}

#[test]
fn without_debug_sections_it_is_said_how_to_have_them() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    Guest::of::<Counter>().trap_at(90).write(&file);
    let ended = run(&file);
    let event = ended.only("break");
    assert_eq!(event["location"], Value::Null);
    let names = ["vblank:guest/lifecycle@0.1.0#update"];
    assert_eq!(
        event["trace"],
        serde_json::json!(names),
        "as it is exported"
    );
    let _ = ended.says_once(&["for file and line", "line-tables-only", "Cargo.toml"]);
}
