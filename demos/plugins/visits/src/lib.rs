//! A handler that counts visits, by path and in all. Later versions of this code continue the counts.

use std::collections::BTreeMap;

use exports::demo::plugins::http::{Guest, Request, Response};
use vblank_guest::{Plugin, State};

vblank_guest::plugin!(Visits, path: ["../../../wit", "../wit"], world: "demo:plugins/handler");

#[derive(State, Default)]
struct Visits {
    all: u64,
    by_path: BTreeMap<String, u64>,
}

impl Guest for Visits {
    fn handle(request: Request) -> Response {
        Visits::with(|visits| visits.handle(&request))
    }
}

impl Visits {
    fn handle(&mut self, request: &Request) -> Response {
        if request.method != "GET" {
            return Response {
                status: 405,
                body: format!("{} is not for counting\n", request.method),
            };
        }
        self.all += 1;
        let here = self.by_path.entry(request.path.clone()).or_default();
        *here += 1;
        Response {
            status: 200,
            body: format!("visit {} of {}, {} in all\n", here, request.path, self.all),
        }
    }
}

#[test]
fn visits_are_counted() {
    let mut visits = Visits::default();
    let mut get = |method: &str, path: &str| {
        visits.handle(&Request {
            method: method.to_owned(),
            path: path.to_owned(),
            body: String::new(),
        })
    };
    assert_eq!(get("GET", "/a").body, "visit 1 of /a, 1 in all\n");
    assert_eq!(get("GET", "/b").body, "visit 1 of /b, 2 in all\n");
    assert_eq!(get("GET", "/a").body, "visit 2 of /a, 3 in all\n");
    assert_eq!(get("POST", "/a").status, 405);
}
