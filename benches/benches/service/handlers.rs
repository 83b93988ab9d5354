//! Builds of the handler, and the file of the running one.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_tests::{Demo, cargo_for_guests, workspace};

/// Builds that differ in a word, used alternately.
pub struct Handlers {
    builds: [Vec<u8>; 2],
    /// Folder in which the handler lies.
    folder: TempDir,
    next: u32,
}

impl Handlers {
    /// Builds the component of `demos/plugins/visits`.
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

    /// Builds the module of `benches/rivals-service/visits`. Both builds are the same, because Extism
    /// identifies code by the whole file.
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

    /// Returns the file that a service runs.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("running.wasm")
    }

    /// Replaces the handler's file at once, by code that the service has never seen. It would not have
    /// to compile known code.
    pub fn put_next(&mut self) {
        let mut code = self.builds[self.next as usize % 2].clone();
        // The section has no meaning: its kind, its lengths, its name and its content.
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
