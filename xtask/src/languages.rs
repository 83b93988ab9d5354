//! `cargo xtask languages`: the plugins and games of `demos/languages` in C, JavaScript and Python. Their compilers come from
//! PyPI and npm into `target/languages` and change nothing elsewhere on the machine.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::process::{Failure, announce, run};
use crate::workspace::root;

/// The guests: the folder in `demos/languages`, the folder of the SDK in `guest-sdk`, and the file.
const GUESTS: [(&str, &str, &str); 6] = [
    ("c", "c", "counter-c.wasm"),
    ("square/c", "c", "square-c.wasm"),
    ("js", "js", "counter-js.wasm"),
    ("square/js", "js", "square-js.wasm"),
    ("python", "python", "counter-python.wasm"),
    ("square/python", "python", "square-python.wasm"),
];

/// Installs the compilers if they are missing, and builds guests that are older than their source.
pub fn build() -> Result<(), Failure> {
    let folder = root().join("target/languages");
    let demos = root().join("demos/languages");
    let python = folder.join("pypi");
    let requirements = demos.join("python/requirements.txt");
    once(&python, &requirements, || {
        announce("componentize-py and zig, from PyPI (120 MB to download, 490 MB of disk)");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"]);
        run(pip.arg(&python).arg("--requirement").arg(&requirements))
    })?;
    let npm = folder.join("npm");
    let package = demos.join("js/package.json");
    once(&npm, &package, || {
        announce("componentize-qjs, from npm (40 MB of disk)");
        copy(&package, &npm.join("package.json"))?;
        let mut npm_install = Command::new("npm");
        npm_install.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
        run(npm_install.arg(&npm))
    })?;
    let qjs = npm.join("node_modules/.bin/componentize-qjs");
    let py = python.join("bin/componentize-py");
    for (demo, sdk, file) in GUESTS {
        let wasm = folder.join(file);
        let sources = [
            root().join("wit"),
            demos.join("wit"),
            demos.join(demo),
            root().join("guest-sdk").join(sdk),
        ];
        let made = modified(&wasm);
        if made.is_some() && made >= sources.iter().filter_map(|source| newest(source)).max() {
            continue;
        }
        announce(&format!("demos/languages/{demo}"));
        let mut build = Command::new(demos.join(demo).join("build.sh"));
        build.arg(&wasm).env("PYTHONPATH", &python);
        // Each script uses the compiler that it needs.
        build.env("ZIG", "python3 -m ziglang");
        build.env("COMPONENTIZE_QJS", &qjs);
        run(build.env("COMPONENTIZE_PY", &py))?;
    }
    Ok(())
}

/// Fills a folder from a list of packages, unless the same list has filled it.
fn once(
    folder: &Path,
    list: &Path,
    fill: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let done = folder.join("installed");
    let wanted = fs::read(list).map_err(|error| cannot("read", list, &error))?;
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // Packages of an old list could conflict with the new ones.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    fill()?;
    copy(list, &done)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copied = fs::copy(from, to);
    copied.map_or_else(|error| Err(cannot("write", to, &error)), |_| Ok(()))
}

fn cannot(action: &str, path: &Path, error: &std::io::Error) -> Failure {
    format!("cannot {action} {}: {error}", path.display()).into()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Returns the time of the last change of a folder or of anything in it.
fn newest(path: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let within = entries.filter_map(|entry| newest(&entry.path()));
    within.chain(modified(path)).max()
}
