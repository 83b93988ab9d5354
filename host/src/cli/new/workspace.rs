//! The cargo workspace around a new crate, and how the crate becomes a member. Cargo's rules apply, and
//! the manifest keeps its formatting. This module does not run cargo.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use glob::{MatchOptions, Pattern};
use toml_edit::{Array, DocumentMut, Item, Value};

/// A manifest with `[workspace]`, in a folder above the crate's.
pub(super) struct Workspace {
    pub(super) manifest: PathBuf,
    document: DocumentMut,
    /// The crate's folder as `members` would name it.
    member: String,
}

impl Workspace {
    /// Finds the workspace to which cargo would assign a crate in this folder.
    pub(super) fn around(crate_folder: &Path) -> anyhow::Result<Option<Self>> {
        for folder in crate_folder.ancestors().skip(1) {
            let Some((manifest, document)) = read(&folder.join("Cargo.toml"))? else {
                continue;
            };
            let relative = crate_folder.strip_prefix(folder)?;
            let names = relative.iter().map(|name| name.to_string_lossy());
            let workspace = Self {
                member: names.collect::<Vec<_>>().join("/"),
                manifest,
                document,
            };
            if workspace.document.contains_key("workspace") && !workspace.excludes() {
                return Ok(Some(workspace));
            }
        }
        Ok(None)
    }

    /// Returns true if `members` names the crate, or has a pattern that does.
    fn has_member(&self) -> bool {
        let options = MatchOptions {
            require_literal_separator: true,
            ..MatchOptions::default()
        };
        self.listed("members").iter().any(|member| {
            let pattern = Pattern::new(plain(member));
            pattern.is_ok_and(|pattern| pattern.matches_with(&self.member, options))
        })
    }

    /// Adds the crate to `members`, unless a pattern covers it. Returns true if it was added. Writes
    /// nothing yet.
    pub(super) fn admit(&mut self) -> anyhow::Result<bool> {
        if self.has_member() {
            return Ok(false);
        }
        let shown = self.manifest.display();
        let odd = || anyhow!("cannot add to the members in {shown}: they are no list");
        let workspace = self.document["workspace"]
            .as_table_like_mut()
            .ok_or_else(odd)?;
        let members = workspace
            .entry("members")
            .or_insert_with(|| Item::Value(Array::new().into()))
            .as_array_mut()
            .ok_or_else(odd)?;
        push(members, &self.member);
        Ok(true)
    }

    /// Writes the manifest.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        std::fs::write(&self.manifest, self.document.to_string()).with_context(|| {
            let shown = self.manifest.display();
            format!("cannot add {} to the members in {shown}", self.member)
        })
    }

    /// Returns true if members can inherit the SDK as a dependency.
    pub(super) fn has_sdk(&self) -> bool {
        let dependencies = self.document["workspace"].get("dependencies");
        dependencies.is_some_and(|list| list.get("vblank-guest").is_some())
    }

    /// Returns true if the host is one of the workspace's crates. In Vblank's own workspace, a game
    /// would be built with the host's profiles, and `Cargo.toml` is not the user's to change.
    pub(super) fn is_of_the_host(&self) -> bool {
        let dependencies = self.document["workspace"].get("dependencies");
        let host = dependencies.and_then(|list| list.get("vblank-host"));
        let path = host.and_then(|host| host.get("path")?.as_str());
        path.is_some_and(|path| !Path::new(path).is_absolute() && !path.starts_with(".."))
    }

    /// Returns true if the `dev` profile sets an optimisation level.
    pub(super) fn is_tuned(&self) -> bool {
        let profile = self.document.get("profile");
        let dev = profile.and_then(|profile| profile.get("dev"));
        dev.is_some_and(|dev| dev.get("opt-level").is_some())
    }

    /// Returns true if `exclude` covers the crate. Cargo compares the beginning of the path here, and
    /// `members` takes precedence.
    fn excludes(&self) -> bool {
        let begins = |path: &String| Path::new(&self.member).starts_with(Path::new(plain(path)));
        self.listed("exclude").iter().any(begins) && !self.listed("members").iter().any(begins)
    }

    fn listed(&self, key: &str) -> Vec<String> {
        let list = self.document["workspace"].get(key).and_then(Item::as_array);
        let strings = list.into_iter().flatten().filter_map(Value::as_str);
        strings.map(str::to_owned).collect()
    }
}

