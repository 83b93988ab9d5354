//! From where a guest stood to the places in its source, by the debug sections of its file as it was
//! built. Takes milliseconds and the size of those sections in memory: never on the game's thread.
//!
//! It knows bytes only. They may be damaged: what cannot be read is left out.

use std::collections::HashMap;
use std::ops::Range;

use gimli::{EndianSlice, LittleEndian};
use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

use crate::error::{Backtrace, RawFrame};

/// A function that was running, perhaps inlined into the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name without the compiler's decorations.
    pub function: String,
    /// As the compiler was given it, made absolute with its working directory.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
}

impl Frame {
    /// Whether it is neither the standard library's, nor the SDK's, nor a crate's from a registry.
    #[must_use]
    pub fn is_own(&self) -> bool {
        // What `game!` makes bears its line.
        if is_games_export(&self.function) {
            return false;
        }
        match &self.file {
            Some(file) => is_own_file(file),
            None => is_own_function(&self.function),
        }
    }
}

/// Whether a file is one that the author of a guest wrote.
#[must_use]
pub fn is_own_file(file: &str) -> bool {
    const OTHERS: [&str; 6] = [
        "/rustc/",
        "/library/core/",
        "/library/alloc/",
        "/library/std/",
        "/registry/src/",
        "/git/checkouts/",
    ];
    let sdk = ["/guest-sdk/src/", "/guest-sdk/state/src/", "/vblank-guest-"];
    !OTHERS.iter().chain(&sdk).any(|part| file.contains(part))
}

fn is_own_function(name: &str) -> bool {
    // `<T as vblank_guest::Game>` is the author's, `<vblank_guest::…>` is not.
    let name = name.trim_start_matches(['<', '&']);
    let root = name.split("::").next().unwrap_or(name);
    let others = [
        "core",
        "std",
        "alloc",
        "vblank_guest",
        "vblank_state",
        "dlmalloc",
    ];
    name.contains("::") && !others.contains(&root)
}

/// Whether a core module that exports this is the game itself.
pub(super) fn is_games_export(name: &str) -> bool {
    name.starts_with("vblank:guest/")
}

/// The functions that were running, the innermost first. Those of which nothing is known are left out.
#[must_use]
pub fn look_up(backtrace: &Backtrace) -> Vec<Frame> {
    let symbols = Symbols::of(&backtrace.binary.bytes);
    symbols.map_or(Vec::new(), |symbols| symbols.frames(&backtrace.frames))
}

/// What a binary says of its functions, read once for many stacks.
pub(super) struct Symbols<'a> {
    module: Module<'a>,
    lines: Option<Lines<'a>>,
}

impl<'a> Symbols<'a> {
    /// `None` where it has no game in it.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let module = Module::of_game(bytes)?;
        let lines = module.lines();
        Some(Self { module, lines })
    }

    /// As [`look_up`] has it.
    pub(super) fn frames(&self, stack: &[RawFrame]) -> Vec<Frame> {
        let mut frames = Vec::new();
        for raw in stack {
            let name = self
                .module
                .names
                .get(&raw.function)
                .map(|name| demangle(name));
            let mut known = self
                .lines
                .as_ref()
                .and_then(|lines| self.module.inlined(lines, *raw))
                .unwrap_or_default();
            match (name, known.last_mut()) {
                // Its symbol says more than the debug sections do: the type and the module as well.
                (Some(name), Some(outermost)) => outermost.function = name,
                (Some(function), None) => known.push(Frame {
                    function,
                    file: None,
                    line: None,
                    column: None,
                }),
                (None, _) => {}
            }
            frames.append(&mut known);
        }
        frames
    }
}

type Lines<'a> = addr2line::Context<EndianSlice<'a, LittleEndian>>;

/// What a core module says about itself.
#[derive(Default)]
struct Module<'a> {
    is_game: bool,
    imported: u32,
    /// Where the contents of the code section begin: DWARF counts from there.
    code: usize,
    bodies: Vec<Range<usize>>,
    custom: HashMap<&'a str, &'a [u8]>,
    /// As the file has them, else as they are exported.
    names: HashMap<u32, &'a str>,
}

