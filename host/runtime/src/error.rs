//! Errors of guests and swaps, one enum for each operation. Knows no wasmtime, no window and no files of
//! its own.
//!
//! Messages contain texts that guests and files chose. They are escaped and cut when the message is made, so
//! that they can be printed.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use thiserror::Error;
use vblank_state::escape::{Escaped, MOST_OF_NAME, escaped, escaped_lines};

use crate::image::ImageError;

/// Limit of the characters that a message of a guest or about its file has.
const MOST_OF_MESSAGE: usize = 4000;

/// Returns a text as a message may contain it: a guest or its file chose it, or a part of it. Further lines
/// are indented, so that none can be taken for a message of the host.
fn shown(text: &str) -> String {
    let text = escaped_lines(text, MOST_OF_MESSAGE).to_string();
    text.replace('\n', "\n  ")
}

fn name(text: &str) -> Escaped<'_> {
    escaped(text, MOST_OF_NAME)
}

/// The reason why a file is no guest, or why a guest cannot be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GuestError {
    /// The file is missing or cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        cause: std::io::Error,
    },
    /// The bytes are not WebAssembly.
    #[error(
        "not WebAssembly: {}; give a component, a core module or the folder of a guest crate",
        shown(.found)
    )]
    NotWasm {
        /// Description of the contents.
        found: String,
    },
    /// The file is WebAssembly, but damaged or truncated.
    #[error("damaged or cut short: {}", shown(.message))]
    Damaged {
        /// Message of the parser, with the offset.
        message: String,
    },
    /// A core module has no component type.
    #[error(
        "a core module without a component type: {}; build it with vblank-guest, or give a component",
        shown(.message)
    )]
    NoComponentType {
        /// Message of the encoder.
        message: String,
    },
    /// The guest was built for an incompatible contract.
    #[error(
        "built for vblank:guest {}, this host speaks {host}; {}",
        name(.guest),
        if *.newer { "update the host, or build the guest with an older SDK" } else { "build the guest again with a newer SDK" }
    )]
    Abi {
        /// Contract version of the guest.
        guest: String,
        /// Contract version of the host.
        host: &'static str,
        /// True if the guest's version is the newer one.
        newer: bool,
    },
    /// The component belongs to another world.
    #[error("not of the world {world}: {}", shown(&.problems.join("; ")))]
    WrongWorld {
        /// Name of the expected world.
        world: String,
        /// Imports that are not offered, and exports that are missing or have another type.
        problems: Vec<String>,
    },
    /// The guest imports something that needs a capability, and the user has not granted it.
    #[error(
        "imports {}, which needs the capability `{capability}`; grant it with --allow {capability}, or with `host allow {capability}` while it runs",
        name(.import)
    )]
    NotAllowed {
        /// First import without a grant.
        import: String,
        /// Name of the capability, for `--allow`.
        capability: &'static str,
    },
    /// The guest's list of wanted capabilities contains some that the user has not granted.
    #[error(
        "wants what is not granted; grant it with these arguments, or with `host allow` while it runs{}",
        .missing.iter().map(MissingGrant::to_string).collect::<String>()
    )]
    Wanting {
        /// Wanted capabilities without a grant.
        missing: Vec<MissingGrant>,
    },
    /// The list of wanted capabilities beside the guest is malformed.
    #[error("{file} does not say what the plugin wants: {}", shown(.message))]
    Wants {
        /// The file.
        file: PathBuf,
        /// Description of the mistake.
        message: String,
    },
    /// A granted folder cannot be opened.
    #[error("cannot open the folder {folder}, which is granted to the guest: {message}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
        message: String,
    },
    /// The file is too large or too complex to be compiled.
    #[error("too complex: it has more than {most} {what}")]
    TooComplex {
        /// The counted things: `levels of nested types`.
        what: &'static str,
        /// Largest possible number.
        most: u64,
    },
    /// The component does not compile.
    #[error("cannot be compiled: {}", shown(.message))]
    Compile {
        /// Cranelift's or the validator's message.
        message: String,
    },
    /// The guest trapped, panicked, or exceeded its limit of time or memory.
    #[error("{trap}{place}", trap = .0, place = .0.at_location())]
    Trap(Trap),
    /// The guest's schema, default values or state are malformed.
    #[error("the guest's {what} is malformed: {}; was it built with this SDK?", shown(.message))]
    Malformed {
        /// The malformed part: schema, defaults or state.
        what: &'static str,
        /// Message of the decoder.
        message: String,
    },
    /// The kernel refused to move the pages of a state.
    #[error("the system refused to move memory: {0}; from now on states are copied, so try again")]
    Pages(std::io::Error),
    /// WebAssembly cannot be set up on this system.
    #[error("cannot set up WebAssembly: {0}")]
    Engine(String),
    /// The system starts no more threads.
    #[error("cannot start the thread `{name}`: {cause}")]
    Thread {
        /// Name of the thread.
        name: &'static str,
        /// Error of the system.
        cause: std::io::Error,
    },
}

/// A capability that a guest wants and has not been granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingGrant {
    /// Reason in the words of the guest's author.
    pub reason: String,
    /// Argument of `--allow`.
    pub grant: String,
}

