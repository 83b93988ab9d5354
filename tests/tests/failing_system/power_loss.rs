//! The power is lost after each operation of a run. Every image that was reported is there, or a later one,
//! and each is whole.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use vblank_host::report::ReportEvent;
use vblank_runtime::fault::inject;
use vblank_runtime::guest::CodeHash;
use vblank_runtime::image::Image;

use super::alone;
use super::disk::{Contents, Disk, Entry, LOSSES, Names};
use super::run::{
    Before, Ended, Files, OnRecord, Versions, engine, entries, names, play, play_before,
};

/// A report after which something is on disk.
#[derive(Clone, Debug)]
enum Reported {
    /// The autosaved image of this update or a later one.
    Autosaved(u64),
    /// This image.
    Saved(PathBuf),
    /// The image that was requested for the end.
    Ended,
}

type Log = Vec<Entry<Reported>>;

/// A run, and the operations that it made.
struct Recorded {
    files: Files,
    before: Before,
    /// The files at the start.
    first: Vec<(PathBuf, Vec<u8>)>,
    log: Log,
    ended: Ended,
}

fn record(folder: &TempDir) -> Recorded {
    let (engine, versions) = (engine(), Versions::of(1));
    let files = Files {
        folder: folder.path().to_owned(),
    };
    let before = play_before(&engine, &files);
    let folders = [
        files.folder.clone(),
        files.images(),
        files.history(),
        files.history().join("code"),
    ];
    let all = folders.iter().flat_map(|folder| names(folder));
    let first = all.map(|path| {
        let bytes = std::fs::read(&path).expect("a file can be read");
        (path, bytes)
    });
    let first = first.collect();
    let log = Arc::<Mutex<Log>>::default();
    let push = {
        let log = Arc::clone(&log);
        move |entry| {
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry)
        }
    };
    let report = push.clone();
    let on_record: OnRecord = Rc::new(move |event| match event {
        ReportEvent::Autosave { saved, .. } => {
            report(Entry::Reported(Reported::Autosaved(*saved)));
        }
        ReportEvent::Image { file, .. } => {
            report(Entry::Reported(Reported::Saved(file.clone())));
        }
        ReportEvent::End { .. } => report(Entry::Reported(Reported::Ended)),
        _ => {}
    });
    inject(Some(Arc::new(move |operation| {
        if let Some(entry) = Entry::of(operation) {
            push(entry);
        }
        Ok(())
    })));
    let ended = play(&engine, &versions, &files, on_record);
    inject(None);
    assert_eq!(ended.exit, Some(0), "{:#?}", ended.said);
    let log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    Recorded {
        files,
        before,
        first,
        log,
        ended,
    }
}

impl Recorded {
    /// Loses the power after each operation of this log. Returns the first thing that is not as promised.
    fn lose(&self, log: &Log) -> Result<usize, String> {
        let mut disk = Disk::new(self.first.clone());
        let mut reported = Vec::new();
        let mut losses = 0;
        for (at, entry) in log.iter().enumerate() {
            disk.apply(entry);
            if let Entry::Reported(report) = entry {
                reported.push(report.clone());
            }
            for (names, contents) in LOSSES {
                losses += 1;
                self.look(&disk, names, contents, &reported)
                    .map_err(|what| {
                        format!("{what}, after {at} operations, {names:?} {contents:?}")
                    })?;
            }
        }
        Ok(losses)
    }

