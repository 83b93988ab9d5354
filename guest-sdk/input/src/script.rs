//! Input scripts: one JSON object a line, each with the frame it belongs to.
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
//! {"frame": 70, "pad": 0, "button": "south", "down": true}
//! {"frame": 71, "pad": 0, "axis": "left-x", "value": -0.5}
//! {"frame": 80, "pad": 0, "connected": false}
//! {"frame": 90, "touch": 1, "finger": "down", "pointer": [200, 120]}
//! ```

use serde::de::IntoDeserializer;
use serde::de::value::Error as BadValue;
use serde::{Deserialize, Deserializer, Serialize};

use crate::event::InputEvent;
use crate::gamepad::{PadAxis, PadButton, PadEvent};
use crate::key::Key;
use crate::pointer::Button;
use crate::touch::Finger;

/// An event, and the update that sees it first. As JSON, a line of a [`Script`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Line", into = "Line")]
pub struct Cue {
    /// Number of the update.
    pub frame: u64,
    /// The event.
    pub event: InputEvent,
}

/// Input events by frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(Vec<Cue>);

/// The error for a script that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ScriptError {
    /// Number of the line, from 1.
    pub line: usize,
    /// Cause.
    pub reason: String,
}

impl Script {
    /// Parses a script.
    ///
    /// Lines may be in any order. Events of one frame keep their order. Empty lines and lines that
    /// begin with `#` are skipped.
    ///
    /// # Errors
    /// Returns the first line that is wrong, and the reason.
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

    /// Returns the events before update `frame`, in order.
    pub fn events_at(&self, frame: u64) -> impl Iterator<Item = InputEvent> + '_ {
        let first = self.0.partition_point(|cue| cue.frame < frame);
        let cues = self.0[first..]
            .iter()
            .take_while(move |cue| cue.frame == frame);
        cues.map(|cue| cue.event.clone())
    }
}

/// Returns the message of a JSON error without its position, which counts within the one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cause = text.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        serde_json::error::Category::Data => cause.to_owned(),
        _ => format!("not a JSON object: {cause} (column {})", error.column()),
    }
}

/// A line as written, before it is checked that its parts belong together.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    frame: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pad: Option<u32>,
    /// Button of the pointer, or of the gamepad when `pad` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    button: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    down: Option<bool>,
    /// Position of the pointer. `null` means that it left, which differs from an absent entry.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    axis: Option<PadAxis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connected: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touch: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finger: Option<Finger>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Parses the name of an enum's case.
fn word<'de, T: Deserialize<'de>>(word: &'de str) -> Result<T, String> {
    let read: Result<T, BadValue> = T::deserialize(word.into_deserializer());
    read.map_err(|error| error.to_string())
}

/// Returns the name of an enum's case.
fn word_of(value: impl Serialize) -> Option<String> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(str::to_owned)
}

impl TryFrom<Line> for Cue {
    type Error = String;

    fn try_from(mut line: Line) -> Result<Self, String> {
        let frame = line.frame;
        let event = match (line.pad.take(), line.touch.take()) {
            (Some(_), Some(_)) => return Err("\"pad\" and \"touch\" are two events".to_owned()),
            (Some(id), None) => InputEvent::Pad {
                id,
                event: line.take_pad()?,
            },
            (None, Some(id)) => {
                let place = line.pointer.take().flatten();
                let [x, y] = place.ok_or("a touch needs a \"pointer\": its place")?;
                let finger = line.finger.take();
                let finger = finger.ok_or("a touch needs a \"finger\": down, moved or up")?;
                InputEvent::Touch { id, finger, x, y }
            }
            (None, None) => line.take_event()?,
        };
        line.frame = 0;
        if line == Line::default() {
            Ok(Self { frame, event })
        } else if line.down.is_some() {
            Err("\"down\" needs a \"key\" or a \"button\"".to_owned())
        } else {
            Err(format!("two events: write one of {EVENTS} a line"))
        }
    }
}

impl Line {
    fn take_down(&mut self, what: &str) -> Result<bool, String> {
        let down = self.down.take();
        down.ok_or_else(|| format!("a {what} needs \"down\": true or \"down\": false"))
    }

