//! The difference of two value trees.

use super::tree::Value;
use crate::escape::{MOST_OF_PATH, escaped};
use std::fmt;

/// A position at which two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path, such as `particles[3].life`. Empty for the whole.
    pub path: String,
    /// Value in the first tree, if it has one there.
    pub old: Option<Value>,
    /// Value in the second tree, if it has one there.
    pub new: Option<Value>,
}

/// Returns all positions at which two values differ, each as deep as possible.
pub fn difference(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(old, new, "", &mut found);
    found
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = escaped(self.path.trim_start_matches('.'), MOST_OF_PATH);
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, "~ {path}  {old} → {new}"),
            (Some(old), None) => write!(f, "- {path}  {old}"),
            (None, Some(new)) => write!(f, "+ {path}  {new}"),
            (None, None) => Ok(()),
        }
    }
}

fn compare(old: &Value, new: &Value, path: &str, found: &mut Vec<Difference>) {
    match (old, new) {
        (Value::List(a), Value::List(b)) => items(a, b, path, found, |i| format!("[{i}]")),
        (Value::Tuple(a), Value::Tuple(b)) => items(a, b, path, found, |i| format!(".{i}")),
        (Value::Record(a), Value::Record(b)) => {
            entries(a, b, path, found, |name| format!(".{name}"))
        }
        (Value::Map(a), Value::Map(b)) => entries(a, b, path, found, |key| format!("[{key}]")),
        (Value::Option(Some(a)), Value::Option(Some(b)))
        | (Value::Result(Ok(a)), Value::Result(Ok(b)))
        | (Value::Result(Err(a)), Value::Result(Err(b))) => compare(a, b, path, found),
        (Value::Variant(a, Some(x)), Value::Variant(b, Some(y))) if a == b => {
            compare(x, y, path, found)
        }
        (a, b) if a == b => {}
        (a, b) => differ(path, Some(a), Some(b), found),
    }
}

fn items(
    a: &[Value],
    b: &[Value],
    path: &str,
    found: &mut Vec<Difference>,
    name: impl Fn(usize) -> String,
) {
    for index in 0..a.len().max(b.len()) {
        let path = || format!("{path}{}", name(index));
        match (a.get(index), b.get(index)) {
            // Most items are equal, and no path is formatted for those.
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => compare(a, b, &path(), found),
            (a, b) => differ(&path(), a, b, found),
        }
    }
}

fn entries<K: PartialEq>(
    a: &[(K, Value)],
    b: &[(K, Value)],
    path: &str,
    found: &mut Vec<Difference>,
    name: impl Fn(&K) -> String,
) {
    // Both sides mostly have the same keys in the same order, so the same index is tried first.
    let find = |list: &[(K, Value)], at: usize, key: &K| {
        let near = list.get(at).filter(|(k, _)| k == key).map(|_| at);
        near.or_else(|| list.iter().position(|(k, _)| k == key))
    };
    for (at, (key, value)) in a.iter().enumerate() {
        match find(b, at, key) {
            Some(other) if b[other].1 == *value => {}
            Some(other) => compare(value, &b[other].1, &format!("{path}{}", name(key)), found),
            None => differ(&format!("{path}{}", name(key)), Some(value), None, found),
        }
    }
    for (at, (key, value)) in b.iter().enumerate() {
        if find(a, at, key).is_none() {
            differ(&format!("{path}{}", name(key)), None, Some(value), found);
        }
    }
}

fn differ(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Difference>) {
    let path = path.trim_start_matches('.').to_owned();
    found.push(Difference {
        path,
        old: old.cloned(),
        new: new.cloned(),
    });
}
