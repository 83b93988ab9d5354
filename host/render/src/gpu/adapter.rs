//! The choice of an adapter, and the parts of it that the renderer uses: device, queue and errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wgpu::{
    Adapter, Backends, Device, DeviceDescriptor, DeviceType, Features, Instance, Limits,
    MemoryHints, PollType, Queue, SubmissionIndex, Surface,
};

use crate::{Kind, RenderError, Size};

/// The kinds of adapters to accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// A graphics card if there is one, else the CPU.
    Auto,
    /// A graphics card.
    Gpu,
    /// The CPU.
    Software,
}

impl Prefer {
    fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Auto => true,
            Self::Gpu => kind == Kind::Gpu,
            Self::Software => kind == Kind::Software,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Auto => "graphics adapter",
            Self::Gpu => "graphics card",
            Self::Software => "software renderer",
        }
    }
}

/// An adapter in use.
#[derive(Debug)]
pub(super) struct Gpu {
    pub device: Device,
    pub queue: Queue,
    pub name: String,
    pub kind: Kind,
    /// Largest side of a texture in pixels.
    pub max_side: u32,
    faults: Arc<Mutex<Faults>>,
}

/// The errors of wgpu since the last check. wgpu reports them through a callback, and panics if there is
/// none.
#[derive(Debug, Default)]
struct Faults {
    refused: Option<String>,
    lost: Option<String>,
}

/// Time after which the GPU is considered hung.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Gpu {
    /// Opens the best accepted adapter that can draw to `surface`, if one is given.
    pub fn open(
        instance: &Instance,
        prefer: Prefer,
        surface: Option<&Surface<'_>>,
    ) -> Result<(Adapter, Self), RenderError> {
        let adapter =
            find(instance, prefer, surface).ok_or(RenderError::NoAdapter(prefer.noun()))?;
        let info = adapter.get_info();
        let kind = kind(&adapter);
        let limits = Limits::downlevel_defaults().using_resolution(adapter.limits());
        let max_side = limits.max_texture_dimension_2d;
        let descriptor = DeviceDescriptor {
            label: Some("vblank"),
            required_features: Features::IMMEDIATES,
            required_limits: Limits {
                max_immediate_size: super::view::VIEW_BYTES,
                ..limits
            },
            memory_hints: MemoryHints::MemoryUsage,
            ..DeviceDescriptor::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| {
                RenderError::Device {
                    adapter: info.name.clone(),
                    cause: error.to_string(),
                }
            })?;
        let faults = Arc::new(Mutex::new(Faults::default()));
        let refused = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&refused)
                .refused
                .get_or_insert_with(|| error.to_string());
        }));
        let lost = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            let what = if message.is_empty() {
                format!("{reason:?}")
            } else {
                message
            };
            lock(&lost).lost.get_or_insert(what);
        });
        let prefix = if kind == Kind::Gpu { "gpu" } else { "software" };
        let name = format!("{prefix}: {}, {:?}", info.name, info.backend);
        Ok((
            adapter,
            Self {
                device,
                queue,
                name,
                kind,
                max_side,
                faults,
            },
        ))
    }

    /// Returns the error since the last call, if there was one. The loss of the device is returned each
    /// time.
    pub fn check(&self) -> Result<(), RenderError> {
        let mut faults = lock(&self.faults);
        let refused = faults.refused.take().map(RenderError::Refused);
        let lost = faults.lost.clone().map(RenderError::Lost);
        lost.or(refused).map_or(Ok(()), Err)
    }

    /// Waits until the GPU has finished a submission.
    pub fn wait(&self, submission: SubmissionIndex) -> Result<(), RenderError> {
        self.check()?;
        let wait = PollType::Wait {
            submission_index: Some(submission),
            timeout: Some(TIMEOUT),
        };
        // wgpu panics if the device is lost during the wait.
        match catch_unwind(AssertUnwindSafe(|| self.device.poll(wait))) {
            Ok(Ok(_)) => self.check(),
            Ok(Err(error)) => Err(RenderError::Refused(error.to_string())),
            Err(_) => self
                .check()
                .and(Err(RenderError::Lost("it does not answer".to_owned()))),
        }
    }

    /// Checks that a picture can have this size.
    pub fn fits(&self, size: Size) -> Result<(), RenderError> {
        if size.width.max(size.height) <= self.max_side {
            return Ok(());
        }
        Err(RenderError::TooLarge {
            size,
            name: self.name.clone(),
            max: self.max_side,
        })
    }
}

fn lock(faults: &Mutex<Faults>) -> std::sync::MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds an adapter. OpenGL is slow to start, so it is tried only if the other interfaces have no graphics
/// card.
fn find(instance: &Instance, prefer: Prefer, surface: Option<&Surface<'_>>) -> Option<Adapter> {
    let mut found: Vec<Adapter> = Vec::new();
    for backends in [Backends::PRIMARY, Backends::GL] {
        let adapters = pollster::block_on(instance.enumerate_adapters(backends));
        found.extend(adapters.into_iter().filter(|adapter| {
            prefer.accepts(kind(adapter))
                && adapter.features().contains(Features::IMMEDIATES)
                && surface.is_none_or(|surface| adapter.is_surface_supported(surface))
        }));
        let enough = |adapter| prefer == Prefer::Software || kind(adapter) == Kind::Gpu;
        if found.iter().any(enough) {
            break;
        }
    }
    found
        .into_iter()
        .min_by_key(|adapter| match adapter.get_info().device_type {
            DeviceType::DiscreteGpu => 0,
            DeviceType::IntegratedGpu => 1,
            DeviceType::VirtualGpu => 2,
            DeviceType::Other => 3,
            DeviceType::Cpu => 4,
        })
}

fn kind(adapter: &Adapter) -> Kind {
    match adapter.get_info().device_type {
        DeviceType::Cpu => Kind::Software,
        _ => Kind::Gpu,
    }
}
