//! Guests that are made in a moment and without a compiler. They are core modules in the text format,
//! with the names and signatures that `wit/` prescribes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_derive::State;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{
    Function, LiftLowerAbi, ManglingAndAbi, Resolve, WasmExport, WasmExportKind, WasmImport,
    WorldId, WorldItem, WorldKey,
};

use crate::workspace;

/// Addresses in the guest's memory.
const ANSWER: usize = 16;
const STATE: usize = 64;
const MESSAGE: usize = 256;
const NUMBER: usize = 1000;
const SCHEMA: usize = 1024;
const DEFAULTS: usize = 4096;
const LIST: usize = 65536;
const PAGE: usize = 65536;

const MANGLING: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// The state of most fixtures.
#[derive(State, Default)]
#[state(crate = vblank_state)]
pub struct Counter {
    /// The sum of all steps.
    pub count: u64,
}

/// A state of any size: one list, which crosses as one segment from 512 words on.
#[derive(State, Debug, PartialEq, Eq)]
#[state(crate = vblank_state)]
pub struct Tally {
    /// The sum of all steps.
    pub count: u64,
    /// The sum, divided among words: the step of frame `n` is in word `n % len`.
    pub words: Vec<u64>,
}

impl Tally {
    /// Makes a fresh state with this many words: a power of two, and enough for a segment.
    #[track_caller]
    #[must_use]
    pub fn of(words: usize) -> Self {
        assert!(words.is_power_of_two() && words * 8 >= vblank_state::SEGMENT_MIN);
        Self {
            count: 0,
            words: vec![0; words],
        }
    }
}

/// A guest whose state is one or several `u64`, and optionally a list of them at the end. Each update
/// adds to the first number and to one word of the list, by turns.
#[derive(Clone)]
pub struct Guest {
    schema: Vec<u8>,
    defaults: Vec<u8>,
    /// Tree of a fresh state.
    tree: Vec<u8>,
    /// Number of words of the list, which are all 0 in a fresh game.
    words: usize,
    step: u64,
    /// Code that runs before an export's own code, or instead of it, by the name of the export.
    before: BTreeMap<&'static str, String>,
    instead: BTreeMap<&'static str, String>,
    /// The folder of the contract.
    wit: PathBuf,
    /// Replacements in the text of the contract for this guest.
    contract: Vec<(&'static str, String)>,
    imports: String,
    message: String,
    stamp: Option<String>,
    world: &'static str,
}

impl Guest {
    /// Makes a guest with a state of this type, which consists of whole words of eight bytes.
    #[must_use]
    pub fn of<T: vblank_state::State + Default>() -> Self {
        Self::holding(&T::default())
    }

    /// Makes a guest with a list of this many words in its state; see [`Tally::of`].
    #[track_caller]
    #[must_use]
    pub fn tally(words: usize) -> Self {
        Self {
            words,
            ..Self::holding(&Tally::of(words))
        }
    }

    fn holding<T: vblank_state::State>(fresh: &T) -> Self {
        Self {
            schema: vblank_state::schema_bytes::<T>(),
            defaults: vblank_state::defaults::<T>(),
            tree: vblank_state::save(fresh).tree,
            words: 0,
            step: 1,
            before: BTreeMap::new(),
            instead: BTreeMap::new(),
            wit: workspace().join("wit"),
            contract: Vec::new(),
            imports: String::new(),
            message: String::new(),
            stamp: None,
            world: "game",
        }
    }

    /// Makes a plugin of the world `tally` of `tests/wit`. Its `add` adds the argument times the step.
    #[must_use]
    pub fn plugin() -> Self {
        Self {
            world: "tally",
            ..Self::of::<Counter>()
        }
    }

    /// Makes a plugin of the world `relay` of `tests/wit`. Its `pass` counts, times the step, and calls
    /// another plugin's `add`.
    #[must_use]
    pub fn relay() -> Self {
        Self {
            world: "relay",
            ..Self::of::<Counter>()
        }
    }

    /// Uses a world of the contract in another folder. The guest imports everything that the world
    /// offers.
    #[must_use]
    pub fn built_for(mut self, wit: &Path, world: &'static str) -> Self {
        (self.wit, self.world) = (wit.to_owned(), world);
        self
    }

