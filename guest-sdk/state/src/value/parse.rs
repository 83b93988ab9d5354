//! Parses values in WAVE by their type. Reads what [`Value`] prints.

use std::fmt;
use std::str::FromStr;

use super::tree::Value;
use crate::bounds::MAX_TREE_DEPTH;
use crate::escape::{MOST_OF_MESSAGE, escaped_lines};
use crate::schema::{Case, Fields, Kind, Number, Schema, Style, Type, kebab};

/// The reason why a text is not a value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Position in the text, in bytes.
    pub at: usize,
    /// Cause.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = escaped_lines(&self.message, MOST_OF_MESSAGE);
        if self.at == 0 {
            return message.fmt(f);
        }
        write!(f, "{message} (at column {})", self.at + 1)
    }
}

impl std::error::Error for ParseError {}

/// Parses a text in WAVE as a value of a type. Names may be spelled as in the source or in
/// kebab-case.
///
/// # Errors
/// Returns the position and the reason when the text is not a value of the type.
pub fn parse(schema: &Schema, ty: &Type, text: &str) -> Result<Value, ParseError> {
    Parser::new(schema, text).whole(|parser| parser.value(ty, MAX_TREE_DEPTH))
}

/// Parses the fields of a variant's case.
pub(super) fn parse_fields(
    schema: &Schema,
    fields: &Fields,
    text: &str,
) -> Result<Value, ParseError> {
    Parser::new(schema, text).whole(|parser| parser.fields(fields, MAX_TREE_DEPTH))
}

