//! Sends `log` records and panic messages to the host.

use crate::bindings::vblank::guest::log as host;

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }

    fn log(&self, record: &log::Record) {
        let level = match record.level() {
            log::Level::Error => host::Level::Error,
            log::Level::Warn => host::Level::Warn,
            log::Level::Info => host::Level::Info,
            log::Level::Debug => host::Level::Debug,
            log::Level::Trace => host::Level::Trace,
        };
        host::log(level, record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

/// Installs the logger and the panic hook. A second call does nothing.
pub(crate) fn install() {
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
        std::panic::set_hook(Box::new(|panic| {
            host::log(host::Level::Error, "panic", &panic.to_string());
        }));
    }
}
