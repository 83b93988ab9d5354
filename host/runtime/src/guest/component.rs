//! The way from a file's bytes to a component: its kind, its integrity, and the contract it was built for.
//! This module runs and compiles nothing.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use vblank_state::Schema;
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use super::complexity::{self, MAX_FILE};
use super::hash::CodeHash;
use super::wants::{self, Want};
use crate::error::{Binary, GuestError};
use crate::files;
use crate::image::Image;
use crate::thread::deep_stack;

/// The version of the contract `vblank:guest` that this host implements.
pub const ABI: &str = "0.1.0";

/// The form of a guest's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A component.
    Component,
    /// A core module with an embedded component type.
    Module,
    /// A core module for `wasm32-wasip1`, which needs the WASI adapter.
    WasiModule,
}

/// A guest's code as read from a file, known to be WebAssembly for a compatible contract. Cloning it is
/// cheap.
#[derive(Clone, Debug)]
pub struct Code {
    /// Hash of the file.
    pub hash: CodeHash,
    /// Form of the file.
    pub kind: Kind,
    /// Version of the contract that the file names.
    pub abi: Option<String>,
    /// Bytes of the file.
    pub(super) binary: Arc<Binary>,
    /// Contents of the section `vblank:schema`.
    schema: Vec<u8>,
    /// Capabilities that the guest wants beyond its world.
    pub wants: Arc<[Want]>,
}

impl Code {
    /// Reads and checks a file, together with the list of wanted capabilities beside it
    /// ([`wants_file`](super::wants_file)).
    ///
    /// # Errors
    /// When a file cannot be read or is malformed, or when the guest is not WebAssembly, is damaged, or was
    /// built for another contract.
    pub fn read(path: &Path) -> Result<Self, GuestError> {
        let bytes = files::read(path, MAX_FILE).map_err(|cause| GuestError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let code = Self::from_bytes(bytes)?;
        Ok(code.wanting(wants::beside(path)?))
    }

    /// Checks bytes that are already in memory. They have no list of wanted capabilities.
    ///
    /// # Errors
    /// As for [`Code::read`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, GuestError> {
        if bytes.len() as u64 > MAX_FILE {
            let what = "bytes";
            return Err(GuestError::TooComplex {
                what,
                most: MAX_FILE,
            });
        }
        let survey = Survey::of(&bytes)?;
        survey.check_abi()?;
        complexity::check(&bytes)?;
        Ok(Self {
            hash: CodeHash::of(&bytes),
            kind: survey.kind,
            abi: survey.abi,
            schema: survey.schema,
            wants: Arc::default(),
            binary: Arc::new(Binary {
                bytes,
                read: SystemTime::now(),
            }),
        })
    }

    /// Returns the code with this list of wanted capabilities.
    #[must_use]
    pub fn wanting(mut self, wants: Vec<Want>) -> Self {
        self.wants = wants.into();
        self
    }

    /// Returns the type of the state, if the file itself declares it. Otherwise the guest can be asked with
    /// [`Instance::schema_of`](super::Instance::schema_of).
    ///
    /// # Errors
    /// When the declaration is malformed.
    pub fn declared_schema(&self) -> Result<Option<Schema>, GuestError> {
        if self.schema.is_empty() {
            return Ok(None);
        }
        Schema::from_section(&self.schema).map_err(|error| GuestError::Malformed {
            what: "section vblank:schema",
            message: error.to_string(),
        })
    }

    /// Returns the file's bytes with a section `vblank:schema`, which declares this type of the state. A file
    /// that declares a type already is returned as it is.
    #[must_use]
    pub fn declaring(&self, schema: &Schema) -> Vec<u8> {
        let mut bytes = self.binary.bytes.clone();
        if self.schema.is_empty() {
            let section = CustomSection {
                name: "vblank:schema".into(),
                data: schema.to_section().into(),
            };
            section.append_to(&mut bytes);
        }
        bytes
    }

