//! Folders that are made anew, and files that are older than the last build.

use super::*;

// Folders that are made anew.

/// The guest in the folder comes in after this line, and so does the next one.
#[track_caller]
fn sees_the_next(folder: &TempDir, mut host: Host, guest: &Path, line: &str) {
    comes_in(&mut host, || shell(folder.path(), line));
    comes_in(&mut host, || Guest::of::<Counter>().step(3).write(guest));
    let _ = host.stop().exits(0);
}

#[test]
fn the_folder_of_a_finished_guest_is_removed_and_made_anew() {
    let (folder, guest) = finished();
    let mut host = started(Run::headless(&guest).args("--renderer null"));
    shell(folder.path(), "rm -r dist");
    host.event("refused");
    let line = "mkdir dist && cp next/game.wasm dist/game.wasm";
    sees_the_next(&folder, host, &guest, line);
}

#[test]
fn the_folder_of_a_finished_guest_is_replaced() {
    let (folder, guest) = finished();
    let host = started(Run::headless(&guest).args("--renderer null"));
    sees_the_next(&folder, host, &guest, "mv dist old && mv next dist");
}

#[test]
fn the_folder_of_a_finished_guest_is_a_link_that_changes() {
    let (folder, _) = finished();
    shell(folder.path(), "ln -s dist newest");
    let guest = folder.path().join("newest/game.wasm");
    let host = started(Run::headless(&guest).args("--renderer null"));
    let line = "ln -s next link && mv -T link newest";
    sees_the_next(&folder, host, &guest, line);
}

#[test]
fn the_folder_of_a_dependency_is_moved_away_and_made_anew() {
    let scene = Scene::with_dependency();
    scene.shell("cp -r ../pace ../next && sed -i s/300.0/310.0/ ../next/src/lib.rs");
    let mut host = scene.start();
    scene.shell("mv ../pace ../gone");
    while host.event("build")["ok"] == true {}
    comes_in(&mut host, || scene.shell("cp -r ../next ../pace"));
    let newest = comes_in(&mut host, || {
        scene.replace("../pace/src/lib.rs", "310.0", "320.0");
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn the_folder_of_the_sources_is_replaced() {
    let scene = Scene::plain();
    let mut host = scene.start();
    scene.shell("cp -r src ../next && sed -i s/300.0/310.0/ ../next/lib.rs");
    comes_in(&mut host, || scene.shell("mv src ../old && mv ../next src"));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

// Files that are older than the build.

/// A guest with modules in the folder `a`, beside which an older folder with another speed lies.
fn with_older() -> Scene {
    let scene = Scene::new("mod a;\nuse a::b::c::SPEED;", &[]);
    for (folder, speed) in ["src/a", "../older/a"].into_iter().zip(SPEEDS) {
        scene.write(&format!("{folder}/mod.rs"), "pub mod b;\n");
        scene.write(&format!("{folder}/b/mod.rs"), "pub mod c;\n");
        scene.write(&format!("{folder}/b/c.rs"), speed);
    }
    scene.shell("find ../older -exec touch -d 2020-01-01 {} +");
    scene
}

#[track_caller]
fn sees_the_older(scene: &Scene, line: &str) {
    let mut host = scene.start();
    comes_in(&mut host, || scene.shell(line));
    let newest = comes_in(&mut host, || {
        scene.write("src/a/b/c.rs", "pub const SPEED: f32 = 1.0;\n");
    });
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn an_older_folder_is_moved_into_place() {
    let scene = with_older();
    sees_the_older(&scene, "mv src/a ../gone && mv ../older/a src/a");
}

#[test]
fn an_older_folder_is_copied_into_place() {
    let scene = with_older();
    sees_the_older(&scene, "rm -rf src/a && cp -a ../older/a src/a");
}

#[test]
fn a_link_leads_to_an_older_folder() {
    let scene = with_older();
    scene.shell("mv src/a ../newer && ln -s ../../newer src/a");
    sees_the_older(&scene, "ln -s ../../older/a link && mv -T link src/a");
}

#[test]
fn an_older_folder_is_unpacked_over_the_sources() {
    let scene = with_older();
    sees_the_older(&scene, "tar -C ../older -c a | tar -C src -x");
}

/// Dates a file to this time after 2020-01-01.
#[track_caller]
fn date(path: &Path, since: Duration) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800) + since;
    let file = File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(time))
        .expect("a file can be dated");
}

/// A source is replaced while the host polls. The dates of both are these.
#[track_caller]
fn polling_sees(before: Duration, after: Duration) {
    let scene = Scene::plain();
    let source = scene.0.source();
    date(&source, before);
    let mut host = started(scene.run().args("--poll 50"));
    let new = scene.path("../new.rs");
    write(&new, &scene.edited(310));
    date(&new, after);
    comes_in(&mut host, || rename(&new, &source));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn polling_sees_an_older_file() {
    polling_sees(Duration::from_secs(200), Duration::from_secs(100));
}

#[test]
fn polling_sees_an_edit_in_the_same_second() {
    polling_sees(Duration::from_millis(100), Duration::from_millis(600));
}
