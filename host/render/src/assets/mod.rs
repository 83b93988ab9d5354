//! What a guest draws and plays with, under keys of its own, owned by the host: textures, fonts, sounds,
//! shaders, meshes and canvases.
//!
//! Pure data. Knows no GPU, no files and no threads: a loader in `reload` fills in what lies in files, a
//! renderer takes what has changed since it last looked. The same key gives the same asset to whoever
//! asks, so a new version of the code finds what the old one had.
//!
//! Who asks for an asset has a claim to it until it is gone; [`Assets::sweep`] frees what nobody claims.

mod claim;
mod key;
mod mesh;
mod pixels;
mod registry;
mod shader;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cosmic_text::fontdb;

pub use self::claim::Claim;
pub use self::mesh::{Mesh, VERTEX_WORDS};
pub use self::pixels::{MAX_SIDE, Pixels};
pub use self::shader::{BadShader, MAX_PARAMS, PRELUDE, Shader};

use self::registry::Registry;
use super::Size;
use super::commands::TextStyle;
use super::text::{Layout, Typesetter};
use crate::sound::{Found, Library, Sound};

/// Assets at one time, at most.
pub const MAX_ENTRIES: usize = 4096;
/// Bytes of all assets together, at most, as they are kept in memory.
pub const MAX_BYTES: u64 = 1 << 30;

/// What an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A picture to draw with.
    Texture,
    /// A font.
    Font,
    /// Something to be heard.
    Sound,
    /// What colours a surface.
    Shader,
    /// Triangles in space.
    Mesh,
    /// A texture that is drawn to.
    Canvas,
}

impl Kind {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Texture => "texture",
            Self::Font => "font",
            Self::Sound => "sound",
            Self::Shader => "shader",
            Self::Mesh => "mesh",
            Self::Canvas => "canvas",
        }
    }

    /// Of the files that it may come from.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Texture => &["png"],
            Self::Font => &["ttf", "otf"],
            Self::Sound => &["ogg", "wav"],
            Self::Shader => &["wgsl"],
            // Made by guests only.
            Self::Mesh | Self::Canvas => &[],
        }
    }

    /// Makes of a file's bytes what is kept in memory. May take long.
    ///
    /// # Errors
    /// Where the bytes are damaged, or too much.
    pub fn decode(self, encoded: &[u8]) -> Result<Payload, AssetError> {
        match self {
            Self::Texture => Pixels::decode(encoded).map(Payload::Texture),
            Self::Font => font(encoded),
            Self::Sound => Sound::decode(encoded.to_vec())
                .map(Payload::Sound)
                .map_err(|error| AssetError::Damaged(error.to_string())),
            Self::Shader => {
                let source = str::from_utf8(encoded)
                    .map_err(|error| AssetError::Damaged(format!("it is no text: {error}")))?;
                Shader::parse(source)
                    .map(Payload::Shader)
                    .map_err(|error| AssetError::Damaged(error.to_string()))
            }
            Self::Mesh | Self::Canvas => {
                let name = self.name();
                Err(AssetError::Damaged(format!("a {name} has no file")))
            }
        }
    }
}

fn font(encoded: &[u8]) -> Result<Payload, AssetError> {
    let bytes: Arc<[u8]> = encoded.into();
    let source: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(Arc::clone(&bytes));
    let found = fontdb::Database::new().load_font_source(fontdb::Source::Binary(source));
    if found.is_empty() {
        let what = if encoded.is_empty() {
            "empty"
        } else {
            "no font"
        };
        return Err(AssetError::Damaged(format!("it is {what}")));
    }
    Ok(Payload::Font(bytes))
}

/// An asset's content, ready to be used. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Of a texture.
    Texture(Pixels),
    /// Of a font: its file.
    Font(Arc<[u8]>),
    /// Of a sound: its samples.
    Sound(Sound),
    /// Of a shader: its source.
    Shader(Shader),
    /// Of a mesh: its triangles.
    Mesh(Mesh),
    /// Of a canvas: its size in pixels.
    Canvas(Size),
}

