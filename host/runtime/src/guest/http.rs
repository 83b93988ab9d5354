//! Outgoing HTTP, to the hosts that are granted and no others.

use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{
    Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    default_send_request,
};

/// What an instance may send.
pub(super) struct Http {
    context: WasiHttpCtx,
    hosts: Hosts,
}

struct Hosts {
    /// `example.com`, `localhost:8080`.
    granted: Vec<String>,
    /// For each part of a request: while it waits in the host, nothing stops it.
    limit: Duration,
}

impl Http {
    /// Requests to these hosts.
    pub(super) fn to(granted: Vec<String>, limit: Duration) -> Self {
        Self {
            context: WasiHttpCtx::new(),
            hosts: Hosts { granted, limit },
        }
    }

    pub(super) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.hosts,
            table,
            ctx: &mut self.context,
        }
    }
}

impl Hosts {
    /// Whether a request goes where it may. Without a port in the grant, the scheme's own is meant.
    fn admit(&self, address: &http::Uri) -> bool {
        let Some(authority) = address.authority() else {
            return false;
        };
        // Names and passwords do not say where it goes.
        let host = authority.host().to_ascii_lowercase();
        let usual = match address.scheme_str() {
            Some("http") => 80,
            _ => 443,
        };
        let port = authority.port_u16().unwrap_or(usual);
        self.granted.iter().any(|granted| {
            *granted == format!("{host}:{port}") || (*granted == host && port == usual)
        })
    }

    fn limit(&self, options: Option<RequestOptions>) -> RequestOptions {
        let wanted = options.unwrap_or_default();
        let at_most = |wanted: Option<Duration>| {
            Some(wanted.map_or(self.limit, |wanted| wanted.min(self.limit)))
        };
        RequestOptions {
            connect_timeout: at_most(wanted.connect_timeout),
            first_byte_timeout: at_most(wanted.first_byte_timeout),
            between_bytes_timeout: at_most(wanted.between_bytes_timeout),
        }
    }
}

/// Ends when a request does, with its error.
type Outcome = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hosts {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Outcome,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Outcome)>> + Send> {
        let is_granted = self.admit(request.uri());
        let options = self.limit(options);
        Box::new(async move {
            if !is_granted {
                return Err(Error::HttpRequestDenied);
            }
            let (response, io) = default_send_request(request, Some(options)).await?;
            let response = response.map(http_body_util::BodyExt::boxed_unsync);
            Ok((response, Box::new(io) as Outcome))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_granted_is_asked() {
        let hosts = Hosts {
            granted: vec!["example.com".to_owned(), "localhost:8080".to_owned()],
            limit: Duration::from_secs(1),
        };
        let admit = |address: &str| hosts.admit(&address.parse().unwrap());
        for address in [
            "https://example.com/a?b",
            "http://EXAMPLE.com",
            "https://example.com:443/",
            "http://localhost:8080/",
        ] {
            assert!(admit(address), "{address}");
        }
        for address in [
            "https://other.com/",
            "https://example.com.other.com/",
            "https://sub.example.com/",
            "https://example.com@other.com/",
            "https://example.com:8443/",
            "http://example.com:443/",
            "http://localhost/",
            "/example.com",
        ] {
            assert!(!admit(address), "{address}");
        }
    }
}
