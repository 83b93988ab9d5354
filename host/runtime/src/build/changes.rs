//! Decides which changes on disk start a build, and which of them start a running build again. A change
//! during a build counts only if the content of an input is another than when the build began: a build script
//! may write its files again in each build.
//!
//! A build may write among its inputs itself, and so may another program all the time. Neither starts builds
//! without end, and no edit is forgotten for it: the contents that a build began with stay known until the
//! next one begins, and are compared when the file has come to rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::contents::{Contents, is_newer};
use super::inputs::Inputs;

/// Number of times in a row that a build is started again.
const MOST_RESTARTS: u32 = 3;

/// Time for which an input that changed during every build has to be left alone before it is built once more.
pub(super) const REST: Duration = Duration::from_secs(1);

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
    /// Inputs that were written during the build, perhaps not for the last time.
    moving: BTreeMap<PathBuf, Moving>,
    /// Files that are new and that no build has read yet, with the time of the last report. Temporary files
    /// are soon gone.
    fresh: BTreeMap<PathBuf, Instant>,
    /// True if new files have come during the newest build.
    brings_files: bool,
    /// True if new files had come during the build before.
    brought_files: bool,
    /// Inputs that change during every build, and so start none.
    made: BTreeMap<PathBuf, Made>,
    /// Time for which an input must not be written before it counts as complete.
    debounce: Duration,
}

/// An input that was written during the build.
#[derive(Debug)]
struct Moving {
    /// Time of the last report.
    at: Instant,
    /// True for a folder or a link, which has no content to compare.
    is_certain: bool,
}

/// An input that changes during every build.
#[derive(Debug)]
struct Made {
    /// Time of the last report.
    at: Instant,
    /// True if the newest build began when the input was at rest, so that only the build itself can change it.
    is_trial: bool,
    /// True if the build itself changes it. Otherwise another program may have written it.
    is_confirmed: bool,
}

/// The meaning of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// No input has changed.
    None,
    /// A build is to be started, or to be started again.
    Build,
    /// The running build is allowed to finish, although this input has changed.
    Finish(PathBuf),
}

impl Effect {
    /// Returns the effect of two changes together.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Build, _) | (_, Self::Build) => Self::Build,
            (Self::None, other) => other,
            (finish, _) => finish,
        }
    }
}

/// The outcome of a build during which inputs have changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsettled {
    /// One more build follows.
    Rebuild,
    /// This input changes during every build, and starts no more of them until it was at rest.
    Always(PathBuf),
}

impl Changes {
    /// Inputs are compared when they have not been written for this time.
    pub(super) fn new(debounce: Duration) -> Self {
        Self {
            debounce,
            ..Self::default()
        }
    }

    /// Notes that a build begins, which reads what the inputs hold now.
    pub(super) fn begin(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        let moving = std::mem::take(&mut self.moving).into_keys();
        for file in touched.into_iter().chain(moving) {
            self.contents.update(&file);
        }
        for file in std::mem::take(&mut self.fresh).into_keys() {
            if file.is_file() {
                self.contents.update(&file);
            }
        }
        for (file, made) in &mut self.made {
            self.contents.update(file);
            made.is_trial = made.at.elapsed() >= REST;
        }
        if self.ended.is_some() {
            self.brought_files = std::mem::take(&mut self.brings_files);
        }
        self.began = Some(SystemTime::now());
        self.ended = None;
        self.during = None;
    }

    /// Notes that another build of the same contents begins.
    pub(super) fn continue_build(&mut self) {
        self.ended = None;
    }

    /// Notes the end of that build. Returns true if an input has changed during it.
    pub(super) fn end_continued(&mut self) -> bool {
        self.ended = Some(SystemTime::now());
        self.stop_moving();
        for (file, made) in &self.made {
            if made.is_confirmed {
                self.contents.update(file);
            }
        }
        self.unsettled = 0;
        let any = self.during.take().is_some();
        any | self.take_fresh()
    }