    /// Adds `step` in each update, instead of 1.
    #[must_use]
    pub fn step(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// Runs this code first in an export. The export's parameters are `$p0`, `$p1`, ….
    #[must_use]
    pub fn before(mut self, export: &'static str, code: &str) -> Self {
        self.before.entry(export).or_default().push_str(code);
        self
    }

    /// Runs only this code in an export.
    #[must_use]
    pub fn instead(mut self, export: &'static str, code: &str) -> Self {
        self.instead.insert(export, code.to_owned());
        self
    }

    /// Fills the list of a fresh game with incompressible words: word `i` is `i + 1` times
    /// [`MIX`](Self::MIX).
    #[must_use]
    pub fn fill(self) -> Self {
        let (end, mix) = (LIST + self.words * 8, Self::MIX);
        self.before(
            "init",
            &format!(
                "(local $at i32) (local $word i64)
                 (local.set $at (i32.const {LIST}))
                 (loop $more
                   (local.set $word (i64.add (local.get $word) (i64.const {mix})))
                   (i64.store (local.get $at) (local.get $word))
                   (local.set $at (i32.add (local.get $at) (i32.const 8)))
                   (br_if $more (i32.lt_u (local.get $at) (i32.const {end}))))"
            ),
        )
    }

    /// 2^64 divided by the golden ratio.
    pub const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

    /// Logs the number of the frame at the beginning of each update, in ten digits.
    #[must_use]
    pub fn log_frames(self) -> Self {
        let last = NUMBER + 9;
        self.before(
            "update",
            &format!(
                "(local $frame i64) (local $at i32)
                 (local.set $frame (i64.load (local.get $p0)))
                 (local.set $at (i32.const {last}))
                 (loop $more
                   (i64.store8 (local.get $at)
                     (i64.add (i64.const 48) (i64.rem_u (local.get $frame) (i64.const 10))))
                   (local.set $frame (i64.div_u (local.get $frame) (i64.const 10)))
                   (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                   (br_if $more (i32.ge_u (local.get $at) (i32.const {NUMBER}))))
                 (call $log (i32.const 2)
                   (i32.const {NUMBER}) (i32.const 0) (i32.const {NUMBER}) (i32.const 10))"
            ),
        )
    }

    /// Runs this code in the update of a frame.
    #[must_use]
    pub fn at_frame(self, frame: u64, code: &str) -> Self {
        let is_it = format!("(i64.eq (i64.load (local.get $p0)) (i64.const {frame}))");
        self.before("update", &format!("(if {is_it} (then {code}))"))
    }

    /// Traps in the update of a frame.
    #[must_use]
    pub fn trap_at(self, frame: u64) -> Self {
        self.at_frame(frame, "unreachable")
    }

    /// Never returns from the update of a frame.
    #[must_use]
    pub fn hang_at(self, frame: u64) -> Self {
        self.at_frame(frame, "(loop $for_ever (br $for_ever))")
    }

    /// Refuses every state with this message.
    #[must_use]
    pub fn refuse_state(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        let len = message.len();
        let error = format!(
            "(i32.store8 (i32.const {ANSWER}) (i32.const 1))
             (i32.store offset=4 (i32.const {ANSWER}) (i32.const {MESSAGE}))
             (i32.store offset=8 (i32.const {ANSWER}) (i32.const {len}))
             (i32.const {ANSWER})"
        );
        self.instead("migrate", &error)
    }

    /// Makes an export that returns a list report this length.
    #[must_use]
    pub fn list_of(self, export: &'static str, len: u32) -> Self {
        self.instead(
            export,
            &format!(
                "(i32.store (i32.const {ANSWER}) (i32.const {SCHEMA}))
                 (i32.store offset=4 (i32.const {ANSWER}) (i32.const {len}))
                 (i32.const {ANSWER})"
            ),
        )
    }

    /// Lends this many bytes as the tree of the state, and this many words as its list.
    #[must_use]
    pub fn lend(self, tree: u32, words: u32) -> Self {
        self.instead(
            "save",
            &format!(
                "(call $tree (i32.const {STATE}) (i32.const {tree}))
                 (if (i32.const {words}) (then
                   (call $longs (i32.const {LIST}) (i32.const {words}))))"
            ),
        )
    }

    /// Replaces text of the contract in `wit/` or `tests/wit`, which must occur there.
    #[must_use]
    pub fn contract(mut self, old: &'static str, new: &str) -> Self {
        self.contract.push((old, new.to_owned()));
        self
    }

    /// Stamps the guest with this version of the contract, as the SDK does.
    #[must_use]
    pub fn stamp(mut self, version: &str) -> Self {
        self.stamp = Some(version.to_owned());
        self
    }

    /// Adds an import to the core module, as `wasm32-wasip1` has.
    #[must_use]
    pub fn import(mut self, import: &str) -> Self {
        self.imports.push_str(import);
        self
    }

    /// Returns the core module with its component type embedded, as cargo builds for
    /// `wasm32-unknown-unknown`.
    #[track_caller]
    #[must_use]
    pub fn module(&self) -> Vec<u8> {
        let (resolve, world) = self.resolve();
        let text = self.text(&resolve, world);
        embed(&text, &resolve, world)
    }

    /// Returns the component.
    #[track_caller]
    #[must_use]
    pub fn component(&self) -> Vec<u8> {
        encode(&self.module())
    }

    /// Writes the core module to a file, without a temporary file.
    #[track_caller]
    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.module())
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    fn resolve(&self) -> (Resolve, WorldId) {
        let mut unused: Vec<&str> = self.contract.iter().map(|(old, _)| *old).collect();
        let mut resolve = Resolve::default();
        let contract = self.changed(&self.wit, &mut unused);
        let (mut package, _) = resolve
            .push_dir(contract.path())
            .expect("the contract is WIT");
        if !["game", "plugin"].contains(&self.world) {
            let own = self.changed(&workspace().join("tests/wit"), &mut unused);
            let own = resolve.push_dir(own.path());
            package = own.expect("the tests' worlds are WIT").0;
        }
        assert!(unused.is_empty(), "the contract has no {unused:?}");
        let world = resolve
            .select_world(&[package], Some(self.world))
            .unwrap_or_else(|error| panic!("no world {}: {error}", self.world));
        (resolve, world)
    }

    /// Copies a folder of WIT, with the replacements of this guest.
    fn changed(&self, wit: &Path, unused: &mut Vec<&str>) -> TempDir {
        let folder = TempDir::new().expect("a temporary folder can be made");
        for entry in std::fs::read_dir(wit).expect("the contract is there") {
            let path = entry.expect("the contract can be listed").path();
            let mut text = std::fs::read_to_string(&path).expect("the contract can be read");
            for (old, new) in &self.contract {
                unused.retain(|unused| !text.contains(unused));
                text = text.replace(old, new);
            }
            let copy = folder
                .path()
                .join(path.file_name().expect("a file has a name"));
            std::fs::write(copy, text).expect("a temporary file can be written");
        }
        folder
    }

    fn text(&self, resolve: &Resolve, world: WorldId) -> String {
        let world = &resolve.worlds[world];
        let mut imports = self.imports.clone();
        let mut names = BTreeSet::new();
        for (key, func) in functions(resolve, world.imports.iter()) {
            let import = WasmImport::Func {
                interface: Some(key),
                func,
            };
            let (module, name) = resolve.wasm_import_name(MANGLING, import);
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, func);
            let types = types(&signature);
            // Among several functions of one name, only the first has a label; that of `draw` has a
            // label of its own.
            let is_of_draw = name == "copied" && module.starts_with("vblank:guest/draw");
            let label = if is_of_draw {
                "$draw-copied".to_owned()
            } else if names.insert(name.clone()) {
                format!("${name}")
            } else {
                String::new()
            };
            let _ = writeln!(
                imports,
                "(import {module:?} {name:?} (func {label} {types}))"
            );
        }
        let mut exports = String::new();
        for (key, func) in functions(resolve, world.exports.iter()) {
            let export = WasmExport::Func {
                interface: Some(key),
                func,
                kind: WasmExportKind::Normal,
            };
            let name = resolve.wasm_export_name(MANGLING, export);
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, func);
            let types = types(&signature);
            let code = self.code(&func.name);
            let _ = writeln!(exports, "(func (export {name:?}) {types}\n{code})");
        }
        let stamp = self.stamp.as_ref().map_or(String::new(), |version| {
            format!("(@custom \"vblank:abi\" {version:?})")
        });
        // The memory holds the list twice: the stored one and the incoming one.
        let heap = LIST + self.words * 8;
        let pages = (LIST + 2 * self.words * 8).div_ceil(PAGE) + 1;
        format!(
            r#"(module
{imports}
(memory (export "memory") {pages})
(global $heap (mut i32) (i32.const {heap}))
(data (i32.const {STATE}) "{tree}")
(data (i32.const {SCHEMA}) "{schema}")
(data (i32.const {DEFAULTS}) "{defaults}")
(data (i32.const {MESSAGE}) "{message}")
;; What the host passes to a call is free again when the call returns.
(func $free (global.set $heap (i32.const {heap})))
;; For whoever wants to use up the stack.
(func $deep (call $deep))
(func (export "cabi_realloc")
    (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
  {realloc})
{exports}
{stamp}
)"#,
            tree = escape(&self.tree),
            schema = escape(&self.schema),
            defaults = escape(&self.defaults),
            message = escape(self.message.as_bytes()),
            realloc = self.code("cabi_realloc"),
        )
    }