/// Formats two lines, each with a newline in front. The capability is the last one, alone, so that no reason
/// can be taken for it.
impl fmt::Display for MissingGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, grant) = (name(&self.reason), name(&self.grant));
        write!(f, "\n  its author says: {reason}\n    --allow {grant}")
    }
}

// The message contains the whole trap, so the trap is no `source`, which would be printed again.
impl From<Trap> for GuestError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

impl GuestError {
    /// True if the guest could start once a capability is granted.
    #[must_use]
    pub fn waits_for_consent(&self) -> bool {
        matches!(self, Self::NotAllowed { .. } | Self::Wanting { .. })
    }
}

/// The failure of a call into a guest. The instance cannot be used again.
///
/// The type is one word wide, which keeps the results of successful calls small.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub struct Trap(Box<TrapInfo>);

/// The details of a [`Trap`].
#[derive(Clone, Debug, Error)]
#[error("{call} {}", shown(.cause))]
pub struct TrapInfo {
    /// Name of the export that was called: `update`, `migrate`, ….
    pub call: &'static str,
    /// The guest's panic message if there is one, else the name of the trap.
    pub cause: String,
    /// File, line and column in the guest's source, if the guest itself reported them.
    pub location: Option<String>,
    /// Stack of the guest, if its own code was running. Source locations can be looked up from it.
    pub backtrace: Option<Backtrace>,
    /// True if a provider failed, which this guest had called.
    pub is_provider_failure: bool,
}

/// The stack of a guest when it stopped, as numbers. Taking it costs microseconds. Looking up the source
/// locations costs milliseconds, and belongs on another thread.
#[derive(Clone)]
pub struct Backtrace {
    /// The guest's file.
    pub binary: Arc<Binary>,
    /// Frames, the innermost first.
    pub frames: Vec<RawFrame>,
}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.frames).finish()
    }
}

/// A stack frame: a function of the guest's core module, and a position in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawFrame {
    /// Index of the function in the module.
    pub function: u32,
    /// Offset in bytes from the start of the body.
    pub offset: u32,
}

/// A guest's file as it was built, including the parts that are stripped before compilation.
pub struct Binary {
    /// Bytes of the file.
    pub bytes: Vec<u8>,
    /// Time of reading. A source file that was written later is not the one that the guest was built from.
    pub read: SystemTime,
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

impl Trap {
    /// Makes a trap with a cause and without a location.
    pub(crate) fn new(call: &'static str, cause: impl Into<String>) -> Self {
        Self(Box::new(TrapInfo {
            call,
            cause: cause.into(),
            location: None,
            backtrace: None,
            is_provider_failure: false,
        }))
    }

    /// Returns the message with the source location, if the guest itself reported it.
    #[must_use]
    pub fn with_place(&self) -> String {
        format!("{self}{}", self.at_location())
    }

    /// Formats the location as `, at src/lib.rs:3:9`. Empty if there is none.
    fn at_location(&self) -> String {
        let location = self.location.as_ref();
        location.map_or(String::new(), |location| format!(", at {}", name(location)))
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

/// The reason why a swap was refused. The old version keeps running, and its state is unchanged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The candidate is no guest, or does not start.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// The schemas differ in a way that only the author can bridge with a migration.
    #[error("{0}")]
    NeedsMigration(String),
    /// A live value does not fit.
    #[error("{0}")]
    DoesNotFit(String),
    /// The new code's `migrate` returned an error.
    #[error("migrate refused the state: {}", shown(.0))]
    Migrate(String),
    /// The image with the state cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// `--strict`: a field would be parked.
    #[error("--strict: {0}")]
    Strict(String),
    /// Plugins that use each other would no longer fit together.
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

/// A function that one plugin imports and its provider does not export with that type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Name of the plugin that imports the function.
    pub user: String,
    /// Name of the provider that exports the interface, or did. `None` if no provider does.
    pub provider: Option<String>,
    /// Name of the interface.
    pub interface: String,
    /// Name of the function.
    pub function: String,
    /// Imported type: `func(word: string) -> bool`.
    pub wanted: String,
    /// Exported type. `None` if the function is not exported.
    pub given: Option<String>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (interface, function, wanted) = (
            name(&self.interface),
            name(&self.function),
            name(&self.wanted),
        );
        write!(f, "{} uses {interface} {function}: {wanted}, ", self.user)?;
        match (&self.provider, &self.given) {
            (Some(provider), Some(given)) => write!(f, "which in {provider} is {}", name(given)),
            (Some(provider), None) => write!(f, "which {provider} does not give"),
            (None, _) => f.write_str("which no plugin that it uses gives"),
        }
    }
}

impl SwapError {
    /// Returns the guest's trap, if that is the reason.
    #[must_use]
    pub fn trap(&self) -> Option<&Trap> {
        match self {
            Self::Guest(GuestError::Trap(trap)) => Some(trap),
            _ => None,
        }
    }

    /// Returns the reason in one word, for scripts.
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
                GuestError::TooComplex { .. }
                | GuestError::Compile { .. }
                | GuestError::Engine(_)
                | GuestError::Thread { .. },
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
