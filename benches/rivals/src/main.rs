//! Dylibs, which hot reload without a sandbox uses: reloaded by hand and by `hot-lib-reloader`. Their
//! state stays in the host's memory and must keep its type.
//!
//! `rivals BY_HAND HOT_LIB_RELOADER`, two numbers of reloads. Prints two lines of times in microseconds.
//! `rivals edits FOLDER DEBOUNCE_MS` builds and reloads a crate after each edit.
//! A workspace of its own: what it depends on asks for features of shared crates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hot_lib_reloader::LibReloader;
use libloading::Library;
use tempfile::TempDir;

mod edits;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [what, folder, debounce] = &arguments[..]
        && what == "edits"
    {
        let debounce = debounce.parse().expect("milliseconds are wanted");
        return edits::follow(Path::new(folder), Duration::from_millis(debounce));
    }
    let reloads: Vec<usize> = std::env::args()
        .skip(1)
        .map(|number| number.parse().expect("numbers of reloads are wanted"))
        .collect();
    let [by_hand, hot_lib_reloader] = reloads[..] else {
        panic!("two numbers of reloads are wanted");
    };
    let dylibs = Dylibs::build();
    for times in [
        dylibs.by_hand(by_hand),
        dylibs.hot_lib_reloader(hot_lib_reloader),
    ] {
        let line: Vec<String> = times
            .iter()
            .map(|time| (time.as_secs_f64() * 1e6).to_string())
            .collect();
        println!("{}", line.join(" "));
    }
}

/// Two builds of one dylib, which moves ten thousand particles as `demos/particles` has.
struct Dylibs {
    folder: TempDir,
    builds: [PathBuf; 2],
}

/// `extern "C"`, over a state that belongs to the host.
type Update = unsafe extern "C" fn(*mut Particle, usize);

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Particle {
    at: [f32; 2],
    speed: [f32; 2],
    age: f32,
    hue: f32,
}

const PARTICLES: usize = 10_000;

impl Dylibs {
    fn build() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let build = |name: &str, gravity: f32| {
            let source = format!(
                "#[repr(C)] pub struct Particle {{ at: [f32; 2], speed: [f32; 2], age: f32, hue: f32 }}
                 #[unsafe(no_mangle)]
                 pub unsafe extern \"C\" fn update(all: *mut Particle, count: usize) {{
                     for particle in unsafe {{ std::slice::from_raw_parts_mut(all, count) }} {{
                         particle.speed[1] += {gravity};
                         particle.at[0] += particle.speed[0];
                         particle.at[1] += particle.speed[1];
                         particle.age += 1.0;
                     }}
                 }}"
            );
            let file = folder.path().join(format!("{name}.rs"));
            std::fs::write(&file, source).expect("the folder can be written");
            let library = file.with_extension("so");
            let built = Command::new("rustc")
                .args(["--edition", "2024", "-O", "--crate-type", "cdylib", "-o"])
                .args([&library, &file])
                .status();
            assert!(built.expect("rustc starts").success());
            library
        };
        let builds = [build("light", 0.6), build("heavy", 0.7)];
        Self { folder, builds }
    }

    /// Reloads by hand, as articles describe it: copy, open, look the function up, close the old
    /// library.
    fn by_hand(&self, reloads: usize) -> Vec<Duration> {
        let mut particles = vec![Particle::default(); PARTICLES];
        let mut times = Vec::new();
        let mut library = None;
        for turn in 0..reloads {
            let begun = Instant::now();
            let copy = self.folder.path().join(format!("loaded-{turn}.so"));
            std::fs::copy(&self.builds[turn % 2], &copy).expect("the folder can be written");
            // SAFETY: the library was built above and has no initialisers.
            let opened = unsafe { Library::new(&copy) }.expect("it opens");
            if let Some(old) = library.replace(opened) {
                Library::close(old).expect("it closes");
            }
            let opened: &Library = library.as_ref().expect("it was just put there");
            // SAFETY: `update` is of this type, see `build`.
            let update = unsafe { opened.get::<Update>(b"update\0") }.expect("it is exported");
            times.push(begun.elapsed());
            call(*update, &mut particles);
        }
        assert_eq!(particles[0].age, reloads as f32, "every update was made");
        times
    }

    /// Measures the call of `update` that finds a new library, for the loop that calls it. The debounce
    /// of a millisecond and the time before it are not counted.
    fn hot_lib_reloader(&self, reloads: usize) -> Vec<Duration> {
        let mut particles = vec![Particle::default(); PARTICLES];
        let watched = self.folder.path().join("libwatched.so");
        replace(&self.builds[0], &watched);
        let folder = self.folder.path();
        let debounce = Some(Duration::from_millis(1));
        let mut reloader = LibReloader::new(folder, "watched", debounce, None).expect("it loads");
        std::thread::sleep(Duration::from_millis(200));
        let mut times = Vec::new();
        for turn in 1..=reloads {
            replace(&self.builds[turn % 2], &watched);
            loop {
                let begun = Instant::now();
                if reloader.update().expect("it reloads") {
                    // SAFETY: `update` is of this type, see `build`.
                    let update = unsafe { reloader.get_symbol::<Update>(b"update\0") };
                    let update = update.expect("it is exported");
                    times.push(begun.elapsed());
                    call(*update, &mut particles);
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            // The library's watcher starts again after a reload.
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(particles[0].age, reloads as f32, "every update was made");
        times
    }
}

fn call(update: Update, particles: &mut [Particle]) {
    // SAFETY: the library takes so many particles of this layout and keeps nothing.
    unsafe { update(particles.as_mut_ptr(), particles.len()) };
}

/// Replaces a library in place, as rustc and most linkers do.
fn replace(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("the folder can be written");
}
