//! Content of the files of a new guest crate, from `host/templates`. This module does not know the
//! folder that they are written to.

use clap::ValueEnum;

/// Template of a new crate.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Template {
    /// A game in which nothing happens yet
    Empty,
    /// A comet that is steered with the arrow keys
    Game2d,
    /// A filter of lines, for an application that loads plugins
    Plugin,
}

/// The profile for guests, as in `demos/Cargo.toml`.
pub(super) const PROFILE: &str = include_str!("../../../templates/profile.toml");

const MANIFEST: &str = include_str!("../../../templates/manifest.toml");

/// Without this section, cargo would assign the crate to the workspace above it.
const WORKSPACE: &str = "# Of its own: the one above is the host's.\n[workspace]\n";

/// Configuration of cargo for the target. Not written if a folder above configures the target already.
pub(super) const CARGO_CONFIG: (&str, &str) = (
    ".cargo/config.toml",
    include_str!("../../../templates/cargo-config.toml"),
);

/// Files that are the same in every crate.
pub(super) const COMMON: [(&str, &str); 2] = [
    (".gitignore", include_str!("../../../templates/gitignore")),
    (
        ".vscode/settings.json",
        include_str!("../../../templates/vscode-settings.json"),
    ),
];

/// A file of the contract, and its path beside an application's own WIT.
macro_rules! contract {
    ($file:literal) => {
        (
            concat!("wit/deps/vblank-guest/", $file),
            include_str!(concat!("../../../../wit/", $file)),
        )
    };
}
/// Files of a plugin's crate only: the application's WIT, and the contract that it includes.
const PLUGIN: [(&str, &str); 11] = [
    ("README.md", include_str!("../../../templates/plugin.md")),
    (
        "wit/plugin.wit",
        include_str!("../../../templates/plugin.wit"),
    ),
    contract!("assets.wit"),
    contract!("audio.wit"),
    contract!("draw.wit"),
    contract!("input.wit"),
    contract!("lifecycle.wit"),
    contract!("log.wit"),
    contract!("state.wit"),
    contract!("window.wit"),
    contract!("world.wit"),
];

impl Template {
    /// Returns `src/lib.rs` of a crate with this name.
    pub(super) fn source(self, name: &str) -> String {
        let source = match self {
            Self::Empty => include_str!("../../../templates/empty.rs"),
            Self::Game2d => include_str!("../../../templates/game2d.rs"),
            Self::Plugin => include_str!("../../../templates/plugin.rs"),
        };
        source.replace("{{name}}", name)
    }

    /// Returns the files that only this template has.
    pub(super) fn own_files(self, name: &str) -> impl Iterator<Item = (&'static str, String)> {
        let files: &[_] = match self {
            Self::Plugin => &PLUGIN,
            Self::Empty | Self::Game2d => &[],
        };
        let files = files.iter();
        files.map(move |(file, text)| (*file, text.replace("{{name}}", name)))
    }

    /// Returns true if an application runs the crate, and not `host run`.
    pub(super) fn is_plugin(self) -> bool {
        matches!(self, Self::Plugin)
    }
}

/// Relation of a crate to the workspace around it.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// There is no workspace.
    Alone,
    /// The crate is a member. It has no profile, because cargo would ignore it with a warning.
    Member,
    /// The crate is a workspace of its own, apart from the one around it.
    Apart,
}

/// Returns `Cargo.toml`. `sdk` is the line of the dependency.
pub(super) fn manifest(name: &str, sdk: &str, kind: Kind) -> String {
    let manifest = MANIFEST.replace("{{name}}", name).replace("{{sdk}}", sdk);
    match kind {
        Kind::Alone => format!("{manifest}\n{PROFILE}"),
        Kind::Member => manifest,
        Kind::Apart => format!("{manifest}\n{WORKSPACE}\n{PROFILE}"),
    }
}
