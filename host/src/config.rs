//! Options of a run that the user chooses. This module knows no command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vblank_input::{Script, Size};
use vblank_runtime::files::Lock;
use vblank_runtime::image::Image;

/// Options of a session.
#[derive(Debug)]
pub struct SessionOptions {
    /// Path of the guest, for status reports.
    pub guest: PathBuf,
    /// Updates a second.
    pub hz: f64,
    /// Seed of the guest's random numbers.
    pub seed: u64,
    /// Size of the picture, in pixels.
    pub size: Size,
    /// Number of updates after which the session stops.
    pub frames: Option<u64>,
    /// True if a swap that would park a value is refused.
    pub strict: bool,
    /// True if somebody may repair a guest that broke, was refused or does not build. The session then
    /// waits.
    pub mendable: bool,
    /// Folder of the guest's crate, if it has one. Paths in its source are shown relative to it.
    pub folder: Option<PathBuf>,
    /// True if a picture waits a few seconds for assets that are being loaded.
    pub waits_for_assets: bool,
    /// Scripted input.
    pub input: Script,
    /// State to start from.
    pub state_in: Option<Image>,
    /// Options for writing the state at intervals, for `--resume`.
    pub autosave: Option<AutosaveOptions>,
    /// Folder for the versions that run.
    pub history: Option<PathBuf>,
    /// Folder for images that a person saves during the run.
    pub images: Option<PathBuf>,
    /// Files for the state, written at the end or after a number of updates.
    pub state_out: Vec<Output>,
    /// Files for the picture, written at the end or after a number of updates.
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
    /// Returns the guest's name: that of its folder, or of its file without the extension.
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

/// Options for autosaved images.
#[derive(Clone, Debug)]
pub struct AutosaveOptions {
    /// File of the image, written at intervals and at the end.
    pub path: PathBuf,
    /// Lock of the file, held as long as the session may write it. `None` where the system has no locks.
    pub lock: Option<Arc<Lock>>,
    /// Interval of images. A longer one is used if taking images would cost more than 2% of the time.
    pub every: Duration,
}

/// An output file and its time: `FILE` or `FILE@FRAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Path of the file.
    pub path: PathBuf,
    /// Number of updates before the file is written; `None` for the end of the run.
    pub frame: Option<u64>,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("expected a file name".to_owned());
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

/// A scripted swap, `FRAME=GUEST`, made just before update FRAME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwapAt {
    /// Number of the update.
    pub frame: u64,
    /// File of the guest.
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
