//! Prints values as WAVE for people, and as JSON for programs.

use super::event::{Event, Shape, Take, read, tell};
use super::tree::Value;
use crate::bounds::{MAX_DEPTH, MAX_PRINTED};
use crate::cursor::{CodecError, Cursor};
use crate::escape::{MOST_OF_NAME, is_active};
use crate::parcel::ParcelRef;
use crate::schema::{Schema, kebab};
use std::fmt::{self, Display, Write};

/// The language of a printed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// WAVE, WebAssembly's notation of values, for people. A map, which WAVE lacks, is a list of
    /// pairs.
    Wave,
    /// JSON, for programs.
    ///
    /// - A record is an object with its fields' own names.
    /// - A case is its name, or an object of one entry.
    /// - A map with text keys is an object, any other map a list of pairs.
    /// - An absent option is `null`, and an option in an option is a list.
    /// - Floats that JSON lacks are `"nan"`, `"inf"` and `"-inf"`.
    Json,
}

/// The reason why a state could not be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrintError {
    /// The state is not one of its schema.
    Damaged(CodecError),
    /// The destination takes no more.
    Write(fmt::Error),
}

impl Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrintError::Damaged(error) => error.fmt(f),
            PrintError::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PrintError {}

impl From<CodecError> for PrintError {
    fn from(error: CodecError) -> PrintError {
        PrintError::Damaged(error)
    }
}

/// Prints a state. It takes little memory, whatever the size and depth of the state.
///
/// # Errors
/// Returns an error when the parcel is not a state of the schema, when it has more than 2^26 values,
/// or when the destination takes no more. Nothing is printed in the first two cases.
pub fn print(
    schema: &Schema,
    parcel: &ParcelRef<'_>,
    notation: Notation,
    to: &mut dyn Write,
) -> Result<(), PrintError> {
    let root = Shape::Type(schema.root());
    let mut cursor = Cursor::new(parcel);
    read(schema, &mut cursor, root, MAX_DEPTH, &mut Counter(0))?;
    cursor.finish()?;
    let mut printer = Printer::new(to, notation);
    read(
        schema,
        &mut Cursor::new(parcel),
        root,
        MAX_DEPTH,
        &mut printer,
    )
}

/// Counts events, and refuses too many.
struct Counter(usize);

impl Take for Counter {
    type Error = CodecError;

    fn take(&mut self, _: Event<'_>) -> Result<(), CodecError> {
        self.0 += 1;
        if self.0 > MAX_PRINTED {
            return Err(CodecError::too_large(format!(
                "the state has more than {MAX_PRINTED} values, which is too much to print; \
                 look at parts of it in the overlay (F1) of `host run --state-in`"
            )));
        }
        Ok(())
    }
}

/// Prints WAVE.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match tell(self, &mut Printer::new(f, Notation::Wave)) {
            Err(PrintError::Write(error)) => Err(error),
            Err(PrintError::Damaged(_)) | Ok(()) => Ok(()),
        }
    }
}

impl Value {
    /// Returns the value as [`Notation::Json`].
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        tell(self, &mut Printer::new(&mut out, Notation::Json))
            .expect("writing to a string cannot fail");
        out
    }
}

/// Prints events.
struct Printer<'o> {
    out: &'o mut dyn Write,
    notation: Notation,
    /// The values that are open, outermost first.
    stack: Vec<Open>,
}

/// A value whose parts are being printed.
struct Open {
    kind: OpenKind,
    /// Number of parts that are missing.
    left: usize,
    /// True until the first part.
    is_first: bool,
    close: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenKind {
    /// Parts with commas between them.
    List,
    /// Keys and values by turns.
    Pairs,
    /// Keys and values of a JSON object.
    Object,
    /// Names precede the parts, and print the commas.
    Record,
    /// The content of a case in WAVE, of which a tuple has its own brackets.
    Content,
    /// The content of an option in JSON, in which only another option has brackets.
    Option,
    /// One part.
    One,
}

impl Take for Printer<'_> {
    type Error = PrintError;

