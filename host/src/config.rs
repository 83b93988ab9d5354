//! What the user decides about a run.

use std::path::PathBuf;
use std::time::Duration;

use vblank_input::{Script, Size};

/// What a session is told at its start.
#[derive(Debug)]
pub struct SessionOptions {
    /// The path of what is run, for whoever asks.
    pub guest: PathBuf,
    /// Updates a second.
    pub hz: f64,
    /// The guest's source of chance.
    pub seed: u64,
    /// Size of the picture, in pixels.
    pub size: Size,
    /// Stop after so many updates.
    pub frames: Option<u64>,
    /// Refuse a swap that would park a value.
    pub strict: bool,
    /// Whether somebody may mend a guest that broke or does not build: then the session waits.
    pub mendable: bool,
    /// The guest's crate, if it is one: paths in its source are told from there.
    pub folder: Option<PathBuf>,
    /// Whether a picture waits, for a few seconds, for assets that are still being loaded.
    pub waits_for_assets: bool,
    /// Input from a file.
    pub input: Script,
    /// Begin with this state.
    pub state_in: Option<PathBuf>,
    /// Write the state by itself, for `--resume`.
    pub autosave: Option<AutosaveOptions>,
    /// Keep the versions that run in this folder.
    pub history: Option<PathBuf>,
    /// Where images go that somebody wants kept while it runs.
    pub images: Option<PathBuf>,
    /// Write the state, at the end or when so many updates have been made.
    pub state_out: Vec<Output>,
    /// Write the picture likewise.
    pub screenshots: Vec<Output>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            guest: PathBuf::new(),
            hz: 60.0,
            seed: 0,
            size: Size::new(1280, 720),
            frames: None,
            strict: false,
            mendable: false,
            folder: None,
            waits_for_assets: false,
            input: Script::default(),
            state_in: None,
            autosave: None,
            history: None,
            images: None,
            state_out: Vec::new(),
            screenshots: Vec::new(),
        }
    }
}

impl SessionOptions {
    /// What the guest is called: its folder, or its file without the ending.
    #[must_use]
    pub fn name(&self) -> String {
        let name = if self.folder.is_some() {
            self.guest.file_name()
        } else {
            self.guest.file_stem()
        };
        name.map_or("guest".into(), |name| name.to_string_lossy())
            .into_owned()
    }
}

/// Where and how often the state is written by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutosaveOptions {
    /// Where to, at intervals and at the end.
    pub path: PathBuf,
    /// How often: less often only where taking an image would cost more than 2% of the time.
    pub every: Duration,
}

/// A file to write, and when: `FILE` or `FILE@FRAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where to.
    pub path: PathBuf,
    /// After so many updates; at the end where there is none.
    pub frame: Option<u64>,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a file name is wanted".to_owned());
        }
        Ok(match text.rsplit_once('@') {
            Some((path, frame)) if !path.is_empty() && frame.parse::<u64>().is_ok() => Self {
                path: path.into(),
                frame: frame.parse().ok(),
            },
            _ => Self {
                path: text.into(),
                frame: None,
            },
        })
    }
}

/// A scripted swap, `FRAME=GUEST`: just before update FRAME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwapAt {
    /// The update.
    pub frame: u64,
    /// The file.
    pub guest: PathBuf,
}

impl std::str::FromStr for SwapAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is not FRAME=GUEST, such as 150=new.wasm");
        let (frame, guest) = text.split_once('=').ok_or_else(wanted)?;
        Ok(Self {
            frame: frame.parse().map_err(|_| wanted())?,
            guest: guest.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_and_swaps_are_read() {
        let output: Output = "a@b.png@30".parse().unwrap();
        assert_eq!((output.path, output.frame), ("a@b.png".into(), Some(30)));
        let output: Output = "a@b.png".parse().unwrap();
        assert_eq!((output.path, output.frame), ("a@b.png".into(), None));
        let swap: SwapAt = "150=b.wasm".parse().unwrap();
        assert_eq!((swap.frame, swap.guest), (150, "b.wasm".into()));
        for wrong in ["b.wasm", "x=b.wasm", "-1=b.wasm"] {
            let error = wrong.parse::<SwapAt>().unwrap_err();
            assert!(error.contains("FRAME=GUEST"), "{error}");
        }
    }
}
