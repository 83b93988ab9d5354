//! Nothing: this package is its list of features, in `Cargo.toml`.
