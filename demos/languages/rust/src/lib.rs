//! The counter in Rust. Its siblings in C, JavaScript and Python have the same state and do the same.

use std::collections::{BTreeMap, BTreeSet};

use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Counter, path: ["../../../wit", "../wit"], world: "demo:languages/counter");

#[derive(State)]
struct Counter {
    count: u64,
    label: String,
    /// Beginning of its labels.
    initials: BTreeSet<char>,
    /// Number that is to be reached.
    #[state(default = 1000, alias = "target")]
    goal: u64,
    mood: Mood,
    /// Last request.
    last: Last,
    /// All steps. From 1024 of them on they cross as raw memory.
    history: Vec<u32>,
    /// The last three of them.
    recent: [u32; 3],
    /// The largest step.
    best: Option<u32>,
    /// Number and sum of the steps, by the hundred.
    bands: BTreeMap<u32, (u32, u64)>,
    notes: Vec<Note>,
    /// Number of steps before each note, and whether the note was pinned. From 512 of them on these are
    /// raw memory too.
    places: Vec<[u32; 2]>,
}

#[derive(State, Clone, Copy, Debug, Default)]
enum Mood {
    #[default]
    Calm,
    Eager,
    #[state(alias = "Done")]
    Content,
}

#[derive(State, Default)]
enum Last {
    #[default]
    Nothing,
    Added(u32),
    #[state(alias = "Labelled")]
    Named {
        before: String,
    },
}

/// A remark, as it was called once.
#[derive(State, Default)]
#[state(alias = "Remark", version = 1)]
struct Note {
    /// The count at which it was written.
    at: u64,
    text: String,
    pinned: bool,
    /// Steps that were written after it until the next one is pinned.
    replies: Vec<Note>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            count: 0,
            label: String::new(),
            initials: BTreeSet::new(),
            goal: 1000,
            mood: Mood::Calm,
            last: Last::Nothing,
            history: Vec::new(),
            recent: [0; 3],
            best: None,
            bands: BTreeMap::new(),
            notes: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl Guest for Counter {
    fn add(by: u32) -> u64 {
        Self::with(|counter| {
            counter.count += u64::from(by);
            counter.mood = match counter.count {
                count if count >= counter.goal => Mood::Content,
                count if count >= counter.goal / 2 => Mood::Eager,
                _ => Mood::Calm,
            };
            counter.last = Last::Added(by);
            counter.history.push(by);
            counter.recent = [counter.recent[1], counter.recent[2], by];
            counter.best = counter.best.max(Some(by));
            let (steps, sum) = counter.bands.entry(by / 100).or_default();
            *steps += 1;
            *sum += u64::from(by);
            counter.count
        })
    }

    fn name_it(label: String) {
        Self::with(|counter| {
            counter.initials.extend(label.chars().next());
            let before = std::mem::replace(&mut counter.label, label);
            counter.last = Last::Named { before };
        });
    }

    fn note(text: String, pinned: bool) {
        Self::with(|counter| {
            let steps = counter.history.len() as u32;
            counter.places.push([steps, u32::from(pinned)]);
            let note = Note {
                at: counter.count,
                text,
                pinned,
                replies: Vec::new(),
            };
            match counter.notes.last_mut() {
                Some(last) if !pinned => last.replies.push(note),
                _ => counter.notes.push(note),
            }
        });
    }

    fn tell() -> String {
        Self::with(|counter| counter.tell())
    }
}

impl Counter {
    fn tell(&self) -> String {
        let Self {
            label,
            count,
            goal,
            mood,
            ..
        } = self;
        let (steps, best) = (self.history.len(), self.best.unwrap_or(0));
        let last = match &self.last {
            Last::Nothing => "nothing".to_owned(),
            Last::Added(by) => format!("add {by}"),
            Last::Named { before } => format!("name \"{before}\" anew"),
        };
        let notes = self
            .notes
            .iter()
            .flat_map(|note| std::iter::once(note).chain(&note.replies));
        let notes: String = notes
            .map(|note| {
                let pin = if note.pinned { "!" } else { "" };
                format!("; at {}: {}{pin}", note.at, note.text)
            })
            .collect();
        format!(
            "Rust: {label} is at {count} of {goal} after {steps} steps of at most {best}, {mood:?}, last to {last}{notes}"
        )
    }
}
