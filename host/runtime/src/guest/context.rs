//! Everything that belongs to one guest instance beside its memory: the host's side of its imports. Knows
//! no engine and no instance.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime_wasi::{WasiCtxView, WasiView};

use super::account::Account;
use super::bindings::vblank::guest::log::{Host, Level};
use super::capability::GrantedWasi;
use super::lent::Lent;
use super::log::{Flood, Log};
use super::recorded_replies::RecordedReplies;
use super::types::Exports;
use crate::error::Binary;

/// Everything that belongs to one guest instance beside its memory.
pub struct Context {
    pub(super) account: Account,
    pub(super) call_limit: Duration,
    pub(super) lent: Lent,
    /// Message of the guest's panic hook. The trap that follows says only `unreachable`.
    pub(super) panic: Option<String>,
    pub(super) binary: Arc<Binary>,
    pub(super) is_replay: bool,
    /// Exports of the instance, for plugins that use it.
    pub(super) exports: Option<Exports>,
    /// Replies of other plugins in the current call.
    pub(super) replies: Option<Arc<RecordedReplies>>,
    pub(super) log: Log,
    pub(super) flood: Flood,
    pub(super) data: Box<dyn Any + Send>,
    /// Ticks until the call's time is over, if a profiler takes samples.
    pub(super) ticks_left: u64,
    granted: Option<GrantedWasi>,
}

/// The parts of a [`Context`] that its engine decides.
pub(super) struct Parts {
    pub(super) account: Account,
    pub(super) call_limit: Duration,
    pub(super) binary: Arc<Binary>,
    pub(super) log: Log,
    pub(super) data: Box<dyn Any + Send>,
    pub(super) granted: Option<GrantedWasi>,
}

impl Context {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            account: parts.account,
            call_limit: parts.call_limit,
            lent: Lent::default(),
            panic: None,
            binary: parts.binary,
            is_replay: false,
            exports: None,
            replies: None,
            log: parts.log,
            flood: Flood::default(),
            data: parts.data,
            ticks_left: 0,
            granted: parts.granted,
        }
    }

    /// Returns true if the current call is a replay, made only for its effect on the state. An import
    /// should then have no effect outside, and return the same result as the first time.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.is_replay
    }

    /// The instance's data, as the world's `data` made it.
    ///
    /// # Panics
    /// When the instance's world has data of another type.
    #[must_use]
    pub fn data<D: 'static>(&self) -> &D {
        let data = self.data.downcast_ref();
        data.expect(WRONG_DATA)
    }

    /// The instance's data, for imports that change it.
    ///
    /// # Panics
    /// When the instance's world has data of another type.
    pub fn data_mut<D: 'static>(&mut self) -> &mut D {
        let data = self.data.downcast_mut();
        data.expect(WRONG_DATA)
    }

    /// Time limit of a call ([`Limits::call`](super::Limits)). An import that takes long keeps it too.
    #[must_use]
    pub fn call_limit(&self) -> Duration {
        self.call_limit
    }

    /// The instance's account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The instance's account. An import charges what it keeps or allocates for the guest.
    pub fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    /// The instance's account, and its data as in [`Context::data_mut`].
    ///
    /// # Panics
    /// When the instance's world has data of another type.
    pub fn account_and_data_mut<D: 'static>(&mut self) -> (&mut Account, &mut D) {
        let data = self.data.downcast_mut();
        (&mut self.account, data.expect(WRONG_DATA))
    }

    fn granted(&mut self) -> &mut GrantedWasi {
        let granted = self.granted.as_mut();
        granted.expect("WASI is linked only where granted")
    }
}

const WRONG_DATA: &str = "the data is of the type that the world was made with";

impl WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let GrantedWasi { wasi, table, .. } = self.granted();
        WasiCtxView { ctx: wasi, table }
    }
}

#[cfg(feature = "http")]
impl wasmtime_wasi_http::WasiHttpView for Context {
    fn http(&mut self) -> wasmtime_wasi_http::WasiHttpCtxView<'_> {
        let GrantedWasi { table, http, .. } = self.granted();
        http.view(table)
    }
}

impl Host for Context {
    fn log(&mut self, level: Level, target: String, message: String) -> wasmtime::Result<()> {
        let (target, message) = (shortened(target, 256), shortened(message, LONGEST));
        if target == "panic" {
            // The message is reported with the trap that follows.
            self.panic = Some(message);
            return Ok(());
        }
        let Some(left_out) = self.flood.admit(Instant::now(), message.len()) else {
            return Ok(());
        };
        if left_out > 0 {
            let message = format!("{left_out} lines of the guest's were left out");
            self.log.write(tracing::Level::WARN, "", &message);
        }
        let level = match level {
            Level::Error => tracing::Level::ERROR,
            Level::Warn => tracing::Level::WARN,
            Level::Info => tracing::Level::INFO,
            Level::Debug => tracing::Level::DEBUG,
            Level::Trace => tracing::Level::TRACE,
        };
        self.log.write(level, &target, &message);
        Ok(())
    }
}

/// Largest size of a log line or a panic message in bytes.
const LONGEST: usize = 16 << 10;

/// Cuts a text that is longer than so many bytes, and marks the cut.
fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let bytes = text.len();
        text.truncate(text.floor_char_boundary(most));
        text.push_str(&format!("… ({bytes} bytes)"));
        text.shrink_to_fit();
    }
    text
}
