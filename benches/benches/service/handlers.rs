//! Builds of the handler, and a place for the one that runs.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_tests::{Demo, cargo_for_guests, workspace};

/// Builds that differ in a word, each the next handler in turn.
pub struct Handlers {
    builds: [Vec<u8>; 2],
    /// Folder in which the handler lies.
    folder: TempDir,
    next: u32,
}

impl Handlers {
    /// Component of `demos/plugins/visits`.
    pub fn vblank() -> Self {
        let demo = Demo::copy("plugins/visits");
        let build = || {
            demo.build();
            std::fs::read(demo.wasm()).expect("it was built")
        };
        let first = build();
        demo.replace("{} in all", "{} altogether");
        Self::new([first, build()])
    }

    /// Module of `benches/rivals-service/visits`, twice, since Extism knows code by the whole file.
    pub fn extism() -> Self {
        let visits = workspace().join("benches/rivals-service/visits");
        let built = cargo_for_guests()
            .args(["build", "--release", "--quiet", "--target-dir", "target"])
            .args(["--target", "wasm32-unknown-unknown"])
            .current_dir(&visits)
            .status();
        assert!(built.expect("cargo starts").success());
        let wasm = visits.join("target/wasm32-unknown-unknown/release/visits.wasm");
        let build = std::fs::read(wasm).expect("it was built");
        Self::new([build.clone(), build])
    }

    fn new(builds: [Vec<u8>; 2]) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut handlers = Self {
            builds,
            folder,
            next: 0,
        };
        handlers.put_next();
        handlers
    }

    /// The file to run.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("running.wasm")
    }

    /// Whole from one moment to the next, and code that the service has never seen: what it has
    /// seen it need not compile.
    pub fn put_next(&mut self) {
        let mut code = self.builds[self.next as usize % 2].clone();
        // A section that means nothing: its kind, lengths, name and content.
        code.extend(b"\x00\x0a\x05count");
        code.extend(self.next.to_le_bytes());
        put(&code, &self.file());
        self.next += 1;
    }
}

fn put(code: &[u8], place: &Path) {
    let beside = place.with_extension("new");
    std::fs::write(&beside, code).expect("it can be written");
    std::fs::rename(&beside, place).expect("it can be renamed");
}
