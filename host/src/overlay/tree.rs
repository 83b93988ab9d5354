//! The state as rows: open parts, results of a search, watched values, and the value that is being
//! edited. The tree reads only the parts of the state that it shows.

use std::collections::{BTreeMap, VecDeque};

use vblank_state::value::Spot;
use vblank_state::{ParcelRef, Schema};

/// Number of items of a list that are shown at a time.
pub(super) const PAGE: usize = 100;
/// Largest number of rows, which is more than anybody reads.
const MOST_ROWS: usize = 2000;
/// Limits of a search: values visited, and rows found.
const MOST_SEARCHED: usize = 5000;
const MOST_FOUND: usize = 200;
/// Number of values that are kept of a watched number: one minute.
const HISTORY: usize = 600;
/// Longest text that a field for one line can edit.
const MOST_TEXT: usize = 10_000;

/// The parts of the state that are open, and the requests of the person.
#[derive(Default)]
pub(super) struct Tree {
    /// Open paths, each with the first item shown if it is a list.
    open: BTreeMap<String, usize>,
    pub(super) search: String,
    pub(super) watched: Vec<Watched>,
    pub(super) field: Option<Field>,
    /// Path of the value whose text is wanted for a field.
    wanted: Option<String>,
}

/// A value that is read at each reading of the state.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) path: String,
    pub(super) text: String,
    /// Last values of a number.
    pub(super) history: VecDeque<f64>,
}

/// A value that is being edited.
pub(super) struct Field {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) error: Option<String>,
    /// True until the new field has got the keyboard.
    pub(super) is_new: bool,
}

/// A row of the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) ty: String,
    /// The value, or a summary.
    pub(super) text: String,
    /// Number of values inside.
    pub(super) count: usize,
    pub(super) is_open: bool,
    /// First item shown, for an open list.
    pub(super) first: Option<usize>,
    pub(super) is_watched: bool,
}

impl Tree {
    /// Opens a closed value, or closes an open one.
    pub(super) fn toggle(&mut self, path: &str) {
        if self.open.remove(path).is_none() {
            self.open.insert(path.to_owned(), 0);
        }
    }

    /// Shows a list from this item on.
    pub(super) fn turn_to(&mut self, path: &str, first: usize) {
        self.open.insert(path.to_owned(), first);
    }

    pub(super) fn watch(&mut self, path: &str) {
        let before = self.watched.len();
        self.watched.retain(|watched| watched.path != path);
        if self.watched.len() == before {
            let path = path.to_owned();
            self.watched.push(Watched {
                path,
                ..Watched::default()
            });
        }
    }

    /// Requests a field with a value's text, at the next reading of the state.
    pub(super) fn begin_edit(&mut self, path: &str) {
        self.wanted = Some(path.to_owned());
    }

    /// Handles the outcome of the edit.
    pub(super) fn edited(&mut self, done: Result<(), String>) {
        match (done, &mut self.field) {
            (Ok(()), field) => *field = None,
            (Err(error), Some(field)) => field.error = Some(error),
            (Err(_), None) => {}
        }
    }

    /// Reads the open, watched, found and edited values.
    pub(super) fn read(&mut self, schema: &Schema, parcel: &ParcelRef<'_>) -> Vec<Row> {
        self.read_watched(schema, parcel);
        self.read_wanted(schema, parcel);
        let root = Spot::root(schema, parcel);
        let mut rows = Vec::new();
        if self.search.trim().is_empty() {
            self.walk(&root, "", 0, &mut rows);
        } else {
            self.find(schema, parcel, &mut rows);
        }
        rows
    }

    fn read_watched(&mut self, schema: &Schema, parcel: &ParcelRef<'_>) {
        for watched in &mut self.watched {
            let found = Spot::find(schema, parcel, &watched.path);
            watched.text = match &found {
                Ok(spot) => spot.summary().unwrap_or_else(|error| error.to_string()),
                Err(error) => error.to_string(),
            };
            if let Some(number) = found.ok().and_then(|spot| spot.number()) {
                if watched.history.len() == HISTORY {
                    watched.history.pop_front();
                }
                watched.history.push_back(number);
            }
        }
    }

