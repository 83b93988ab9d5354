//! The choice of a renderer: `--renderer`, and the renderer that it leads to on this machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vblank_input::Size;
use wgpu::SurfaceTarget;
use wgpu::wgt::WgpuHasDisplayHandle;

use crate::gpu::{Prefer, WgpuRenderer};
use crate::null::NullRenderer;
use crate::renderer::{RenderError, Renderer};

/// The choice of a renderer: `--renderer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RendererChoice {
    /// A graphics card, else the CPU, else no pictures, with a notice.
    #[default]
    Auto,
    /// A graphics card.
    Gpu,
    /// The CPU.
    Software,
    /// No pictures at all.
    Null,
}

impl RendererChoice {
    const ALL: [(Self, &str); 4] = [
        (Self::Auto, "auto"),
        (Self::Gpu, "gpu"),
        (Self::Software, "software"),
        (Self::Null, "null"),
    ];

    /// Returns the kind of adapter to look for. `None` for the null renderer.
    fn prefer(self) -> Option<Prefer> {
        match self {
            Self::Auto => Some(Prefer::Auto),
            Self::Gpu => Some(Prefer::Gpu),
            Self::Software => Some(Prefer::Software),
            Self::Null => None,
        }
    }
}

impl fmt::Display for RendererChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL
            .iter()
            .find(|(choice, _)| choice == self)
            .map_or("", |(_, name)| name);
        f.pad(name)
    }
}

/// The error for an unknown name of a renderer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown renderer {0:?}: it is auto, gpu, software or null")]
pub struct UnknownRenderer(String);

impl FromStr for RendererChoice {
    type Err = UnknownRenderer;

    fn from_str(name: &str) -> Result<Self, UnknownRenderer> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found
            .map(|(choice, _)| *choice)
            .ok_or_else(|| UnknownRenderer(name.to_owned()))
    }
}

/// A renderer, and a notice for the user if `auto` found no adapter.
pub type RendererAndNotice = (Box<dyn Renderer>, Option<String>);

/// Makes a renderer without a window.
///
/// # Errors
/// When there is no such adapter, or it supports no picture of this size. `auto` then falls back to the
/// null renderer, except for the size.
pub fn headless(choice: RendererChoice, size: Size) -> Result<RendererAndNotice, RenderError> {
    choose(choice, size, |prefer| WgpuRenderer::headless(size, prefer))
}

/// Makes a renderer that shows its pictures in a window of this size. `display` is the connection to the
/// window system.
///
/// # Errors
/// As for [`headless`], and when the window cannot be drawn to.
pub fn windowed(
    choice: RendererChoice,
    target: impl Into<SurfaceTarget<'static>>,
    display: impl WgpuHasDisplayHandle,
    size: Size,
) -> Result<RendererAndNotice, RenderError> {
    choose(choice, size, |prefer| {
        WgpuRenderer::windowed(target, display, size, prefer)
    })
}

fn choose(
    choice: RendererChoice,
    size: Size,
    make: impl FnOnce(Prefer) -> Result<WgpuRenderer, RenderError>,
) -> Result<RendererAndNotice, RenderError> {
    let null = || Box::new(NullRenderer::new(size));
    let Some(prefer) = choice.prefer() else {
        return Ok((null(), None));
    };
    match make(prefer) {
        Ok(renderer) => Ok((Box::new(renderer), None)),
        Err(error @ RenderError::TooLarge { .. }) => Err(error),
        Err(error) if choice == RendererChoice::Auto => {
            Ok((null(), Some(format!("nothing will be drawn: {error}"))))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn choices_are_parsed_and_printed_alike() {
        for name in ["auto", "gpu", "software", "null"] {
            let choice: RendererChoice = name.parse().unwrap();
            assert_eq!(choice.to_string(), name);
            assert_eq!(serde_json::to_string(&choice).unwrap(), format!("{name:?}"));
        }
        let message = "vulkan".parse::<RendererChoice>().unwrap_err().to_string();
        assert!(message.contains("auto, gpu, software or null"), "{message}");
    }

    #[test]
    fn only_auto_falls_back_with_a_notice() {
        let size = Size::new(2, 2);
        let none = |_| Err(RenderError::NoAdapter("graphics adapter"));
        let (renderer, notice) = choose(RendererChoice::Auto, size, none).ok().unwrap();
        assert_eq!((renderer.kind(), renderer.size()), (Kind::Null, size));
        assert!(notice.unwrap().contains("apt install mesa-vulkan-drivers"));
        assert!(choose(RendererChoice::Gpu, size, none).is_err());
        let large = |_| {
            Err(RenderError::TooLarge {
                size,
                name: String::new(),
                max: 1,
            })
        };
        assert!(choose(RendererChoice::Auto, size, large).is_err());
    }
}