    /// Reads the inputs whose content is not known. Returns true if one was written since the build began, so
    /// that the build may have read it before; it then counts as changed.
    pub(super) fn learn_or_add(&mut self, inputs: &Inputs) -> bool {
        let unknown = self.learn(inputs);
        let is_named = |file: &PathBuf| inputs.has_file(file);
        let (named, fresh): (Vec<_>, Vec<_>) = unknown.into_iter().partition(is_named);
        let any = !named.is_empty();
        self.touched.extend(named);
        any | self.add_fresh(fresh)
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
        self.end_trials();
        self.stop_moving();
        let has_fresh = self.take_fresh();
        let Some(path) = self.during.take() else {
            self.unsettled = 0;
            return has_fresh.then_some(Unsettled::Rebuild);
        };
        if self.unsettled <= MOST_RESTARTS + 1 {
            return Some(Unsettled::Rebuild);
        }
        self.unsettled = 0;
        // All of these have changed during the build. Those that it did not change itself come to rest.
        for file in std::mem::take(&mut self.touched) {
            self.made.entry(file).or_insert(Made {
                at: Instant::now(),
                is_trial: false,
                is_confirmed: false,
            });
        }
        Some(Unsettled::Always(path))
    }

    /// Decides which inputs are changed by the build itself. The others start builds again.
    fn end_trials(&mut self) {
        let contents = &mut self.contents;
        self.made.retain(|file, made| {
            if !made.is_trial && !made.is_confirmed {
                return true;
            }
            made.is_confirmed = contents.has_changed(file);
            // Whoever writes it from now on is not the build.
            contents.update(file);
            made.is_confirmed
        });
    }

    /// Compares the inputs that were written during the build, since no more of it follows.
    fn stop_moving(&mut self) {
        for (file, moving) in std::mem::take(&mut self.moving) {
            if moving.is_certain || self.contents.has_changed(&file) {
                let _ = self.effect(&file, true);
                self.touched.insert(file);
            }
        }
    }

    /// Takes over the files that came during the build and are still there. Returns true if a build of them
    /// has to follow.
    fn take_fresh(&mut self) -> bool {
        let mut fresh: Vec<_> = std::mem::take(&mut self.fresh).into_keys().collect();
        // Temporary files are gone by now.
        fresh.retain(|file| file.is_file() && self.contents.has_changed(file));
        self.add_fresh(fresh)
    }

    /// Takes over files that came during the build. A build that brings some each time starts no other.
    fn add_fresh(&mut self, fresh: Vec<PathBuf>) -> bool {
        if fresh.is_empty() {
            return false;
        }
        self.brings_files = true;
        if self.brought_files {
            for file in fresh {
                self.contents.update(&file);
            }
            return false;
        }
        self.touched.extend(fresh);
        true
    }

