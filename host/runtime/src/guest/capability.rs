//! The capabilities that a guest may be granted beyond its world, by name. Without a grant a guest has
//! none. Knows no world and no engine.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{FsPerms, WasiCtx};

use crate::error::GuestError;
use crate::files::OpenFolder;

/// A capability beyond the guest's world. All of them are parts of WASI preview 2, and a guest can use only
/// the parts that were granted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// `wasi`: all interfaces including clocks, random numbers and standard output, but no files, no
    /// environment variables and no network.
    Wasi,
    /// `clock`: the clocks.
    Clock,
    /// `random`: random numbers. `random=SEED`: the same numbers in every instance.
    Random {
        /// Seed of the numbers. `None` for the system's random numbers.
        seed: Option<u64>,
    },
    /// `read=DIR` or `write=DIR`: the files of a folder. `DIR::NAME` gives the folder another name for the
    /// guest.
    Files {
        /// The folder.
        folder: PathBuf,
        /// Name that the guest uses.
        name: String,
        /// True if the guest may change the files.
        may_write: bool,
    },
    /// `env=NAME`: an environment variable, if it is set.
    Env(String),
    /// `http=HOST` or `http=HOST:PORT`: requests over HTTP and HTTPS to this host. Without a port, the
    /// default ports are allowed. It needs the host's feature `http`.
    Http(String),
}

/// A granted capability. A folder is opened when it is granted and stays open, so that every later instance,
/// also one that a recovery makes, has the same folder, whatever becomes of its path.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) capability: Capability,
    folder: Option<Arc<OpenFolder>>,
}

impl Grant {
    /// Opens what the capability names.
    ///
    /// # Errors
    /// When a folder is missing or cannot be opened, or the host was built without the capability.
    pub(super) fn open(capability: Capability) -> Result<Self, GuestError> {
        if cfg!(not(feature = "http")) && matches!(capability, Capability::Http(_)) {
            return Err(GuestError::Engine(format!(
                "`{capability}` cannot be granted, since this host was built without the feature `http`"
            )));
        }
        let folder = match &capability {
            Capability::Files { folder, .. } => {
                let opened = OpenFolder::open(folder).map_err(|error| GuestError::Folder {
                    folder: folder.clone(),
                    message: error.to_string(),
                })?;
                Some(Arc::new(opened))
            }
            _ => None,
        };
        Ok(Self { capability, folder })
    }
}

/// Names of all capabilities, for messages.
const KNOWN: &str = "wasi, clock, random, random=SEED, read=DIR, write=DIR, env=NAME, http=HOST";

const HTTP: &str = "http=HOST";

impl Capability {
    /// Returns the name of the capability that an import needs, if it needs one: `clock`, `read=DIR`, ….
    #[must_use]
    pub fn needed_for(import: &str) -> Option<&'static str> {
        let interface = import.strip_prefix("wasi:")?;
        Some(match interface.split('@').next().unwrap_or(interface) {
            name if name.starts_with("clocks/") => "clock",
            name if name.starts_with("random/") => "random",
            name if name.starts_with("filesystem/") => "read=DIR",
            "cli/environment" => "env=NAME",
            "http/types" | "http/outgoing-handler" => HTTP,
            _ => "wasi",
        })
    }

    /// True if this grant includes a capability that a guest wants.
    pub(super) fn includes(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Wasi, Self::Clock) => true,
            (Self::Wasi | Self::Random { .. }, Self::Random { seed: None }) => true,
            (
                Self::Files {
                    name, may_write, ..
                },
                Self::Files {
                    name: other,
                    may_write: wants_to_write,
                    ..
                },
            ) => name == other && (*may_write || !wants_to_write),
            (granted, wanted) => granted == wanted,
        }
    }

    /// True if this grant allows an import to be linked.
    pub(super) fn covers(&self, import: &str) -> bool {
        let Some(needed) = Self::needed_for(import) else {
            return false;
        };
        let is_idle = is_idle(import);
        match self {
            Self::Wasi => needed != HTTP,
            Self::Clock => needed == "clock" || is_idle,
            Self::Random { .. } => needed == "random" || is_idle,
            Self::Files { .. } => needed == "read=DIR" || is_idle,
            Self::Env(_) => needed == "env=NAME" || is_idle,
            Self::Http(_) => needed == HTTP || is_idle,
        }
    }
}

