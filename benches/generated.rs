//! Programs of a given size, to measure how a build grows with them: the same game as a guest, and as a
//! dylib for hot reloading without a sandbox. Modules are alike, with different numbers in each, so
//! that no compiler can merge them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Purpose of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// A guest of this workspace's SDK, with the profile that `host new` writes.
    Guest,
    /// A dylib with `begin` and `update`, whose state is a pointer that the host keeps.
    Dylib,
}

/// A crate that has been written.
pub struct Program {
    folder: PathBuf,
    flavour: Flavour,
    /// Lines of Rust.
    pub lines: usize,
    /// File of the module that is edited.
    edited: PathBuf,
}

const MODULE: &str = include_str!("templates/module.rs");
const GUEST: &str = include_str!("templates/guest.rs");
const DYLIB: &str = include_str!("templates/dylib.rs");
const PROFILE: &str = include_str!("../host/templates/profile.toml");
const CONFIG: &str = include_str!("../host/templates/cargo-config.toml");

impl Program {
    /// Writes a program of about this many lines into a folder.
    ///
    /// # Panics
    /// When the folder cannot be written.
    #[must_use]
    pub fn write(folder: &Path, flavour: Flavour, lines: usize) -> Self {
        let modules = (lines / MODULE.lines().count()).max(1);
        let root = root(flavour, modules);
        let mut written = root.lines().count();
        put(&folder.join("src/lib.rs"), &root);
        for number in 0..modules {
            let module = module(flavour, number);
            written += module.lines().count();
            put(&folder.join(format!("src/kind_{number}.rs")), &module);
        }
        put(&folder.join("Cargo.toml"), &manifest(flavour));
        if flavour == Flavour::Guest {
            put(&folder.join(".cargo/config.toml"), CONFIG);
        }
        Self {
            folder: folder.to_owned(),
            flavour,
            lines: written,
            edited: folder.join(format!("src/kind_{}.rs", modules / 2)),
        }
    }

    /// Returns the folder of the program.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the folder that a build with this profile fills, `debug` or `release`.
    #[must_use]
    pub fn artifact(&self, profile: &str) -> PathBuf {
        let target = self.folder.join("target");
        match self.flavour {
            Flavour::Guest => target
                .join("wasm32-unknown-unknown")
                .join(profile)
                .join("generated.wasm"),
            Flavour::Dylib => target.join(profile).join("libgenerated.so"),
        }
    }

    /// Sets one constant to its value after edit `number`.
    ///
    /// # Panics
    /// When the file has been changed by others.
    pub fn edit(&self, number: usize) {
        let text = std::fs::read_to_string(&self.edited).expect("it was written");
        let line = text
            .lines()
            .find(|line| line.starts_with("pub const PULL: f32 ="));
        let line = line.expect("each module has the constant");
        let edited = text.replace(line, &format!("pub const PULL: f32 = {:?};", pull(number)));
        assert_ne!(edited, text, "an edit changes something");
        std::fs::write(&self.edited, edited).expect("the folder can be written");
    }
}

/// Returns the value of the edited constant after an edit.
#[must_use]
pub fn pull(number: usize) -> f32 {
    9.0 + number as f32 / 64.0
}

fn manifest(flavour: Flavour) -> String {
    let head = "[package]\nname = \"generated\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                [workspace]\n\n[lib]\ncrate-type = [\"cdylib\"]\n";
    match flavour {
        Flavour::Guest => {
            let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("guest-sdk");
            let sdk = sdk.display();
            format!(
                "{head}\n[dependencies]\nvblank-guest = {{ path = {sdk:?} }}\n\n{PROFILE}",
                sdk = sdk.to_string()
            )
        }
        Flavour::Dylib => head.to_owned(),
    }
}

/// Returns the crate's root, with all modules one after the other.
fn root(flavour: Flavour, modules: usize) -> String {
    let each = |line: &str| {
        (0..modules).fold(String::new(), |mut all, number| {
            // Writing to a string cannot fail.
            let _ = writeln!(all, "{}", line.replace("{n}", &number.to_string()));
            all
        })
    };
    let template = match flavour {
        Flavour::Guest => GUEST,
        Flavour::Dylib => DYLIB,
    };
    template
        .replace("// modules\n", &each("mod kind_{n};"))
        .replace(
            "    // fields\n",
            &each("    kind_{n}: kind_{n}::Flock{n},"),
        )
        .replace(
            "            // values\n",
            &each("            kind_{n}: kind_{n}::Flock{n}::new(seed),"),
        )
        .replace(
            "        // updates\n",
            &each("        self.kind_{n}.update(dt);"),
        )
        .replace(
            "        // draws\n",
            &each("        self.kind_{n}.draw(canvas);"),
        )
        .replace(
            "        // sums\n",
            &each("        sum += self.kind_{n}.sum();"),
        )
        .replace("{middle}", &(modules / 2).to_string())
}

fn module(flavour: Flavour, number: usize) -> String {
    let text = MODULE
        .replace("{n}", &number.to_string())
        .replace("0.125", &format!("0.125{number:02}"))
        .replace("640.0", &format!("64{}.0", number % 10))
        .replace("0.75", &format!("0.75{number:02}"));
    match flavour {
        Flavour::Guest => text,
        Flavour::Dylib => text
            .replace(
                "use vblank_guest::prelude::*;\n",
                "use crate::{Canvas, Color};\n",
            )
            .replace("derive(State, ", "derive("),
    }
}

fn put(path: &Path, text: &str) {
    let folder = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(folder).expect("the folder can be made");
    std::fs::write(path, text).expect("the folder can be written");
}
