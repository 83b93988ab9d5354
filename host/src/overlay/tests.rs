//! Tests of the overlay in its states. egui's test harness clicks and types, and the renderer makes the
//! pictures.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions, TestRenderer, try_image_snapshot_options};
use tracing::Level;
use vblank_render::assets::{AssetInfo, Kind as AssetKind, Pixels, Status};
use vblank_render::commands::Color;
use vblank_render::{Layer, Prefer, Renderer, Size, WgpuRenderer};
use vblank_state::schema::{Field, Fields, Kind, Number, Style, TypeDef};
use vblank_state::value::{Value, encode, replace};
use vblank_state::{Parcel, Schema, Type};

use super::action::OverlayAction;
use super::alarm::Alarm;
use super::log::LogRing;
use super::panels::Panels;
use super::snapshot::Snapshot;
use super::style::set_style;
use crate::event::Command;
use crate::report::Percentiles;

const SIZE: Vec2 = Vec2::new(960.0, 540.0);

/// Made-up state of a guest: sparks, their wind, a name.
struct World {
    schema: Arc<Schema>,
    parcel: Parcel,
}

impl World {
    fn new() -> Self {
        let field = |name: &str, ty: Type| Field {
            name: name.to_owned(),
            aliases: Vec::new(),
            ty,
            default: None,
        };
        let record = |name: &str, flat: bool, list: Vec<Field>| TypeDef {
            name: name.to_owned(),
            aliases: Vec::new(),
            version: 0,
            hooks: Vec::new(),
            kind: Kind::Record {
                fields: Fields {
                    style: Style::Named,
                    list,
                    skipped: Vec::new(),
                },
                flat,
            },
        };
        let float = || Type::Number(Number::F32);
        let world = record(
            "World",
            false,
            vec![
                field("sparks", Type::List(Box::new(Type::Named(1)))),
                field("wind", float()),
                field("score", Type::Number(Number::U8)),
                field("name", Type::String),
            ],
        );
        let spark = record(
            "Spark",
            true,
            vec![field("x", float()), field("y", float())],
        );
        let schema = Schema::new(Type::Named(0), vec![world, spark]).unwrap();
        let named = |name: &str, value: Value| (name.to_owned(), value);
        let spark = |i: u16| {
            let x = named("x", Value::F32(f32::from(i)));
            Value::Record(vec![x, named("y", Value::F32(0.5))])
        };
        let value = Value::Record(vec![
            named("sparks", Value::List((0..1000).map(spark).collect())),
            named("wind", Value::F32(1.5)),
            named("score", Value::Unsigned(7)),
            named("name", Value::String("fountain".to_owned())),
        ]);
        Self {
            parcel: encode(&schema, &value).unwrap(),
            schema: Arc::new(schema),
        }
    }
}

fn asset(key: &str, size: Option<Size>, status: Status) -> AssetInfo {
    AssetInfo {
        kind: AssetKind::Texture,
        key: key.into(),
        bytes: size.map_or(0, |size| u64::from(size.width * size.height * 4)),
        size,
        status,
        problem: None,
        pixels: size.and_then(|size| {
            let stripes =
                (0..size.height).flat_map(|y| (0..size.width).map(move |x| x / 8 + y / 8));
            let rgba: Vec<u8> = stripes
                .flat_map(|stripe| [200, 60 * (stripe % 4) as u8, 90, 255])
                .collect();
            Some((1, Pixels::new(size, &rgba).ok()?))
        }),
    }
}

/// The panels with their data, and the actions of the person.
struct Scene {
    panels: Panels,
    snapshot: Snapshot,
    alarm: Option<Alarm>,
    log: LogRing,
    world: World,
    wished: Vec<OverlayAction>,
}

impl Scene {
    fn new() -> Self {
        let log = LogRing::default();
        log.push(Level::INFO, "particles: a burst of 40".to_owned());
        log.push(Level::WARN, "particles: too many sparks".to_owned());
        log.push(Level::DEBUG, "particles: seed 7".to_owned());
        Self {
            panels: Panels::default(),
            snapshot: Snapshot {
                status: "3f2a9c for 12 s, running; this is the newest source".to_owned(),
                speed: 1.0,
                frame: 720,
                frames: (0..200_u8).map(|i| 1.0 + f32::from(i % 7) / 5.0).collect(),
                swapped: vec![60, 140],
                percentiles: Percentiles {
                    p50: 1500.0,
                    p99: 2200.0,
                    max: 2300.0,
                },
                memory: 3 << 20,
                swaps: vec![
                    "swap 2  particles  91bc04 → 3f2a9c   0.06 ms   automatic\n  + Spark.spin   f32   default 0.0\n  at frame 512"
                        .to_owned(),
                ],
                granted: vec!["wasi".to_owned()],
                undo: Some("wind = 0.0".to_owned()),
                assets: vec![
                    asset("ship", Some(Size::new(64, 64)), Status::Ready),
                    asset("cloud", None, Status::Failed("there is no file cloud.png".to_owned())),
                ],
                ..Snapshot::default()
            },
            alarm: None,
            log,
            world: World::new(),
            wished: Vec::new(),
        }
    }

