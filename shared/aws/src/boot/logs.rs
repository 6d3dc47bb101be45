//! Log lines: one JSON object each, with the message and the ids as fields of its top level.

use lambda_runtime::tracing::subscriber::filter::{LevelFilter, Targets};
use lambda_runtime::tracing::subscriber::fmt::MakeWriter;
use lambda_runtime::tracing::subscriber::layer::SubscriberExt as _;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt as _;
use lambda_runtime::tracing::subscriber::{Layer as _, fmt, registry};

/// Crates whose lines below WARN may show requests and headers: the SDK logs signed requests at TRACE. They stay at
/// WARN whatever the level is (`cases.md` E18).
const TALKATIVE: [&str; 8] = [
    "aws_",
    "h2",
    "hyper",
    "kube",
    "reqwest",
    "rustls",
    "tokio_util",
    "tower",
];

/// The runtime logs the raw event at TRACE. Its span at INFO is what gives each line the request id.
const RUNTIME: &str = "lambda_runtime";

/// Starts logging to standard output at the level of `AWS_LAMBDA_LOG_LEVEL` (default INFO). Does nothing when
/// something has been started already.
pub fn init_logs() {
    let level = level(super::variable("AWS_LAMBDA_LOG_LEVEL").as_deref());
    let started = registry().with(layer(level, std::io::stdout)).try_init();
    // Only tests start twice.
    drop(started);
}

/// The level by its name in Lambda, whose `FATAL` is above everything that is logged here.
/// Source: AWS Lambda Developer Guide, "Configuring advanced logging controls", log-level filtering.
fn level(name: Option<&str>) -> LevelFilter {
    match name.map(str::to_ascii_uppercase).as_deref() {
        Some("TRACE") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

fn layer<S, W>(level: LevelFilter, writer: W) -> impl lambda_runtime::tracing::subscriber::Layer<S>
where
    S: lambda_runtime::tracing::Subscriber
        + for<'a> lambda_runtime::tracing::subscriber::registry::LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let runtime = Targets::new()
        .with_default(level)
        .with_target(RUNTIME, level.min(LevelFilter::INFO));
    let quiet = level.min(LevelFilter::WARN);
    let filter = TALKATIVE
        .into_iter()
        .fold(runtime, |filter, name| filter.with_target(name, quiet));
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_span_list(false)
        .with_writer(writer)
        .with_filter(filter)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, write: impl FnOnce()) -> Vec<serde_json::Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = registry().with(layer(level, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, write);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_is_one_json_object_with_message_and_ids_at_its_top_level() {
        let lines = logged(LevelFilter::INFO, || {
            tracing::info!(target: "day2_aws::app", report_id = "abc", failed_items = 2, "report published");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "report published");
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["report_id"], "abc");
        assert!(lines[0]["timestamp"].is_string());
    }

    #[test]
    fn a_line_stays_one_json_object_whatever_it_tells_e12() {
        let hostile = "a\"b\\c\r\n{\"level\":\"ERROR\"}\n\u{1b}[31m\0\u{202e}\u{2028}ü🚨";
        let lines = logged(LevelFilter::INFO, || {
            tracing::info!(target: "day2_aws::app", pod = hostile, "{hostile}");
        });
        assert_eq!(lines.len(), 1);
        for field in ["message", "pod"] {
            assert_eq!(lines[0][field], hostile, "{field}");
        }
        assert_eq!(lines[0]["level"], "INFO");
    }

    #[test]
    fn a_line_within_an_invocation_carries_its_request_id() {
        let lines = logged(LevelFilter::INFO, || {
            let mut context = lambda_runtime::Context::default();
            context.request_id = "r-1".to_owned();
            let span = lambda_runtime::layers::trace::request_span(&context);
            span.in_scope(|| tracing::info!(target: "day2_aws::app", "report published"));
        });
        assert_eq!(lines[0]["span"]["requestId"], "r-1");
    }

    #[test]
    fn the_sdk_and_the_runtime_stay_quiet_at_the_lowest_level_e18() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::trace!(target: "aws_smithy_runtime::client", request = "Authorization: AWS4-HMAC", "transmitting");
            tracing::trace!(target: "lambda_runtime::layers", body = "{\"secret\":1}", "raw JSON event");
            tracing::debug!(target: "hyper_util::client", "connecting");
            tracing::trace!(target: "scale_window::gather", "ours");
            tracing::error!(target: "lambda_runtime::layers", "handler failed");
        });
        let messages: Vec<_> = lines
            .iter()
            .map(|line| line["message"].as_str().unwrap())
            .collect();
        assert_eq!(messages, ["ours", "handler failed"]);
    }

    #[test]
    fn the_level_is_lambdas() {
        for (name, expected) in [
            (None, LevelFilter::INFO),
            (Some("debug"), LevelFilter::DEBUG),
            (Some("FATAL"), LevelFilter::ERROR),
            (Some("WARN"), LevelFilter::WARN),
            (Some("nonsense"), LevelFilter::INFO),
        ] {
            assert_eq!(level(name), expected);
        }
    }
}
