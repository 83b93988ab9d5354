//! The binary `host`, which only calls the command line of the library.

use std::process::ExitCode;

/// With mimalloc, compiling a guest takes a quarter less time than with glibc's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quieten_mesa();
    ExitCode::from(vblank_host::cli::main())
}

/// Keeps Mesa from complaining about a missing `XDG_RUNTIME_DIR` at each start, as in a bare container. Its
/// choice among several graphics cards, which looks there, is of no use without a session anyway.
fn quieten_mesa() {
    let is_set = |name| std::env::var_os(name).is_some();
    if cfg!(target_os = "linux") && !is_set("XDG_RUNTIME_DIR") && !is_set("NODEVICE_SELECT") {
        // SAFETY: `main` has just begun and has started no thread, so nobody reads the environment
        // meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