    /// Shows the panels as `Overlay::frame` does, with the world in place of a session.
    fn show(&mut self, ui: &mut egui::Ui) {
        let parcel = self.world.parcel.as_ref();
        self.snapshot.rows = self.panels.tree.read(&self.world.schema, &parcel);
        self.snapshot.read_took = Duration::from_micros(65);
        let mut actions = Vec::new();
        let (snapshot, log) = (&self.snapshot, &self.log);
        self.panels
            .show(ui, snapshot, &self.alarm, log, &mut actions);
        for wish in actions {
            if let OverlayAction::Edit { path, text } = &wish {
                let done = replace(&self.world.schema, &mut self.world.parcel, path, text);
                let done = done.map(drop).map_err(|error| error.to_string());
                self.panels.tree.edited(done);
            }
            self.wished.push(wish);
        }
    }
}

/// Renderer for egui's test pictures, which draws them over a picture of a game.
struct Ours(WgpuRenderer);

impl TestRenderer for Ours {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        self.0.lay_over(Layer {
            textures: std::mem::take(delta),
            ..Layer::default()
        });
    }

    fn render(
        &mut self,
        ctx: &egui::Context,
        output: &egui::FullOutput,
    ) -> Result<image::RgbaImage, String> {
        let pixels_per_point = output.pixels_per_point;
        let primitives = ctx.tessellate(output.shapes.clone(), pixels_per_point);
        self.0.begin().clear(Color(0xff26_1b0b));
        let drawn = self.0.submit();
        self.0.lay_over(Layer {
            primitives,
            pixels_per_point,
            ..Layer::default()
        });
        let picture = drawn.and_then(|()| self.0.capture_all());
        let picture = picture.map_err(|error| error.to_string())?;
        let Size { width, height } = picture.size;
        image::RgbaImage::from_raw(width, height, picture.pixels)
            .ok_or_else(|| "a picture has all its pixels".to_owned())
    }
}

fn harness(scene: Scene) -> Harness<'static, Scene> {
    let size = Size::new(SIZE.x as u32, SIZE.y as u32);
    let renderer =
        WgpuRenderer::headless(size, Prefer::Software).expect("there is a software renderer");
    Harness::builder()
        .with_size(SIZE)
        .renderer(Ours(renderer))
        .with_context_setup(set_style)
        .build_ui_state(|ui, scene: &mut Scene| scene.show(ui), scene)
}

/// Compares a picture with the one in `host/src/overlay/pictures`. `UPDATE_SNAPSHOTS=1` overwrites the
/// latter.
#[track_caller]
fn looks_like(harness: &mut Harness<'_, Scene>, name: &str) {
    let picture = harness.render().expect("it is drawn");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/overlay/pictures");
    // Other versions of Mesa differ by 1/255 at the edges of letters.
    let options = SnapshotOptions::new()
        .threshold(1.0)
        .output_path(folder)
        .max_failed_pixels(50);
    if let Err(error) = try_image_snapshot_options(&picture, name, &options) {
        panic!("{error}");
    }
}

#[test]
fn open_it_shows_status_frames_state_and_swaps() {
    let mut harness = harness(Scene::new());
    harness.run_steps(3);
    looks_like(&mut harness, "open");
    let middle = egui::pos2(280.0, 250.0);
    assert!(
        harness.state().panels.free.contains(middle),
        "the game's middle is free"
    );
}

#[test]
fn buttons_are_commands() {
    let mut harness = harness(Scene::new());
    harness.run_steps(2);
    for (label, wish) in [
        ("pause", OverlayAction::Do(Command::Pause(true))),
        ("step", OverlayAction::Do(Command::Step)),
        ("0.25×", OverlayAction::Do(Command::Speed(0.25))),
        ("reset", OverlayAction::Do(Command::Reset)),
        ("keep", OverlayAction::Do(Command::SaveImage)),
        ("rebuild", OverlayAction::Do(Command::Rebuild)),
        ("roll back", OverlayAction::Do(Command::RollBack)),
        ("undo", OverlayAction::Do(Command::Undo)),
        ("shut", OverlayAction::Close),
    ] {
        harness.get_by_label(label).click();
        harness.run_steps(2);
        assert_eq!(harness.state_mut().wished, [wish], "{label}");
        harness.state_mut().wished.clear();
    }
    // There is nothing to redo.
    harness.get_by_label("redo").click();
    harness.run_steps(2);
    assert_eq!(harness.state().wished, []);
}