/// True for imports that can do nothing by themselves: streams, polling, and standard output that is
/// discarded. Every grant includes them.
fn is_idle(import: &str) -> bool {
    [
        "wasi:io/",
        "wasi:cli/std",
        "wasi:cli/terminal",
        "wasi:cli/exit",
    ]
    .iter()
    .any(|name| import.starts_with(name))
}

/// Returns the first import that needs a grant, and a capability that covers all of these imports. None of
/// them is linked.
pub(super) fn enough_for<'a>(denied: &[&'a str]) -> Option<(&'a str, &'static str)> {
    let matter = denied.iter().filter(|import| !is_idle(import));
    let mut needed = matter.filter_map(|import| Some((*import, Capability::needed_for(import)?)));
    let Some((first, capability)) = needed.next() else {
        return denied.first().map(|import| (*import, "wasi"));
    };
    // Not part of `wasi`, so it needs a grant of its own.
    if let Some(import) = denied
        .iter()
        .find(|import| Capability::needed_for(import) == Some(HTTP))
    {
        return Some((import, HTTP));
    }
    let is_enough = needed.all(|(_, other)| other == capability);
    Some((first, if is_enough { capability } else { "wasi" }))
}

/// An instance's part of WASI, and the handles that it holds.
pub(super) struct GrantedWasi {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    #[cfg(feature = "http")]
    pub(super) http: super::http::Http,
}

/// Makes a context with exactly the granted capabilities. A request over HTTP may take as long as a call.
///
/// # Errors
/// When a folder cannot be used.
pub(super) fn context(
    granted: &[Grant],
    #[cfg_attr(not(feature = "http"), expect(unused_variables))] limit: Duration,
) -> Result<GrantedWasi, GuestError> {
    #[cfg(feature = "http")]
    let mut hosts = Vec::new();
    let mut builder = WasiCtx::builder();
    // Calls into guests are synchronous, and may come from a thread of an async runtime.
    builder.allow_blocking_current_thread(true);
    for grant in granted {
        match &grant.capability {
            Capability::Wasi => {
                builder.inherit_stdout().inherit_stderr();
            }
            Capability::Clock | Capability::Random { seed: None } => {}
            Capability::Random { seed: Some(seed) } => {
                // Each stream has 16 KiB and starts again after that.
                let stream = |name: &str| {
                    let mut bytes = vec![0; 16 << 10];
                    let mut hasher = blake3::Hasher::new_derive_key(name);
                    hasher.update(&seed.to_le_bytes());
                    hasher.finalize_xof().fill(&mut bytes);
                    Deterministic::new(bytes)
                };
                builder
                    .secure_random(stream("vblank random"))
                    .insecure_random(stream("vblank insecure random"))
                    .insecure_random_seed(u128::from(*seed));
            }
            Capability::Files {
                folder,
                name,
                may_write,
            } => {
                let permissions = if *may_write {
                    FsPerms::ReadWrite
                } else {
                    FsPerms::ReadOnly
                };
                let open = grant.folder.as_ref();
                let path = open.map_or(folder.into(), |open| open.path());
                let opened = builder.preopened_dir(path, name, permissions);
                opened.map_err(|error| GuestError::Folder {
                    folder: folder.clone(),
                    message: format!("{error:#}"),
                })?;
            }
            Capability::Env(name) => {
                if let Ok(value) = std::env::var(name) {
                    builder.env(name, value);
                }
            }
            #[cfg(feature = "http")]
            Capability::Http(host) => hosts.push(host.clone()),
            // Such a grant is refused before.
            #[cfg(not(feature = "http"))]
            Capability::Http(_) => {}
        }
    }
    Ok(GrantedWasi {
        wasi: builder.build(),
        table: ResourceTable::new(),
        #[cfg(feature = "http")]
        http: super::http::Http::to(hosts, limit),
    })
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wasi => f.write_str("wasi"),
            Self::Clock => f.write_str("clock"),
            Self::Random { seed: None } => f.write_str("random"),
            Self::Random { seed: Some(seed) } => write!(f, "random={seed}"),
            Self::Files {
                folder,
                name,
                may_write,
            } => {
                let verb = if *may_write { "write" } else { "read" };
                let folder = folder.display().to_string();
                write!(f, "{verb}={folder}")?;
                if *name == folder {
                    Ok(())
                } else {
                    write!(f, "::{name}")
                }
            }
            Self::Env(name) => write!(f, "env={name}"),
            Self::Http(host) => write!(f, "http={host}"),
        }
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
    }
}