    fn look(
        &self,
        disk: &Disk,
        names: Names,
        contents: Contents,
        reported: &[Reported],
    ) -> Result<(), String> {
        let read = |path: &PathBuf| {
            let bytes = disk.after_loss(path, names, contents);
            let bytes = bytes.ok_or_else(|| format!("{} is missing", path.display()))?;
            Image::decode(bytes).map_err(|error| format!("{}: {error}", path.display()))
        };
        let is_image = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "vbs");
        for path in disk.paths().filter(is_image) {
            // A name that is not on disk yet is no damage.
            if disk.after_loss(path, names, contents).is_some() {
                read(path)?;
            }
        }
        let autosaved = read(&self.files.autosave())?;
        if !self.before.is_same(&autosaved) {
            self.ended.is_one_of(&autosaved);
            let previous = read(&self.files.previous())?;
            if !self.before.is_same(&previous) {
                return Err("the image of the run before is lost".to_owned());
            }
        }
        for report in reported {
            match report {
                Reported::Autosaved(frame) => {
                    if autosaved.frame < *frame || self.before.is_same(&autosaved) {
                        return Err(format!("update {frame} was reported and is not there"));
                    }
                }
                Reported::Saved(path) => drop(read(path)?),
                Reported::Ended => {
                    if !self.ended.is_last(&read(&self.files.output())?) {
                        return Err("the last state is not there".to_owned());
                    }
                }
            }
        }
        let log = disk.after_loss(&self.files.history().join("log.jsonl"), names, contents);
        let log = entries(&String::from_utf8_lossy(log.unwrap_or_default()));
        if !self.before.entries().is_subset(&log) {
            return Err("the history of the run before is lost".to_owned());
        }
        let is_code = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "wasm");
        for path in disk.paths().filter(is_code) {
            let Some(bytes) = disk.after_loss(path, names, contents) else {
                continue;
            };
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if CodeHash::of(bytes).to_string() != name {
                return Err(format!("{} is damaged", path.display()));
            }
        }
        Ok(())
    }

    /// Returns the log without the operations of a kind, as if the host never made them.
    fn without(&self, is_it: impl Fn(&Entry<Reported>) -> bool) -> Log {
        let log = self.log.iter().filter(|entry| !is_it(entry));
        log.cloned().collect()
    }
}

/// Lists operations without the bytes.
fn listed(log: &Log) -> String {
    let line = |(at, entry): (usize, &Entry<Reported>)| match entry {
        Entry::Write(path, bytes) => format!("{at} {} bytes to {}\n", bytes.len(), path.display()),
        entry => format!("{at} {entry:?}\n"),
    };
    log.iter().enumerate().map(line).collect()
}

#[test]
fn an_image_is_whole_after_a_loss_of_power() {
    let _alone = alone();
    let folder = TempDir::new().expect("a temporary folder can be made");
    let recorded = record(&folder);
    match recorded.lose(&recorded.log) {
        Ok(losses) => println!("{} operations, {losses} losses", recorded.log.len()),
        Err(what) => panic!("{what}\n{}", listed(&recorded.log)),
    }
    let reports = |is_it: fn(&Reported) -> bool| {
        let entries = recorded.log.iter();
        entries
            .filter(|entry| matches!(entry, Entry::Reported(report) if is_it(report)))
            .count()
    };
    assert!(reports(|report| matches!(report, Reported::Autosaved(_))) > 1);
    assert_eq!(reports(|report| matches!(report, Reported::Saved(_))), 1);
    assert_eq!(reports(|report| matches!(report, Reported::Ended)), 1);
}

/// The check itself is checked: a host that left out one kind of sync would be found.
#[test]
fn a_missing_sync_is_found() {
    let _alone = alone();
    let folder = TempDir::new().expect("a temporary folder can be made");
    let recorded = record(&folder);
    let of_file = |file: &'static str| {
        move |entry: &Entry<Reported>| match entry {
            Entry::Sync(path) => path.to_string_lossy().contains(file),
            _ => false,
        }
    };
    for file in [
        "auto.vbs",
        "auto.previous",
        "out.vbs",
        ".frame-",
        ".wasm",
        "log.jsonl",
    ] {
        let found = recorded.lose(&recorded.without(of_file(file)));
        assert!(found.is_err(), "{file} is not synced, and nothing is found");
    }
    let of_folder = |entry: &Entry<Reported>| matches!(entry, Entry::SyncFolder(_));
    let found = recorded.lose(&recorded.without(of_folder));
    assert!(found.is_err(), "no folder is synced, and nothing is found");
}