impl<'a> Module<'a> {
    /// The game's own core module: the file, or one in the component.
    fn of_game(bytes: &'a [u8]) -> Option<Self> {
        let mut parts = vec![bytes];
        for payload in Parser::new(0).parse_all(bytes) {
            if let Payload::ModuleSection {
                unchecked_range, ..
            } = payload.ok()?
            {
                parts
                    .push(bytes.get(unchecked_range.start as usize..unchecked_range.end as usize)?);
            }
        }
        parts
            .into_iter()
            .filter_map(Self::parse)
            .find(|module| module.is_game)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.ok()? {
                // Of a component, only what lies in it is of interest.
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => return None,
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function =
                            matches!(import.ok()?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        module.imported += u32::from(is_function);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.ok()?;
                        module.is_game |= is_games_export(export.name);
                        if export.kind == ExternalKind::Func {
                            module.names.insert(export.index, export.name);
                        }
                    }
                }
                Payload::CodeSectionStart { range, .. } => module.code = range.start as usize,
                Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    module.bodies.push(range.start as usize..range.end as usize);
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names.into_iter().flatten() {
                            if let Name::Function(map) = name {
                                let named = map.into_iter().flatten();
                                module
                                    .names
                                    .extend(named.map(|name| (name.index, name.name)));
                            }
                        }
                    } else {
                        module.custom.insert(section.name(), section.data());
                    }
                }
                _ => {}
            }
        }
        Some(module)
    }

    /// `None` without debug sections, or when they are damaged.
    fn lines(&self) -> Option<Lines<'a>> {
        self.custom.get(".debug_line")?;
        let dwarf = gimli::Dwarf::load(|id| {
            let data = self.custom.get(id.name()).copied().unwrap_or_default();
            Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
        });
        addr2line::Context::from_dwarf(dwarf.ok()?).ok()
    }

    /// A function and what was inlined into it there. `None` where the debug sections have nothing.
    fn inlined(&self, lines: &Lines<'a>, raw: RawFrame) -> Option<Vec<Frame>> {
        let index = raw.function.checked_sub(self.imported)?;
        let body = self.bodies.get(index as usize)?;
        let begin = (body.start - self.code) as u64;
        let at = begin + u64::from(raw.offset);
        let here = frames_at(lines, at);
        let has_line =
            |frames: &Vec<Frame>| frames.first().is_some_and(|frame| frame.line.is_some());
        if here.as_ref().is_some_and(has_line) {
            return here;
        }
        // Code that the compiler made of several lines, or of none, as the check of a limit in a loop
        // is: the line before it is where it was.
        const AT_MOST: u64 = 256;
        let before = (at.saturating_sub(AT_MOST).max(begin)..at).rev();
        let mut near = before.filter_map(|at| frames_at(lines, at));
        near.find(has_line).or(here)
    }
}

fn frames_at(lines: &Lines<'_>, at: u64) -> Option<Vec<Frame>> {
    let mut frames = lines.find_frames(at).skip_all_loads().ok()?;
    let mut found = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        let name = frame.function.as_ref().map(|name| name.raw_name());
        let place = frame.location.as_ref();
        found.push(Frame {
            function: without_types(&name.and_then(Result::ok).unwrap_or_default()),
            file: place.and_then(|place| place.file).map(str::to_owned),
            // 0 stands for code that belongs to no line.
            line: place.and_then(|place| place.line).filter(|line| *line > 0),
            column: place
                .and_then(|place| place.column)
                .filter(|column| *column > 0),
        });
    }
    (!found.is_empty()).then_some(found)
}

/// `with` from `with<vblank_guest::game::Runtime<hello::Hello>, …>`.
fn without_types(name: &str) -> String {
    let name = demangle(name);
    match name.find('<') {
        Some(at) if at > 0 => name[..at].to_owned(),
        _ => name,
    }
}