    /// Returns the inputs that have changed since the newest build began.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Path> {
        let all = self.touched.iter().chain(self.moving.keys());
        all.chain(self.fresh.keys()).map(|file| &**file)
    }

    /// Returns an input that changes during every build, if there is one.
    pub(super) fn made(&self) -> Option<&Path> {
        self.made.keys().next().map(|file| &**file)
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
            return self.judge_gone(inputs, path, leads);
        }
        // The date of a folder says nothing of the files in it.
        let is_folder = path.is_dir();
        let is_late = is_folder || self.ended.is_some_and(|ended| at <= ended);
        let came_before = self.ended.is_some_and(|ended| !is_newer(path, ended));
        let effects = files.into_iter().map(|file| {
            let is_named = leads && !is_folder || inputs.has_file(&file);
            self.note(file, is_named, is_late, came_before)
        });
        effects.fold(Effect::None, Effect::and)
    }

    /// Judges a path where no file is.
    fn judge_gone(&mut self, inputs: &Inputs, path: &Path, leads: bool) -> Effect {
        let is_known = self.contents.is_known(path);
        let came_and_went = inputs.has_file(path) && path.symlink_metadata().is_err();
        if !is_known && (!leads || came_and_went) {
            // An empty folder, or a file that came and went.
            return Effect::None;
        }
        if let Some(made) = self.made.get_mut(path)
            && (self.ended.is_none() || !made.is_confirmed)
        {
            made.at = Instant::now();
            return Effect::None;
        }
        let path = path.to_owned();
        if self.is_building() {
            // A folder or a link that leads to an input by another name, or a file that is gone.
            self.move_on(path, !is_known);
            return Effect::None;
        }
        let effect = self.effect(&path, false);
        self.touched.insert(path);
        effect
    }

    /// Compares these files with what the newest build has read, and looks for files that are gone. A file has
    /// `true` if it is named as an input. `concerns` is true for what may be an input, and `is_over` when nobody
    /// wants the result any more.
    pub(super) fn compare(
        &mut self,
        inputs: &Inputs,
        files: BTreeMap<PathBuf, bool>,
        concerns: &dyn Fn(&Path) -> bool,
        is_over: &dyn Fn() -> bool,
    ) -> Effect {
        let gone: Vec<_> = self.contents.gone().map(Path::to_owned).collect();
        let gone = gone.into_iter().filter(|file| concerns(file));
        let mut effect = Effect::None;
        for file in gone {
            effect = effect.and(self.judge_gone(inputs, &file, true));
        }
        let changed = files.into_iter().filter(|(file, _)| file.is_file());
        for (file, is_named) in changed {
            if is_over() {
                break;
            }
            if !self.contents.has_changed(&file) {
                continue;
            }
            let came_before = self.ended.is_some_and(|ended| !is_newer(&file, ended));
            effect = effect.and(self.note(file, is_named, true, came_before));
        }
        effect
    }

    /// True for a file that no build has read and that the build does not name.
    fn is_fresh(&self, file: &Path, is_named: bool) -> bool {
        !is_named && !self.contents.is_known(file) && !self.made.contains_key(file)
    }

    /// Notes a change of a file. `is_late` if it may be from before the end of the newest build, and
    /// `came_before` if the file certainly is.
    fn note(&mut self, file: PathBuf, is_named: bool, is_late: bool, came_before: bool) -> Effect {
        if self.is_fresh(&file, is_named) && came_before {
            return match self.contents.has_changed(&file) && self.add_fresh(vec![file]) {
                true => Effect::Build,
                false => Effect::None,
            };
        }
        if self.began.is_some() && self.is_fresh(&file, is_named) {
            self.fresh.insert(file, Instant::now());
            return Effect::None;
        }
        let is_building = self.is_building();
        if let Some(made) = self.made.get_mut(&file) {
            made.at = Instant::now();
            if is_building || !made.is_confirmed || is_late && !self.contents.has_changed(&file) {
                return Effect::None;
            }
            // It was written by somebody else.
        } else if is_building {
            self.move_on(file, false);
            return Effect::None;
        } else if is_late && !self.contents.has_changed(&file) {
            // A file that is saved later without a change is built, so that a person sees that it was.
            return Effect::None;
        }
        let effect = self.effect(&file, false);
        self.touched.insert(file);
        effect
    }

    /// Notes that an input is being written during the build.
    fn move_on(&mut self, file: PathBuf, is_certain: bool) {
        let at = Instant::now();
        let moving = self.moving.entry(file);
        let moving = moving.or_insert(Moving { at, is_certain });
        moving.at = at;
        moving.is_certain |= is_certain;
    }

    /// Returns the time at which [`Changes::check`] is to be called, unless there is another change before.
    pub(super) fn next_check(&self) -> Option<Instant> {
        if self.is_building() {
            let last = self.moving.values().map(|moving| moving.at).min();
            return last.map(|at| at + self.debounce);
        }
        let made = self.made.iter();
        let made = made.filter(|(file, made)| made.waits() && !self.touched.contains(*file));
        let made = made.map(|(_, made)| made.at + REST);
        let fresh = self.fresh.values().map(|at| *at + self.debounce);
        made.chain(fresh).min()
    }

    /// Judges the inputs that have come to rest by this time.
    pub(super) fn check(&mut self, now: Instant) -> Effect {
        let mut effect = Effect::None;
        if self.is_building() {
            let debounce = self.debounce;
            let rests = |_: &PathBuf, moving: &mut Moving| moving.at + debounce <= now;
            let rested: Vec<_> = self.moving.extract_if(.., rests).collect();
            for (file, moving) in rested {
                if moving.is_certain || self.contents.has_changed(&file) {
                    effect = effect.and(self.effect(&file, true));
                    self.touched.insert(file);
                }
            }
            return effect;
        }
        let debounce = self.debounce;
        let rests = |_: &PathBuf, at: &mut Instant| *at + debounce <= now;
        for (file, _) in self.fresh.extract_if(.., rests) {
            if file.is_file() && self.contents.has_changed(&file) {
                self.touched.insert(file);
                effect = Effect::Build;
            }
        }
        for (file, made) in &self.made {
            if made.waits() && made.at + REST <= now && self.touched.insert(file.clone()) {
                effect = Effect::Build;
            }
        }
        effect
    }

    fn is_building(&self) -> bool {
        self.began.is_some() && self.ended.is_none()
    }

    /// Returns the effect of another content of a file. `during` if it has changed during the build.
    fn effect(&mut self, file: &Path, during: bool) -> Effect {
        if !during {
            return Effect::Build;
        }
        if self.during.is_none() {
            self.unsettled += 1;
        }
        let first = self.during.get_or_insert_with(|| file.to_owned()).clone();
        match self.unsettled {
            ..=MOST_RESTARTS => Effect::Build,
            _ => Effect::Finish(first),
        }
    }
}