/// Returns true if a folder above the crate's already configures cargo for wasm. A second configuration
/// would count as a different one, and cargo would compile all dependencies again.
pub(super) fn has_target_config(crate_folder: &Path) -> anyhow::Result<bool> {
    for folder in crate_folder.ancestors().skip(1) {
        let config = read(&folder.join(".cargo/config.toml"))?;
        let flags = config.as_ref().and_then(|(_, config)| {
            let target = config.get("target")?.get("wasm32-unknown-unknown")?;
            target.get("rustflags")
        });
        if flags.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads a file of TOML, or returns `None` if it does not exist.
fn read(path: &Path) -> anyhow::Result<Option<(PathBuf, DocumentMut)>> {
    if !path.is_file() {
        return Ok(None);
    }
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let document = text
        .parse()
        .with_context(|| format!("cannot understand {shown}, in a folder above the new crate"))?;
    Ok(Some((path.to_owned(), document)))
}

/// Returns a path without `./` and the last slash: `./games/` becomes `games`.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}

/// Appends a string to a list, on a line of its own if the other items have one.
fn push(list: &mut Array, text: &str) {
    let mut value = Value::from(text);
    let is_empty = list.is_empty();
    if let Some(last) = list.iter_mut().last() {
        let decor = last.decor_mut();
        let before = decor.prefix().and_then(|prefix| prefix.as_str());
        // Only the indentation is copied, not a comment above the last item.
        let before = before.unwrap_or_default().to_owned();
        let before = before.rfind('\n').map_or(" ", |line| &before[line..]);
        value.decor_mut().set_prefix(before);
        let after = decor.suffix().and_then(|suffix| suffix.as_str());
        value.decor_mut().set_suffix(after.unwrap_or_default());
        decor.set_suffix("");
    }
    // A comment behind the last item stays there.
    let behind = list.trailing().as_str().unwrap_or_default().to_owned();
    if let Some(end) = behind.rfind('\n')
        && !is_empty
        && behind[..end].contains('#')
    {
        let before = value.decor().prefix().and_then(|prefix| prefix.as_str());
        let before = format!("{}{}", &behind[..end], before.unwrap_or_default());
        value.decor_mut().set_prefix(before);
        list.set_trailing(&behind[end..]);
    }
    list.push_formatted(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(before: &str, after: &str) {
        let mut document: DocumentMut = before.parse().expect("it is TOML");
        push(
            document["members"].as_array_mut().expect("it is a list"),
            "new",
        );
        assert_eq!(document.to_string(), after);
        after.parse::<DocumentMut>().expect("it is still TOML");
    }

    #[test]
    fn a_list_keeps_its_form() {
        becomes("members = []\n", "members = [\"new\"]\n");
        becomes("members = [\"a\"]\n", "members = [\"a\", \"new\"]\n");
        becomes(
            "members = [ \"a\", 'b' ] # c\n",
            "members = [ \"a\", 'b', \"new\" ] # c\n",
        );
        becomes(
            "members = [\n  \"a\",\n  \"b\",\n]\n",
            "members = [\n  \"a\",\n  \"b\",\n  \"new\",\n]\n",
        );
        becomes(
            "members = [\n  \"a\",\n  \"b\"\n]\n",
            "members = [\n  \"a\",\n  \"b\",\n  \"new\"\n]\n",
        );
        becomes(
            "members = [\n  # one\n  \"a\", # the first\n]\n",
            "members = [\n  # one\n  \"a\", # the first\n  \"new\",\n]\n",
        );
    }

    fn workspace(text: &str, member: &str) -> Workspace {
        Workspace {
            manifest: PathBuf::new(),
            document: text.parse().expect("it is TOML"),
            member: member.to_owned(),
        }
    }

    #[test]
    fn members_are_found_as_cargo_finds_them() {
        let games = "[workspace]\nmembers = [\"./games/*\"]\nexclude = [\"old\"]\n";
        assert!(workspace(games, "games/pong").has_member());
        assert!(!workspace(games, "games/pong/deeper").has_member());
        assert!(!workspace(games, "pong").has_member());
        assert!(workspace(games, "old/pong").excludes());
        assert!(!workspace(games, "older").excludes());
        let both = "[workspace]\nmembers = [\"old/pong\"]\nexclude = [\"old\"]\n";
        assert!(!workspace(both, "old/pong").excludes());
    }
}