fn demangle(name: &str) -> String {
    // Without the hash at its end.
    format!("{:#}", rustc_demangle::demangle(name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use wasmtime::{Engine, Instance, Module, Store, WasmBacktrace};

    use super::*;
    use crate::error::Binary;

    /// From `traps.rs` beside it, where the command is.
    const TRAPS: &[u8] = include_bytes!("fixtures/traps.wasm");

    /// The module without the custom sections of these names.
    fn without(names: &[&str]) -> Vec<u8> {
        let mut kept = TRAPS[..8].to_vec();
        let mut end = 8;
        for payload in Parser::new(0).parse_all(TRAPS) {
            let payload = payload.unwrap();
            let Some((_, range)) = payload.as_section() else {
                continue;
            };
            let is_named = matches!(&payload, Payload::CustomSection(section)
                if names.iter().any(|name| section.name().starts_with(name)));
            if !is_named {
                kept.extend_from_slice(&TRAPS[end..range.end as usize]);
            }
            end = range.end as usize;
        }
        kept
    }

    /// Run it without what is not needed to run, as the host does, and look up where it trapped in
    /// these bytes.
    fn trap_in(bytes: Vec<u8>) -> Vec<Frame> {
        let engine = Engine::default();
        let stripped = without(&["name", ".debug_", "producers", "target_features"]);
        let module = Module::new(&engine, stripped).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let update = "vblank:guest/lifecycle@0.1.0#update";
        let update = instance.get_typed_func::<u32, u32>(&mut store, update);
        let error = update.unwrap().call(&mut store, 7).unwrap_err();
        let trace = error.downcast_ref::<WasmBacktrace>().unwrap();
        let frames = trace.frames().iter().map(|frame| RawFrame {
            function: frame.func_index(),
            offset: u32::try_from(frame.func_offset().unwrap()).unwrap(),
        });
        look_up(&Backtrace {
            binary: Arc::new(Binary {
                bytes,
                read: SystemTime::now(),
            }),
            frames: frames.collect(),
        })
    }

    fn told(frames: &[Frame]) -> Vec<String> {
        let line = |frame: &Frame| {
            let line = frame.line.map_or(String::new(), |line| format!(":{line}"));
            let file = frame.file.as_deref().unwrap_or_default();
            format!("{} {file}{line}", frame.function)
        };
        frames.iter().map(line).collect()
    }

    #[test]
    fn a_trap_has_its_lines_through_what_was_inlined() {
        let frames = trap_in(TRAPS.to_vec());
        let own: Vec<Frame> = frames
            .iter()
            .filter(|frame| frame.is_own())
            .cloned()
            .collect();
        assert_eq!(
            told(&own),
            ["inner /game/traps.rs:20", "traps::outer /game/traps.rs:13"]
        );
        assert_eq!(own[0].column, Some(43), "of `read_volatile`");
        let all = told(&frames);
        assert!(
            all[0].contains("read_volatile") && all[0].contains("library/core/"),
            "{all:?}"
        );
        let last = all.last().unwrap();
        assert!(
            last.starts_with("vblank:guest/lifecycle") && last.ends_with(":8"),
            "{all:?}"
        );
    }

    #[test]
    fn without_debug_sections_there_are_names_and_without_those_exports() {
        let frames = told(&trap_in(without(&[".debug_"])));
        assert_eq!(
            frames,
            ["traps::outer ", "vblank:guest/lifecycle@0.1.0#update "]
        );
        let exports = told(&trap_in(without(&[".debug_", "name"])));
        assert_eq!(exports, ["vblank:guest/lifecycle@0.1.0#update "]);
    }

    #[test]
    fn damaged_sections_are_no_harm() {
        for at in 8..TRAPS.len() {
            let mut bytes = TRAPS.to_vec();
            bytes[at] ^= 0x55;
            // Whatever it comes to: it returns, and with not much.
            let frames = look_up(&Backtrace {
                binary: Arc::new(Binary {
                    bytes,
                    read: SystemTime::now(),
                }),
                frames: [0, 1, 2, 99]
                    .map(|function| RawFrame {
                        function,
                        offset: 20,
                    })
                    .to_vec(),
            });
            assert!(frames.len() < 100, "byte {at}");
        }
    }

    #[test]
    fn whose_code_it_is() {
        for (file, is_own) in [
            ("/home/me/game/src/lib.rs", true),
            ("game/src/lib.rs", true),
            ("/rustc/abc/library/core/src/option.rs", false),
            (
                "/home/me/.cargo/registry/src/index.crates.io-1/glam-0.30.0/src/lib.rs",
                false,
            ),
            ("/home/me/vblank/guest-sdk/src/game.rs", false),
        ] {
            assert_eq!(is_own_file(file), is_own, "{file}");
        }
        for (name, is_own) in [
            ("hello::deep", true),
            ("<hello::Hello as vblank_guest::game::Game>::update", true),
            ("<alloc::vec::Vec<u32> as core::ops::Index>::index", false),
            ("core::panicking::panic_fmt", false),
            ("dlmalloc", false),
        ] {
            assert_eq!(is_own_function(name), is_own, "{name}");
        }
    }
}
