//! The pages: their links hold, the book has them all, what they say of the command line is so, and their
//! commands run. A block of `sh` is run, with the blocks before it on the same page, in a copy of the
//! demos; a block of `diff` is made in the new game's source. In the others nothing is run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vblank_tests::{Demo, host, host_binary, workspace};

/// Address of this repository on the web. Files outside of `docs` are linked to by this.
const WEB: &str = "https://github.com/vblank/vblank/blob/main/";

/// A page, by its path in the workspace.
struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Block {
    info: String,
    text: String,
    line: usize,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(workspace().join(&path));
        let text = text.unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        Self { path, text }
    }

    /// Returns the pages of the book, and the READMEs.
    fn all() -> Vec<Self> {
        let mut paths = Vec::new();
        for folder in ["docs", ".", "demos"] {
            find(Path::new(folder), folder != ".", &mut paths);
        }
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    /// Returns the page's lines outside of fences, and its fenced blocks.
    fn parts(&self) -> (Vec<(usize, &str)>, Vec<Block>) {
        let (mut prose, mut blocks) = (Vec::new(), Vec::<Block>::new());
        let mut is_inside = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.strip_prefix("```") {
                Some(info) if !is_inside => blocks.push(Block {
                    info: info.to_owned(),
                    text: String::new(),
                    line: index + 1,
                }),
                Some(_) => {}
                None if is_inside => {
                    let block = blocks.last_mut().expect("a fence has opened");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => prose.push((index + 1, line)),
            }
            is_inside ^= line.starts_with("```");
        }
        assert!(!is_inside, "a fence is open in {}", self.path.display());
        (prose, blocks)
    }

    /// Anchors of its headings, as GitHub and mdbook make it.
    fn anchors(&self) -> BTreeSet<String> {
        let (prose, _) = self.parts();
        let headings = prose.iter().filter(|(_, line)| line.starts_with('#'));
        let slug = |heading: &str| -> String {
            let text = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = text.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            });
            kept.collect()
        };
        headings.map(|(_, heading)| slug(heading)).collect()
    }

    /// Line and target of each link and picture.
    fn links(&self) -> Vec<(usize, String)> {
        let (prose, _) = self.parts();
        let mut links = Vec::new();
        for (number, line) in prose {
            let targets = line.split("](").skip(1);
            let targets = targets.filter_map(|rest| rest.split_once(')'));
            links.extend(targets.map(|(target, _)| (number, target.to_owned())));
        }
        links
    }
}

fn find(folder: &Path, is_deep: bool, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(workspace().join(folder)).expect("the folder is there");
    for entry in entries.flatten() {
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            if is_deep && entry.file_name() != "target" {
                find(&path, true, paths);
            }
        } else if path.extension().is_some_and(|end| end == "md") {
            paths.push(path.strip_prefix(".").unwrap_or(&path).to_owned());
        }
    }
}

#[test]
fn links_hold() {
    for page in Page::all() {
        let is_in_book = page.path.starts_with("docs");
        for (line, target) in page.links() {
            let place = format!("{}:{line}: {target}", page.path.display());
            let from_root = target.strip_prefix(WEB);
            if from_root.is_none() && target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = match from_root.unwrap_or(&target).split_once('#') {
                Some((file, anchor)) => (file, Some(anchor)),
                None => (from_root.unwrap_or(&target), None),
            };
            let folder = page.path.parent().expect("a page lies in a folder");
            let file = match (from_root, file) {
                (Some(_), file) => PathBuf::from(file),
                (None, "") => page.path.clone(),
                (None, file) => folder.join(file),
            };
            assert!(workspace().join(&file).exists(), "{place}: no such file");
            assert!(
                !is_in_book || from_root.is_some() || !file.starts_with("docs/.."),
                "{place}: leads out of the book; begin it with {WEB}"
            );
            if let Some(anchor) = anchor {
                let anchors = Page::read(file).anchors();
                assert!(
                    anchors.contains(anchor),
                    "{place}: no such heading: {anchors:?}"
                );
            }
        }
    }
}

