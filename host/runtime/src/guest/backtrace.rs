//! Backtraces as numbers: the guest's own frames at a trap or a sample.

use std::sync::Arc;

use wasmtime::{FrameInfo, WasmBacktrace};

use super::symbols::is_games_export;
use crate::error::{Backtrace, Binary, RawFrame};

pub(super) fn backtrace(error: &wasmtime::Error, binary: &Arc<Binary>) -> Option<Backtrace> {
    let frames = own_frames(error.downcast_ref::<WasmBacktrace>()?);
    let binary = Arc::clone(binary);
    (!frames.is_empty()).then_some(Backtrace { binary, frames })
}

/// Returns the frames of the guest's own module. A component that was made of a core module has further
/// modules, which only forward calls.
pub(super) fn own_frames(trace: &WasmBacktrace) -> Vec<RawFrame> {
    let raw = |frame: &FrameInfo| {
        let mut exports = frame.module().exports();
        exports
            .any(|export| is_games_export(export.name()))
            .then_some(())?;
        Some(RawFrame {
            function: frame.func_index(),
            offset: u32::try_from(frame.func_offset()?).ok()?,
        })
    };
    trace.frames().iter().filter_map(raw).collect()
}
