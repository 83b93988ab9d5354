//! The list of the targets, with their bounds.

use crate::{Bounds, Target, host, seeds, state};

/// Bounds of most targets: an input has some kilobytes, and an ordinary one takes less than a millisecond.
const BOUNDS: Bounds = Bounds {
    cpu_ms: 2000,
    bytes: 256 << 20,
};
/// Bounds where the host allows 64 MiB and a second itself.
const ASSET: Bounds = Bounds {
    cpu_ms: 3000,
    bytes: (64 + 256) << 20,
};

/// Words of input scripts.
const SCRIPT: &[&str] = &[
    "{\"frame\": ",
    "\"key\": ",
    "\"pointer\": ",
    "\"pad\": ",
    "\"touch\": ",
    "\"text\": ",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "1e999",
    "-0.0",
];
const WANTS: &[&str] = &[
    "clock",
    "read=",
    "write=",
    "env=",
    "http=",
    "random=",
    " = ",
    "\"",
    "\"\"\"",
    "'''",
    "::",
    "..",
    "/",
    "[",
    "]",
    "{",
    "}",
    ".",
    "\n",
    "\\u{202e}",
];
const SHADER: &[&str] = &[
    "fn ",
    "struct ",
    "array<",
    "vec4f",
    "mat4x4f",
    "ptr<",
    "const ",
    "var<private> ",
    "alias ",
    "override ",
    "let ",
    "if ",
    " else ",
    "loop ",
    "for ",
    "switch ",
    "return ",
    "break",
    "continuing ",
    "-> ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    "+",
    "-",
    "!",
    "&",
    "*",
    "/*",
    "*/",
    "//",
    "@",
    "1.0",
    "in.color",
    "\n",
];
/// Sections and types of WebAssembly.
const CODE: &[&str] = &[
    "\0asm\x01\0\0\0",
    "\0asm\x0d\0\x01\0",
    "component-type:x",
    "vblank:schema",
    "vblank:abi",
    "name",
    "\x41\x01\x01",
    "\x42\x01\x01",
    "\x40\0\0",
    "\x60\0\0",
    "\x03\x40\x0b",
    "\x0b",
];
const SOUND: &[&str] = &[
    "RIFF",
    "WAVE",
    "fmt ",
    "data",
    "LIST",
    "OggS",
    "\x01vorbis",
    "\x05vorbis",
];

/// Returns a target of the host.
const fn of_host(
    name: &'static str,
    read: fn(&[u8]) -> Result<(), String>,
    seeds: fn() -> Vec<Vec<u8>>,
    words: &'static [&'static str],
) -> Target {
    Target {
        name,
        read,
        seeds,
        words,
        most: 64 << 10,
        bounds: BOUNDS,
        seconds: 5,
    }
}

/// Returns a target of the state.
const fn of_state(
    name: &'static str,
    read: fn(&[u8]) -> Result<(), String>,
    seeds: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        most: 4096,
        seconds: 2,
        ..of_host(name, read, seeds, &[])
    }
}

/// All targets. Together they run for less than a minute.
const TARGETS: [Target; 15] = [
    of_host("image", host::image, seeds::image, &[]),
    of_host("code", host::code, seeds::code, CODE),
    of_host("shader", host::shader, seeds::shader, SHADER),
    of_host("wants", host::wants, seeds::wants, WANTS),
    of_host("script", host::script, seeds::script, SCRIPT),
    Target {
        bounds: ASSET,
        ..of_host("picture", host::picture, seeds::picture, &[])
    },
    Target {
        bounds: ASSET,
        ..of_host("sound", host::sound, seeds::sound, SOUND)
    },
    Target {
        bounds: ASSET,
        ..of_host("vorbis", host::vorbis, seeds::vorbis, SOUND)
    },
    of_state("schema", state::schema, seeds::schema),
    of_state("section", state::section, seeds::section),
    of_state("value", state::value, seeds::value),
    of_state("plan", state::plan, seeds::plan),
    of_state("migrate", state::migrate, seeds::migrate),
    of_state("restore", state::restore, seeds::restore),
    of_state("parked", state::parked, seeds::parked),
];

/// Returns the target of this name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn target(name: &str) -> Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    *found.unwrap_or_else(|| panic!("there is no target {name}"))
}
