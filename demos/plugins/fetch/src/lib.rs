//! A filter that takes a line that is an address of the web, and gives what is found there. It asks only the hosts
//! that it was granted (`http=HOST`), and what they have said it does not ask again.

use std::collections::BTreeMap;

use vblank_guest::{Plugin, State};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

vblank_guest::plugin!(Fetch, path: ["../../../wit", "../wit"], world: "demo:plugins/filter");

#[derive(State, Default)]
struct Fetch {
    found: BTreeMap<String, String>,
}

impl Guest for Fetch {
    fn transform(line: String) -> Option<String> {
        Fetch::with(|fetch| Some(fetch.look_up(&line, get)))
    }
}

impl Fetch {
    fn look_up(&mut self, line: &str, get: impl Fn(&str) -> Result<String, String>) -> String {
        if !line.starts_with("http") {
            return line.to_owned();
        }
        if let Some(known) = self.found.get(line) {
            return known.clone();
        }
        match get(line) {
            Ok(text) => {
                self.found.insert(line.to_owned(), text.clone());
                text
            }
            Err(error) => format!("{line}: {error}"),
        }
    }
}

/// Answer of an address, if all goes well.
fn get(address: &str) -> Result<String, String> {
    let (scheme, rest) = address.split_once("://").ok_or("no address")?;
    let scheme = if scheme == "http" {
        Scheme::Http
    } else {
        Scheme::Https
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })))
        .map_err(|()| "no address")?;

    let pending = outgoing_handler::handle(request, None).map_err(|code| code.to_string())?;
    pending.subscribe().block();
    let answer = pending.get().and_then(Result::ok).ok_or("no answer")?;
    let answer = answer.map_err(|code| code.to_string())?;
    let status = answer.status();
    if status != 200 {
        return Err(format!("status {status}"));
    }
    let body = answer.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no body")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

#[test]
fn what_was_found_is_not_asked_again() {
    let mut fetch = Fetch::default();
    let once = std::cell::Cell::new(true);
    let get = |_: &str| match once.take() {
        true => Ok("text".to_owned()),
        false => Err("twice".to_owned()),
    };
    assert_eq!(fetch.look_up("plain", get), "plain");
    assert_eq!(fetch.look_up("http://a/", get), "text");
    assert_eq!(fetch.look_up("http://a/", get), "text");
    assert_eq!(fetch.look_up("http://b/", get), "http://b/: twice");
}
