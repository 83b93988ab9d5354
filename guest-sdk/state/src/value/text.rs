//! Prints values as WAVE for people, and as JSON for programs.

use super::tree::Value;
use crate::schema::kebab;
use std::fmt::{self, Display, Write};

/// Prints WAVE. A map, which WAVE lacks, is a list of pairs.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(bit) => write!(f, "{bit}"),
            Value::Unsigned(n) => write!(f, "{n}"),
            Value::Signed(n) => write!(f, "{n}"),
            Value::F32(n) => float(f, n.is_nan(), n.is_infinite(), n.is_sign_negative(), n),
            Value::F64(n) => float(f, n.is_nan(), n.is_infinite(), n.is_sign_negative(), n),
            Value::Char(c) => write_quoted(f, '\'', std::iter::once(*c)),
            Value::String(text) => write_quoted(f, '"', text.chars()),
            Value::List(items) => write_list(f, "[", "]", items, |f, item| write!(f, "{item}")),
            Value::Map(entries) => write_list(f, "[", "]", entries, |f, (key, value)| {
                write!(f, "({key}, {value})")
            }),
            Value::Option(None) => f.write_str("none"),
            Value::Option(Some(value)) => write!(f, "some({value})"),
            Value::Result(Ok(value)) => write!(f, "ok({value})"),
            Value::Result(Err(value)) => write!(f, "err({value})"),
            Value::Tuple(items) => write_list(f, "(", ")", items, |f, item| write!(f, "{item}")),
            Value::Record(fields) if fields.is_empty() => f.write_str("{:}"),
            Value::Record(fields) => write_list(f, "{", "}", fields, |f, (name, value)| {
                write!(f, "{}: {value}", label(name))
            }),
            Value::Variant(case, None) => f.write_str(&label(case)),
            // A tuple has its own brackets.
            Value::Variant(case, Some(value)) => match &**value {
                tuple @ Value::Tuple(_) => write!(f, "{}({tuple})", label(case)),
                value => write!(f, "{}({value})", label(case)),
            },
            Value::Flags(set) => write_list(f, "{", "}", set, |f, flag| f.write_str(&label(flag))),
        }
    }
}

impl Value {
    /// Returns the value as JSON.
    ///
    /// - A record is an object with its fields' own names.
    /// - A case is its name, or an object of one entry.
    /// - A map with text keys is an object, any other map a list of pairs.
    /// - An absent option is `null`, and an option in an option is a list.
    /// - Floats that JSON lacks are `"nan"`, `"inf"` and `"-inf"`.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.json(&mut out)
            .expect("writing to a string cannot fail");
        out
    }

    fn json(&self, out: &mut String) -> fmt::Result {
        match self {
            Value::F32(n) if !n.is_finite() => write!(out, "\"{self}\""),
            Value::F64(n) if !n.is_finite() => write!(out, "\"{self}\""),
            // `{:?}` keeps the point and the sign of zero.
            Value::F32(n) => write!(out, "{n:?}"),
            Value::F64(n) => write!(out, "{n:?}"),
            Value::Bool(_) | Value::Unsigned(_) | Value::Signed(_) => write!(out, "{self}"),
            Value::Char(c) => json_text(out, c.encode_utf8(&mut [0; 4])),
            Value::String(text) => json_text(out, text),
            Value::List(items) | Value::Tuple(items) => {
                json_list(out, "[", "]", items, |out, item| item.json(out))
            }
            Value::Map(entries)
                if entries
                    .iter()
                    .all(|(key, _)| matches!(key, Value::String(_))) =>
            {
                json_list(out, "{", "}", entries, |out, (key, value)| {
                    key.json(out)?;
                    out.push(':');
                    value.json(out)
                })
            }
            Value::Map(entries) => json_list(out, "[", "]", entries, |out, (key, value)| {
                out.push('[');
                key.json(out)?;
                out.push(',');
                value.json(out)?;
                out.push(']');
                Ok(())
            }),
            Value::Option(None) => out.write_str("null"),
            Value::Option(Some(value)) => match &**value {
                inner @ Value::Option(_) => {
                    out.push('[');
                    inner.json(out)?;
                    out.push(']');
                    Ok(())
                }
                value => value.json(out),
            },
            Value::Result(Ok(value)) => json_entry(out, "ok", value),
            Value::Result(Err(value)) => json_entry(out, "err", value),
            Value::Record(fields) => json_list(out, "{", "}", fields, |out, (name, value)| {
                json_text(out, name)?;
                out.push(':');
                value.json(out)
            }),
            Value::Variant(case, None) => json_text(out, case),
            Value::Variant(case, Some(value)) => json_entry(out, case, value),
            Value::Flags(set) => json_list(out, "[", "]", set, |out, flag| json_text(out, flag)),
        }
    }
}

fn float(
    f: &mut fmt::Formatter<'_>,
    nan: bool,
    infinite: bool,
    negative: bool,
    n: &dyn fmt::Debug,
) -> fmt::Result {
    match (nan, infinite, negative) {
        (true, ..) => f.write_str("nan"),
        (_, true, false) => f.write_str("inf"),
        (_, true, true) => f.write_str("-inf"),
        _ => write!(f, "{n:?}"),
    }
}

fn write_quoted(
    f: &mut fmt::Formatter<'_>,
    quote: char,
    chars: impl Iterator<Item = char>,
) -> fmt::Result {
    f.write_char(quote)?;
    for c in chars {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}

fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    close: &str,
    items: &[T],
    each: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        each(f, item)?;
    }
    f.write_str(close)
}

/// Returns a name as WAVE writes it: in kebab-case, with `%` before a keyword.
fn label(name: &str) -> String {
    let name = kebab(name);
    match name.as_str() {
        "true" | "false" | "some" | "none" | "ok" | "err" | "inf" | "nan" => format!("%{name}"),
        _ => name,
    }
}

fn json_entry(out: &mut String, name: &str, value: &Value) -> fmt::Result {
    out.push('{');
    json_text(out, name)?;
    out.push(':');
    value.json(out)?;
    out.push('}');
    Ok(())
}

fn json_list<T>(
    out: &mut String,
    open: &str,
    close: &str,
    items: &[T],
    each: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(out, item)?;
    }
    out.push_str(close);
    Ok(())
}

fn json_text(out: &mut String, text: &str) -> fmt::Result {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => write!(out, "\\u{:04x}", u32::from(c))?,
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(())
}