    fn read_wanted(&mut self, schema: &Schema, parcel: &ParcelRef<'_>) {
        let Some(path) = self.wanted.take() else {
            return;
        };
        let Ok(spot) = Spot::find(schema, parcel, &path) else {
            return;
        };
        let is_large = spot.count().is_ok_and(|count| count > PAGE);
        let text = match spot.value() {
            Ok(value) if !is_large => value.to_string(),
            _ => String::new(),
        };
        let is_long = is_large || text.len() > MOST_TEXT;
        self.field = Some(Field {
            path,
            text: if is_long { String::new() } else { text },
            error: is_long.then(|| "too long to show here; what is typed replaces it".to_owned()),
            is_new: true,
        });
    }

    fn walk(&self, spot: &Spot<'_>, path: &str, depth: usize, rows: &mut Vec<Row>) {
        let first = self.open.get(path).copied().unwrap_or(0);
        let Ok(children) = spot.children(first..first.saturating_add(PAGE)) else {
            return;
        };
        for (step, child) in children {
            if rows.len() >= MOST_ROWS {
                return;
            }
            let path = joined(path, &step);
            let row = self.row(&child, path.clone(), step.trim_start_matches('.'), depth);
            let is_open = row.is_open;
            rows.push(row);
            if is_open {
                self.walk(&child, &path, depth + 1, rows);
            }
        }
    }

    fn row(&self, spot: &Spot<'_>, path: String, name: &str, depth: usize) -> Row {
        let count = spot.count().unwrap_or(0);
        let first = self.open.get(&path).copied().filter(|_| count > 0);
        Row {
            depth,
            name: name.to_owned(),
            ty: spot.type_name(),
            text: preview(spot),
            count,
            is_open: first.is_some(),
            first: first.filter(|_| count > PAGE),
            is_watched: self.watched.iter().any(|watched| watched.path == path),
            path,
        }
    }

    /// Finds the value of exactly this path, and values whose paths contain the text.
    fn find(&self, schema: &Schema, parcel: &ParcelRef<'_>, rows: &mut Vec<Row>) {
        let wanted = self.search.trim();
        if let Ok(spot) = Spot::find(schema, parcel, wanted) {
            let row = self.row(&spot, wanted.to_owned(), wanted, 0);
            let is_open = row.is_open;
            rows.push(row);
            if is_open {
                self.walk(&spot, wanted, 1, rows);
            }
        }
        let wanted = wanted.to_lowercase();
        let mut left = MOST_SEARCHED;
        let root = Spot::root(schema, parcel);
        self.search_in(&root, "", &wanted, &mut left, rows);
    }

    fn search_in(
        &self,
        spot: &Spot<'_>,
        path: &str,
        wanted: &str,
        left: &mut usize,
        rows: &mut Vec<Row>,
    ) {
        for (step, child) in spot.children(0..PAGE).unwrap_or_default() {
            if *left == 0 || rows.len() >= MOST_FOUND {
                return;
            }
            *left -= 1;
            let path = joined(path, &step);
            // Inner values have this path as their prefix, so they match too and need no search.
            if path.to_lowercase().contains(wanted) {
                if rows.first().is_none_or(|row| row.path != path) {
                    let row = self.row(&child, path.clone(), &path, 0);
                    let is_open = row.is_open;
                    rows.push(row);
                    if is_open {
                        self.walk(&child, &path, 1, rows);
                    }
                }
            } else {
                self.search_in(&child, &path, wanted, left, rows);
            }
        }
    }
}

/// Returns a summary of the value, or the whole value of a small record.
fn preview(spot: &Spot<'_>) -> String {
    const SMALL: usize = 32;
    let is_small = spot.size().is_some_and(|size| size <= SMALL);
    let summary = match spot.summary() {
        Ok(text) if text.is_empty() && is_small => spot.value().map(|value| value.to_string()),
        other => other,
    };
    summary.unwrap_or_else(|error| error.to_string())
}

fn joined(path: &str, step: &str) -> String {
    match path {
        "" => step.trim_start_matches('.').to_owned(),
        path => format!("{path}{step}"),
    }
}