impl Made {
    /// True if the input is to be built once more when it has come to rest.
    fn waits(&self) -> bool {
        !self.is_confirmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::inputs::NewFiles;

    struct Scene {
        folder: tempfile::TempDir,
        inputs: Inputs,
        changes: Changes,
    }

    impl Scene {
        /// A source and a generated file, after one build. Every file beside them counts.
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let folder_path = folder.path().canonicalize().expect("it is there");
            let mut inputs = Inputs::default();
            inputs.add_folder(&folder_path, NewFiles::Everything);
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
            std::thread::sleep(Duration::from_millis(20));
            Self {
                folder,
                inputs,
                changes,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            let folder = self.folder.path().canonicalize();
            folder.expect("it is there").join(name)
        }

        /// Writes a file, and reports it as the system does.
        fn report(&mut self, name: &str, text: &str) -> Effect {
            let path = self.path(name);
            std::fs::write(&path, text).expect("it can be written");
            // As if the system had reported it later.
            let at = SystemTime::now() + Duration::from_millis(1);
            std::thread::sleep(Duration::from_millis(20));
            let leads = self.inputs.has_file(&path);
            self.changes.judge(&self.inputs, &path, at, leads)
        }

        /// Writes a file and waits until it is at rest.
        fn write(&mut self, name: &str, text: &str) -> Effect {
            let effect = self.report(name, text);
            effect.and(self.changes.check(Instant::now()))
        }

        fn remove(&mut self, name: &str) -> Effect {
            let path = self.path(name);
            std::fs::remove_file(&path).expect("it is there");
            let leads = self.inputs.has_file(&path);
            let at = SystemTime::now();
            self.changes.judge(&self.inputs, &path, at, leads)
        }

        /// Builds until `made.rs` starts no more builds. Each build writes it.
        fn always(&mut self) {
            for round in 1.. {
                self.changes.begin();
                let _ = self.write("made.rs", &format!("round {round}"));
                if round > 3 && matches!(self.changes.end(), Some(Unsettled::Always(_))) {
                    return;
                }
            }
        }
    }

    #[test]
    fn what_a_build_writes_again_starts_nothing() {
        let mut scene = Scene::new();
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "0"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        // The report of it may come after the end.
        let path = scene.path("made.rs");
        let before = SystemTime::now() - Duration::from_secs(1);
        let late = scene.changes.judge(&scene.inputs, &path, before, true);
        assert_eq!(late, Effect::None);
        // A person who saves without a change sees that it was built.
        assert_eq!(scene.write("lib.rs", "0"), Effect::Build);
    }

    #[test]
    fn a_file_that_is_written_in_pieces_is_compared_when_it_is_complete() {
        let mut scene = Scene::new();
        scene.changes.begin();
        for text in ["", "half", "0"] {
            assert_eq!(scene.report("made.rs", text), Effect::None);
        }
        assert!(scene.changes.next_check().is_some());
        assert_eq!(scene.changes.check(Instant::now()), Effect::None);
        assert_eq!(scene.changes.next_check(), None);
        assert_eq!(scene.changes.end(), None);
        // A build may end before that.
        scene.changes.begin();
        assert_eq!(scene.report("made.rs", "half"), Effect::None);
        assert_eq!(scene.changes.end(), Some(Unsettled::Rebuild));
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
        // From now on it starts nothing by itself.
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "6"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        assert_eq!(scene.write("made.rs", "7"), Effect::None);
        assert!(scene.changes.made().is_some());
    }

    #[test]
    fn an_input_that_came_to_rest_is_built_once_more() {
        let mut scene = Scene::new();
        scene.always();
        // Its last content came while the build ran, or just after.
        assert_eq!(scene.write("made.rs", "the last"), Effect::None);
        let due = scene.changes.next_check().expect("it is looked at again");
        assert_eq!(
            scene.changes.check(due - Duration::from_millis(1)),
            Effect::None
        );
        assert_eq!(scene.changes.check(due), Effect::Build);
        assert_eq!(scene.changes.next_check(), None, "once");
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // The build leaves it alone, so it is an input like any other.
        scene.changes.begin();
        assert_eq!(scene.changes.end(), None);
        assert_eq!(scene.changes.made(), None);
        assert_eq!(scene.write("made.rs", "one more"), Effect::Build);
    }

    #[test]
    fn an_input_that_the_build_changes_is_tried_once() {
        let mut scene = Scene::new();
        scene.always();
        let due = scene.changes.next_check().expect("it is looked at again");
        assert_eq!(scene.changes.check(due), Effect::Build);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "by the build"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        assert_eq!(scene.changes.next_check(), None, "once");
        assert!(scene.changes.made().is_some());
        // Whoever writes it between builds is somebody else.
        assert_eq!(scene.write("made.rs", "by hand"), Effect::Build);
        scene.changes.begin();
        assert_eq!(scene.write("made.rs", "by the build again"), Effect::None);
        assert_eq!(scene.changes.end(), None);
        // The first build that leaves it alone ends this.
        scene.changes.begin();
        assert_eq!(scene.changes.end(), None);
        assert_eq!(scene.changes.made(), None);
    }

    #[test]
    fn a_new_file_starts_a_build_when_it_stays() {
        let mut scene = Scene::new();
        assert_eq!(scene.report("tmp.rs", "0"), Effect::None);
        assert_eq!(scene.remove("tmp.rs"), Effect::None);
        assert_eq!(scene.changes.check(Instant::now()), Effect::None);
        assert_eq!(scene.changes.next_check(), None);
        assert_eq!(scene.report("new.rs", "0"), Effect::None);
        assert_eq!(scene.changes.check(Instant::now()), Effect::Build);
    }

    #[test]
    fn temporary_files_of_a_build_start_nothing() {
        let mut scene = Scene::new();
        for round in 0..3 {
            scene.changes.begin();
            for name in [format!("tmp{round}.o"), "tmp.o".to_owned()] {
                assert_eq!(scene.write(&name, "0"), Effect::None);
                assert_eq!(scene.remove(&name), Effect::None);
            }
            assert_eq!(scene.changes.end(), None);
        }
    }

    #[test]
    fn a_build_that_brings_new_files_each_time_is_built_once_more() {
        let mut scene = Scene::new();
        for outcome in [Some(Unsettled::Rebuild), None, None] {
            scene.changes.begin();
            let name = format!("made {:?}.o", Instant::now());
            assert_eq!(scene.write(&name, "0"), Effect::None);
            assert_eq!(scene.changes.end(), outcome);
            // Some are noticed later.
            let late = scene.path(&(name + "2"));
            std::fs::write(&late, "0").expect("it can be written");
            scene.changes.ended = Some(SystemTime::now() + Duration::from_secs(1));
            let at = SystemTime::UNIX_EPOCH;
            let _ = scene.changes.judge(&scene.inputs, &late, at, false);
            let is_due = scene.changes.learn_or_add(&scene.inputs);
            assert_eq!(is_due, outcome.is_some());
        }
        // An edit starts a build as ever.
        scene.changes.ended = Some(SystemTime::now());
        assert_eq!(scene.write("lib.rs", "1"), Effect::Build);
    }

    #[test]
    fn anything_may_have_changed() {
        let mut scene = Scene::new();
        let compare = |scene: &mut Scene| {
            let files = scene.inputs.in_folders().into_iter();
            let files = files.map(|file| (file.clone(), scene.inputs.has_file(&file)));
            let files = files.collect();
            scene
                .changes
                .compare(&scene.inputs, files, &|_| true, &|| false)
        };
        assert_eq!(compare(&mut scene), Effect::None);
        std::fs::write(scene.path("lib.rs"), "1").expect("it can be written");
        assert_eq!(compare(&mut scene), Effect::Build);
        scene.changes.begin();
        assert_eq!(compare(&mut scene), Effect::None);
        std::fs::remove_file(scene.path("made.rs")).expect("it is there");
        assert_eq!(compare(&mut scene), Effect::None);
        // Restarts are counted here too.
        assert_eq!(scene.changes.check(Instant::now()), Effect::Build);
        assert_eq!(scene.changes.unsettled, 1);
    }

    #[test]
    fn a_folder_that_comes_back_brings_what_is_another_now() {
        let mut scene = Scene::new();
        let folder = scene.path("");
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
