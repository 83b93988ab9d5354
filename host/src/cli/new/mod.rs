//! `host new`: writes a guest crate that builds, runs and has a test. It starts no program.

mod template;
mod workspace;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use self::template::{Kind, Template};
use self::workspace::Workspace;
use crate::cli::output::fail;

/// Path of the SDK at the time of this host's build.
const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk");
/// Version of the SDK to depend on, if that path does not exist any more.
const SDK_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// Keywords of the 2024 edition, and crates that every program has. No crate can have these names.
const TAKEN: [&str; 57] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "vblank_guest",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Make a guest crate that builds, runs and has a test
#[derive(Args)]
pub(super) struct New {
    /// The crate's name: lower-case letters, digits, - and _
    #[arg(value_parser = parse_name)]
    name: String,
    /// The template that the crate starts from
    #[arg(long, default_value = "game2d")]
    template: Template,
    /// The crate's folder; default: NAME
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

impl New {
    pub(super) fn execute(self) -> u8 {
        self.make().unwrap_or_else(|error| fail(&error, 1))
    }

    fn make(&self) -> anyhow::Result<u8> {
        let shown = self.path.as_deref().unwrap_or(Path::new(&self.name));
        let folder = empty_folder(shown)?;
        let around = Workspace::around(&folder)?;
        let (hosts, mut workspace) = match around {
            Some(around) if around.is_of_the_host() => (Some(around), None),
            around => (None, around),
        };
        let joined = workspace.as_mut().map(Workspace::admit).transpose()?;
        let kind = match (&hosts, &workspace) {
            (Some(_), _) => Kind::Apart,
            (None, Some(_)) => Kind::Member,
            (None, None) => Kind::Alone,
        };
        self.write_crate(&folder, kind, workspace.as_ref())?;
        if let (Some(workspace), Some(true)) = (&workspace, joined) {
            workspace.save()?;
        }
        outln!("made {}, a guest crate, in {}", self.name, shown.display());
        if let Some(hosts) = hosts {
            let manifest = hosts.manifest.display();
            outln!(
                "it is a workspace of its own: that of {manifest} is the host's, and stays as it is"
            );
        }
        if let Some(workspace) = &workspace {
            print_membership(workspace, joined == Some(true));
        }
        if self.template.is_plugin() {
            print_next_of_plugin(shown);
        } else {
            print_next(shown);
        }
        Ok(0)
    }

    fn write_crate(
        &self,
        folder: &Path,
        kind: Kind,
        workspace: Option<&Workspace>,
    ) -> anyhow::Result<()> {
        let place = match workspace {
            Some(workspace) if workspace.has_sdk() => "workspace = true".to_owned(),
            _ => sdk_place(),
        };
        let features = if self.template.is_plugin() {
            ", features = [\"plugin\"]"
        } else {
            ""
        };
        let sdk = format!("vblank-guest = {{ {place}{features} }}");
        let is_configured = workspace::has_target_config(folder)?;
        let manifest = template::manifest(&self.name, &sdk, kind);
        write(folder, "Cargo.toml", &manifest)?;
        write(folder, "src/lib.rs", &self.template.source(&self.name))?;
        for (file, text) in template::COMMON {
            write(folder, file, text)?;
        }
        for (file, text) in self.template.own_files(&self.name) {
            write(folder, file, &text)?;
        }
        if !is_configured {
            let (file, text) = template::CARGO_CONFIG;
            write(folder, file, text)?;
        }
        Ok(())
    }
}

/// Parses a name that cargo and Rust accept for a crate.
fn parse_name(name: &str) -> Result<String, String> {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.contains(['/', '\\']) {
        return Err("expected a name and not a path; choose the folder with --path".to_owned());
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_fine) {
        let rule = "a crate's name begins with a lower-case letter, and has such letters, digits, - and _ only";
        return Err(rule.to_owned());
    }
    if TAKEN.contains(&&*name.replace('-', "_")) {
        return Err(format!(
            "the name is taken by Rust or by the SDK; try {name}-game"
        ));
    }
    Ok(name.to_owned())
}

/// Creates the folder if it is missing. Returns its canonical path, as cargo will see it.
fn empty_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let shown = folder.display();
    let cannot = || format!("cannot make the folder {shown}");
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let mut entries = std::fs::read_dir(folder).with_context(cannot)?;
    if entries.next().is_some() {
        bail!("{shown} exists and is not empty; give another name, or another folder with --path");
    }
    std::fs::canonicalize(folder).with_context(cannot)
}

fn write(folder: &Path, file: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(file);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Returns the source of the SDK for `Cargo.toml`: a path if its checkout exists, or else a version.
fn sdk_place() -> String {
    let checkout = std::fs::canonicalize(SDK).ok();
    match checkout.filter(|sdk| sdk.join("Cargo.toml").is_file()) {
        Some(sdk) => {
            let path = toml_edit::Value::from(sdk.display().to_string());
            format!("path = {path}")
        }
        None => format!("version = {SDK_VERSION:?}"),
    }
}

/// Prints the consequences of membership in a workspace.
fn print_membership(workspace: &Workspace, is_new: bool) {
    let how = if is_new { "now" } else { "as its patterns say" };
    let manifest = workspace.manifest.display();
    outln!("it is a member of the workspace of {manifest} {how}");
    if !workspace.is_tuned() {
        outln!(
            "\ncargo takes profiles from that file only, and it has none for games; they run three to four\ntimes as quick when these lines are added:\n\n{}",
            template::PROFILE.trim_end()
        );
    }
}

fn print_next(folder: &Path) {
    let host = std::env::args().next().unwrap_or("host".to_owned());
    let folder = folder.display();
    outln!("\n  {host} run {folder}");
    outln!("      plays it; change {folder}/src/lib.rs, save, and it goes on with the new code");
    outln!("  cd {folder} && cargo test");
    outln!("      tests it, without a host");
}

fn print_next_of_plugin(folder: &Path) {
    let host = std::env::args().next().unwrap_or("host".to_owned());
    let folder = folder.display();
    outln!("\n  {host} build {folder} --release");
    outln!("      makes the file that an application loads; {folder}/README.md says how");
    outln!("  cd {folder} && cargo test");
    outln!("      tests it, without an application");
}
