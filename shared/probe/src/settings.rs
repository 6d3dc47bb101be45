//! How an endpoint is declared.

use day2_core::settings::{Checker, Mistakes};
use deserr::Deserr;

/// One endpoint.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Probe {
    /// Name in the report.
    pub name: String,
    /// `https://…` or `http://…`.
    pub url: String,
    /// Expected HTTP status.
    #[deserr(default = 200)]
    pub expect_status: u16,
    /// Values that the JSON body must hold.
    #[deserr(default)]
    pub json: Vec<JsonAssertion>,
    /// Longest acceptable answer, in milliseconds.
    #[deserr(default = 2000)]
    pub max_latency_ms: u64,
    /// Least remaining validity of the served certificates, in days.
    #[deserr(default = 14)]
    pub min_tls_days: u32,
    /// PEM of the CA to trust instead of the system's roots, for private endpoints.
    #[deserr(default)]
    pub ca_pem: Option<String>,
}

/// One value in a JSON body.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct JsonAssertion {
    /// JSON pointer (RFC 6901), for example `/healthy`.
    pub pointer: String,
    /// The value that must stand there.
    pub equals: serde_json::Value,
}

/// Notes every mistake of a list of endpoints that stands in the field `probes`.
pub fn validate(at: &mut Checker<'_>, probes: &[Probe]) {
    at.unique("probes", "name", "probe", probes.iter().map(|probe| &probe.name));
    at.each("probes", probes, one);
}

fn one(at: &mut Checker<'_>, probe: &Probe) {
    let scheme = probe.url.starts_with("https://") || probe.url.starts_with("http://");
    let host = probe.url.parse::<http::Uri>().is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty())
            && !uri.authority().is_some_and(|all| all.as_str().contains('@'))
    });
    at.require(
        scheme && host,
        "url",
        &probe.url,
        "is not a web address",
        "write https://HOST/PATH",
    );
    at.require(
        (100..=599).contains(&probe.expect_status),
        "expect_status",
        probe.expect_status,
        "is not an HTTP status",
        "write 100 to 599",
    );
    at.require(
        (1..=30_000).contains(&probe.max_latency_ms),
        "max_latency_ms",
        probe.max_latency_ms,
        "is not within 1 and 30000",
        "write a limit a user would accept",
    );
    at.each("json", &probe.json, |at, assertion| {
        let fine = assertion.pointer.is_empty() || assertion.pointer.starts_with('/');
        at.require(
            fine,
            "pointer",
            &assertion.pointer,
            "is not a JSON pointer",
            "begin it with /",
        );
    });
}
