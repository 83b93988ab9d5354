//! Outgoing HTTP, to the hosts that are granted and no others. Knows no other capability.

use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{
    Error, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    default_send_request,
};

/// The outgoing requests of an instance.
pub(super) struct Http {
    context: WasiHttpCtx,
    hosts: Hosts,
}

struct Hosts {
    /// Granted hosts, such as `example.com` or `localhost:8080`.
    granted: Vec<String>,
    /// Time limit for each part of a request, since nothing interrupts a guest that waits in the host.
    limit: Duration,
}

impl Http {
    /// Allows requests to these hosts.
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
    /// True if the request goes to a granted host. A grant without a port allows the default port of the
    /// scheme.
    fn admit(&self, address: &http::Uri) -> bool {
        let Some(authority) = address.authority() else {
            return false;
        };
        // The user name and password do not change the destination.
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

/// The end of a request, with its error.
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
    fn only_granted_hosts_are_reached() {
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