impl TryFrom<String> for Capability {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Capability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("unknown capability `{text}`; there is: {KNOWN}");
        let (kind, what) = match text.split_once('=') {
            Some((_, "")) => return Err(unknown()),
            Some((kind, what)) => (kind, Some(what)),
            None => (text, None),
        };
        Ok(match (kind, what) {
            ("wasi", None) => Self::Wasi,
            ("clock", None) => Self::Clock,
            ("random", None) => Self::Random { seed: None },
            ("random", Some(seed)) => Self::Random {
                seed: Some(seed.parse().map_err(|_| unknown())?),
            },
            ("read" | "write", Some(folder)) => {
                let (folder, name) = folder.split_once("::").unwrap_or((folder, folder));
                Self::Files {
                    folder: folder.into(),
                    name: name.to_owned(),
                    may_write: kind == "write",
                }
            }
            ("env", Some(name)) => Self::Env(name.to_owned()),
            // The grant names a host: a scheme or a path is an error.
            ("http", Some(host)) if !host.contains('/') => Self::Http(host.to_ascii_lowercase()),
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_and_printed_alike() {
        for name in [
            "wasi",
            "clock",
            "random",
            "random=7",
            "read=data",
            "write=/tmp/notes::notes",
            "env=HOME",
            "http=example.com",
            "http=127.0.0.1:8080",
        ] {
            let capability: Capability = name.parse().unwrap();
            assert_eq!(capability.to_string(), name);
        }
        for name in [
            "",
            "everything",
            "read",
            "read=",
            "random=x",
            "clock=1",
            "http=https://example.com",
        ] {
            let error = name.parse::<Capability>().unwrap_err();
            assert!(error.contains("there is: wasi, clock"), "{error}");
        }
    }

    #[test]
    fn each_capability_covers_its_imports() {
        let clock = "wasi:clocks/wall-clock@0.2.0";
        let random = "wasi:random/random@0.2.0";
        assert!(Capability::Clock.covers(clock) && !Capability::Clock.covers(random));
        assert!(Capability::Wasi.covers(clock) && Capability::Wasi.covers(random));
        assert!(Capability::Clock.covers("wasi:io/poll@0.2.0"));
        assert!(!Capability::Clock.covers("wasi:sockets/tcp@0.2.0"));
        assert!(!Capability::Wasi.covers("vblank:guest/log@0.1.0"));
        assert_eq!(Capability::needed_for("vblank:guest/log@0.1.0"), None);
        assert_eq!(Capability::needed_for(clock), Some("clock"));
        let http = "wasi:http/outgoing-handler@0.2.12";
        assert!(Capability::Http("a".to_owned()).covers(http));
        assert!(!Capability::Wasi.covers(http), "hosts are named");
        assert_eq!(enough_for(&[clock, http]), Some((http, "http=HOST")));
    }

    #[test]
    fn a_grant_includes_what_is_wanted() {
        let includes = |grant: &str, wanted: &str| {
            let grant: Capability = grant.parse().unwrap();
            grant.includes(&wanted.parse().unwrap())
        };
        assert!(includes("clock", "clock") && includes("wasi", "clock"));
        assert!(includes("random=7", "random") && !includes("random", "random=7"));
        assert!(includes("read=words::/data", "read=/data"));
        assert!(includes("write=words::/data", "read=/data"));
        assert!(!includes("read=words::/data", "write=/data"));
        assert!(!includes("read=/words", "read=/data"));
        assert!(includes("env=LANG", "env=LANG") && !includes("env=LANG", "env=HOME"));
        assert!(!includes("wasi", "read=/data"));
    }

    #[test]
    fn http_is_granted_only_by_a_host_that_has_it() {
        let granted = Grant::open("http=example.com".parse().unwrap());
        assert_eq!(granted.is_ok(), cfg!(feature = "http"));
    }

    #[test]
    fn a_missing_folder_is_named_in_the_error() {
        for nowhere in ["/no/such/folder", "/dev/null"] {
            let grant = format!("read={nowhere}").parse().unwrap();
            let error = Grant::open(grant).unwrap_err().to_string();
            assert!(error.contains(nowhere), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_granted_folder_stays_granted_when_its_path_is_gone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        let grant = format!("read={}::/data", folder.display());
        let grant = Grant::open(grant.parse().unwrap()).unwrap();
        std::fs::rename(&folder, parent.path().join("moved")).unwrap();
        assert!(context(&[grant], Duration::ZERO).is_ok());
    }
}
