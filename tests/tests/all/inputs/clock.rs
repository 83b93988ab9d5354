//! Clocks that go wrong: sources dated in the future, and a clock that is set back while a guest runs.

use super::*;

#[test]
fn a_manifest_is_dated_in_the_future() {
    let scene = Scene::with_dependency();
    scene.shell("touch -d 2099-01-01 ../pace/Cargo.toml");
    let ended = takes_two_edits(&scene, scene.start());
    has_builds(&ended, 3);
}

/// A library that puts the clock of a process an hour ahead as long as there is a file.
const CLOCK: &str = r#"
    #define _GNU_SOURCE
    #include <stdlib.h>
    #include <sys/syscall.h>
    #include <time.h>
    #include <unistd.h>
    int clock_gettime(clockid_t id, struct timespec *time) {
        int result = syscall(SYS_clock_gettime, id, time);
        const char *ahead = getenv("CLOCK_IS_AHEAD");
        if (result == 0 && id == CLOCK_REALTIME && ahead && access(ahead, F_OK) == 0)
            time->tv_sec += 3600;
        return result;
    }
"#;

#[test]
fn the_clock_is_set_back() {
    let scene = Scene::plain();
    let (source, library) = (scene.path("../clock.c"), scene.path("../clock.so"));
    let ahead = scene.path("../ahead");
    write(&source, CLOCK);
    write(&ahead, "");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source);
    if !cc.output().is_ok_and(|output| output.status.success()) {
        skip("it needs a compiler for C: cc");
        return;
    }
    let run = scene.run().env("LD_PRELOAD", &library);
    let mut host = started(run.env("CLOCK_IS_AHEAD", &ahead));
    // The kernel has dated the built files by the true clock.
    let all = "find ../target -newer ../ahead -type f -path '*hello*'";
    scene.shell(&format!(
        "{all} -exec sh -ec 'touch -r \"$1\" -d \"+1 hour\" \"$1\"' sh {{}} ';'"
    ));
    remove(&ahead);
    comes_in(&mut host, || scene.edit(300, 310));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}
