//! The SDK's bindings are generated ahead of time, so that no guest has to build the generator. The
//! bindings of the plugin in C are too, so that it needs only a compiler. This test compares both with
//! the WIT; `VBLANK_BLESS=1` regenerates them.

use std::path::Path;

use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;
use wit_parser::Resolve;

#[test]
fn bindings_are_those_of_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = root.join("guest-sdk/src/bindings.rs");
    let generated = generate(&root.join("wit"));
    if std::env::var_os("VBLANK_BLESS").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    assert!(
        committed == generated,
        "guest-sdk/src/bindings.rs is not what wit/ says; write it anew with \
         VBLANK_BLESS=1 cargo xtask test bindings"
    );
}

#[test]
fn bindings_in_c_are_those_of_their_worlds() {
    for (folder, world) in [
        ("c", "demo:languages/counter"),
        ("square/c", "vblank:guest/game"),
    ] {
        bindings_in_c(folder, world);
    }
}

fn bindings_in_c(folder: &str, world: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let demos = root.join("demos/languages");
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir(root.join("wit")).unwrap();
    let (package, _) = resolve.push_dir(demos.join("wit")).unwrap();
    let world = resolve.select_world(&[contract, package], Some(world));
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator
        .generate(&mut resolve, world.unwrap(), &mut files)
        .unwrap();
    let generated_here = demos.join(folder).join("generated");
    for (name, generated) in files.iter() {
        let file = generated_here.join(name);
        if std::env::var_os("VBLANK_BLESS").is_some() {
            std::fs::create_dir_all(&generated_here).unwrap();
            std::fs::write(&file, generated).unwrap();
        }
        assert!(
            std::fs::read(&file).is_ok_and(|committed| committed == generated),
            "{} is not what the WIT says; write it anew with VBLANK_BLESS=1 cargo xtask test bindings",
            file.display()
        );
    }
}

fn generate(wit: &Path) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("game")).unwrap();
    let options = Opts {
        format: true,
        generate_all: true,
        pub_export_macro: true,
        export_macro_name: Some("export_game".to_owned()),
        default_bindings_module: Some("vblank_guest::bindings".to_owned()),
        ..Opts::default()
    };
    let mut files = Files::default();
    let mut generator = options.build();
    generator.generate(&mut resolve, world, &mut files).unwrap();
    let (_, code) = files.iter().next().unwrap();
    let head = "//! Bindings generated from `wit/`, once for all guests, so that a guest recompiles fast.\n\
                #![allow(missing_docs, reason = \"generated; the documentation is in wit/\")]\n\
                #![allow(clippy::all, clippy::undocumented_unsafe_blocks, reason = \"generated\")]\n\
                #![cfg_attr(rustfmt, rustfmt_skip)]\n\n";
    format!("{head}{}", String::from_utf8_lossy(code))
}