    fn take(&mut self, event: Event<'_>) -> Result<(), PrintError> {
        self.event(event).map_err(PrintError::Write)
    }
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut dyn Write, notation: Notation) -> Self {
        Printer {
            out,
            notation,
            stack: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) -> fmt::Result {
        let is_json = self.notation == Notation::Json;
        if let Event::Field(name) = event {
            return self.field(name);
        }
        self.before(event)?;
        match event {
            Event::Bool(bit) => write!(self.out, "{bit}")?,
            Event::Unsigned(n) => write!(self.out, "{n}")?,
            Event::Signed(n) => write!(self.out, "{n}")?,
            Event::F32(n) => self.float(n.is_nan(), n.is_infinite(), n.is_sign_negative(), &n)?,
            Event::F64(n) => self.float(n.is_nan(), n.is_infinite(), n.is_sign_negative(), &n)?,
            Event::Char(letter) if is_json => {
                json_text(self.out, letter.encode_utf8(&mut [0; 4]))?;
            }
            Event::Char(letter) => quoted(self.out, '\'', std::iter::once(letter))?,
            Event::Text(text) if is_json => json_text(self.out, text)?,
            Event::Text(text) => quoted(self.out, '"', text.chars())?,
            Event::None => self.out.write_str(if is_json { "null" } else { "none" })?,
            Event::Case(name) if is_json => json_text(self.out, name)?,
            Event::Case(name) => self.out.write_str(&label(name))?,
            Event::Flags(set) => self.flags(set)?,
            Event::Some if is_json => return self.open("", OpenKind::Option, 1, ""),
            Event::Some => return self.open("some(", OpenKind::One, 1, ")"),
            Event::Ok if is_json => return self.open("{\"ok\":", OpenKind::One, 1, "}"),
            Event::Ok => return self.open("ok(", OpenKind::One, 1, ")"),
            Event::Err if is_json => return self.open("{\"err\":", OpenKind::One, 1, "}"),
            Event::Err => return self.open("err(", OpenKind::One, 1, ")"),
            Event::CaseOf(name) if is_json => {
                self.out.write_str("{")?;
                json_text(self.out, name)?;
                return self.open(":", OpenKind::One, 1, "}");
            }
            Event::CaseOf(name) => {
                self.out.write_str(&label(name))?;
                return self.open("", OpenKind::Content, 1, "");
            }
            Event::List(count) => return self.open("[", OpenKind::List, count, "]"),
            Event::Map {
                entries,
                has_text_keys,
            } => {
                let both = entries.saturating_mul(2);
                return if is_json && has_text_keys {
                    self.open("{", OpenKind::Object, both, "}")
                } else {
                    self.open("[", OpenKind::Pairs, both, "]")
                };
            }
            Event::Tuple(count) if is_json => return self.open("[", OpenKind::List, count, "]"),
            Event::Tuple(count) => return self.open("(", OpenKind::List, count, ")"),
            Event::Record(0) if !is_json => self.out.write_str("{:}")?,
            Event::Record(count) => return self.open("{", OpenKind::Record, count, "}"),
            Event::Field(_) => {}
        }
        self.complete()
    }

    /// Opens a value with this number of parts.
    fn open(
        &mut self,
        text: &str,
        kind: OpenKind,
        left: usize,
        close: &'static str,
    ) -> fmt::Result {
        self.out.write_str(text)?;
        if left == 0 {
            self.out.write_str(close)?;
            return self.complete();
        }
        self.stack.push(Open {
            kind,
            left,
            is_first: true,
            close,
        });
        Ok(())
    }

    /// Prints what stands before a part.
    fn before(&mut self, event: Event<'_>) -> fmt::Result {
        let is_json = self.notation == Notation::Json;
        let Some(open) = self.stack.last_mut() else {
            return Ok(());
        };
        let is_first = std::mem::take(&mut open.is_first);
        let is_key = open.left % 2 == 0;
        let text = match open.kind {
            OpenKind::List if is_first => "",
            OpenKind::List if is_json => ",",
            OpenKind::List => ", ",
            OpenKind::Pairs => match (is_key, is_first, is_json) {
                (true, true, true) => "[",
                (true, false, true) => ",[",
                (false, _, true) => ",",
                (true, true, false) => "(",
                (true, false, false) => ", (",
                (false, _, false) => ", ",
            },
            OpenKind::Object if !is_key => ":",
            OpenKind::Object if is_first => "",
            OpenKind::Object => ",",
            OpenKind::Content if !matches!(event, Event::Tuple(_)) => {
                open.close = ")";
                "("
            }
            OpenKind::Option if matches!(event, Event::None | Event::Some) => {
                open.close = "]";
                "["
            }
            OpenKind::Record | OpenKind::Content | OpenKind::Option | OpenKind::One => "",
        };
        self.out.write_str(text)
    }

    fn field(&mut self, name: &str) -> fmt::Result {
        let is_json = self.notation == Notation::Json;
        if let Some(open) = self.stack.last_mut()
            && !std::mem::take(&mut open.is_first)
        {
            self.out.write_str(if is_json { "," } else { ", " })?;
        }
        if is_json {
            json_text(self.out, name)?;
            self.out.write_str(":")
        } else {
            self.out.write_str(&label(name))?;
            self.out.write_str(": ")
        }
    }

    /// Closes all values of which the last part was printed.
    fn complete(&mut self) -> fmt::Result {
        while let Some(open) = self.stack.last_mut() {
            open.left -= 1;
            if open.kind == OpenKind::Pairs && open.left % 2 == 0 {
                let is_json = self.notation == Notation::Json;
                self.out.write_str(if is_json { "]" } else { ")" })?;
            }
            if open.left > 0 {
                break;
            }
            self.out.write_str(open.close)?;
            self.stack.pop();
        }
        Ok(())
    }

    fn flags(&mut self, set: &[&str]) -> fmt::Result {
        let is_json = self.notation == Notation::Json;
        self.out.write_str(if is_json { "[" } else { "{" })?;
        for (index, flag) in set.iter().enumerate() {
            if index > 0 {
                self.out.write_str(if is_json { "," } else { ", " })?;
            }
            if is_json {
                json_text(self.out, flag)?;
            } else {
                self.out.write_str(&label(flag))?;
            }
        }
        self.out.write_str(if is_json { "]" } else { "}" })
    }

    fn float(
        &mut self,
        is_nan: bool,
        is_infinite: bool,
        is_negative: bool,
        n: &dyn fmt::Debug,
    ) -> fmt::Result {
        let name = match (is_nan, is_infinite, is_negative) {
            (true, ..) => "nan",
            (_, true, false) => "inf",
            (_, true, true) => "-inf",
            // `{:?}` keeps the point and the sign of zero.
            _ => return write!(self.out, "{n:?}"),
        };
        match self.notation {
            Notation::Wave => self.out.write_str(name),
            Notation::Json => write!(self.out, "\"{name}\""),
        }
    }
}

fn quoted(out: &mut dyn Write, quote: char, letters: impl Iterator<Item = char>) -> fmt::Result {
    out.write_char(quote)?;
    for letter in letters {
        match letter {
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\\' => out.write_str("\\\\")?,
            letter if letter == quote => write!(out, "\\{letter}")?,
            letter if is_active(letter) => write!(out, "\\u{{{:x}}}", u32::from(letter))?,
            letter => out.write_char(letter)?,
        }
    }
    out.write_char(quote)
}

/// Returns a name as WAVE writes it: in kebab-case, with `%` before a keyword.
fn label(name: &str) -> String {
    let name = kebab(name);
    match name.as_str() {
        "true" | "false" | "some" | "none" | "ok" | "err" | "inf" | "nan" => format!("%{name}"),
        _ => crate::escape::escaped(&name, MOST_OF_NAME).to_string(),
    }
}

fn json_text(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            letter if is_active(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            letter => out.write_char(letter)?,
        }
    }
    out.write_char('"')
}
