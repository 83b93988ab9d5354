//! What can go wrong, one enum an operation. Knows no wasmtime, no window and no files of its own.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use thiserror::Error;

use crate::image::ImageError;

/// Why a file cannot be a guest, or a guest cannot be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GuestError {
    /// The file is not there, or not readable.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The bytes are no WebAssembly at all.
    #[error(
        "not WebAssembly: {found}; give a component, a core module or the folder of a guest crate"
    )]
    NotWasm {
        /// What the file holds instead.
        found: String,
    },
    /// It begins as WebAssembly and is damaged or cut short.
    #[error("damaged or cut short: {message}")]
    Damaged {
        /// What the parser says, with the offset.
        message: String,
    },
    /// A core module without the type that would make it a component.
    #[error(
        "a core module without a component type: {message}; build it with vblank-guest, or give a component"
    )]
    NoComponentType {
        /// What the encoder says.
        message: String,
    },
    /// Built for a contract that this host does not speak.
    #[error(
        "built for vblank:guest {guest}, this host speaks {host}; {}",
        if *.newer { "update the host, or build the guest with an older SDK" } else { "build the guest again with a newer SDK" }
    )]
    Abi {
        /// The guest's version of the contract.
        guest: String,
        /// The host's.
        host: &'static str,
        /// Whether the guest is the newer one.
        newer: bool,
    },
    /// A component of another world.
    #[error("not of the world {world}: {}", .problems.join("; "))]
    WrongWorld {
        /// The one that is wanted.
        world: String,
        /// Each import that is not offered and each export that is missing or of another type.
        problems: Vec<String>,
    },
    /// It wants what the user has not granted.
    #[error(
        "imports {import}, which needs the capability `{capability}`; grant it with --allow {capability}, or with `host allow {capability}` while it runs"
    )]
    NotAllowed {
        /// The first import that needs it.
        import: String,
        /// The name for `--allow`.
        capability: &'static str,
    },
    /// It says that it wants what the user has not granted.
    #[error(
        "wants {}, which is not granted; grant it with --allow {}, or with `host allow` while it runs",
        .wants.join(" and "), .grants.join(" --allow ")
    )]
    Wanting {
        /// What it wants and is not granted, with its reasons.
        wants: Vec<String>,
        /// The names for `--allow`.
        grants: Vec<String>,
    },
    /// The file beside it is no list of what it wants.
    #[error("{file} does not say what the plugin wants: {message}")]
    Wants {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        message: String,
    },
    /// A folder that was granted is not there.
    #[error("cannot open the folder {folder}, which is granted to the guest: {message}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        message: String,
    },
    /// The compiler refused it.
    #[error("cannot be compiled: {message}")]
    Compile {
        /// Cranelift's or the validator's message.
        message: String,
    },
    /// The guest trapped, panicked, hung or ran out of memory.
    #[error("{trap}{place}", trap = .0, place = .0.place())]
    Trap(#[from] Trap),
    /// The guest's schema, or the state that it gave, is malformed.
    #[error("the guest's {what} is malformed: {message}; was it built with this SDK?")]
    Malformed {
        /// Schema, defaults or state.
        what: &'static str,
        /// What the decoder says.
        message: String,
    },
    /// The kernel would not move a state's pages.
    #[error("the system refused to move memory: {0}; from now on states are copied, so try again")]
    Pages(std::io::Error),
    /// The machine would not give what the host needs.
    #[error("cannot set up WebAssembly: {0}")]
    Engine(String),
    /// The machine gives no more threads.
    #[error("cannot start the thread `{name}`: {source}")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
}

impl GuestError {
    /// Whether it can start as soon as it is granted something.
    #[must_use]
    pub fn waits_for_consent(&self) -> bool {
        matches!(self, Self::NotAllowed { .. } | Self::Wanting { .. })
    }
}

/// A guest stopped in the middle of a call. Its instance cannot be used again.
///
/// A word wide, so that the result of a call that succeeds is not moved about with it.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub struct Trap(Box<TrapInfo>);

/// What is known of a [`Trap`].
#[derive(Clone, Debug, Error)]
#[error("{call} {cause}")]
pub struct TrapInfo {
    /// The export that was called: `update`, `migrate`, ….
    pub call: &'static str,
    /// What happened: the guest's panic message where there is one, else the trap's name.
    pub cause: String,
    /// File, line and column in the guest's source, where the guest itself said it.
    pub location: Option<String>,
    /// From which the places can be looked up, where the guest's own code was running.
    pub backtrace: Option<Backtrace>,
    /// Whether it was another plugin that failed, which this one had called.
    pub is_provider_failure: bool,
}

/// Where a guest stood when it stopped, as numbers. Taking it costs microseconds; looking the places
/// up costs milliseconds and is for another thread.
#[derive(Clone)]
pub struct Backtrace {
    /// The code that ran.
    pub binary: Arc<Binary>,
    /// The innermost first.
    pub frames: Vec<RawFrame>,
}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.frames).finish()
    }
}

/// A function of the guest's core module, and how far into its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawFrame {
    /// Its index in the module.
    pub function: u32,
    /// In bytes from the beginning of the body.
    pub offset: u32,
}

