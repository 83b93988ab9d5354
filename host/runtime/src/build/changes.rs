//! Decides which changes on disk start a build, and which of them start a running build again. A change
//! during a build counts only if the content of an input is another than when the build began: a build script
//! may write its files again in each build.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::contents::Contents;
use super::inputs::Inputs;

/// Number of times in a row that a build is started again.
const MOST_RESTARTS: u32 = 3;

/// The changes of the inputs since the newest build began.
#[derive(Debug, Default)]
pub(super) struct Changes {
    contents: Contents,
    /// Inputs that have changed since the newest build began.
    touched: BTreeSet<PathBuf>,
    /// Time at which the newest build began.
    began: Option<SystemTime>,
    /// Time at which the newest build ended. `None` while it runs.
    ended: Option<SystemTime>,
    /// Number of builds in a row during which an input has changed.
    unsettled: u32,
    /// The first input that changed during the newest build.
    during: Option<PathBuf>,
    /// Inputs that change during every build, and so start none.
    made: BTreeSet<PathBuf>,
}

/// The meaning of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// No input has changed.
    None,
    /// A build is to be started, or to be started again.
    Build,
    /// The running build is let finish, although this input has changed.
    Finish(PathBuf),
}

/// The outcome of a build that was let finish although an input had changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsettled {
    /// One more build follows.
    Rebuild,
    /// This input changes during every build, and starts no more of them.
    Always(PathBuf),
}

impl Changes {
    /// Notes that a build begins, which reads what the inputs hold now.
    pub(super) fn begin(&mut self) {
        for file in std::mem::take(&mut self.touched) {
            self.contents.update(&file);
        }
        self.began = Some(SystemTime::now());
        self.ended = None;
        self.during = None;
    }

    /// Notes that another build of the same contents begins.
    pub(super) fn continue_build(&mut self) {
        self.ended = None;
    }

    /// Reads the inputs whose content is not known. Returns those that were written since the build began.
    pub(super) fn learn(&mut self, inputs: &Inputs) -> Vec<PathBuf> {
        let Some(began) = self.began else {
            return Vec::new();
        };
        let in_folders = inputs.in_folders();
        let files = inputs.files().chain(in_folders.iter().map(|file| &**file));
        self.contents.learn(files, began)
    }

    /// Notes the end of a build. `None` if no input has changed during it.
    pub(super) fn end(&mut self) -> Option<Unsettled> {
        self.ended = Some(SystemTime::now());
        let Some(path) = self.during.take() else {
            self.unsettled = 0;
            return None;
        };
        if self.unsettled <= MOST_RESTARTS + 1 {
            return Some(Unsettled::Rebuild);
        }
        self.unsettled = 0;
        self.touched.remove(&path);
        self.contents.update(&path);
        self.made.insert(path.clone());
        Some(Unsettled::Always(path))
    }

    /// Notes that these inputs have changed, for the next build.
    pub(super) fn add(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.touched.extend(files);
    }

