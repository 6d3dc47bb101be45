//! Sandboxes of ours with a real binary, behind a front before the real emulator.

use std::time::Duration;

use day2_platform::faults::{Exchange, Fault, Faults, Front, Gate, Mark, Rule, Upstream};
use day2_platform::sandbox::{Event, Launch, Outcome, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::emulator::emulator;
use crate::emulator::identity::session;

const SOON: Duration = Duration::from_mins(1);
const WHO: &str = "sts:GetCallerIdentity";

/// `whoami` with a session of the role `name`, behind a front.
async fn stand(name: &str) -> (Launch, Faults, Front, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::new();
    let front = faults.before(Upstream::aws(emulator().await)).await.unwrap();
    let launch = Launch::new("whoami", folder.path(), &session(name).await, front.endpoint()).unwrap();
    (launch, faults, front, folder)
}

fn event() -> Event {
    Event::new("{}")
}

/// Every call passes the front, and the emulator checks each signature: the front has changed nothing that is signed.
#[tokio::test]
async fn a_warm_sandbox_answers_again_as_its_own_role_and_behind_the_front() {
    let (launch, faults, _front, _folder) = stand("boxed").await;
    let mut sandbox = Sandbox::start(&launch.variable("OWN", "1")).await.unwrap();
    for round in 1..=2 {
        let told = sandbox.invoke(event()).await.unwrap().answer().unwrap();
        assert_eq!(told["arn"], "arn:aws:sts::123456789012:assumed-role/boxed/i-1");
        assert_eq!(told["list_tables"], "AccessDeniedException");
        let names: Vec<&str> = told["variables"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(
            names.contains(&"OWN") && names.contains(&"AWS_LAMBDA_LOG_STREAM_NAME"),
            "{names:?}"
        );
        assert!(
            !names.contains(&"CARGO_MANIFEST_DIR"),
            "the caller's environment gets through: {names:?}"
        );
        assert_eq!(faults.record().len(), 2 * round);
    }
    let record = faults.record();
    let actions: Vec<String> = record.iter().take(2).map(Exchange::action).collect();
    assert_eq!(actions, [WHO, "dynamodb:ListTables"]);
    let passed_back = record
        .iter()
        .all(|one| one.forwarded && one.status.is_some() && one.status == one.done);
    assert!(passed_back, "{record:#?}");
    assert!(
        sandbox.log().unwrap().contains("\"Runs\":1"),
        "{:?}",
        sandbox.log()
    );
}

#[tokio::test]
async fn a_killed_sandbox_is_dead_at_once_and_its_neighbour_lives_d12() {
    let (launch, faults, _front, _folder) = stand("killed").await;
    let mut first = Sandbox::start(&launch).await.unwrap();
    let mut second = Sandbox::start(&launch).await.unwrap();
    let gate = Gate::new();
    faults.add(Rule::new(WHO, Fault::HoldBefore(gate.clone())).times(1));

    let pending = first.send(event().request_id("r-1")).unwrap();
    gate.reached(SOON).await.unwrap();
    assert!(first.send(event()).is_err(), "one event at a time");
    let told = second
        .invoke(event().request_id("r-1"))
        .await
        .unwrap()
        .answer()
        .unwrap();
    assert!(told["arn"].as_str().unwrap().contains("/killed/"), "{told}");
    first.kill().unwrap();
    assert_eq!(first.outcome(pending).await.unwrap(), Outcome::Died(137));
    assert!(first.send(event()).is_err(), "a dead process takes no event");

    gate.release();
    let asked = faults.since(Mark::default());
    let forwarded = asked
        .iter()
        .filter(|one| one.action() == WHO && one.forwarded)
        .count();
    assert_eq!(forwarded, 1, "the dead one's call was passed on: {asked:#?}");
    assert!(second.invoke(event()).await.unwrap().answer().is_ok());
}

#[tokio::test]
async fn an_event_ends_as_an_error_or_at_its_deadline_w03() {
    let (launch, faults, _front, _folder) = stand("late").await;
    let mut sandbox = Sandbox::start(&launch).await.unwrap();
    let refused = faults.add(Rule::new(WHO, Fault::named("AccessDenied", 403, "not you")));
    let outcome = sandbox.invoke(event()).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Error { kind, .. } if !kind.is_empty()),
        "{outcome:?}"
    );
    assert!(!outcome.error().unwrap().is_empty());
    faults.remove(refused);

    faults.add(Rule::new(WHO, Fault::Hang));
    let short = event().time_left(Duration::from_millis(700));
    assert_eq!(sandbox.invoke(short).await.unwrap(), Outcome::TimedOut);
    assert!(
        sandbox.invoke(event()).await.is_err(),
        "the process is ended with its event"
    );
}
