//! An HTTP service whose handler is an Extism plugin: a counterpart of `demos/plugins/service`, written
//! by Extism's documentation. A new version of the handler is prepared in the background and put in
//! place between two requests. The counts of the old version are lost.
//!
//! `vblank-rivals-service HANDLER ADDRESS`. Standard output tells where it listens, standard error of every
//! reload.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use extism::Plugin;
use extism::convert::Json;
use serde::{Deserialize, Serialize};

/// Interval between two looks at the handler's file. A look costs microseconds.
const LOOK: Duration = Duration::from_millis(10);

/// Request to the handler, as the handler defines it.
#[derive(Serialize)]
struct Request {
    method: String,
    path: String,
    body: String,
}

/// Response of the handler, as the handler defines it.
#[derive(Deserialize)]
struct Response {
    status: u16,
    body: String,
}

/// The plugin for all requests, which share its counts.
type Shared = Arc<Mutex<Plugin>>;

fn main() -> ExitCode {
    let done = tokio::runtime::Runtime::new()
        .context("the runtime")
        .and_then(|runtime| runtime.block_on(serve()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vblank-rivals-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [handler, address] = &arguments[..] else {
        anyhow::bail!("usage: vblank-rivals-service HANDLER ADDRESS");
    };
    let handler = PathBuf::from(handler);
    let seen = modified(&handler)?;
    let plugin = Arc::new(Mutex::new(load(&handler)?));
    let reloaded = Arc::clone(&plugin);
    std::thread::spawn(move || watch(&handler, seen, &reloaded));
    let service = Router::new().fallback(answer).with_state(plugin);
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| address.clone())?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

async fn answer(
    State(plugin): State<Shared>,
    method: Method,
    uri: Uri,
    body: String,
) -> (StatusCode, String) {
    let request = Request {
        method: method.to_string(),
        path: uri.to_string(),
        body,
    };
    // This thread runs the handler directly, as our service does.
    match handle(&plugin, request) {
        Ok(response) => {
            let status = StatusCode::from_u16(response.status);
            (status.unwrap_or(StatusCode::BAD_GATEWAY), response.body)
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}\n")),
    }
}

fn handle(plugin: &Mutex<Plugin>, request: Request) -> Result<Response, extism::Error> {
    let mut plugin = plugin.lock().unwrap_or_else(PoisonError::into_inner);
    let Json(response) = plugin.call("handle", Json(request))?;
    Ok(response)
}

/// Loads a handler with Extism's defaults: compiled code is cached on disk, and a call has no time
/// limit.
fn load(handler: &Path) -> anyhow::Result<Plugin> {
    let code = std::fs::read(handler).with_context(|| handler.display().to_string())?;
    Plugin::new(code, [], false)
}

fn modified(handler: &Path) -> anyhow::Result<SystemTime> {
    let metadata = std::fs::metadata(handler);
    metadata
        .and_then(|metadata| metadata.modified())
        .with_context(|| handler.display().to_string())
}

/// Watches the handler's file until the program ends, and loads each new version.
fn watch(handler: &Path, mut seen: SystemTime, plugin: &Mutex<Plugin>) {
    loop {
        std::thread::sleep(LOOK);
        // A missing file is about to be replaced.
        let Ok(now) = modified(handler) else { continue };
        if now == seen {
            continue;
        }
        seen = now;
        let begun = Instant::now();
        match load(handler) {
            Ok(mut other) => {
                let ready = begun.elapsed();
                let mut place = plugin.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut *place, &mut other);
                drop(place);
                // The old plugin is dropped here, outside of the lock.
                drop(other);
                eprintln!("reloaded, made ready in {ready:.1?}");
            }
            Err(error) => eprintln!("not reloaded: {error:#}"),
        }
    }
}
