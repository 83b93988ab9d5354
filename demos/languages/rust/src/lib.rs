//! The counter in Rust. Its siblings in C, JavaScript and Python have the same state and do the same.

use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Counter, path: ["../../../wit", "../wit"], world: "demo:languages/counter");

#[derive(State, Default)]
struct Counter {
    count: u64,
    label: String,
    /// Each step. From 1024 of them on they cross as raw memory.
    history: Vec<u32>,
    /// The largest step.
    best: Option<u32>,
    notes: Vec<Note>,
}

#[derive(State, Default)]
struct Note {
    /// The count at which it was written.
    at: u64,
    text: String,
    pinned: bool,
}

impl Guest for Counter {
    fn add(by: u32) -> u64 {
        Self::with(|counter| {
            counter.count += u64::from(by);
            counter.history.push(by);
            counter.best = counter.best.max(Some(by));
            counter.count
        })
    }

    fn name_it(label: String) {
        Self::with(|counter| counter.label = label);
    }

    fn note(text: String, pinned: bool) {
        Self::with(|counter| {
            let at = counter.count;
            counter.notes.push(Note { at, text, pinned });
        });
    }

    fn tell() -> String {
        Self::with(|counter| counter.tell())
    }
}

impl Counter {
    fn tell(&self) -> String {
        let Self { label, count, .. } = self;
        let (steps, best) = (self.history.len(), self.best.unwrap_or(0));
        let notes = self.notes.iter();
        let notes: String = notes
            .map(|note| {
                let pin = if note.pinned { "!" } else { "" };
                format!("; at {}: {}{pin}", note.at, note.text)
            })
            .collect();
        format!("Rust: {label} is at {count} after {steps} steps of at most {best}{notes}")
    }
}
