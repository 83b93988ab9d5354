//! `demos/plugins/visits` for Extism, which counts visits by path and in all. The counts are variables,
//! which Extism keeps as long as the plugin is loaded.

use extism_pdk::{FnResult, Json, plugin_fn, var};
use serde::{Deserialize, Serialize};

/// Request from the service, as the service defines it.
#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
}

/// Response to the service, as the service defines it.
#[derive(Serialize)]
struct Response {
    status: u16,
    body: String,
}

#[plugin_fn]
pub fn handle(Json(request): Json<Request>) -> FnResult<Json<Response>> {
    let Request { method, path } = request;
    if method != "GET" {
        return Ok(Json(Response {
            status: 405,
            body: format!("{method} is not for counting\n"),
        }));
    }
    let all = count("all")?;
    // A path begins with a slash, so it differs from `all`.
    let here = count(&path)?;
    Ok(Json(Response {
        status: 200,
        body: format!("visit {here} of {path}, {all} in all\n"),
    }))
}

/// Adds one to the count of this name, and returns it.
fn count(name: &str) -> FnResult<u64> {
    let count = var::get(name)?.unwrap_or(0_u64) + 1;
    var::set(name, count)?;
    Ok(count)
}