/// A guest's file as it was built, with what has been stripped from the code that runs.
pub struct Binary {
    /// The file.
    pub bytes: Vec<u8>,
    /// When it was read. Source that was written later is not what it was built from.
    pub read: SystemTime,
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

impl Trap {
    /// What happened, of which no more is known.
    pub(crate) fn new(call: &'static str, cause: impl Into<String>) -> Self {
        Self(Box::new(TrapInfo {
            call,
            cause: cause.into(),
            location: None,
            backtrace: None,
            is_provider_failure: false,
        }))
    }

    /// What happened, and where, if the guest itself said it.
    #[must_use]
    pub fn with_place(&self) -> String {
        format!("{self}{}", self.place())
    }

    /// `, at src/lib.rs:3:9`, where the guest itself said it.
    fn place(&self) -> String {
        let place = self.location.as_ref();
        place.map_or(String::new(), |place| format!(", at {place}"))
    }
}

impl Deref for Trap {
    type Target = TrapInfo;

    fn deref(&self) -> &TrapInfo {
        &self.0
    }
}

impl DerefMut for Trap {
    fn deref_mut(&mut self) -> &mut TrapInfo {
        &mut self.0
    }
}

/// Why a swap was refused. The old version runs on with its state as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The candidate is no guest, or does not start.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// The schemas differ in a way that only the author can bridge.
    #[error("{0}")]
    NeedsMigration(String),
    /// A live value does not fit.
    #[error("{0}")]
    DoesNotFit(String),
    /// The new code's `migrate` returned an error.
    #[error("migrate refused the state: {0}")]
    Migrate(String),
    /// The image to start from cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// `--strict`: a field would be parked.
    #[error("--strict: {0}")]
    Strict(String),
    /// Plugins that use each other would no longer fit.
    #[error("plugins that use each other would not fit: {}", misfits(.0))]
    Misfits(Vec<Misfit>),
}

fn misfits(misfits: &[Misfit]) -> String {
    let mut list = misfits
        .iter()
        .map(Misfit::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    if misfits.iter().any(|misfit| misfit.provider.is_some()) {
        list.push_str("; those that must change together are swapped in one commit");
    }
    list
}

/// What one plugin uses, and another does not give as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Who uses it.
    pub user: String,
    /// Who gives, or gave, the interface; `None` where nobody does whom it uses.
    pub provider: Option<String>,
    /// The interface.
    pub interface: String,
    /// The function in it.
    pub function: String,
    /// As it is used: `func(word: string) -> bool`.
    pub wanted: String,
    /// As it is given; `None` where it is not.
    pub given: Option<String>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            interface,
            function,
            wanted,
            ..
        } = self;
        write!(f, "{user} uses {interface} {function}: {wanted}, ")?;
        match (&self.provider, &self.given) {
            (Some(provider), Some(given)) => write!(f, "which in {provider} is {given}"),
            (Some(provider), None) => write!(f, "which {provider} does not give"),
            (None, _) => f.write_str("which no plugin that it uses gives"),
        }
    }
}

impl SwapError {
    /// What the guest did, if that is why.
    #[must_use]
    pub fn trap(&self) -> Option<&Trap> {
        match self {
            Self::Guest(GuestError::Trap(trap)) => Some(trap),
            _ => None,
        }
    }

    /// The reason in one word, for scripts.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Guest(GuestError::Read { .. }) => Reason::Unreadable,
            Self::Guest(GuestError::NotWasm { .. } | GuestError::Damaged { .. }) => Reason::NotWasm,
            Self::Guest(GuestError::NoComponentType { .. } | GuestError::WrongWorld { .. }) => {
                Reason::WrongWorld
            }
            Self::Guest(GuestError::Abi { .. }) => Reason::Abi,
            Self::Guest(
                GuestError::NotAllowed { .. }
                | GuestError::Wanting { .. }
                | GuestError::Folder { .. },
            ) => Reason::Capability,
            Self::Guest(GuestError::Wants { .. }) => Reason::Manifest,
            Self::Guest(
                GuestError::Compile { .. } | GuestError::Engine(_) | GuestError::Thread { .. },
            ) => Reason::Compile,
            Self::Guest(GuestError::Pages(_)) => Reason::Pages,
            Self::Guest(GuestError::Trap(_)) => Reason::Trap,
            Self::Guest(GuestError::Malformed { .. }) => Reason::Malformed,
            Self::NeedsMigration(_) => Reason::NeedsMigration,
            Self::DoesNotFit(_) => Reason::DoesNotFit,
            Self::Migrate(_) => Reason::Migrate,
            Self::Image(_) => Reason::Image,
            Self::Strict(_) => Reason::Strict,
            Self::Misfits(_) => Reason::Misfits,
        }
    }
}

/// The reason of a refusal, in one word. Serialised, it is a contract: the `reason` of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The file cannot be read.
    Unreadable,
    /// The file is no WebAssembly, or damaged.
    NotWasm,
    /// The component is of another world.
    WrongWorld,
    /// The guest was built for another contract.
    Abi,
    /// The guest needs a capability that is not granted.
    Capability,
    /// The list of the guest's wants is malformed.
    Manifest,
    /// The component does not compile.
    Compile,
    /// The kernel would not move pages.
    Pages,
    /// The guest trapped.
    Trap,
    /// The guest's schema or state is malformed.
    Malformed,
    /// The types differ in a way that only the author can bridge.
    NeedsMigration,
    /// A live value does not fit.
    DoesNotFit,
    /// The guest's own migration refused the state.
    Migrate,
    /// The image cannot be used.
    Image,
    /// A value would be parked, and `--strict` was given.
    Strict,
    /// Plugins that use each other would not fit.
    Misfits,
}
