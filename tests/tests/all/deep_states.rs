//! A state of nested boxes, up to the depth that a guest saves and beyond it.

use vblank_tests::{Demo, Run, host_binary};

/// A game with a list of this many linked boxes. `more` is further fields of a link.
fn source(links: usize, more: &str) -> String {
    format!(
        "use vblank_guest::prelude::*;

        #[derive(State, Default)]
        struct Chain {{ count: u32, first: Option<Box<Link>> }}

        #[derive(State, Default)]
        struct Link {{ {more} value: u32, next: Option<Box<Link>> }}

        impl Game for Chain {{
            fn new(_: &Setup) -> Self {{
                let mut chain = Chain::default();
                for value in 0..{links} {{
                    let next = chain.first.take();
                    chain.first = Some(Box::new(Link {{ value, next, ..Link::default() }}));
                }}
                chain
            }}
            fn update(&mut self, _: &Frame) {{ self.count += 1; }}
            fn draw(&self, _: &mut Canvas) {{}}
        }}
        game!(Chain);
        "
    )
}

fn built(demo: &Demo, links: usize, more: &str, name: &str) -> std::path::PathBuf {
    std::fs::write(demo.source(), source(links, more)).expect("the copy can be written");
    demo.build();
    demo.keep_wasm(name)
}

#[test]
fn a_list_of_linked_boxes_is_saved_swapped_migrated_and_read() {
    let demo = Demo::copy("hello");
    for links in [1001, 1300] {
        let old = built(&demo, links, "", "old.wasm");
        let same = built(&demo, links + 1, "", "same.wasm");
        let changed = built(&demo, 0, "name: String,", "changed.wasm");
        let image = demo.beside("deep.vbs");
        let run = Run::headless(&old).args("--fast --renderer null --frames 90");
        let run = run.arg("--swap-at").arg(format!("10={}", same.display()));
        let run = run
            .arg("--swap-at")
            .arg(format!("20={}", changed.display()));
        let ended = run.file("--state-out", &image, "").to_end().exits(0);
        let ended = ended.without(&["refused", "rollback", "break"]);
        assert_eq!(ended.all("swap").len(), 2, "{ended:#?}");

        let shown = std::process::Command::new(host_binary())
            .args(["state", "show"])
            .arg(&image)
            .output()
            .expect("the host starts");
        assert!(shown.status.success(), "{shown:?}");
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert_eq!(text.matches("some(").count(), links, "{text}");

        let again = Run::headless(&changed).args("--fast --renderer null --frames 95");
        let again = again.file("--state-in", &image, "").to_end().exits(0);
        let _ = again.without(&["refused", "rollback", "break"]);
    }
}

#[test]
fn a_list_of_too_many_linked_boxes_is_refused_with_its_path() {
    let demo = Demo::copy("hello");
    let guest = built(&demo, 2500, "", "deep.wasm");
    let image = demo.beside("deep.vbs");
    let run = Run::headless(&guest).args("--fast --renderer null --frames 90");
    let ended = run.file("--state-out", &image, "").to_end().exits(1);
    assert!(
        ended
            .said
            .contains("nested too deep for the stack of a guest"),
        "{ended:#?}"
    );
    assert!(ended.said.contains("first.next.next"), "{ended:#?}");
    assert!(ended.said.contains("refer to them by index"), "{ended:#?}");
    assert!(!image.exists());
}

#[test]
fn large_links_are_counted_by_their_size() {
    let demo = Demo::copy("hello");
    let guest = built(&demo, 1000, "block: [[u64; 16]; 4],", "large.wasm");
    let ended = Run::headless(&guest)
        .args("--fast --renderer null --frames 90")
        .to_end();
    let ended = ended.exits(1);
    assert!(
        ended
            .said
            .contains("nested too deep for the stack of a guest"),
        "{ended:#?}"
    );
    let guest = built(&demo, 250, "block: [[u64; 16]; 4],", "fits.wasm");
    let ended = Run::headless(&guest)
        .args("--fast --renderer null --frames 90")
        .to_end();
    let _ = ended.exits(0).without(&["refused", "rollback", "break"]);
}
