//! Reloads by other means: `list<u8>` from one component to another, and dylibs. A dylib's state stays
//! in the host's memory and must keep its type. The dylibs have a program of their own,
//! `benches/rivals`.

use std::process::Command;
use std::time::{Duration, Instant};

use vblank_benches::Times;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

/// Measures `save: func() -> list<u8>` and `migrate: func(list<u8>)`, the obvious way, in prewarmed
/// memory.
pub fn list_u8(bytes: usize, swaps: usize) -> Times {
    let pages = bytes.div_ceil(1 << 16) + 1;
    // The state lies behind the first page, and so does the memory for `migrate`.
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
        // A list of this size exceeds wasmtime's default limit.
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

/// Measures reloads of a dylib by hand, and by `hot-lib-reloader`.
pub fn dylibs(by_hand: usize, hot_lib_reloader: usize) -> [Times; 2] {
    let rivals = vblank_tests::workspace().join("benches/rivals");
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(rivals.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(vblank_tests::workspace().join("target/rivals"))
        .args(["--", &by_hand.to_string(), &hot_lib_reloader.to_string()])
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the rivals failed: {errors}");
    let text = String::from_utf8(output.stdout).expect("it prints numbers");
    let mut lines = text.lines().map(|line| {
        let mut times = Times::default();
        for microseconds in line.split_whitespace() {
            let microseconds: f64 = microseconds.parse().expect("it prints numbers");
            times.add(Duration::from_secs_f64(microseconds / 1e6));
        }
        times
    });
    [(); 2].map(|()| lines.next().expect("it prints two lines"))
}