struct Parser<'a> {
    schema: &'a Schema,
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(schema: &'a Schema, text: &'a str) -> Self {
        Parser {
            schema,
            text,
            at: 0,
        }
    }

    fn whole(
        mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, ParseError>,
    ) -> Result<Value, ParseError> {
        let value = read(&mut self)?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.error(format!("unexpected text at the end: {}", self.rest()))),
        }
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, ParseError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.error("nested too deep"));
        };
        match ty {
            Type::Bool => match self.word() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                other => Err(self.not(ty, other)),
            },
            Type::Number(number) => self.number(*number, ty),
            Type::Char => {
                let mut letters = self.quoted_text('\'')?.chars().collect::<Vec<_>>();
                match (letters.pop(), letters.pop()) {
                    (Some(letter), None) => Ok(Value::Char(letter)),
                    _ => Err(self.error("a char is one character in '…'")),
                }
            }
            Type::String => self.quoted_text('"').map(Value::String),
            Type::List(item) | Type::Set(item) => self.list(item, depth).map(Value::List),
            Type::Array(item, count) => {
                let items = self.list(item, depth)?;
                if items.len() != *count as usize {
                    let message = format!("{} items where {count} are expected", items.len());
                    return Err(self.error(message));
                }
                Ok(Value::List(items))
            }
            Type::Map(key, value) => {
                let mut entries = Vec::new();
                self.sequence('[', ']', |parser| {
                    parser.expect('(')?;
                    let key = parser.value(key, depth)?;
                    parser.expect(',')?;
                    entries.push((key, parser.value(value, depth)?));
                    parser.expect(')')
                })?;
                Ok(Value::Map(entries))
            }
            Type::Option(item) => match self.word() {
                "none" => Ok(Value::Option(None)),
                "some" => Ok(Value::Option(Some(self.boxed(item, depth)?))),
                _ => Err(self.error("expected `none` or `some(…)`")),
            },
            Type::Result(ok, err) => match self.word() {
                "ok" => Ok(Value::Result(Ok(self.boxed(ok, depth)?))),
                "err" => Ok(Value::Result(Err(self.boxed(err, depth)?))),
                _ => Err(self.error("expected `ok(…)` or `err(…)`")),
            },
            Type::Tuple(types) => {
                let values = self.tuple(types.iter(), depth)?;
                Ok(Value::Tuple(values))
            }
            Type::Named(id) => match &self.schema.get(*id).kind {
                Kind::Record { fields, .. } => self.fields(fields, depth),
                Kind::Variant(cases) => self.variant(cases, depth),
                Kind::Flags(flags) => self.flags(flags),
            },
        }
    }

    fn number(&mut self, number: Number, ty: &Type) -> Result<Value, ParseError> {
        fn read<T: FromStr>(word: &str, value: impl Fn(T) -> Value) -> Option<Value> {
            word.parse().ok().map(value)
        }
        let begin = self.start();
        let word = self.word();
        let unsigned = |n: u64| Value::Unsigned(n);
        let signed = |n: i64| Value::Signed(n);
        let value = match number {
            Number::U8 => read(word, |n: u8| unsigned(n.into())),
            Number::U16 => read(word, |n: u16| unsigned(n.into())),
            Number::U32 => read(word, |n: u32| unsigned(n.into())),
            Number::U64 => read(word, unsigned),
            Number::S8 => read(word, |n: i8| signed(n.into())),
            Number::S16 => read(word, |n: i16| signed(n.into())),
            Number::S32 => read(word, |n: i32| signed(n.into())),
            Number::S64 => read(word, signed),
            Number::F32 => read(word, Value::F32),
            Number::F64 => read(word, Value::F64),
        };
        let is_named = word.trim_start_matches(['-', '+']).starts_with(['i', 'n']);
        let is_finite = match value {
            Some(Value::F32(float)) => float.is_finite(),
            Some(Value::F64(float)) => float.is_finite(),
            _ => true,
        };
        // `1e999` is not accepted as a spelling of infinity.
        let fits = |_: &Value| is_finite || is_named;
        value.filter(fits).ok_or_else(|| {
            self.at = begin;
            let word = if word.is_empty() { self.rest() } else { word };
            self.not(ty, word)
        })
    }

    fn list(&mut self, item: &Type, depth: usize) -> Result<Vec<Value>, ParseError> {
        let mut items = Vec::new();
        self.sequence('[', ']', |parser| {
            items.push(parser.value(item, depth)?);
            Ok(())
        })?;
        Ok(items)
    }

    fn tuple<'t>(
        &mut self,
        types: impl ExactSizeIterator<Item = &'t Type>,
        depth: usize,
    ) -> Result<Vec<Value>, ParseError> {
        let count = types.len();
        let mut values = Vec::with_capacity(count);
        self.expect('(')?;
        for (index, ty) in types.enumerate() {
            if index > 0 {
                self.expect(',')?;
            }
            values.push(self.value(ty, depth)?);
        }
        if self.peek() == Some(',') && count > 0 {
            self.expect(',')?;
        }
        self.expect(')')?;
        Ok(values)
    }

    fn fields(&mut self, fields: &Fields, depth: usize) -> Result<Value, ParseError> {
        if fields.style == Style::Tuple {
            let types = fields.list.iter().map(|field| &field.ty);
            return self.tuple(types, depth).map(Value::Tuple);
        }
        let mut values: Vec<Option<Value>> = fields.list.iter().map(|_| None).collect();
        if fields.list.is_empty() {
            self.expect('{')?;
            self.expect(':')?;
            self.expect('}')?;
            return Ok(Value::Record(Vec::new()));
        }
        self.sequence('{', '}', |parser| {
            let begin = parser.start();
            let name = parser.word();
            let names = fields.list.iter().map(|field| &*field.name);
            let Some(index) = named(names, name) else {
                parser.at = begin;
                return Err(parser.error(format!("there is no field `{name}`")));
            };
            parser.expect(':')?;
            let value = parser.value(&fields.list[index].ty, depth)?;
            values[index] = Some(value);
            Ok(())
        })?;
        let all = fields.list.iter().zip(values).map(|(field, value)| {
            let value = value.ok_or_else(|| {
                self.error(format!("the field `{}` is not given", kebab(&field.name)))
            })?;
            Ok((field.name.clone(), value))
        });
        all.collect::<Result<_, _>>().map(Value::Record)
    }

    fn variant(&mut self, cases: &[Case], depth: usize) -> Result<Value, ParseError> {
        let index = self.case(cases)?;
        let case = &cases[index];
        let content = match (case.fields.style, case.fields.list.as_slice()) {
            (_, []) => return Ok(Value::Variant(case.name.clone(), None)),
            (Style::Tuple, [one]) => self.boxed(&one.ty, depth)?,
            _ => {
                self.expect('(')?;
                let fields = self.fields(&case.fields, depth)?;
                self.expect(')')?;
                Box::new(fields)
            }
        };
        Ok(Value::Variant(case.name.clone(), Some(content)))
    }

    fn flags(&mut self, flags: &[Case]) -> Result<Value, ParseError> {
        let mut set = Vec::new();
        self.sequence('{', '}', |parser| {
            set.push(parser.case(flags)?);
            Ok(())
        })?;
        // Flags are kept in order of declaration.
        set.sort_unstable();
        set.dedup();
        let names = set.into_iter().map(|index| flags[index].name.clone());
        Ok(Value::Flags(names.collect()))
    }

    fn case(&mut self, cases: &[Case]) -> Result<usize, ParseError> {
        let begin = self.start();
        let name = self.word();
        named(cases.iter().map(|case| &*case.name), name).ok_or_else(|| {
            let known: Vec<_> = cases.iter().map(|case| kebab(&case.name)).collect();
            self.at = begin;
            self.error(format!("`{name}` is none of {}", known.join(", ")))
        })
    }

    fn boxed(&mut self, ty: &Type, depth: usize) -> Result<Box<Value>, ParseError> {
        self.expect('(')?;
        let value = self.value(ty, depth)?;
        self.expect(')')?;
        Ok(Box::new(value))
    }

    /// Reads items with commas between them. A last comma is allowed.
    fn sequence(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        self.expect(open)?;
        while self.peek() != Some(close) {
            item(self)?;
            if self.peek() != Some(close) {
                self.expect(',')?;
            }
        }
        self.expect(close)
    }

    fn quoted_text(&mut self, quote: char) -> Result<String, ParseError> {
        self.expect(quote)?;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.error(format!("{quote} is missing at the end"))),
                Some(letter) if letter == quote => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(letter) => text.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        Ok(match self.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(letter @ ('\\' | '\'' | '"')) => letter,
            Some('u') => {
                self.expect('{')?;
                let digits = self.word();
                let letter = u32::from_str_radix(digits, 16).ok();
                let letter = letter.and_then(char::from_u32);
                let letter = letter
                    .ok_or_else(|| self.error(format!("\\u{{{digits}}} is not a character")))?;
                self.expect('}')?;
                letter
            }
            _ => return Err(self.error("unknown escape; use \\n \\r \\t \\\\ \\\" \\' or \\u{…}")),
        })
    }

    /// Reads letters, digits and the other characters of names and numbers.
    fn word(&mut self) -> &'a str {
        let begin = self.start();
        let text = &self.text[begin..];
        let is_part = |c: char| c.is_alphanumeric() || "-_+.%".contains(c);
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        self.at = begin + end;
        &text[..end]
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.text[self.at..].chars().next()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    /// Skips white space, and returns the position of the next token.
    fn start(&mut self) -> usize {
        let text = &self.text[self.at..];
        self.at = self.text.len() - text.trim_start().len();
        self.at
    }

    fn peek(&mut self) -> Option<char> {
        self.start();
        self.text[self.at..].chars().next()
    }

    fn expect(&mut self, wanted: char) -> Result<(), ParseError> {
        match self.peek() {
            Some(found) if found == wanted => {
                self.at += wanted.len_utf8();
                Ok(())
            }
            Some(_) => Err(self.error(format!("expected `{wanted}` before {}", self.rest()))),
            None => Err(self.error(format!("`{wanted}` is missing at the end"))),
        }
    }

    /// Returns the beginning of the remaining text, for messages.
    fn rest(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.char_indices().nth(20).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    fn not(&self, ty: &Type, word: &str) -> ParseError {
        let name = self.schema.type_name(ty);
        self.error(format!("`{word}` is not of the type {name}"))
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError {
            at: self.at,
            message: message.into(),
        }
    }
}

/// Returns the index of a name, as spelled or in kebab-case.
fn named<'n>(names: impl Iterator<Item = &'n str> + Clone, name: &str) -> Option<usize> {
    let name = name.trim_start_matches('%');
    let plain = names.clone().position(|known| known == name);
    plain.or_else(|| names.clone().position(|known| kebab(known) == name))
}
