//! The guests' compiler if rustup cannot download the target: Debian's `rustc-web` and a standard
//! library built once from its source, linked as the rustup toolchain `vblank-guest`.
//!
//! Another compiler cannot use its output, so it builds in a folder of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compiler::{TARGET, has_standard_library, has_target};
use crate::debian::install as install_packages;
use crate::process::{Failure, announce, output, run};

/// Name of the toolchain in rustup. The host looks for it too.
const TOOLCHAIN: &str = "vblank-guest";
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";

/// Returns true if the toolchain is installed and complete.
pub fn is_linked() -> bool {
    has_target(Command::new("rustup").args(["run", TOOLCHAIN, "rustc"]))
}

/// Installs the compiler, builds the library and links the toolchain, as far as they are missing. Takes
/// under a minute on two cores.
pub fn install() -> Result<(), Failure> {
    let source = Path::new("/usr/lib/rustlib/src/rust/library/Cargo.lock");
    if ![Path::new(RUSTC), Path::new(CARGO), source]
        .iter()
        .all(|path| path.exists())
    {
        install_packages("guests", &["rustc-web", "cargo-web", "rust-web-src"])?;
    }
    let version =
        output(Command::new(RUSTC).arg("-vV")).ok_or_else(|| format!("{RUSTC} does not run"))?;
    let line = |name: &str| {
        let found = version.lines().find_map(|line| line.strip_prefix(name));
        found
            .map(str::trim)
            .ok_or_else(|| format!("{RUSTC} -vV tells no `{name}`"))
    };
    let llvm = line("LLVM version:")?.split('.').next().unwrap_or_default();
    let host = line("host:")?;
    let release = line("release:")?;
    let lld = PathBuf::from(format!("/usr/bin/lld-{llvm}"));
    if !lld.exists() {
        install_packages("linking guests", &[&format!("lld-{llvm}")])?;
    }
    // A new compiler gets a new sysroot, so that it never uses an older compiler's libraries.
    let data = data_folder()?;
    let sysroot = data.join(format!("{release}-{host}"));
    lay_out(&sysroot, host, &lld).map_err(|error| format!("{}: {error}", sysroot.display()))?;
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if !has_standard_library(&library) {
        announce(&format!("building the standard library for {TARGET}, once"));
        build_library(&data.join("build"), &library)?;
    }
    let linked =
        output(Command::new("rustup").args(["run", TOOLCHAIN, "rustc", "--print", "sysroot"]));
    if linked.as_deref() != sysroot.to_str() {
        announce(&format!(
            "rustup toolchain link {TOOLCHAIN} {}",
            sysroot.display()
        ));
        let mut link = Command::new("rustup");
        run(link.args(["toolchain", "link", TOOLCHAIN]).arg(&sysroot))?;
    }
    if is_linked() {
        Ok(())
    } else {
        Err(format!(
            "the toolchain {TOOLCHAIN} was linked and has no {TARGET}; remove {} and try again",
            sysroot.display()
        )
        .into())
    }
}

fn data_folder() -> Result<PathBuf, Failure> {
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
    let base = base
        .or_else(home)
        .ok_or("neither XDG_DATA_HOME nor HOME is set".to_owned())?;
    Ok(base.join(TOOLCHAIN))
}

/// Makes a sysroot that borrows everything but the target's library from the distribution's.
fn lay_out(sysroot: &Path, host: &str, lld: &Path) -> std::io::Result<()> {
    let bin = sysroot.join("bin");
    let tools = sysroot.join("lib/rustlib").join(host).join("bin");
    fs::create_dir_all(&bin)?;
    fs::create_dir_all(&tools)?;
    let system = Path::new("/usr/lib/rustlib");
    link(
        &system.join(host).join("lib"),
        &sysroot.join("lib/rustlib").join(host).join("lib"),
    )?;
    link(&system.join("src"), &sysroot.join("lib/rustlib/src"))?;
    // The default linker of the wasm targets.
    link(lld, &tools.join("rust-lld"))?;
    link(Path::new(CARGO), &bin.join("cargo"))?;
    for name in ["rustc", "rustdoc"] {
        // A link does not suffice, because rustc finds its sysroot by the path of its own library.
        let script = bin.join(name);
        let text = format!(
            "#!/bin/sh\nexec /usr/bin/{name} --sysroot '{}' \"$@\"\n",
            sysroot.display()
        );
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn link(to: &Path, at: &Path) -> std::io::Result<()> {
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at)?;
    }
    symlink(to, at)
}

fn build_library(build: &Path, library: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::from(format!("{}: {error}", build.display()));
    if build.exists() {
        fs::remove_dir_all(build).map_err(failed)?;
    }
    fs::create_dir_all(build.join("src")).map_err(failed)?;
    fs::write(build.join("src/lib.rs"), "").map_err(failed)?;
    let manifest =
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(build.join("Cargo.toml"), manifest).map_err(failed)?;
    let mut cargo = Command::new(CARGO);
    cargo.current_dir(build).args([
        "build",
        "--quiet",
        "--release",
        "-Zbuild-std=std,panic_abort",
        "--target",
        TARGET,
    ]);
    for name in [
        "RUSTUP_TOOLCHAIN",
        "CARGO",
        "RUSTC_WRAPPER",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        cargo.env_remove(name);
    }
    cargo
        .env("PATH", "/usr/bin:/bin")
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", "target")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    run(&mut cargo)?;
    // The library is moved into place at once, so that a half-filled folder is never taken for a
    // library.
    let filled = build.join("lib");
    fs::create_dir_all(&filled).map_err(failed)?;
    let made = build.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(made).map_err(failed)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("lib") && name.ends_with(".rlib") && !name.starts_with("libempty") {
            fs::copy(entry.path(), filled.join(name)).map_err(failed)?;
        }
    }
    if let Some(parent) = library.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::rename(filled, library).map_err(failed)?;
    fs::remove_dir_all(build).map_err(failed)
}