impl Payload {
    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Texture(pixels) => pixels.rgba.len() as u64,
            Self::Font(file) => file.len() as u64,
            Self::Sound(sound) => sound.bytes() as u64,
            Self::Shader(shader) => shader.source.len() as u64,
            Self::Mesh(mesh) => mesh.bytes(),
            Self::Canvas(size) => u64::from(size.width) * u64::from(size.height) * 4,
        }
    }
}

/// How a texture looks between its pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Blended.
    #[default]
    Linear,
    /// As squares.
    Nearest,
}

/// How far an asset is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// On its way from the file.
    Loading,
    /// There. A file that was damaged later changes nothing about that.
    Ready,
    /// The file is not there or damaged, for this reason. It may come.
    Failed(String),
}

/// Why there is no such asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetError {
    /// The key is none.
    #[error("{key:?} is no key: {why}")]
    Key {
        /// As far as it can be shown.
        key: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A texture without pixels, or with too many.
    #[error("a texture of {size}: a side has 1 to {MAX_SIDE} pixels")]
    Side {
        /// What was asked for.
        size: Size,
    },
    /// Pixels and size do not fit.
    #[error("a texture of {size} has {wanted} bytes, and {given} were given")]
    Bytes {
        /// What was asked for.
        size: Size,
        /// So many bytes are that.
        wanted: u64,
        /// So many came.
        given: usize,
    },
    /// There is no such file.
    #[error("there is no file {0}")]
    Missing(String),
    /// It cannot be read as what it should be.
    #[error("{0}")]
    Damaged(String),
    /// There are too many.
    #[error("there are {MAX_ENTRIES} assets already, which is as many as there can be")]
    TooMany,
    /// They are too large.
    #[error(
        "{bytes} bytes more than the {held} of all assets now would be over the limit of 1 GiB"
    )]
    TooLarge {
        /// Of this one.
        bytes: u64,
        /// Of the others.
        held: u64,
    },
}

/// The assets of a host. A handle: cheap to clone.
#[derive(Clone, Default)]
pub struct Assets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    registry: Mutex<Registry>,
    /// Made for the first text. Locked after the registry, never before it.
    typesetter: Mutex<Option<Typesetter>>,
    /// Something was loaded, or could not be.
    settled: Condvar,
}

/// A file that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of the asset.
    pub handle: u32,
    /// What it is to be.
    pub kind: Kind,
    /// What the guest calls it.
    pub key: Arc<str>,
}

impl Wanted {
    /// The files that it may be, in the order in which they are to be tried.
    #[must_use]
    pub fn files(&self, folder: &Path) -> Vec<PathBuf> {
        key::files(folder, &self.key, self.kind)
    }
}

/// An asset that is there, as a renderer needs it.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its number, never 0.
    pub handle: u32,
    /// Another one with each change of the content.
    pub revision: u64,
    /// The content.
    pub payload: Payload,
    /// For textures.
    pub filter: Filter,
}

impl Live {
    /// Bytes that the GPU gets of it.
    #[must_use]
    pub fn upload_bytes(&self) -> u64 {
        match &self.payload {
            Payload::Texture(_) | Payload::Mesh(_) => self.payload.bytes(),
            // Its glyphs are uploaded as they are drawn.
            Payload::Font(_) | Payload::Sound(_) | Payload::Shader(_) | Payload::Canvas(_) => 0,
        }
    }
}

/// An asset, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetInfo {
    /// What it is.
    pub kind: Kind,
    /// What the guest calls it.
    pub key: Arc<str>,
    /// In memory.
    pub bytes: u64,
    /// Of what has pixels.
    pub size: Option<Size>,
    /// How far it is.
    pub status: Status,
    /// What is wrong with its file, also where an older content is still in use.
    pub problem: Option<String>,
    /// Of a texture, and which of its contents these are.
    pub pixels: Option<(u64, Pixels)>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Assets, also such as are on their way.
    pub entries: usize,
    /// Bytes in memory.
    pub bytes: u64,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assets({:?})", self.held())
    }
}

