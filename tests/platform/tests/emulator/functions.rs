//! Lambda: a real binary with a session of its own role, held to that role's policies.

use std::path::Path;

use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Architecture, FunctionCode, InvocationType, LogFormat, LoggingConfig, Runtime};
use day2_platform::aws::package;
use serde_json::{Value, json};

use crate::emulator::{allow, emulator, role};

/// Deploys `whoami` under `name`, with a role of the same name; gives its ARN.
pub(crate) async fn deploy(name: &str, statements: &Value) -> String {
    let emulator = emulator().await;
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("package.zip");
    package::pack(emulator.python(), Path::new(env!("CARGO_BIN_EXE_whoami")), &zip)
        .await
        .unwrap();
    let role = role(name, "lambda.amazonaws.com", statements).await;
    let made = aws_sdk_lambda::Client::new(&emulator.sdk_config())
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .architectures(Architecture::Arm64)
        .handler("bootstrap")
        .role(role)
        .logging_config(LoggingConfig::builder().log_format(LogFormat::Json).build())
        .code(
            FunctionCode::builder()
                .zip_file(Blob::new(std::fs::read(&zip).unwrap()))
                .build(),
        )
        .send()
        .await
        .unwrap();
    made.function_arn().unwrap().to_owned()
}

async fn invoke(name: &str) -> Value {
    let lambda = aws_sdk_lambda::Client::new(&emulator().await.sdk_config());
    let answer = lambda
        .invoke()
        .function_name(name)
        .payload(Blob::new(b"{}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.function_error(), None);
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

#[tokio::test]
async fn a_function_is_held_to_the_policies_of_its_own_role() {
    let emulator = emulator().await;
    deploy("held", &json!([])).await;
    let mark = emulator.recorder().mark().unwrap();
    let told = invoke("held").await;
    assert_eq!(told["arn"], "arn:aws:sts::123456789012:assumed-role/held/held");
    assert_eq!(told["list_tables"], "AccessDeniedException");

    allow(
        "held",
        &json!([{"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"}]),
    )
    .await;
    assert_eq!(invoke("held").await["list_tables"], "allowed");

    let calls = emulator.recorder().by_role("held", mark).unwrap();
    let told: Vec<_> = calls
        .iter()
        .map(|call| format!("{} {}", call.action(), call.error))
        .collect();
    let identity = "sts:GetCallerIdentity ";
    assert_eq!(
        told,
        [
            identity,
            "dynamodb:ListTables AccessDeniedException",
            identity,
            "dynamodb:ListTables "
        ]
    );
    assert_eq!(calls.iter().filter(|call| call.succeeded()).count(), 3);
}

#[tokio::test]
async fn a_function_sees_the_variables_of_lambda_and_none_of_the_emulators() {
    deploy("variables", &json!([])).await;
    let told = invoke("variables").await;
    let names: Vec<_> = told["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    for expected in [
        "AWS_ENDPOINT_URL",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_SESSION_TOKEN",
        "TZ",
    ] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
    for hidden in [
        "AUTH",
        "STATE_DIR",
        "GATEWAY_PORT",
        "MINISTACK_ACCOUNT_ID",
        "CARGO_MANIFEST_DIR",
    ] {
        assert!(!names.contains(&hidden), "{hidden} is among {names:?}");
    }
}

#[tokio::test]
async fn a_function_is_invoked_only_by_a_role_that_may_and_only_that_function() {
    let open = deploy("open-to-one", &json!([])).await;
    deploy("closed-to-all", &json!([])).await;
    let statements = json!([{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": open}]);
    let caller = role("calls-one", "lambda.amazonaws.com", &statements).await;
    let session = crate::emulator::identity::session_of(&caller).await;
    let lambda = aws_sdk_lambda::Client::new(&emulator().await.sdk_config_as(session));
    for kind in [InvocationType::RequestResponse, InvocationType::Event] {
        let ask = async |name: &str| {
            lambda
                .invoke()
                .function_name(name)
                .invocation_type(kind.clone())
                .payload(Blob::new(b"{}"))
                .send()
                .await
        };
        let answer = ask("open-to-one").await.unwrap();
        assert_eq!((answer.status_code() / 100, answer.function_error()), (2, None));
        let error = ask("closed-to-all").await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDeniedException"), "{kind:?}: {error:?}");
    }
    assert!(
        crate::emulator::schedules::events("closed-to-all")
            .await
            .unwrap_or_default()
            .is_empty(),
        "it was not run"
    );
}
