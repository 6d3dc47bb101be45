//! A Lambda function that says who it is and what it may do. The emulator's tests deploy it; nothing else does.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// An event with this text anywhere in it makes an invocation that fails.
const FAIL: &str = "please fail";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let sts = aws_sdk_sts::Client::new(&config);
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    run(service_fn(|event: LambdaEvent<Value>| {
        answer(&sts, &dynamodb, event)
    }))
    .await
}

async fn answer(
    sts: &aws_sdk_sts::Client,
    dynamodb: &aws_sdk_dynamodb::Client,
    event: LambdaEvent<Value>,
) -> Result<Value, Error> {
    say(&json!({"event": event.payload}));
    if event.payload.to_string().contains(FAIL) {
        return Err("asked to fail".into());
    }
    let now = u64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    say(&json!({
        "_aws": {"Timestamp": now, "CloudWatchMetrics": [{
            "Namespace": "Day2", "Dimensions": [["function"]], "Metrics": [{"Name": "Runs", "Unit": "Count"}],
        }]},
        "function": "whoami",
        "Runs": 1,
    }));
    let identity = sts.get_caller_identity().send().await?;
    let tables = dynamodb.list_tables().send().await;
    Ok(json!({
        "arn": identity.arn(),
        "list_tables": match &tables {
            Ok(_) => "allowed",
            Err(error) => error.code().unwrap_or("no code"),
        },
        "variables": std::env::vars().map(|(name, _)| name).collect::<Vec<_>>(),
    }))
}

#[expect(clippy::print_stdout, reason = "standard output is where a function logs")]
fn say(line: &Value) {
    println!("{line}");
}