impl Assets {
    /// For someone who is going to ask for assets.
    #[must_use]
    pub fn claim(&self) -> Claim {
        let owner = self.lock().new_owner();
        let assets = self.clone();
        Claim { assets, owner }
    }

    /// Free what nobody claims.
    pub fn sweep(&self) {
        let registry = &mut self.lock();
        if registry.sweep()
            && let Some(typesetter) = &mut *self.typesetter()
        {
            typesetter.keep_fonts(|font| registry.font(font).is_some());
        }
    }

    /// Of a texture or canvas that is there.
    #[must_use]
    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        self.lock().texture_size(handle)
    }

    /// All of them, also such as are on their way or missing.
    #[must_use]
    pub fn list(&self) -> Vec<AssetInfo> {
        self.lock().list()
    }

    /// How much there is.
    #[must_use]
    pub fn held(&self) -> Held {
        self.lock().held()
    }

    /// All assets that are there, if something about them has changed since `seen`, which is 0 for
    /// whoever looks for the first time.
    #[must_use]
    pub fn changed_since(&self, seen: &mut u64) -> Option<Vec<Live>> {
        let registry = self.lock();
        if std::mem::replace(seen, registry.version()) == registry.version() {
            return None;
        }
        Some(registry.live())
    }

    /// Wait until the files that were asked for have been looked at, each for the first time, and not
    /// longer than this. What is not there by then is not waited for again.
    pub fn wait(&self, limit: Duration) {
        let begun = Instant::now();
        let mut registry = self.lock();
        while registry.is_waiting() {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return registry.give_up_waiting();
            }
            let waited = self.0.settled.wait_timeout(registry, left);
            registry = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// From now on there is a loader: `wake` is called when a file is wanted, and must not ask back.
    pub fn attach_loader(&self, wake: impl Fn() + Send + 'static) {
        self.lock().set_loader(Some(Box::new(wake)));
    }

    /// The loader is gone.
    pub fn detach_loader(&self) {
        self.lock().set_loader(None);
        self.0.settled.notify_all();
    }

    /// The files that have been asked for since this was last called.
    #[must_use]
    pub fn take_wanted(&self) -> Vec<Wanted> {
        self.lock().take_wanted()
    }

    /// All assets that come from files.
    #[must_use]
    pub fn files(&self) -> Vec<Wanted> {
        self.lock().files()
    }

    /// A file was read: here is its content, or why there is none. An asset that has a content keeps it
    /// then. `tell` hears what a person should know, if that is new; it must not ask back.
    pub fn loaded(
        &self,
        handle: u32,
        content: Result<(blake3::Hash, Payload), AssetError>,
        tell: impl FnOnce(String),
    ) {
        // Told before whoever waits can go on.
        let mut registry = self.lock();
        if let Some(notice) = registry.loaded(handle, content) {
            tell(notice);
        }
        self.0.settled.notify_all();
    }

    /// Whether an asset has just this content.
    #[must_use]
    pub fn has(&self, handle: u32, hash: blake3::Hash) -> bool {
        self.lock().has(handle, hash)
    }

    /// Lay a text out, or find it again.
    pub(super) fn layout(&self, style: &TextStyle, text: &str) -> Arc<Layout> {
        let font = match style.font {
            0 => None,
            font => self.lock().font(font),
        };
        self.typeset(|typesetter| typesetter.layout(font.as_ref(), style, text))
    }

    /// Have the typesetter do something.
    pub(super) fn typeset<T>(&self, something: impl FnOnce(&mut Typesetter) -> T) -> T {
        something(self.typesetter().get_or_insert_with(Typesetter::new))
    }

    fn typesetter(&self) -> MutexGuard<'_, Option<Typesetter>> {
        let typesetter = &self.0.typesetter;
        typesetter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        let registry = &self.0.registry;
        registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Library for Assets {
    fn sound(&self, handle: u32) -> Found {
        self.lock().sound(handle)
    }
}
