//! The report of a run, read while it is written.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The lines of `--report`, as far as they have been written.
pub struct Report {
    path: PathBuf,
    file: Option<File>,
    /// The beginning of a line that is not whole yet.
    rest: String,
    /// Every event so far.
    pub events: Vec<Value>,
}

impl Report {
    /// The report that a host will write here.
    pub fn follow(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            rest: String::new(),
            events: Vec::new(),
        }
    }

    /// Read what has been added.
    pub fn read_on(&mut self) {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else { return };
        file.read_to_string(&mut self.rest)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", self.path.display()));
        while let Some((line, rest)) = self.rest.split_once('\n') {
            let event = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("a line of the report is no JSON: {error}: {line}"));
            self.events.push(event);
            self.rest = rest.to_owned();
        }
    }
}

/// What an event is called.
#[must_use]
pub fn name_of(event: &Value) -> &str {
    event["event"].as_str().unwrap_or_default()
}
