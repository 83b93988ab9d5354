//! `cargo xtask run`: builds the host and runs a guest in it, or builds and runs an application of its
//! own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, run};
use crate::setup;
use crate::workspace::{cargo, quieten_mesa, target};

/// Runs a guest with the flags of `host run`, or an application with its own flags.
pub fn guest(arguments: &[&str]) -> Result<(), Failure> {
    setup::wasm_target()?;
    if let Some((manifest, arguments)) = application(arguments) {
        let mut run_it = Command::new("cargo");
        run_it.args(["run", "--quiet", "--release", "--manifest-path"]);
        return run(run_it.arg(manifest).arg("--").args(arguments));
    }
    setup::vulkan()?;
    build_host()?;
    // The host runs in the user's folder, because the guest's path is relative to it.
    let mut host = Command::new(host_binary());
    host.arg("run").args(arguments);
    quieten_mesa(&mut host);
    // The host has printed the reason of its failure.
    run(&mut host).map_err(|failure| Failure {
        message: String::new(),
        ..failure
    })
}

/// Returns the manifest of an application, and its arguments. An application has a `main.rs`; a guest
/// has none.
fn application<'a>(arguments: &'a [&'a str]) -> Option<(PathBuf, &'a [&'a str])> {
    let (folder, arguments) = arguments.split_first()?;
    let folder = Path::new(folder);
    let is_program = folder.join("src/main.rs").is_file();
    is_program.then(|| (folder.join("Cargo.toml"), arguments))
}

/// The host, and the package of the features that the tests need, so that the tests rebuild no
/// dependency.
const HOST: [&str; 4] = ["--package", "vblank-host", "--package", "workspace-hack"];

fn build_host() -> Result<(), Failure> {
    let mut build = cargo();
    build.args(["build", "--release"]).args(HOST);
    build.args(setup::sound_and_gamepads());
    run(&mut build)
}

fn host_binary() -> PathBuf {
    target()
        .join("release")
        .join("host")
        .with_extension(std::env::consts::EXE_EXTENSION)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::HOST;
    use crate::workspace::cargo;

    /// Returns the features of each dependency that a build compiles, by its package and target.
    fn units(arguments: &[&str]) -> BTreeMap<String, BTreeSet<Vec<String>>> {
        let mut build = cargo();
        build.args(["build", "--release", "--unit-graph", "-Zunstable-options"]);
        // The unit graph is an unstable feature for tools that are built with cargo.
        let output = build.args(arguments).env("RUSTC_BOOTSTRAP", "1").output();
        let output = output.expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let graph: Value = serde_json::from_slice(&output.stdout).expect("the graph is JSON");
        let mut units = BTreeMap::<_, BTreeSet<_>>::new();
        for unit in graph["units"].as_array().expect("it has units") {
            let package = unit["pkg_id"].as_str().expect("a unit has a package");
            if package.starts_with("path+") {
                continue;
            }
            let kind = format!("{package} {} {}", unit["target"]["kind"], unit["mode"]);
            let features = unit["features"].as_array().into_iter().flatten();
            let features = features.map(|feature| feature.as_str().unwrap_or_default().to_owned());
            units.entry(kind).or_default().insert(features.collect());
        }
        units
    }

    #[test]
    fn what_is_built_to_run_is_not_built_again_to_test() {
        let run = units(&HOST);
        let test = units(&["--workspace", "--bins", "--tests"]);
        assert!(run.len() > 100, "{} dependencies", run.len());
        let mut missing = Vec::new();
        for (unit, variants) in &run {
            let of_tests = test.get(unit).cloned().unwrap_or_default();
            if !variants.is_subset(&of_tests) {
                missing.push(format!("{unit}: {variants:?} to run, {of_tests:?} to test"));
            }
        }
        assert!(
            missing.is_empty(),
            "name these features in xtask/workspace-hack/Cargo.toml: {missing:#?}"
        );
    }
}
