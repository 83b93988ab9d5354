//! Every way of saving a file, and peculiar things among the sources.

use super::*;

// Ways of saving.

/// Saves a text as a program does it.
type Save = fn(source: &Path, text: &str);

fn beside(source: &Path, name: &str) -> PathBuf {
    source.with_file_name(name)
}

/// vim looks whether it may make files in the folder.
fn probe(source: &Path) {
    let probe = beside(source, "4913");
    write(&probe, "");
    remove(&probe);
}

const SAVES: [(&str, Save); 10] = [
    ("in place", |source, text| write(source, text)),
    ("vim with a backup", |source, text| {
        probe(source);
        rename(source, &beside(source, "lib.rs~"));
        write(source, text);
        remove(&beside(source, "lib.rs~"));
    }),
    ("vim in place", |source, text| {
        probe(source);
        fs::copy(source, beside(source, "lib.rs~")).expect("a file can be copied");
        write(source, text);
        remove(&beside(source, "lib.rs~"));
    }),
    ("sed -i", |source, text| {
        let (_, speed) = text.split_once("{ -").expect("there is a speed");
        let (speed, _) = speed.split_once('.').expect("it ends");
        let line = format!("sed -i 's/{{ -[0-9]*/{{ -{speed}/' lib.rs");
        shell(source.parent().expect("it lies in a folder"), &line);
    }),
    ("JetBrains", |source, text| {
        let (new, old) = ("lib.rs___jb_tmp___", "lib.rs___jb_old___");
        write(&beside(source, new), text);
        rename(source, &beside(source, old));
        rename(&beside(source, new), source);
        remove(&beside(source, old));
    }),
    ("emacs", |source, text| {
        let lock = beside(source, ".#lib.rs");
        symlink("me@here.1234:1700000000", &lock).expect("a link can be made");
        rename(source, &beside(source, "lib.rs~"));
        write(source, text);
        remove(&lock);
    }),
    ("a rename", |source, text| {
        write(&beside(source, "lib.rs.tmp"), text);
        rename(&beside(source, "lib.rs.tmp"), source);
    }),
    ("removed and written", |source, text| {
        remove(source);
        write(source, text);
    }),
    ("with CRLF", |source, text| {
        write(source, &text.replace('\n', "\r\n"));
    }),
    ("with a byte order mark", |source, text| {
        write(source, &format!("\u{feff}{text}"));
    }),
];

#[test]
fn every_way_of_saving_comes_in() {
    let scene = Scene::plain();
    let mut host = scene.start();
    let mut newest = Value::Null;
    for ((name, save), speed) in SAVES.into_iter().zip(301..) {
        println!("saved by: {name}");
        let text = scene.edited(speed);
        newest = comes_in(&mut host, || save(&scene.0.source(), &text));
    }
    let ended = scene.ends_with_the_newest(host, &newest);
    assert_eq!(ended.all("swap").len(), SAVES.len(), "{ended:#?}");
}

#[test]
fn a_folder_with_a_peculiar_name() {
    let scene = Scene::plain();
    let name = "my [first] gäme {ボール} 100% & 'co'";
    scene.replace("../Cargo.toml", "[\"hello\"]", "[\"*ボール*\"]");
    let folder = scene.path("..").join(name);
    rename(&scene.0.folder(), &folder);
    write(&folder.join("assets [1]/level ü.txt"), "3");
    let source = folder.join("src/lib.rs");
    let text = fs::read_to_string(&source).expect("there is a source");
    let item =
        "const SPEED: f32 = include_str!(\"../assets [1]/level ü.txt\").as_bytes()[0] as f32;";
    write(&source, &(text.replace(" 300.0 }", " SPEED }") + item));
    let run = || Run::headless(&folder).args("--renderer null");
    let mut host = started(run());
    comes_in(&mut host, || {
        write(&folder.join("assets [1]/level ü.txt"), "9");
    });
    let newest = comes_in(&mut host, || {
        let text = fs::read_to_string(&source).expect("there is a source");
        write(&source, &text.replace("-300.0", "-310.0"));
    });
    let _ = host.stop().exits(0).without(&["refused"]);
    let alone = run().args("--frames 1").to_end().exits(0);
    assert_eq!(newest, alone.only("start")["hash"]);
}

#[test]
fn thirty_modules_are_rewritten_at_once() {
    let names: Vec<_> = (0..30).map(|number| format!("part{number}")).collect();
    let modules: String = names.iter().map(|name| format!("mod {name};\n")).collect();
    let sum = names.join("::SPEED + ");
    let scene = Scene::new(&format!("{modules}const SPEED: f32 = {sum}::SPEED;"), &[]);
    let write_all = |speed: u32| {
        for name in &names {
            // As git does it.
            let file = scene.path("src").join(name).with_extension("rs");
            let _ = fs::remove_file(&file);
            write(&file, &format!("pub const SPEED: f32 = {speed}.0;\n"));
        }
    };
    write_all(10);
    let mut host = scene.start();
    let newest = comes_in(&mut host, || write_all(20));
    let same = host.settle(&scene.0.source());
    assert_eq!(same["hash"], newest);
    let ended = scene.ends_with_the_newest(host, &newest);
    let _ = ended.only("swap");
}