    /// Returns the inputs that have changed since the newest build began.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Path> {
        self.touched.iter().map(|file| &**file)
    }

    /// Judges a change of this path, which was written at this time.
    /// `leads` is true for an input and for what is on the way to one.
    pub(super) fn judge(
        &mut self,
        inputs: &Inputs,
        path: &Path,
        at: SystemTime,
        leads: bool,
    ) -> Effect {
        let files = match path.is_file() {
            true => BTreeSet::from([path.to_owned()]),
            false => inputs.below(path),
        };
        if files.is_empty() {
            if !leads && !self.contents.is_known(path) {
                // An empty folder, or a file that came and went.
                return Effect::None;
            }
            // A folder or a link that leads to an input by another name, or a file that is gone.
            self.touched.insert(path.to_owned());
            return self.effect(path.to_owned());
        }
        // The date of a folder says nothing of the files in it.
        let is_late = path.is_dir() || self.ended.is_some_and(|ended| at <= ended);
        let mut first = None;
        for file in files {
            if self.made.contains(&file) {
                if self.ended.is_none() || is_late {
                    continue;
                }
                // It was written by somebody else.
                self.made.remove(&file);
            }
            let has_changed = self.contents.has_changed(&file);
            // A file that is saved without a change is built, so that a person sees that it was.
            if has_changed || self.ended.is_some() && !is_late {
                first.get_or_insert_with(|| file.clone());
                self.touched.insert(file);
            }
        }
        first.map_or(Effect::None, |file| self.effect(file))
    }

    /// Returns those of these files whose contents have changed, and notes them for the next build.
    pub(super) fn compare(&mut self, files: BTreeSet<PathBuf>) -> bool {
        let changed: Vec<_> = files
            .into_iter()
            .filter(|file| !self.made.contains(file) && self.contents.has_changed(file))
            .collect();
        let any = !changed.is_empty();
        self.touched.extend(changed);
        any
    }

    fn effect(&mut self, file: PathBuf) -> Effect {
        if self.began.is_none() || self.ended.is_some() {
            return Effect::Build;
        }
        if self.during.is_none() {
            self.unsettled += 1;
        }
        let first = self.during.get_or_insert(file).clone();
        match self.unsettled {
            ..=MOST_RESTARTS => Effect::Build,
            _ => Effect::Finish(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::build::inputs::NewFiles;

    struct Scene {
        folder: tempfile::TempDir,
        inputs: Inputs,
        changes: Changes,
    }

    impl Scene {
        /// A source and a generated file, after one build.
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let folder_path = folder.path().canonicalize().expect("it is there");
            let mut inputs = Inputs::default();
            inputs.add_folder(&folder_path, NewFiles::AllModules);
            for name in ["lib.rs", "made.rs"] {
                std::fs::write(folder_path.join(name), "0").expect("it can be written");
                inputs.add_file(&folder_path.join(name));
            }
            let mut changes = Changes::default();
            // Files are dated by a coarser clock.
            std::thread::sleep(Duration::from_millis(20));
            changes.begin();
            assert_eq!(changes.learn(&inputs), Vec::<PathBuf>::new());
            assert_eq!(changes.end(), None);
            Self {
                folder,
                inputs,
                changes,
            }
        }

        fn write(&mut self, name: &str, text: &str) -> Effect {
            let folder = self.folder.path().canonicalize().expect("it is there");
            let path = folder.join(name);
            std::fs::write(&path, text).expect("it can be written");
            // As if the system had reported it later.
            let at = SystemTime::now() + Duration::from_millis(1);
            std::thread::sleep(Duration::from_millis(2));
            self.changes.judge(&self.inputs, &path, at, true)
        }
    }

    #[test]
    fn what_a_build_writes_again_starts_nothing() {
        let mut scene = Scene::new();
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "0"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        // The report of it may come after the end.
        let path = scene.folder.path().canonicalize().expect("it is there");
        let path = path.join("made.rs");
        let before = SystemTime::now() - Duration::from_secs(1);
        let late = scene.changes.judge(&scene.inputs, &path, before, true);
        assert_eq!(late, Effect::None);
        // A person who saves without a change sees that it was built.
        assert_eq!(scene.write("lib.rs", "0"), Effect::Build);
    }

    #[test]
    fn a_changed_input_restarts_a_build_three_times_at_most() {
        let mut scene = Scene::new();
        for text in ["1", "2", "3"] {
            scene.changes.begin();
            assert_eq!(scene.write("made.rs", text), Effect::Build);
        }
        for outcome in [true, false] {
            scene.changes.begin();
            let text = format!("4 {outcome}");
            assert!(
                matches!(scene.write("made.rs", &text), Effect::Finish(path) if path.ends_with("made.rs"))
            );
            match scene.changes.end() {
                Some(Unsettled::Rebuild) => assert!(outcome),
                Some(Unsettled::Always(path)) => assert!(!outcome && path.ends_with("made.rs")),
                None => panic!("it has changed"),
            }
        }
        // From now on it starts nothing by itself, unless somebody else writes it.
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "6"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        assert_eq!(scene.write("made.rs", "7"), Effect::Build);
    }

    #[test]
    fn a_folder_that_comes_back_brings_what_is_another_now() {
        let mut scene = Scene::new();
        let folder = scene.folder.path().canonicalize().expect("it is there");
        let late = SystemTime::UNIX_EPOCH;
        let nothing = scene.changes.judge(&scene.inputs, &folder, late, true);
        assert_eq!(nothing, Effect::None);
        std::fs::write(folder.join("lib.rs"), "1").expect("it can be written");
        let something = scene.changes.judge(&scene.inputs, &folder, late, true);
        assert_eq!(something, Effect::Build);
        let touched: Vec<_> = scene.changes.touched().collect();
        assert_eq!(touched, [folder.join("lib.rs")]);
    }
}
