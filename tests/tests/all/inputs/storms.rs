//! Programs that write thousands of files, or one file all the time.

use super::*;

/// Makes and removes files as quickly as it can, with 5,000 names.
fn storm(folder: &Path, end: &str) {
    for number in 0..150_000 {
        let file = folder.join(format!("t_{}.{end}", number % 5000));
        // The storm is no part of what is tested, so it need not be complete.
        let _ = fs::write(&file, "x").and_then(|()| fs::remove_file(&file));
    }
}

/// An edit comes in behind a storm in this folder, and Ctrl-C ends the host behind another.
#[track_caller]
fn survives(scene: &Scene, folder: &str, end: &'static str, run: Run) {
    let folder = scene.path(folder);
    let mut host = started(run);
    storm(&folder, end);
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    storm(&folder, end);
    let ended = scene.ends_with_the_newest(host, &newest);
    // A file that is caught while it is there may start a build.
    let swaps = ended.all("swap").len();
    assert_eq!(swaps, 1, "{ended:#?}");
}

#[test]
fn thousands_of_modules_come_and_go() {
    let scene = Scene::plain();
    survives(&scene, "src", "rs", scene.run());
}

#[test]
fn thousands_of_files_come_and_go() {
    let scene = Scene::plain();
    fs::create_dir(scene.path("data")).expect("a folder can be made");
    let run = scene.run().file("--watch", &scene.path("data"), "");
    survives(&scene, "data", "o", run);
}

#[test]
fn thousands_of_files_come_and_go_where_changes_are_polled() {
    let scene = Scene::plain();
    fs::create_dir(scene.path("data")).expect("a folder can be made");
    let run = scene.run().args("--poll 20");
    let run = run.file("--watch", &scene.path("data"), "");
    survives(&scene, "data", "o", run);
}

#[test]
fn thousands_of_files_are_removed() {
    let scene = Scene::plain();
    let path = |number: u32| scene.path(&format!("../data/{}/{number}", number / 100));
    for number in 0..6000 {
        write(&path(number), "x");
    }
    let mut host = started(scene.run().file("--watch", &scene.path("../data"), ""));
    for number in 0..3000 {
        remove(&path(number));
    }
    let newest = comes_in(&mut host, || scene.edit(300, 310));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn a_source_is_rewritten_all_the_time_and_then_left_alone() {
    let scene = Scene::plain();
    let (source, text) = (scene.0.source(), scene.edited(777));
    let mut host = scene.start();
    let (at, rest) = (source.clone(), text.clone());
    let busy = Busy::new(Duration::from_millis(1), move |number| {
        write(&at, &rest.replace("-777.0", &format!("-{number}.0")));
    });
    loop {
        let notice = host.event("notice")["message"].to_string();
        if notice.contains("changes during every build") {
            break;
        }
    }
    drop(busy);
    write(&source, &text);
    // Other contents may come in before the last one.
    let mut newest = host.event("swap")["to"].clone();
    let expected = {
        let build = scene.build(&scene.0.folder(), &["."]);
        let (code, said) = output_of(build);
        assert_eq!(code, Some(0), "{said}");
        let ended = Run::headless(&scene.0.wasm()).args("--renderer null --frames 1");
        ended.to_end().exits(0).only("start")["hash"].clone()
    };
    while newest != expected {
        newest = host.event("swap")["to"].clone();
    }
    let _ = host.stop().exits(0);
}

#[test]
fn the_queue_of_the_system_is_full() {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_queued_events";
    let limit = fs::read_to_string(LIMIT).ok();
    let limit: Option<u32> = limit.and_then(|limit| limit.trim().parse().ok());
    let Some(limit) = limit.filter(|limit| *limit < 200_000) else {
        skip("the system's queue of changes is too long to be filled");
        return;
    };
    let item = "const SPEED: f32 = include_str!(\"../a/b/level.txt\").as_bytes()[0] as f32;";
    let scene = Scene::new(
        item,
        &[("a/b/level.txt", "3"), ("../next/b/level.txt", "9")],
    );
    scene.shell("touch -d 2020-01-01 ../next/b/level.txt");
    let mut host = started(scene.run().args("-v"));
    kill_process(host.pid(), Signal::STOP).expect("the host can be stopped");
    // Each file is two changes at least, and two equal changes would be one.
    for number in 0..=limit / 2 {
        let file = scene.path("src").join(format!("{number}.rs"));
        write(&file, "");
        remove(&file);
    }
    scene.shell("mv a ../old && mv ../next a");
    let process = host.pid();
    let newest = comes_in(&mut host, || {
        kill_process(process, Signal::CONT).expect("the host can go on");
    });
    host.says("the system has lost changes");
    let _ = scene.ends_with_the_newest(host, &newest);
}