#[test]
fn the_book_has_every_page() {
    let summary = Page::read(PathBuf::from("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = summary
        .links()
        .into_iter()
        .map(|(_, target)| Path::new("docs").join(target))
        .collect();
    let pages = Page::all().into_iter().map(|page| page.path);
    let pages: BTreeSet<PathBuf> = pages
        .filter(|path| path.starts_with("docs") && !path.ends_with("SUMMARY.md"))
        .collect();
    assert_eq!(listed, pages);
}

/// The overlay's own test draws that picture, and the book can have no file from outside.
#[test]
fn the_picture_of_a_failed_build_is_the_overlays() {
    let read = |path: &str| fs::read(workspace().join(path)).expect("the picture is there");
    let own = read("host/src/overlay/pictures/build-failed.png");
    assert!(
        own == read("docs/pictures/build-failed.png"),
        "copy it anew"
    );
}

/// Words that begin with `--` in a text.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let flags = words.filter(|word| word.starts_with("--") && word.len() > 3);
    flags.map(str::to_owned).collect()
}

fn help(command: &str) -> String {
    let output = host(&std::env::temp_dir())
        .args(command.split(' ').filter(|word| !word.is_empty()))
        .arg("--help")
        .output()
        .expect("the host starts");
    assert!(output.status.success(), "host {command} --help");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let (_, list) = help.split_once("Commands:\n").expect("it lists commands");
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn every_command_and_flag_is_on_its_page() {
    let page = Page::read(PathBuf::from("docs/commands.md"));
    let mut known = BTreeSet::new();
    for command in commands(&help("")) {
        assert!(
            page.text.contains(&format!("`host {command}")),
            "no `host {command}`"
        );
        let names = match &*command {
            "state" => commands(&help("state"))
                .into_iter()
                .map(|name| format!("state {name}"))
                .collect(),
            _ => vec![command],
        };
        for name in names {
            known.extend(flags(&help(&name)));
        }
    }
    let told = flags(&page.text);
    assert_eq!(
        known.difference(&told).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        told.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

/// A copy of what a page's commands need, and the commands as a page may use them.
struct Clone {
    folder: TempDir,
}

impl Clone {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let clone = Self { folder };
        let files = Command::new("git")
            .args(["ls-files", "demos"])
            .current_dir(workspace())
            .output()
            .expect("git starts");
        for file in String::from_utf8_lossy(&files.stdout).lines() {
            let to = clone.path(file);
            let parent = to.parent().expect("a file lies in a folder");
            fs::create_dir_all(parent).expect("a folder can be made");
            fs::copy(workspace().join(file), &to).expect("a file can be copied");
        }
        let manifest = fs::read_to_string(clone.path("demos/Cargo.toml"));
        let sdk = workspace().join("guest-sdk");
        let manifest = manifest.expect("the demos have a manifest");
        let manifest = manifest.replace("../guest-sdk", &sdk.display().to_string());
        clone.write("demos/Cargo.toml", &manifest);
        // The root, in which `host new` sees where it is.
        let root = fs::read_to_string(workspace().join("Cargo.toml"));
        clone.write("Cargo.toml", &root.expect("there is a manifest"));
        let commit =
            "git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm a";
        clone.run(commit, "the clone");
        // One target folder for all, with what has been built already.
        let built = clone.folder.path().join("built");
        Demo::seed(&built);
        symlink(&built, clone.path("demos/target")).expect("a link can be made");
        clone.write(".git/info/exclude", "demos/target\n");
        clone.commands();
        clone
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("vblank").join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .and_then(|()| fs::write(&path, text))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// `host run` ends by itself here, what is made new has the demos' lock file, and of `cargo xtask` there
    /// is what its help has; `run` is that of the host. Everything else is as it is.
    fn commands(&self) {
        let host = host_binary();
        let host = host.display();
        let lock = workspace().join("demos/Cargo.lock");
        let lock = lock.display();
        let built = self.folder.path().join("built");
        let built = built.display();
        let unless = |flags: &str, added: &str| {
            format!("case \"$*\" in {flags}) ;; *) set -- \"$@\" {added} ;; esac")
        };
        let run = [
            unless("*--headless*", "--headless"),
            unless("*--frames*", "--frames 30"),
            unless("*--renderer*|*--screenshot*", "--renderer null"),
            unless("*--exit-on-break*", "--exit-on-break"),
            format!("exec {host} run \"$@\""),
        ]
        .join("\n");
        let host = format!(
            "#!/bin/sh\ncase \"$1\" in\nrun) shift; {run} ;;\nnew) {host} \"$@\" || exit $?\n  for made in \"$2\" games/\"$2\"; do test -d \"$made\" && cp {lock} \"$made\" && ln -s {built} \"$made\"/target; done; exit 0 ;;\nesac\nexec {host} \"$@\"\n"
        );
        let xtask = fs::read_to_string(workspace().join("xtask/src/main.rs"));
        let xtask = xtask.expect("there is an xtask");
        let names = ["setup", "test", "book", "languages", "nightly"];
        for name in names {
            assert!(xtask.contains(&format!("\n  {name} ")), "no xtask {name}");
        }
        let cargo = format!(
            "#!/bin/sh\ncase \"$1 $2\" in\n\"xtask run\") shift 2; exec host run \"$@\" ;;\n{}) exit 0 ;;\n\"xtask \"*) echo no such xtask >&2; exit 2 ;;\n\"build --release\") test \"$3 $4\" = \"-p vblank-host\" && exit 0 ;;\nesac\nPATH=\"${{PATH#*/bin:}}\" exec cargo \"$@\"\n",
            names.map(|name| format!("\"xtask {name}\"")).join("|"),
        );
        for (name, script) in [("host", host), ("cargo", cargo)] {
            let file = format!("../bin/{name}");
            self.write(&file, &script);
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(self.path(&file), mode).expect("a file can be made a program");
        }
    }

    /// Runs commands in the shell, in the clone, and compares their output.
    #[track_caller]
    fn run(&self, commands: &str, place: &str) {
        let surroundings = host(self.folder.path());
        let mut shell = Command::new("sh");
        for (name, value) in surroundings.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let path = std::env::var("PATH").expect("there is a PATH");
        let bin = self.folder.path().join("bin");
        // A build for distribution takes long, and this one is not distributed.
        for (name, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "0")] {
            shell.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
        let output = shell
            .args(["-e", "-c", commands])
            .env("PATH", format!("{}:{path}", bin.display()))
            .current_dir(self.path(""))
            .stdin(Stdio::null())
            .output()
            .expect("there is a shell");
        assert!(
            output.status.success(),
            "{place}: {}\n{commands}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }

    /// Applies a change to the new game. The text that it replaces must occur once.
    fn patch(&self, diff: &str, place: &str) {
        let side = |other: char| -> String {
            let lines = diff.lines().filter(|line| !line.starts_with(other));
            lines
                .map(|line| format!("{}\n", line.get(1..).unwrap_or_default()))
                .collect()
        };
        let (old, new) = (side('+'), side('-'));
        let source = fs::read_to_string(self.path("pong/src/lib.rs")).expect("there is a game");
        assert_eq!(
            source.matches(&old).count(),
            1,
            "{place}: {old} in {source}"
        );
        self.write("pong/src/lib.rs", &source.replace(&old, &new));
    }
}

#[test]
fn commands_run() {
    let clone = Clone::new();
    let mut count = 0;
    for page in Page::all() {
        if page.path.ends_with("CHANGELOG.md") || page.path.ends_with("ARCHITECTURE.md") {
            continue;
        }
        let (prose, blocks) = page.parts();
        for (line, text) in prose {
            let is_command = ["cargo ", "host ", "git "]
                .iter()
                .any(|name| text.starts_with(&format!("    {name}")));
            let place = page.path.display();
            assert!(!is_command, "{place}:{line}: make it a block of `sh`");
        }
        for block in blocks {
            let place = format!("{}:{}", page.path.display(), block.line);
            match &*block.info {
                "sh" => {
                    clone.run(&block.text, &place);
                    count += 1;
                }
                "diff" => {
                    clone.patch(&block.text, &place);
                }
                info => {
                    let shown = "rust rust,ignore rust,no_run c js py text wgsl wit toml json yaml";
                    assert!(
                        shown.split(' ').any(|name| name == info) || info.starts_with("sh,needs-"),
                        "{place}: a block of `{info}`"
                    );
                }
            }
        }
        // The next page begins where this one did.
        clone.run("git checkout -q . && git clean -qfd", "the clone");
    }
    assert!(count > 15, "{count} blocks of commands");
}
