//! Input written down in a file: one JSON object a line, each for one frame.
//!
//! ```text
//! # a comment
//! {"frame": 30, "key": "Space", "down": true}
//! {"frame": 31, "pointer": [200, 120]}
//! {"frame": 31, "button": "primary", "down": true}
//! {"frame": 32, "wheel": [0, 1]}
//! {"frame": 40, "text": "hi"}
//! {"frame": 50, "pointer": null}
//! {"frame": 60, "blur": true}
//! ```

use serde::{Deserialize, Deserializer, Serialize};

use super::{Button, InputEvent, Key};

/// An event and the update that sees it first. As JSON, a line of a [`Script`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Line", into = "Line")]
pub struct Cue {
    /// The number of the update.
    pub frame: u64,
    /// What happens.
    pub event: InputEvent,
}

/// Input by frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(Vec<Cue>);

/// A script that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Script {
    /// Reads a script. Lines may be in any order; those of one frame happen as they are written.
    /// Empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// Names the first line that is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut cues = Vec::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let cue: Cue = serde_json::from_str(line).map_err(|error| ScriptError {
                line: index + 1,
                reason: reason(&error),
            })?;
            cues.push(cue);
        }
        cues.sort_by_key(|cue| cue.frame);
        Ok(Self(cues))
    }

    /// What happens before update `frame`, in order.
    pub fn events_at(&self, frame: u64) -> impl Iterator<Item = InputEvent> + '_ {
        let first = self.0.partition_point(|cue| cue.frame < frame);
        let cues = self.0[first..]
            .iter()
            .take_while(move |cue| cue.frame == frame);
        cues.map(|cue| cue.event.clone())
    }
}

/// An error without its place "at line 1", which counts within the one line that was read.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cause = text.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        serde_json::error::Category::Data => cause.to_owned(),
        _ => format!("not a JSON object: {cause} (column {})", error.column()),
    }
}

/// A line as it is written, before it is known whether its parts belong together.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    frame: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    button: Option<Button>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    down: Option<bool>,
    /// `null` is the pointer leaving, and not the same as nothing.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pointer: Option<Option<[f32; 2]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wheel: Option<[f32; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blur: Option<bool>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl TryFrom<Line> for Cue {
    type Error = String;

    fn try_from(line: Line) -> Result<Self, String> {
        let Line {
            frame,
            key,
            button,
            down,
            pointer,
            wheel,
            text,
            blur,
        } = line;
        let down_of = |what: &str| {
            down.ok_or_else(|| format!("a {what} needs \"down\": true or \"down\": false"))
        };
        let mut events = Vec::new();
        if let Some(key) = key {
            events.push(InputEvent::Key {
                key,
                down: down_of("key")?,
            });
        }
        if let Some(button) = button {
            events.push(InputEvent::Button {
                button,
                down: down_of("button")?,
            });
        }
        if let Some(place) = pointer {
            events.push(match place {
                Some([x, y]) => InputEvent::PointerMoved { x, y },
                None => InputEvent::PointerLeft,
            });
        }
        if let Some([x, y]) = wheel {
            events.push(InputEvent::Wheel { x, y });
        }
        if let Some(text) = text {
            events.push(InputEvent::Text(text));
        }
        match blur {
            Some(true) => events.push(InputEvent::FocusLost),
            Some(false) => return Err("\"blur\" can only be true".to_owned()),
            None => {}
        }
        if down.is_some() && key.is_none() && button.is_none() {
            return Err("\"down\" needs a \"key\" or a \"button\"".to_owned());
        }
        match (events.pop(), events.pop()) {
            (Some(event), None) => Ok(Self { frame, event }),
            (None, _) => Err(format!("no event: write one of {EVENTS}")),
            (Some(_), Some(_)) => Err(format!("two events: write one of {EVENTS} a line")),
        }
    }
}

const EVENTS: &str = r#""key", "button", "pointer", "wheel", "text" and "blur""#;

impl From<Cue> for Line {
    fn from(Cue { frame, event }: Cue) -> Self {
        let mut line = Self {
            frame,
            ..Self::default()
        };
        match event {
            InputEvent::Key { key, down } => (line.key, line.down) = (Some(key), Some(down)),
            InputEvent::Text(text) => line.text = Some(text),
            InputEvent::PointerMoved { x, y } => line.pointer = Some(Some([x, y])),
            InputEvent::PointerLeft => line.pointer = Some(None),
            InputEvent::Button { button, down } => {
                (line.button, line.down) = (Some(button), Some(down));
            }
            InputEvent::Wheel { x, y } => line.wheel = Some([x, y]),
            InputEvent::FocusLost => line.blur = Some(true),
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r##"
# of each kind one, and not in order
{"frame":31,"pointer":[1.5,2.0]}
{"frame":30,"key":"Space","down":true}

{"frame":31,"pointer":null}
{"frame":1,"button":"primary","down":false}
{"frame":1,"wheel":[0.0,1.0]}
{"frame":2,"text":"hi \"you\""}
{"frame":3,"blur":true}
"##;

    #[test]
    fn every_kind_of_event_is_read_by_frame() {
        let script = Script::parse(ALL).unwrap();
        let at = |frame| script.events_at(frame).collect::<Vec<_>>();
        let button = InputEvent::Button {
            button: Button::Primary,
            down: false,
        };
        assert_eq!(at(0), []);
        assert_eq!(at(1), [button, InputEvent::Wheel { x: 0.0, y: 1.0 }]);
        assert_eq!(at(2), [InputEvent::Text("hi \"you\"".to_owned())]);
        assert_eq!(at(3), [InputEvent::FocusLost]);
        assert_eq!(
            at(30),
            [InputEvent::Key {
                key: Key::Space,
                down: true
            }]
        );
        assert_eq!(
            at(31),
            [
                InputEvent::PointerMoved { x: 1.5, y: 2.0 },
                InputEvent::PointerLeft
            ]
        );
        assert_eq!(at(3).len(), 1, "a frame can be asked for again");
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for line in ALL.lines().filter(|line| line.starts_with('{')) {
            let cue: Cue = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_string(&cue).unwrap(), line);
        }
    }

    #[test]
    fn an_error_names_the_line_and_what_is_wrong_with_it() {
        for (line, reason) in [
            (
                r#"{"frame":1,"key":"Spce","down":true}"#,
                "unknown key \"Spce\"",
            ),
            (r#"{"frame":1,"key":"Space"}"#, "a key needs \"down\""),
            (
                r#"{"frame":1,"button":"left","down":true}"#,
                "unknown variant `left`, expected one of `primary`",
            ),
            (
                r#"{"frame":1,"down":true}"#,
                "\"down\" needs a \"key\" or a \"button\"",
            ),
            (r#"{"frame":1}"#, "no event: write one of \"key\""),
            (r#"{"frame":1,"text":"a","blur":true}"#, "two events"),
            (r#"{"frame":1,"blur":false}"#, "\"blur\" can only be true"),
            (r#"{"frame":1,"pointer":[1]}"#, "invalid length 1"),
            (r#"{"frame":-1,"text":""}"#, "invalid value: integer `-1`"),
            (r#"{"text":""}"#, "missing field `frame`"),
            (r#"{"frame":1,"kye":"Space"}"#, "unknown field `kye`"),
            (r#"{"frame":1,"#, "not a JSON object: EOF"),
            ("jump!", "not a JSON object: expected"),
        ] {
            let error = Script::parse(&format!("\n# first\n{line}\n")).unwrap_err();
            assert_eq!(error.line, 3, "{line}");
            assert!(error.reason.starts_with(reason), "{line}: {error}");
        }
    }
}