    fn code(&self, export: &str) -> String {
        let (step, size, words) = (self.step, self.tree.len(), self.words);
        let list = |at: usize, len: usize| {
            format!(
                "(i32.store (i32.const {ANSWER}) (i32.const {at}))
                 (i32.store offset=4 (i32.const {ANSWER}) (i32.const {len}))
                 (i32.const {ANSWER})"
            )
        };
        let usual = match export {
            "init" | "draw" | "shutdown" | "prewarm" | "resume" => "(call $free)".to_owned(),
            "update" => {
                let add = |at: &str| {
                    format!("(i64.store {at} (i64.add (i64.load {at}) (i64.const {step})))")
                };
                let count = add(&format!("(i32.const {STATE})"));
                // The frame's number is the first field behind the pointer `$p0`.
                let frame = "(i32.wrap_i64 (i64.load (local.get $p0)))";
                let word = add(&format!(
                    "(i32.add (i32.const {LIST})
                       (i32.shl (i32.and {frame} (i32.const {})) (i32.const 3)))",
                    words.wrapping_sub(1)
                ));
                let word = if words > 0 { word } else { String::new() };
                format!("{count} {word} (call $free)")
            }
            "add" => format!(
                "(i64.store (i32.const {STATE})
                   (i64.add (i64.load (i32.const {STATE}))
                     (i64.mul (local.get $p0) (i64.const {step}))))
                 (i64.load (i32.const {STATE}))"
            ),
            "pass" => format!(
                "(i64.store (i32.const {STATE})
                   (i64.add (i64.load (i32.const {STATE})) (i64.const {step})))
                 (call $add (local.get $p0))"
            ),
            "bytes" => format!(
                "(i32.store (i32.const {ANSWER}) (i32.const {LIST}))
                 (i32.store offset=4 (i32.const {ANSWER}) (local.get $p0))
                 (i32.const {ANSWER})"
            ),
            "schema" => list(SCHEMA, self.schema.len()),
            "defaults" => list(DEFAULTS, self.defaults.len()),
            "save" => {
                let list = format!("(call $longs (i32.const {LIST}) (i32.const {words}))");
                let list = if words > 0 { list } else { String::new() };
                format!("(call $tree (i32.const {STATE}) (i32.const {size})) {list}")
            }
            "migrate" => format!(
                "(memory.copy (i32.const {STATE}) (local.get $p0) (i32.const {size}))
                 (if (local.get $p9) (then (memory.copy
                   (i32.const {LIST}) (i32.load (local.get $p8)) (i32.const {}))))
                 (call $free)
                 (i32.store8 (i32.const {ANSWER}) (i32.const 0))
                 (i32.const {ANSWER})",
                words * 8
            ),
            "cabi_realloc" => "(local $at i32)
                 (local.set $at (i32.and
                   (i32.add (global.get $heap) (i32.const 15))
                   (i32.const -16)))
                 (global.set $heap (i32.add (local.get $at) (local.get $size)))
                 (local.get $at)"
                .to_owned(),
            _ => "unreachable".to_owned(),
        };
        let before = self.before.get(export).map_or("", String::as_str);
        let code = self.instead.get(export).unwrap_or(&usual);
        format!("{before}\n{code}")
    }
}

