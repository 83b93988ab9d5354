//! The folder of the whole guest is another one now: a link changes, the working folder goes away, something is
//! mounted over it.

use super::*;

/// Copies the guest beside itself, with another speed.
fn with_copy(name: &str) -> Scene {
    let scene = Scene::plain();
    let line = format!("cp -r . ../{name} && sed -i s/-300.0/-310.0/ ../{name}/src/lib.rs");
    scene.shell(&line);
    let members = format!("[\"hello\", \"{name}\"]");
    scene.replace("../Cargo.toml", "[\"hello\"]", &members);
    // Two members have two names.
    scene.shell(&format!(
        "sed -i '0,/hello/s//{name}/' ../{name}/Cargo.toml"
    ));
    scene
}

#[test]
fn the_folder_of_the_guest_is_a_link_that_changes() {
    let scene = with_copy("other");
    scene.shell("ln -s hello ../newest");
    let run = Run::headless(&scene.path("../newest")).args("--renderer null");
    let mut host = started(run);
    comes_in(&mut host, || {
        scene.shell("ln -s other ../link && mv -T ../link ../newest")
    });
    comes_in(&mut host, || {
        scene.shell("sed -i s/-310.0/-320.0/ ../other/src/lib.rs")
    });
    let _ = host.stop().exits(0).without(&["refused"]);
}

/// The guest is named relative to the working folder of the host.
fn started_in(folder: &Path, guest: &str) -> Host {
    started(
        Run::headless(Path::new(guest))
            .args("--renderer null")
            .within_folder(folder),
    )
}

/// The folder that the guest's folder lies in, also if that is gone.
fn above(scene: &Scene) -> PathBuf {
    let folder = scene.0.folder();
    folder.parent().expect("it lies in a folder").to_owned()
}

#[test]
fn the_working_folder_is_the_guest_and_is_replaced() {
    let scene = Scene::plain();
    scene.shell("cp -r . ../next && sed -i s/-300.0/-310.0/ ../next/src/lib.rs");
    let mut host = started_in(&scene.0.folder(), ".");
    let line = "mv hello old && mv next hello";
    comes_in(&mut host, || shell(&above(&scene), line));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn the_working_folder_is_the_guest_and_is_removed_and_made_anew() {
    let scene = Scene::plain();
    scene.shell("cp -r . ../kept && sed -i s/-300.0/-310.0/ ../kept/src/lib.rs");
    let mut host = started_in(&scene.0.folder(), ".");
    shell(&above(&scene), "rm -r hello");
    while host.event("build")["ok"] == true {}
    comes_in(&mut host, || shell(&above(&scene), "mv kept hello"));
    let newest = comes_in(&mut host, || scene.edit(310, 320));
    let _ = scene.ends_with_the_newest(host, &newest);
}

#[test]
fn the_working_folder_of_a_finished_guest_is_replaced() {
    let (folder, guest) = finished();
    let mut host = started_in(&folder.path().join("dist"), "game.wasm");
    comes_in(&mut host, || {
        shell(folder.path(), "mv dist old && mv next dist")
    });
    comes_in(&mut host, || Guest::of::<Counter>().step(3).write(&guest));
    let _ = host.stop().exits(0);
}

#[test]
fn something_is_mounted_over_the_sources() {
    let words = ["--user", "--map-root-user", "--mount"];
    let allowed = Command::new("unshare").args(words).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skip("it needs user namespaces: unshare --user --map-root-user --mount");
        return;
    }
    let scene = Scene::plain();
    scene.shell("cp -r src ../next && sed -i s/-300.0/-310.0/ ../next/lib.rs");
    let mut host = started(scene.run().within("unshare", &words));
    let process = host.pid().as_raw_nonzero().to_string();
    let within = |line: &str| {
        let words = [
            "--user",
            "--mount",
            "--preserve-credentials",
            "--target",
            &process,
        ];
        let mut command = Command::new("nsenter");
        command.args(words).args(["sh", "-ec", line]);
        let status = command.current_dir("/").status();
        assert!(status.is_ok_and(|status| status.success()), "{line} fails");
    };
    let (from, to) = (scene.path("../next"), scene.path("src"));
    let mount = format!("mount --bind '{}' '{}'", from.display(), to.display());
    comes_in(&mut host, || within(&mount));
    comes_in(&mut host, || {
        scene.replace("../next/lib.rs", "-310.0", "-320.0");
    });
    let newest = comes_in(&mut host, || within(&format!("umount '{}'", to.display())));
    let _ = scene.ends_with_the_newest(host, &newest);
}
