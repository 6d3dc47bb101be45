//! The only reader of clock, environment and SDK defaults.
//!
//! Endpoint variables (`AWS_ENDPOINT_URL` and the per-service ones) are honoured by the SDK itself; nothing here
//! knows whether it talks to AWS or to something on the same machine.

mod logs;

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use day2_core::target::Target;
use jiff::Timestamp;

pub use logs::init_logs;

/// Longest wait for a connection. An endpoint in the region answers in milliseconds, so a lost packet may be sent
/// twice; the SDK's own 3.1 s would leave less for the answer.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest wait for one attempt, body included. The slowest call of the supported size (a page of 500 metrics)
/// takes about one second; the SDK sets no limit of its own.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest wait for one call with all attempts. Below it the runner cancels at the end of the run's own time.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// Attempts per call, the first included: three throttled answers and then a good one are a success (`cases.md` W01).
/// With standard mode the pauses are random within 1, 2 and 4 s.
pub const MAX_ATTEMPTS: u32 = 4;

/// Connections idle for longer are not used again. A sandbox may be frozen between two invocations, and what was
/// open then is dead without a sign: NAT gateways drop a flow after 350 s, load balancers of AWS after 60 s and less.
/// Within one run a connection is never idle that long.
/// Source: Amazon VPC User Guide, "NAT gateway basics", idle time-out.
pub const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The variables that are Day2's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `DAY2_SETTINGS`: the document, or `s3://bucket/key`.
    pub settings: Option<String>,
    /// `DAY2_SETTINGS_SHA256`: what the document in S3 must hash to, in hexadecimal.
    pub settings_sha256: Option<String>,
}

/// The time by the system's clock.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Reads Day2's own variables.
#[must_use]
pub fn environment() -> Environment {
    Environment {
        settings: variable("DAY2_SETTINGS"),
        settings_sha256: variable("DAY2_SETTINGS_SHA256"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The configuration of every AWS client of the function's own account and region.
pub async fn sdk_config() -> SdkConfig {
    let http = http_client(&ProxyConfig::from_env());
    bounded(aws_config::defaults(BehaviorVersion::latest()).http_client(http))
        .load()
        .await
}

/// Time-outs and retries, on top of whatever else is configured.
fn bounded(loader: aws_config::ConfigLoader) -> aws_config::ConfigLoader {
    loader
        .timeout_config(timeouts())
        .retry_config(retries())
        // A call that moves no byte for a while is ended by the attempt's time-out; the throughput monitor on top
        // counts the time that a sandbox was frozen as a stall.
        // Source: <https://github.com/awslabs/aws-sdk-rust/issues/1166>.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(identities())
}

/// The same configuration for clients that call a function and wait for its answer. Such a call lasts as long as the
/// function runs, so the limits of ordinary calls would cut it off and, worse, call it a second time. The wait is bounded
/// where the call is made.
#[must_use]
pub fn patient(aws: &SdkConfig) -> SdkConfig {
    let limits = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .disable_operation_timeout()
        .disable_operation_attempt_timeout()
        .disable_read_timeout()
        .build();
    aws.to_builder()
        .timeout_config(limits)
        .retry_config(RetryConfig::disabled())
        .build()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)
}

fn identities() -> aws_smithy_runtime_api::client::identity::SharedIdentityCache {
    IdentityCache::lazy().load_timeout(ATTEMPT_TIMEOUT).build()
}

/// The SDK's default client (rustls with aws-lc-rs, http and https), except that it forgets idle connections soon.
fn http_client(proxy: &ProxyConfig) -> SharedHttpClient {
    let proxy = proxy.clone();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(proxy.clone()));
        connector.build()
    })
}

/// The configuration for one target: its region, and its role if it has one.
///
/// The role is assumed at the first call, through the function's own region, and again shortly before the session
/// ends. A role that may not be assumed makes every call fail as denied, naming the role.
pub async fn for_target(base: &SdkConfig, target: &Target) -> SdkConfig {
    let region = Region::new(target.region.as_str().to_owned());
    let config = base.to_builder().region(region);
    let Some(role) = &target.role_arn else {
        return config.build();
    };
    // Session names take letters, digits and =,.@-_ up to 64 characters; a target's name is shorter and plainer.
    let session = format!("day2-{}", target.name);
    let provider = AssumeRoleProvider::builder(role.as_str())
        .session_name(session)
        .configure(base)
        .build()
        .await;
    config
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .identity_cache(identities())
        .build()
}

#[cfg(test)]
mod tests;
