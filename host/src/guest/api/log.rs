//! `log`: a guest's lines, beside the host's own.

use super::Context;
use crate::guest::bindings::vblank::guest::log::{Host, Level};

impl Host for Context {
    fn log(&mut self, level: Level, target: String, message: String) -> wasmtime::Result<()> {
        if target == "panic" {
            // Told with the trap that comes next.
            self.panic = Some(message);
            return Ok(());
        }
        match level {
            Level::Error => tracing::error!(target: "guest", "{target}: {message}"),
            Level::Warn => tracing::warn!(target: "guest", "{target}: {message}"),
            Level::Info => tracing::info!(target: "guest", "{target}: {message}"),
            Level::Debug => tracing::debug!(target: "guest", "{target}: {message}"),
            Level::Trace => tracing::trace!(target: "guest", "{target}: {message}"),
        }
        Ok(())
    }
}
