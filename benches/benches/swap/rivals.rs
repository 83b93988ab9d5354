//! What others do at a reload: `list<u8>` out of one component and into another, and dylibs, whose
//! state stays in the host's memory and must keep its type.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hot_lib_reloader::LibReloader;
use libloading::Library;
use tempfile::TempDir;
use vblank_benches::Times;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

/// `save: func() -> list<u8>` and `migrate: func(list<u8>)`, the obvious way, in prewarmed memory.
pub fn list_u8(bytes: usize, swaps: usize) -> Times {
    let pages = bytes.div_ceil(1 << 16) + 1;
    // The state lies behind the first page, and so does the memory that `migrate` is given.
    let text = format!(
        r#"(component
          (core module $m
            (memory (export "memory") {pages})
            (func (export "save") (result i32)
              (i32.store (i32.const 0) (i32.const 65536))
              (i32.store (i32.const 4) (i32.const {bytes}))
              (i32.const 0))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
            (func (export "migrate") (param i32 i32))
            (func (export "warm") (memory.fill (i32.const 65536) (i32.const 1) (i32.const {bytes}))))
          (core instance $i (instantiate $m))
          (func (export "save") (result (list u8))
            (canon lift (core func $i "save") (memory (core memory $i "memory"))))
          (func (export "migrate") (param "state" (list u8))
            (canon lift (core func $i "migrate") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
          (func (export "warm") (canon lift (core func $i "warm"))))"#
    );
    let mut config = Config::new();
    config.wasm_component_model(true).concurrency_support(false);
    let engine = Engine::new(&config).expect("an engine can be made");
    let wasm = wat::parse_str(text).expect("the text is WebAssembly");
    let component = Component::new(&engine, wasm).expect("it compiles");
    let linker = Linker::<()>::new(&engine);
    let start = || {
        let mut store = Store::new(&engine, ());
        // A list of this size is more than is allowed by default.
        store.set_hostcall_fuel(usize::MAX);
        let instance = linker
            .instantiate(&mut store, &component)
            .expect("it starts");
        let warm = instance.get_typed_func::<(), ()>(&mut store, "warm");
        warm.and_then(|warm| warm.call(&mut store, ()))
            .expect("it can");
        (store, instance)
    };
    let mut times = Times::default();
    let mut old = start();
    for _ in 0..swaps {
        let mut new = start();
        let save = old.1.get_typed_func::<(), (Vec<u8>,)>(&mut old.0, "save");
        let save = save.expect("it is exported");
        let migrate = new.1.get_typed_func::<(&[u8],), ()>(&mut new.0, "migrate");
        let migrate = migrate.expect("it is exported");
        let begun = Instant::now();
        let (state,) = save.call(&mut old.0, ()).expect("it saves");
        migrate.call(&mut new.0, (&state,)).expect("it migrates");
        times.add(begun.elapsed());
        assert_eq!((state.len(), state[bytes - 1]), (bytes, 1));
        old = new;
    }
    times
}

/// Two builds of one dylib, which moves ten thousand particles as `demos/particles` has.
pub struct Dylibs {
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
    pub fn build() -> Self {
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

    /// Copy, open, look the function up, close the old one: what an article tells one to write.
    pub fn by_hand(&self, reloads: usize) -> Times {
        let mut particles = vec![Particle::default(); PARTICLES];
        let mut times = Times::default();
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
            times.add(begun.elapsed());
            call(*update, &mut particles);
        }
        assert_eq!(particles[0].age, reloads as f32, "every update was made");
        times
    }

    /// The call of `update` that finds a new library, for the loop that makes it. Its debounce is a
    /// millisecond, and what passes before is not counted.
    pub fn hot_lib_reloader(&self, reloads: usize) -> Times {
        let mut particles = vec![Particle::default(); PARTICLES];
        let watched = self.folder.path().join("libwatched.so");
        replace(&self.builds[0], &watched);
        let folder = self.folder.path();
        let debounce = Some(Duration::from_millis(1));
        let mut reloader = LibReloader::new(folder, "watched", debounce, None).expect("it loads");
        std::thread::sleep(Duration::from_millis(200));
        let mut times = Times::default();
        for turn in 1..=reloads {
            replace(&self.builds[turn % 2], &watched);
            loop {
                let begun = Instant::now();
                if reloader.update().expect("it reloads") {
                    // SAFETY: `update` is of this type, see `build`.
                    let update = unsafe { reloader.get_symbol::<Update>(b"update\0") };
                    let update = update.expect("it is exported");
                    times.add(begun.elapsed());
                    call(*update, &mut particles);
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            // Its watcher begins anew after a reload.
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

/// In place, as rustc and most linkers leave a library.
fn replace(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("the folder can be written");
}
