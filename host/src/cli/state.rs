//! `host state`: shows images, compares them, and migrates them to another version. It needs no running
//! host.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use serde_json::json;
use vblank_render::assets::Assets;
use vblank_runtime::files::Access;
use vblank_runtime::guest::{Code, EngineOptions};
use vblank_runtime::image::Image;
use vblank_runtime::supervisor::{ExpectedState, prepare};
use vblank_state::escape::{MOST_OF_NAME, escaped};
use vblank_state::value::{Notation, decode, difference, print};
use vblank_state::{Comparison, Value};

use super::folders;
use super::guest_file::guest_file;
use super::output::{answer_by_exit_code, fail, print_all};
use crate::game::{self, Game};

/// Show saved states, compare them, and convert them for another version
#[derive(Subcommand)]
pub(super) enum State {
    /// Print the state as WAVE
    Show {
        /// A state image (.vbs)
        image: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print where two states differ; exit code 1 if they do, 2 if they cannot be compared
    Diff {
        /// A state image
        a: PathBuf,
        /// The state image to compare it with
        b: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Convert the state for another version, with its migrations
    Migrate {
        /// A state image
        image: PathBuf,
        /// The version to convert the state for
        #[arg(long, value_name = "GUEST")]
        to: PathBuf,
        /// The file to write; by default IMAGE.migrated.vbs beside IMAGE
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Refuse a migration that would park a value
        #[arg(long)]
        strict: bool,
    },
}

impl State {
    pub(super) fn execute(self) -> u8 {
        match self {
            Self::Show { image, json } => show(&image, json).unwrap_or_else(|e| fail(&e, 1)),
            Self::Diff { a, b, json } => {
                answer_by_exit_code();
                compare(&a, &b, json).unwrap_or_else(|e| fail(&e, 2))
            }
            Self::Migrate {
                image,
                to,
                out,
                strict,
            } => migrate(&image, &to, out, strict).unwrap_or_else(|e| fail(&e, 1)),
        }
    }
}

/// Number of parked fields, and of changes, that are listed.
const MOST_LISTED: usize = 1000;

fn value(image: &Image) -> anyhow::Result<Value> {
    decode(&image.schema, &image.parcel.as_ref()).map_err(|error| anyhow!("{error}"))
}

fn show(path: &std::path::Path, json: bool) -> anyhow::Result<u8> {
    let image = Image::read(path)?;
    let notation = if json {
        Notation::Json
    } else {
        let code = escaped(&image.code, MOST_OF_NAME);
        outln!("// frame {}, code {code}", image.frame);
        let paths = image.parked.paths();
        let hidden = paths.len().saturating_sub(MOST_LISTED);
        for (path, count) in paths.into_iter().take(MOST_LISTED) {
            let values = if count == 1 { "value" } else { "values" };
            outln!(
                "// parked: {}, {count} {values}",
                escaped(&path, MOST_OF_NAME)
            );
        }
        if hidden > 0 {
            outln!("// parked: {hidden} more fields");
        }
        Notation::Wave
    };
    print_all(|out| print(&image.schema, &image.parcel.as_ref(), notation, out))?;
    outln!("");
    Ok(0)
}

fn compare(a: &std::path::Path, b: &std::path::Path, json: bool) -> anyhow::Result<u8> {
    let (a, b) = (Image::read(a)?, Image::read(b)?);
    let differences = difference(&value(&a)?, &value(&b)?);
    if json {
        let tree = |value: &Option<Value>| -> anyhow::Result<serde_json::Value> {
            let text = value.as_ref().map(Value::to_json);
            Ok(text.map_or(Ok(serde_json::Value::Null), |text| {
                serde_json::from_str(&text)
            })?)
        };
        let lines = differences.iter().map(|found| {
            let path = found.path.trim_start_matches('.');
            Ok(json!({ "path": path, "old": tree(&found.old)?, "new": tree(&found.new)? }))
        });
        let lines: anyhow::Result<Vec<_>> = lines.collect();
        outln!("{}", serde_json::to_string_pretty(&lines?)?);
    } else {
        differences.iter().for_each(|found| outln!("{found}"));
    }
    Ok(u8::from(!differences.is_empty()))
}

fn migrate(
    path: &std::path::Path,
    to: &std::path::Path,
    out: Option<PathBuf>,
    strict: bool,
) -> anyhow::Result<u8> {
    let image = Image::read(path)?;
    let engine = game::engine(
        &Assets::default(),
        EngineOptions {
            cache: folders::compiled(),
            ..EngineOptions::default()
        },
    )?;
    let guest = || to.display().to_string();
    let code = Code::read(&guest_file(to)?).with_context(guest)?;
    let candidate = prepare(&engine, &code, &ExpectedState::default()).with_context(guest)?;
    let comparison = Comparison::new(&image.schema, &candidate.version.schema);
    let options = game::supervisor_options()?;
    let (mut game, _) = Game::from_image(candidate, options, &image, strict)
        .with_context(|| format!("{} does not go on in {}", path.display(), to.display()))?;
    let out = out.unwrap_or_else(|| path.with_extension("migrated.vbs"));
    game.image()?.write(&out, Access::Shared)?;
    outln!("{}", comparison.verdict());
    let changes = comparison.changes();
    changes
        .iter()
        .take(MOST_LISTED)
        .for_each(|change| outln!("  {change}"));
    if changes.len() > MOST_LISTED {
        outln!("  … and {} more changes", changes.len() - MOST_LISTED);
    }
    outln!("written to {}", out.display());
    Ok(0)
}