/// Makes a component of any world. `wit` is a package with one world, and `text` a core module with the
/// exports that the world needs.
#[track_caller]
#[must_use]
pub fn component_of(wit: &str, text: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("fixture.wit", wit)
        .expect("the fixture is WIT");
    let world = resolve
        .select_world(&[package], None)
        .expect("the fixture has a world");
    encode(&embed(text, &resolve, world))
}

#[track_caller]
fn embed(text: &str, resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
        .expect("a world can be embedded");
    module
}

#[track_caller]
fn encode(module: &[u8]) -> Vec<u8> {
    let encoded = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.encode());
    encoded.unwrap_or_else(|error| panic!("the fixture makes no component: {error:#}"))
}

/// Returns the functions of a world's interfaces.
fn functions<'a>(
    resolve: &'a Resolve,
    items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> impl Iterator<Item = (&'a WorldKey, &'a Function)> {
    items.flat_map(|(key, item)| {
        let WorldItem::Interface { id, .. } = item else {
            panic!("the contract has only interfaces in its world")
        };
        resolve.interfaces[*id]
            .functions
            .values()
            .map(move |func| (key, func))
    })
}

fn types(signature: &WasmSignature) -> String {
    let name = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    };
    let mut text = String::new();
    for (i, ty) in signature.params.iter().enumerate() {
        let _ = write!(text, "(param $p{i} {}) ", name(ty));
    }
    for ty in &signature.results {
        let _ = write!(text, "(result {}) ", name(ty));
    }
    text
}

fn escape(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}
