//! The files by which cargo and rustup decide how a crate is built. Reads the disk, and starts no cargo.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::files;

/// Files as they were when they were listed. A missing file has no version.
#[derive(Clone, Debug, Default)]
pub(super) struct Description(Vec<(PathBuf, Option<Version>)>);

/// A file's modification time and content. A build may write a file again, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    written: SystemTime,
    content: blake3::Hash,
}

impl Version {
    fn of(file: &Path) -> Option<Self> {
        // The date first, so that a later change has a later one.
        let written = written(file)?;
        let content = blake3::hash(&files::read(file, MAX_BYTES).unwrap_or_default());
        Some(Self { written, content })
    }
}

/// Largest file of which the content is compared, in bytes.
const MAX_BYTES: u64 = 1 << 20;

impl Description {
    /// Lists the files of a crate in `folder` whose packages lie in `packages`. cargo reads its configuration in
    /// every folder from the working folder upwards and in its home; rustup looks for `rust-toolchain.toml` the
    /// same way. See <https://doc.rust-lang.org/cargo/reference/config.html> and
    /// <https://rust-lang.github.io/rustup/overrides.html>.
    pub(super) fn of<'a>(folder: &Path, packages: impl Iterator<Item = &'a Path>) -> Self {
        let mut files: Vec<PathBuf> = packages.map(|folder| folder.join("Cargo.toml")).collect();
        let mut configs = Vec::new();
        for folder in folder.ancestors() {
            let named = |name: &str| folder.join(name);
            configs.extend([".cargo/config.toml", ".cargo/config"].map(named));
            files.extend(["rust-toolchain.toml", "rust-toolchain", "Cargo.toml"].map(named));
        }
        if let Some(home) = cargo_home() {
            configs.extend(["config.toml", "config"].map(|name| home.join(name)));
        }
        files.extend(with_included(configs));
        files.sort();
        files.dedup();
        let dated = files.into_iter().map(|file| {
            let version = Version::of(&file);
            (file, version)
        });
        Self(dated.collect())
    }

    /// Takes the versions of `before`, which was made before cargo was asked at the time `asked`. A file that is
    /// new here and was written since has none, so that [`Description::is_current`] is false.
    pub(super) fn read_as(self, before: &Self, asked: SystemTime) -> Self {
        // A file may be dated in the future without end.
        let since = asked..=SystemTime::now();
        let versions = self.0.into_iter().map(|(file, now)| {
            let known = before.0.binary_search_by(|(known, _)| known.cmp(&file));
            let version = match known {
                Ok(at) => before.0[at].1,
                Err(_) => now.filter(|now| !since.contains(&now.written)),
            };
            (file, version)
        });
        Self(versions.collect())
    }

    /// True if no file has another content now. A file with the same date is not read.
    pub(super) fn is_current(&self) -> bool {
        let mut files = self.0.iter();
        files.all(|(file, version)| {
            let is_same = |version: &Version| {
                let content = version.content;
                Version::of(file).is_some_and(|now| now.content == content)
            };
            let date = version.map(|version| version.written);
            written(file) == date || version.as_ref().is_some_and(is_same)
        })
    }

    /// The files, of which some may not be there.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(file, _)| &**file)
    }
}

/// Returns configurations of cargo with those that they include.
fn with_included(mut configs: Vec<PathBuf>) -> Vec<PathBuf> {
    /// Enough for anybody, and an end for files that include each other under new names.
    const MOST: usize = 200;
    let mut next = 0;
    while next < configs.len() && configs.len() < MOST {
        for file in included(&configs[next]) {
            if !configs.contains(&file) {
                configs.push(file);
            }
        }
        next += 1;
    }
    configs
}

/// Returns the files that a configuration includes. See
/// <https://doc.rust-lang.org/cargo/reference/config.html#including-extra-configuration-files>.
fn included(config: &Path) -> Vec<PathBuf> {
    let bytes = files::read(config, MAX_BYTES).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // cargo reports a configuration that cannot be read.
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let values = match table.get("include") {
        Some(toml::Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let folder = config.parent().unwrap_or(Path::new(""));
    let path = |value: &toml::Value| {
        let path = value.get("path").unwrap_or(value);
        Some(folder.join(path.as_str()?))
    };
    values.iter().filter_map(path).collect()
}

fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

pub(super) fn written(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|meta| meta.modified())
        .ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_configuration_includes_is_listed() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name);
        for (name, text) in [
            (
                "config.toml",
                "include = [\"one.toml\", { path = \"two.toml\", optional = true }]",
            ),
            ("one.toml", "include = \"config.toml\"\n[env]\nA = \"1\""),
            ("two.toml", "include = 3"),
        ] {
            std::fs::write(path(name), text).expect("it can be written");
        }
        let all = with_included(vec![path("config.toml"), path("missing.toml")]);
        let names = ["config.toml", "missing.toml", "one.toml", "two.toml"];
        assert_eq!(all, names.map(path));
        std::fs::write(path("config.toml"), "no toml [").expect("it can be written");
        let all = with_included(vec![path("config.toml")]);
        assert_eq!(all, [path("config.toml")]);
    }

    #[test]
    fn a_file_dated_in_the_future_is_current() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (early, file) = (folder.path().join("a"), folder.path().join("b"));
        let made = std::fs::File::create(&file).expect("it can be written");
        let described = |paths: &[&PathBuf]| {
            let versions = paths
                .iter()
                .map(|path| ((*path).clone(), Version::of(path)));
            Description(versions.collect())
        };
        let before = described(&[&early]);
        let (asked, minute) = (SystemTime::now(), Duration::from_secs(60));
        let is_current = |date: SystemTime| {
            made.set_modified(date).expect("it can be dated");
            let after = described(&[&early, &file]);
            after.read_as(&before, asked).is_current()
        };
        assert!(is_current(asked - minute));
        assert!(is_current(asked + minute));
        assert!(!is_current(asked), "it was written while cargo was asked");
    }

    #[test]
    fn a_file_that_is_written_again_is_current() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("Cargo.toml");
        let write = |text: &str, second: u64| {
            std::fs::write(&file, text).expect("it can be written");
            let file = std::fs::File::options().write(true).open(&file);
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let dated = file.and_then(|file| file.set_modified(date));
            dated.expect("it can be dated");
        };
        write("one", 1);
        let description = Description(vec![(file.clone(), Version::of(&file))]);
        write("one", 2);
        assert!(description.is_current());
        write("two", 3);
        assert!(!description.is_current());
        std::fs::remove_file(&file).expect("it is there");
        assert!(!description.is_current());
    }
}