    /// The file's size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.binary.bytes.len()
    }

    /// Returns the component without debug sections. A core module is converted in this process.
    ///
    /// # Errors
    /// When a core module has no component type, or its exports do not match that type.
    pub fn componentise(&self) -> Result<Cow<'_, [u8]>, GuestError> {
        if self.kind == Kind::Component {
            return Ok(Cow::Borrowed(&self.binary.bytes));
        }
        let encoded = deep_stack(|| self.encode()).map_err(|cause| GuestError::Thread {
            name: "parse",
            cause,
        })?;
        encoded.map(Cow::Owned)
    }

    /// Converts a core module.
    fn encode(&self) -> Result<Vec<u8>, GuestError> {
        let refused = |error: anyhow::Error| GuestError::NoComponentType {
            message: format!("{error:#}"),
        };
        let stripped = strip(&self.binary.bytes)?;
        let mut encoder = ComponentEncoder::default();
        encoder.validate(false).module(&stripped).map_err(refused)?;
        if self.kind == Kind::WasiModule {
            encoder
                .adapter(
                    "wasi_snapshot_preview1",
                    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
                )
                .map_err(refused)?;
        }
        encoder.encode().map_err(refused)
    }
}

/// The interfaces of a component.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    /// Names of the imports.
    pub imports: Vec<String>,
    /// Names of the exports.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads the interfaces of a component.
    ///
    /// # Errors
    /// When the bytes are damaged.
    pub fn of(component: &[u8]) -> Result<Self, GuestError> {
        let mut interfaces = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(damaged)? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        let name = import.map_err(damaged)?.name.name.to_owned();
                        interfaces.imports.push(name);
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        let name = export.map_err(damaged)?.name.name.to_owned();
                        interfaces.exports.push(name);
                    }
                }
                _ => {}
            }
        }
        Ok(interfaces)
    }

    /// Returns the world of the contract that the component implements, if it does: that of games, or the
    /// common part of all plugins.
    #[must_use]
    pub fn world(&self) -> Option<&'static str> {
        let exports = |name: &str| {
            let prefix = format!("vblank:guest/{name}@");
            self.exports
                .iter()
                .any(|export| export.starts_with(&prefix))
        };
        match (exports("state"), exports("lifecycle")) {
            (true, true) => Some("vblank:guest/game"),
            (true, false) => Some("vblank:guest/plugin"),
            (false, _) => None,
        }
    }
}

fn damaged(error: wasmparser::BinaryReaderError) -> GuestError {
    GuestError::Damaged {
        message: error.to_string(),
    }
}

/// The parts of a file that decide what it is.
struct Survey {
    kind: Kind,
    /// Contract version from `vblank:abi`, else from the names of the `vblank:guest` interfaces.
    abi: Option<String>,
    /// Contents of `vblank:schema`.
    schema: Vec<u8>,
}

impl Survey {
    fn of(bytes: &[u8]) -> Result<Self, GuestError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(GuestError::NotWasm {
                found: describe(bytes),
            });
        }
        let mut kind = None;
        let mut schema = Vec::new();
        let mut stamp = None;
        let mut named = None;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(damaged)? {
                Payload::Version { encoding, .. } => {
                    kind = kind.or(Some(match encoding {
                        Encoding::Component => Kind::Component,
                        Encoding::Module => Kind::Module,
                    }));
                }
                Payload::ImportSection(imports) if kind == Some(Kind::Module) => {
                    for import in imports.into_imports() {
                        let from = import.map_err(damaged)?.module;
                        named = named.or(contract_version(from));
                        if from == "wasi_snapshot_preview1" {
                            kind = Some(Kind::WasiModule);
                        }
                    }
                }
                Payload::ComponentImportSection(imports) => {
                    for import in imports {
                        named = named.or(contract_version(import.map_err(damaged)?.name.name));
                    }
                }
                Payload::ComponentExportSection(exports) => {
                    for export in exports {
                        named = named.or(contract_version(export.map_err(damaged)?.name.name));
                    }
                }
                Payload::CustomSection(section) if section.name() == "vblank:abi" => {
                    stamp = Some(String::from_utf8_lossy(section.data()).into_owned());
                }
                Payload::CustomSection(section) if section.name() == "vblank:schema" => {
                    schema.extend_from_slice(section.data());
                }
                _ => {}
            }
        }
        Ok(Self {
            kind: kind.unwrap_or(Kind::Module),
            abi: stamp.or(named),
            schema,
        })
    }

    fn check_abi(&self) -> Result<(), GuestError> {
        let Some(guest) = &self.abi else {
            return Ok(()); // the import and export names decide, when it is linked
        };
        match (series(guest), series(ABI)) {
            (Some(theirs), Some(ours)) if theirs == ours => Ok(()),
            (theirs, ours) => Err(GuestError::Abi {
                guest: guest.clone(),
                host: ABI,
                newer: theirs > ours,
            }),
        }
    }
}