#[test]
fn the_state_is_a_tree_that_opens_and_turns_pages() {
    let mut harness = harness(Scene::new());
    harness.run_steps(2);
    let rows = |harness: &Harness<'_, Scene>| harness.state().snapshot.rows.len();
    assert_eq!(rows(&harness), 4);
    harness.get_by_label("open sparks").click();
    harness.run_steps(3);
    assert_eq!(rows(&harness), 104, "a hundred of a thousand");
    harness.get_by_label("open sparks[1]").click();
    harness.run_steps(3);
    harness.get_by_label("sparks[1].x = 1.0");
    harness.get_by_label("watch sparks[1].x").click();
    harness.run_steps(10);
    let watched = &harness.state().panels.tree.watched[0];
    assert_eq!((&*watched.text, watched.history.len() > 3), ("1.0", true));
    looks_like(&mut harness, "tree");
    harness.get_by_label("›").click();
    harness.run_steps(3);
    assert_eq!(harness.state().snapshot.rows[1].path, "sparks[100]");
}

#[test]
fn a_value_is_edited_where_it_stands() {
    let mut harness = harness(Scene::new());
    harness.run_steps(2);
    harness.get_by_label("score = 7").click();
    harness.run_steps(3);
    let typed = |harness: &mut Harness<'_, Scene>, text: &str| {
        harness.key_combination_modifiers(egui::Modifiers::COMMAND, &[Key::A]);
        harness.run_steps(1);
        harness.get_by_label("edit score").type_text(text);
        harness.run_steps(2);
        harness.key_press(Key::Enter);
        harness.run_steps(3);
    };
    typed(&mut harness, "300");
    let field = harness.state().panels.tree.field.as_ref().unwrap();
    assert_eq!(field.error.as_deref(), Some("`300` is not of the type u8"));
    looks_like(&mut harness, "edit-refused");
    typed(&mut harness, "200");
    assert!(harness.state().panels.tree.field.is_none(), "it is done");
    harness.get_by_label("score = 200");
}

#[test]
fn log_assets_and_capabilities_are_listed() {
    let mut harness = harness(Scene::new());
    harness.run_steps(2);
    for part in ["Frames", "State", "Swaps", "Log", "Assets", "Capabilities"] {
        harness.get_by_label(part).click();
        harness.run_steps(2);
    }
    harness.get_by_label("granted: wasi");
    harness.get_by_label("there is no file cloud.png");
    harness.get_by_label("particles: a burst of 40");
    assert!(
        harness.query_by_label("particles: seed 7").is_none(),
        "that is for debugging"
    );
    looks_like(&mut harness, "lists");
}

#[test]
fn a_search_finds_paths_and_their_parts() {
    let mut harness = harness(Scene::new());
    harness.run_steps(2);
    let mut found = |text: &str| -> Vec<String> {
        text.clone_into(&mut harness.state_mut().panels.tree.search);
        harness.run_steps(2);
        let rows = harness.state().snapshot.rows.iter();
        rows.map(|row| row.path.clone()).collect()
    };
    assert_eq!(found("SCORE"), ["score"]);
    // A search does not reach this far; an exact path does.
    assert_eq!(found("sparks[999].y"), ["sparks[999].y"]);
    assert_eq!(found(".y").len(), 100);
    assert_eq!(found("nothing"), [""; 0]);
}

#[test]
fn a_failure_is_a_border_and_a_panel_at_the_bottom() {
    let message = "error[E0308]: mismatched types\n --> src/lib.rs:12:5\n   |\n12 |     \"wind\"\n   |     ^^^^^^ expected `f32`, found `&str`";
    let alarm = Alarm::new(
        "the newest source does not build".to_owned(),
        message.to_owned(),
        false,
    );
    let mut scene = Scene::new();
    scene.alarm = Some(alarm.clone());
    let mut harness = harness(scene);
    harness.run_steps(3);
    looks_like(&mut harness, "build-failed");
    let free = harness.state().panels.free;
    assert!(
        free.contains(egui::pos2(280.0, 250.0)),
        "the game's middle is free: {free}"
    );
    // The closed overlay shows the border and one line.
    let size = Size::new(SIZE.x as u32, SIZE.y as u32);
    let renderer = WgpuRenderer::headless(size, Prefer::Software).unwrap();
    let mut shut = Harness::builder()
        .with_size(SIZE)
        .renderer(Ours(renderer))
        .with_context_setup(set_style)
        .build_ui(move |ui| alarm.show_shut(ui));
    shut.run_steps(3);
    let picture = shut.render().unwrap();
    let game = [0x0b, 0x1b, 0x26, 0xff];
    let covered = picture.pixels().filter(|pixel| pixel.0 != game).count();
    let all = picture.pixels().len();
    assert!(
        (1..all / 10).contains(&covered),
        "{covered} of {all} pixels"
    );
    assert_ne!(picture.get_pixel(1, 270).0, game, "the border");
}
