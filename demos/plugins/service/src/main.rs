//! An HTTP service whose handler is a plugin. The handler's code may change while requests come in. No
//! request fails because of that, and the handler's counts continue.
//!
//! `service HANDLER [ADDRESS]`: the handler is a `.wasm` file or the folder of a guest crate, and the
//! address is 127.0.0.1:8080 by default. Changes of the handler's code are reported on standard error.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use exports::demo::plugins::http::{Request, Response};
use vblank_runtime::plugin::{CallError, Host, Slot};

vblank_runtime::plugin!(Handler, path: ["../../../wit", "../wit"], world: "demo:plugins/handler");

/// The plugin for all requests, which share its state. Its calls take microseconds.
type Shared = Arc<Mutex<Slot<Handler>>>;

fn main() -> ExitCode {
    let done = tokio::runtime::Runtime::new()
        .context("the runtime")
        .and_then(|runtime| runtime.block_on(serve()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let handler = arguments
        .next()
        .context("usage: service HANDLER [ADDRESS]")?;
    let address = match arguments.next() {
        Some(address) => address.parse().with_context(|| address)?,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
    };
    let slot = Host::new()?.slot::<Handler>("handler").watch(handler)?;
    let service = Router::new()
        .fallback(answer)
        .with_state(Arc::new(Mutex::new(slot)));
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| address.to_string())?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

async fn answer(
    State(slot): State<Shared>,
    method: Method,
    uri: Uri,
    body: String,
) -> (StatusCode, String) {
    let request = Request {
        method: method.to_string(),
        path: uri.to_string(),
        body,
    };
    // As it is, since it takes microseconds: with `block_in_place` tokio would have another thread step in
    // each time, and under load a hundred of them compete. A handler that hangs is stopped after a second.
    match handle(&slot, request) {
        Ok(response) => {
            let status = StatusCode::from_u16(response.status);
            (status.unwrap_or(StatusCode::BAD_GATEWAY), response.body)
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

fn handle(slot: &Mutex<Slot<Handler>>, request: Request) -> Result<Response, CallError> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    // Between two requests the handler's code may be replaced.
    while let Some(change) = slot.boundary() {
        eprintln!("{change}");
    }
    slot.record(move |handler, store| handler.demo_plugins_http().call_handle(store, &request))
}
