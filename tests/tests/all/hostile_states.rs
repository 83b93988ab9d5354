//! Images and guests whose state asks for endless work or all memory, each within bounds of both.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vblank_runtime::files::Access;
use vblank_runtime::image::Image;
use vblank_state::schema::{Field, Fields, Kind, Style, TypeDef};
use vblank_state::{Parcel, Parked, Schema, Type};
use vblank_tests::{Bounded, Bounds, Counter, Guest, Run, host, workspace};

fn case(name: &str) -> PathBuf {
    workspace().join("tests/cases/hostile").join(name)
}

/// Runs a command of the host with these arguments.
fn executed(arguments: &[&str], files: &[&Path], bounds: Bounds) -> Bounded {
    let home = TempDir::new().expect("a temporary folder can be made");
    bounds.run(host(home.path()).args(arguments).args(files))
}

/// Shows an image, compares it with itself, and starts a healthy guest from it. None of them succeeds.
#[track_caller]
fn is_refused(image: &Path, message: &str) {
    let bounds = Bounds::new(60, 1500);
    let shown = executed(&["state", "show"], &[image], bounds);
    let compared = executed(&["state", "diff"], &[image, image], bounds);
    let flags = "run --headless --fast --renderer null --frames 3 --exit-on-break --state-in";
    let flags: Vec<&str> = flags.split(' ').collect();
    let played = executed(&flags, &[image, &case("plain.wasm")], bounds);
    for (ended, code) in [(shown, 1), (compared, 2), (played, 1)] {
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.said.contains(message), "{ended:?}");
    }
}

/// Writes an image with this state.
fn image(folder: &TempDir, root: Type, tree: Vec<u8>) -> PathBuf {
    let path = folder.path().join("a.vbs");
    let image = Image {
        code: "0".repeat(64),
        frame: 1,
        schema: Schema::new(root, Vec::new()).expect("a schema").into(),
        parcel: Parcel {
            tree,
            ..Parcel::default()
        },
        parked: Parked::default(),
    };
    image
        .write(&path, Access::Shared)
        .expect("an image can be written");
    path
}

fn list(item: Type) -> Type {
    Type::List(Box::new(item))
}

#[test]
fn arrays_of_arrays_of_nothing_are_refused() {
    is_refused(&case("v1_array.vbs"), "values that take no bytes");
}

#[test]
fn lists_of_lists_of_nothing_are_refused() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let full = (1_u32 << 20).to_le_bytes();
    let tree = [&(1_u32 << 16).to_le_bytes()[..], &full.repeat(1 << 16)].concat();
    let unit = Type::Tuple(Vec::new());
    is_refused(&image(&folder, list(list(unit)), tree), "values in");
}

#[test]
fn lists_of_many_options_of_arrays_of_nothing_are_refused() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let array = Type::Array(Box::new(Type::Tuple(Vec::new())), 1 << 19);
    let tree = [&(1_u32 << 20).to_le_bytes()[..], &[1].repeat(1 << 20)].concat();
    let options = list(Type::Option(Box::new(array)));
    is_refused(&image(&folder, options, tree), "values in");
}

#[test]
fn a_name_of_megabytes_is_refused() {
    is_refused(&case("v3_names.vbs"), "is too long");
}

#[test]
fn an_image_of_zeros_or_empty_lists_takes_bounded_memory() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let count = 288_u32 << 20;
    let zeros = |items: u32| [items.to_le_bytes().to_vec(), vec![0; count as usize]].concat();
    for (item, items) in [(Type::Bool, count), (list(Type::Bool), count / 4)] {
        let path = image(&folder, list(item), zeros(items));
        let size = path.metadata().expect("it is there").len();
        assert!(size < 5 << 20, "{size}");
        let bounds = Bounds::new(120, 1500);
        let shown = executed(&["state", "show"], &[&path], bounds);
        assert_eq!(shown.code, Some(1), "{shown:?}");
        assert!(shown.said.contains("too much to print"), "{shown:?}");
        let compared = executed(&["state", "diff"], &[&path, &path], Bounds::new(120, 2500));
        assert_eq!(compared.code, Some(2), "{compared:?}");
        assert!(
            compared.said.contains("as a tree of values"),
            "{compared:?}"
        );
    }
}

#[test]
fn escapes_in_names_do_not_reach_the_terminal() {
    for arguments in [&["state", "show"][..], &["state", "show", "--json"]] {
        let shown = executed(arguments, &[&case("v9_esc.vbs")], Bounds::new(60, 500));
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let is_raw = |c: char| c.is_control() && c != '\n';
        assert!(!shown.printed.contains(is_raw), "{shown:?}");
    }
}

#[test]
fn a_check_of_thirty_thousand_changed_types_is_short_and_quick() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let field = |name: &str, ty| Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        ty,
        default: None,
    };
    let write = |name: &str, ty: Type, value: &[u8]| {
        let each = |i: u32| {
            let next = Type::Option(Box::new(Type::Named((i + 1) % 30_000)));
            let fields = Fields {
                style: Style::Named,
                list: vec![field("next", next), field("x", ty.clone())],
                skipped: Vec::new(),
            };
            TypeDef {
                name: format!("T{i}"),
                aliases: Vec::new(),
                version: 0,
                hooks: Vec::new(),
                kind: Kind::Record {
                    fields,
                    flat: false,
                },
            }
        };
        let path = folder.path().join(name);
        let schema = Schema::new(Type::Named(0), (0..30_000).map(each).collect());
        let image = Image {
            code: "0".repeat(64),
            frame: 1,
            schema: schema.expect("a schema").into(),
            parcel: Parcel {
                tree: [&[0], value].concat(),
                ..Parcel::default()
            },
            parked: Parked::default(),
        };
        image
            .write(&path, Access::Shared)
            .expect("an image can be written");
        path
    };
    let old = write("old.vbs", Type::Bool, &[0]);
    let cases = [
        (write("text.vbs", Type::String, &[0; 4]), 1),
        (
            write("option.vbs", Type::Option(Box::new(Type::Bool)), &[0]),
            0,
        ),
    ];
    for (new, code) in &cases {
        let checked = executed(&["check"], &[&old, new], Bounds::new(60, 1000));
        assert_eq!(checked.code, Some(*code), "{checked:?}");
        assert!(checked.printed.len() < 1 << 20, "{}", checked.printed.len());
        let json = executed(&["check", "--json"], &[&old, new], Bounds::new(60, 1000));
        assert_eq!(json.code, Some(*code), "{json:?}");
        assert!(json.printed.matches("\"text\"").count() >= 30_000);
    }
}

#[test]
fn a_healthy_image_of_every_type_is_shown() {
    let shown = executed(
        &["state", "show"],
        &[&case("rich.vbs")],
        Bounds::new(60, 500),
    );
    assert_eq!(shown.code, Some(0), "{shown:?}");
}

#[test]
fn a_game_goes_on_beside_a_candidate_with_arrays_of_nothing() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("game.wasm");
    let copy = |from: &Path| {
        let copied = std::fs::copy(from, &file);
        copied.expect("a file can be copied");
    };
    copy(&case("plain.wasm"));
    let mut game = Run::headless(&file).args("--renderer null").start();
    game.event("start");
    copy(&case("l_units.wasm"));
    game.event("refused");
    game.says("values that take no bytes");
    Guest::of::<Counter>().step(3).write(&file);
    game.event_of(&["swap", "refused"]);
    let _ = game.stop();
}