    /// Takes one event out of the line. Anything left over does not belong to it.
    fn take_event(&mut self) -> Result<InputEvent, String> {
        if let Some(key) = self.key.take() {
            let down = self.take_down("key")?;
            return Ok(InputEvent::Key { key, down });
        }
        if let Some(button) = self.button.take() {
            let button: Button = word(&button)?;
            let down = self.take_down("button")?;
            return Ok(InputEvent::Button { button, down });
        }
        if let Some(place) = self.pointer.take() {
            return Ok(match place {
                Some([x, y]) => InputEvent::PointerMoved { x, y },
                None => InputEvent::PointerLeft,
            });
        }
        if let Some([x, y]) = self.wheel.take() {
            return Ok(InputEvent::Wheel { x, y });
        }
        if let Some(text) = self.text.take() {
            return Ok(InputEvent::Text(text));
        }
        match self.blur.take() {
            Some(true) => Ok(InputEvent::FocusLost),
            Some(false) => Err("\"blur\" can only be true".to_owned()),
            None if self.down.is_some() => {
                Err("\"down\" needs a \"key\" or a \"button\"".to_owned())
            }
            None if self.axis.is_some() || self.connected.is_some() => {
                Err("\"axis\" and \"connected\" need a \"pad\"".to_owned())
            }
            None => Err(format!("no event: write one of {EVENTS}")),
        }
    }

    fn take_pad(&mut self) -> Result<PadEvent, String> {
        if let Some(button) = self.button.take() {
            let button: PadButton = word(&button)?;
            let down = self.take_down("button")?;
            return Ok(PadEvent::Button { button, down });
        }
        if let Some(axis) = self.axis.take() {
            let value = self.value.take().ok_or("an axis needs a \"value\"")?;
            return Ok(PadEvent::Axis { axis, value });
        }
        match self.connected.take() {
            Some(true) => Ok(PadEvent::Connected),
            Some(false) => Ok(PadEvent::Disconnected),
            None => Err("a pad needs a \"button\", an \"axis\" or \"connected\"".to_owned()),
        }
    }
}

const EVENTS: &str = r#""key", "button", "pointer", "wheel", "text", "blur", "pad" and "touch""#;

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
                (line.button, line.down) = (word_of(button), Some(down));
            }
            InputEvent::Wheel { x, y } => line.wheel = Some([x, y]),
            InputEvent::Touch { id, finger, x, y } => {
                (line.touch, line.finger) = (Some(id), Some(finger));
                line.pointer = Some(Some([x, y]));
            }
            InputEvent::Pad { id, event } => {
                line.pad = Some(id);
                match event {
                    PadEvent::Connected => line.connected = Some(true),
                    PadEvent::Disconnected => line.connected = Some(false),
                    PadEvent::Button { button, down } => {
                        (line.button, line.down) = (word_of(button), Some(down));
                    }
                    PadEvent::Axis { axis, value } => {
                        (line.axis, line.value) = (Some(axis), Some(value));
                    }
                }
            }
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
{"frame":4,"pad":0,"connected":true}
{"frame":5,"pad":1,"button":"dpad-up","down":true}
{"frame":6,"pad":0,"axis":"left-x","value":-0.5}
{"frame":7,"pad":0,"connected":false}
{"frame":8,"pointer":[3.0,4.0],"touch":2,"finger":"down"}
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
        assert_eq!(at(3).len(), 1, "the events of a frame can be read twice");
    }

    #[test]
    fn cues_survive_printing() {
        for line in ALL.lines().filter(|line| line.starts_with('{')) {
            let cue: Cue = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_string(&cue).unwrap(), line);
        }
    }

    #[test]
    fn a_parse_error_has_line_and_reason() {
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
            (
                r#"{"frame":1,"pad":0,"button":"primary","down":true}"#,
                "unknown variant `primary`, expected one of `south`",
            ),
            (r#"{"frame":1,"pad":0}"#, "a pad needs a \"button\""),
            (r#"{"frame":1,"pad":0,"axis":"left-x"}"#, "an axis needs"),
            (r#"{"frame":1,"axis":"left-x","value":1}"#, "\"axis\" and"),
            (
                r#"{"frame":1,"touch":0,"finger":"up"}"#,
                "a touch needs a \"pointer\"",
            ),
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
