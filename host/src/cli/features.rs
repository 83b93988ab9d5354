//! Flags that choose the features of a guest crate. This module knows no command.

use std::path::Path;

use anyhow::bail;
use clap::Args;
use vblank_runtime::build::CargoFlags;

/// Flags for the features, shared by all commands that build guest crates. Their names are cargo's.
#[derive(Args)]
pub(super) struct FeatureArgs {
    /// Build the guest with these features of its crate
    #[arg(long, short = 'F', value_name = "FEATURES", value_delimiter = ',')]
    features: Vec<String>,
    /// Build the guest without its crate's default features
    #[arg(long)]
    no_default_features: bool,
}

impl FeatureArgs {
    /// Returns the flags for cargo.
    pub(super) fn flags(&self, release: bool) -> CargoFlags {
        CargoFlags {
            release,
            features: self.features.clone(),
            no_default_features: self.no_default_features,
        }
    }

    /// Fails if features are chosen for a guest that is not built.
    pub(super) fn check(&self, guest: &Path) -> anyhow::Result<()> {
        if guest.is_dir() || (self.features.is_empty() && !self.no_default_features) {
            return Ok(());
        }
        bail!(
            "--features and --no-default-features are for the folder of a guest crate, and {} is none",
            guest.display()
        );
    }
}
