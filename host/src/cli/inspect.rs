//! `host inspect`: shows facts about a guest from its file. It changes nothing.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use vblank_runtime::error::GuestError;
use vblank_runtime::guest::{Capability, Code, Instance, Interfaces, Kind};

use super::guest_file::guest_file;
use super::output::fail;

/// Print a guest's hash, kind, world, imports, state and sizes
#[derive(Args)]
pub(super) struct Inspect {
    /// A component, a core module, or the folder of a guest crate, which must have been built
    guest: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Facts {
    /// The file that was read.
    file: PathBuf,
    hash: String,
    kind: &'static str,
    abi: Option<String>,
    world: Option<&'static str>,
    /// Capabilities that the manifest beside the file names.
    wants: Vec<Wanted>,
    imports: Vec<Import>,
    exports: Vec<String>,
    /// The schema as WIT.
    schema: Option<String>,
    schema_hash: Option<String>,
    file_bytes: usize,
    component_bytes: usize,
}

#[derive(Serialize)]
struct Wanted {
    capability: String,
    reason: String,
}

#[derive(Serialize)]
struct Import {
    name: String,
    /// Capability that the import needs.
    capability: Option<&'static str>,
}

impl Inspect {
    pub(super) fn execute(self) -> u8 {
        self.inspect().unwrap_or_else(|error| fail(&error, 1))
    }

    fn inspect(&self) -> anyhow::Result<u8> {
        let file = guest_file(&self.guest)?;
        let of_file = || file.display().to_string();
        let code = match Code::read(&file) {
            // An error of reading names the file itself.
            Err(error @ GuestError::Read { .. }) => return Err(error.into()),
            code => code.with_context(of_file)?,
        };
        let facts = facts(&file, code).with_context(of_file)?;
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&facts)?);
        } else {
            print(&facts);
        }
        Ok(0)
    }
}

fn facts(file: &Path, code: Code) -> anyhow::Result<Facts> {
    let component = code.componentise()?;
    let interfaces = Interfaces::of(&component)?;
    let schema = match interfaces.world() {
        Some(_) => Some(Instance::schema_of(&code)?),
        None => None,
    };
    let world = interfaces.world();
    let imports = interfaces.imports.into_iter().map(|name| Import {
        capability: Capability::needed_for(&name),
        name,
    });
    let wants = code.wants.iter().map(|want| Wanted {
        capability: want.capability.to_string(),
        reason: want.reason.clone(),
    });
    Ok(Facts {
        wants: wants.collect(),
        hash: code.hash.to_string(),
        kind: match code.kind {
            Kind::Component => "component",
            Kind::Module => "core module",
            Kind::WasiModule => "core module for wasip1",
        },
        world,
        imports: imports.collect(),
        exports: interfaces.exports,
        schema_hash: schema.as_ref().map(|schema| schema.hash().to_string()),
        schema: schema.map(|schema| schema.to_wit()),
        file: file.to_owned(),
        file_bytes: code.size(),
        component_bytes: component.len(),
        abi: code.abi,
    })
}

fn print(facts: &Facts) {
    outln!("file       {}", facts.file.display());
    outln!("hash       {}", facts.hash);
    outln!("kind       {}", facts.kind);
    outln!(
        "contract   {}",
        facts.abi.as_deref().unwrap_or("not stated")
    );
    outln!(
        "world      {}",
        facts.world.unwrap_or("none that this host knows")
    );
    outln!(
        "size       {} KiB, {} KiB as a stripped component",
        facts.file_bytes.div_ceil(1024),
        facts.component_bytes.div_ceil(1024)
    );
    for Wanted { capability, reason } in &facts.wants {
        outln!("wants      {capability}  {reason}");
    }
    for import in &facts.imports {
        let needs = import
            .capability
            .map_or(String::new(), |name| format!("  needs --allow {name}"));
        outln!("imports    {}{needs}", import.name);
    }
    for export in &facts.exports {
        outln!("exports    {export}");
    }
    if let (Some(schema), Some(hash)) = (&facts.schema, &facts.schema_hash) {
        outln!("state      {hash}\n\n{}", schema.trim_end());
    }
}