/// Returns the part of a version that must be equal for compatibility under semantic versioning: the major
/// version, and the minor one while the major is 0.
pub(super) fn series(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(str::parse::<u64>);
    let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some((major, if major == 0 { minor } else { 0 }))
}

/// Extracts the version: `0.1.0` from `vblank:guest/game@0.1.0`.
fn contract_version(name: &str) -> Option<String> {
    let (interface, version) = name.split_once('@')?;
    interface
        .starts_with("vblank:guest/")
        .then(|| version.to_owned())
}

/// Removes debug sections and names from a core module. The component type stays.
fn strip(module: &[u8]) -> Result<Cow<'_, [u8]>, GuestError> {
    let mut kept = module[..8].to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(damaged)?;
        let is_debug = matches!(&payload, Payload::CustomSection(section)
            if section.name() == "name"
                || section.name().starts_with(".debug_")
                || section.name() == "producers"
                || section.name() == "target_features");
        if let (Some((id, range)), false) = (payload.as_section(), is_debug) {
            kept.push(id);
            let body = &module[range.start as usize..range.end as usize];
            leb128(&mut kept, body.len());
            kept.extend_from_slice(body);
        }
    }
    Ok(Cow::Owned(kept))
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

fn describe(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "the file is empty".to_owned();
    }
    if Image::is_one(bytes) {
        return "the file is a state image, which `host state show` prints".to_owned();
    }
    match std::str::from_utf8(&bytes[..bytes.len().min(24)]) {
        Ok(text) => format!("the file is text and begins with {text:?}"),
        Err(error) if error.error_len().is_none() => "the file is text".to_owned(),
        Err(_) => format!("the file begins with {:02x?}", &bytes[..bytes.len().min(4)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest core module.
    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    fn why_not(bytes: &[u8]) -> String {
        Code::from_bytes(bytes.to_vec()).unwrap_err().to_string()
    }

    /// A core module with one custom section.
    fn module(name: &str, data: &str) -> Vec<u8> {
        let mut bytes = EMPTY.to_vec();
        let size = 1 + name.len() + data.len();
        bytes.extend([
            0,
            u8::try_from(size).unwrap(),
            u8::try_from(name.len()).unwrap(),
        ]);
        bytes.extend(name.bytes().chain(data.bytes()));
        bytes
    }

    #[test]
    fn a_file_that_is_no_wasm_is_described() {
        assert!(why_not(b"").contains("the file is empty"));
        assert!(why_not(b"hello, world").contains("text and begins with \"hello, world\""));
        assert!(why_not(b"\x7fELF\xff\xff").contains("7f"));
        assert!(why_not(b"\0asm\x01\0\0\0\x01").contains("damaged or cut short"));
    }

    #[test]
    fn the_contract_is_checked_before_anything_else() {
        for (version, fits) in [
            ("0.1.0", true),
            ("0.1.9", true),
            ("0.2.0", false),
            ("1.0.0", false),
            ("0.0.1", false),
            ("rubbish", false),
        ] {
            let code = Code::from_bytes(module("vblank:abi", version));
            assert_eq!(code.is_ok(), fits, "{version}");
        }
        let newer = why_not(&module("vblank:abi", "0.2.0"));
        assert!(newer.contains("0.2.0") && newer.contains(ABI), "{newer}");
        assert!(newer.contains("update the host"), "{newer}");
        let older = why_not(&module("vblank:abi", "0.0.1"));
        assert!(older.contains("newer SDK"), "{older}");
    }

    #[test]
    fn stripping_removes_only_debug_sections() {
        let kept = module("vblank:schema", "x");
        assert_eq!(*strip(&kept).unwrap(), *kept);
        assert_eq!(*strip(&module("name", "x")).unwrap(), *EMPTY);
        assert_eq!(*strip(&module(".debug_info", "x")).unwrap(), *EMPTY);
    }

    #[test]
    fn a_hash_is_shown_by_its_first_digits() {
        let hash = CodeHash::of(b"");
        assert!(hash.to_string().starts_with("af1349b9f5f9"));
        assert_eq!(hash.short(), "af1349");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("af1349".parse::<CodeHash>().is_err());
    }
}