// Peculiar things among the sources.

#[test]
fn loops_of_links_and_files_that_are_none_lie_among_the_sources() {
    let scene = Scene::plain();
    scene.shell(
        "mkdir src/a && ln -s .. src/a/up && ln -s round src/round && ln -s round.rs src/round.rs
         ln -s nowhere.rs src/none.rs && mkfifo src/pipe src/pipe.rs",
    );
    let _socket = UnixListener::bind(scene.path("src/socket.rs")).expect("a socket can be made");
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

#[test]
fn a_folder_among_the_sources_cannot_be_read() {
    let scene = Scene::plain();
    scene.shell("mkdir -p src/a/secret && chmod 000 src/a/secret");
    let mut run = scene.run();
    if fs::read_dir(scene.path("src/a/secret")).is_ok() {
        let words = ["--bounding-set", "-dac_override,-dac_read_search"];
        let allowed = Command::new("setpriv").args(words).arg("true").output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            skip("this user can read every folder");
            return;
        }
        run = run.within("setpriv", &words);
    }
    let ended = takes_two_edits(&scene, started(run));
    scene.shell("chmod 700 src/a/secret");
    has_builds(&ended, 3);
}

/// The words by which `setpriv` takes root's power over files away, or `None` if there is no need. The result
/// is an error if this user cannot be restricted.
fn without_power_over_files(scene: &Scene) -> Result<Option<[&'static str; 2]>, ()> {
    scene.shell("touch locked && chmod 000 locked");
    if File::open(scene.path("locked")).is_err() {
        return Ok(None);
    }
    let words = ["--bounding-set", "-dac_override,-dac_read_search"];
    let allowed = Command::new("setpriv").args(words).arg("true").output();
    match allowed.is_ok_and(|output| output.status.success()) {
        true => Ok(Some(words)),
        false => {
            skip("this user can read every file");
            Err(())
        }
    }
}

#[test]
fn an_old_file_that_may_not_be_written_takes_the_place_of_a_source() {
    let scene = Scene::new("mod pace;\nuse pace::SPEED;", &[("src/pace.rs", SPEEDS[0])]);
    let Ok(words) = without_power_over_files(&scene) else {
        return;
    };
    scene.write("old.rs", SPEEDS[1]);
    scene.shell("touch -d 2020-01-01 old.rs && chmod 444 old.rs");
    let run = scene.run();
    let run = words.map_or(scene.run(), |words| run.within("setpriv", &words));
    let mut host = started(run);
    let newest = comes_in(&mut host, || scene.shell("mv old.rs src/pace.rs"));
    // A source that cannot be read is a failure of the build, and no same code.
    scene.shell("chmod 000 src/pace.rs");
    assert_eq!(host.event("build")["ok"], false);
    scene.shell("chmod 644 src/pace.rs");
    host.event("same-code");
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn an_old_fifo_takes_the_place_of_a_source() {
    let scene = Scene::plain();
    scene.shell("mkfifo old");
    let mut host = scene.start();
    comes_in(&mut host, || scene.edit(300, 310));
    let text = scene.edited(320);
    scene.shell("mv old src/lib.rs");
    let notice = host.event("notice")["message"].to_string();
    assert!(notice.contains("src/lib.rs"), "{notice}");
    assert!(notice.contains("no regular file"), "{notice}");
    let newest = comes_in(&mut host, || {
        scene.write("new.rs", &text);
        rename(&scene.path("new.rs"), &scene.0.source());
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_fifo_takes_the_place_of_a_finished_guest() {
    let (folder, guest) = finished();
    let mut host = started(Run::headless(&guest).args("--renderer null"));
    shell(folder.path(), "mkfifo pipe && mv pipe dist/game.wasm");
    let refused = host.event("refused").to_string();
    assert!(refused.contains("no regular file"), "{refused}");
    comes_in(&mut host, || {
        rename(&folder.path().join("next/game.wasm"), &guest)
    });
    let _ = host.stop().exits(0);
}

#[test]
fn a_file_among_the_sources_changes_a_thousand_times_a_second() {
    let scene = Scene::plain();
    let file = scene.path("src/busy.txt");
    let _busy = Busy::new(Duration::from_millis(1), move |number| {
        write(&file, &number.to_string());
    });
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

/// A user namespace in which nobody may watch anything reproduces the limit.
#[test]
fn the_limit_of_watchers_is_reached() {
    let none_left = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"";
    let words = ["--user", "--map-root-user", "sh", "-c", none_left, "sh"];
    let allowed = Command::new("unshare").args(words).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skip("it needs user namespaces: unshare --user --map-root-user");
        return;
    }
    let scene = Scene::plain();
    let _ = takes_two_edits(&scene, started(scene.run().within("unshare", &words)));
}
