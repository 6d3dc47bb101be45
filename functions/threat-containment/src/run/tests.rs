//! What is refused before anything is called.

use std::io::Write;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use day2_aws::Served as _;
use jiff::SignedDuration;

use super::*;
use crate::settings::tests::document;

/// What is written to standard output.
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

impl Lines {
    fn all(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// A function without credentials: a call of AWS would fail it.
async fn function(metrics: &Lines) -> ThreatContainment {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .build();
    let environment = Environment {
        settings: Some(document(&json!({})).to_string()),
        settings_sha256: None,
    };
    let mut parts = Parts::load(aws, &environment).await.unwrap();
    parts.metrics = Box::new(metrics.clone());
    ThreatContainment::new(parts)
}

async fn send(function: &ThreatContainment, event: &Value) -> Value {
    let now = "2026-06-02T12:00:00Z".parse().unwrap();
    let invocation = Invocation {
        now,
        deadline: now + SignedDuration::from_mins(5),
        request_id: "r-1".to_owned(),
        lambda: "day2-threat-containment".to_owned(),
        sandbox: "s-1".to_owned(),
    };
    let event = event.to_string();
    function.handle(event.as_bytes(), &invocation).await.unwrap()
}

fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn a_finding_of_another_account_region_or_cluster_is_refused_and_counted_e08_e09() {
    let metrics = Lines::default();
    let function = function(&metrics).await;
    let ours = sample("threat-containment/finding-eventbridge");
    let arn = "/detail/resource/eksClusterDetails/arn";
    let of = |account: &str, region: &str, cluster: &str| {
        let mut event = ours.clone();
        event["account"] = json!(account);
        event["region"] = json!(region);
        event["detail"]["accountId"] = json!(account);
        event["detail"]["region"] = json!(region);
        *event.pointer_mut(arn).unwrap() = json!(format!("arn:aws:eks:{region}:{account}:cluster/{cluster}"));
        event
    };
    let foreign = [
        of("999988887777", "us-east-1", "prod-a"),
        of("123456789012", "eu-west-1", "prod-a"),
        of("123456789012", "us-east-1", "prod"),
        sample("threat-containment/finding-foreign-cluster"),
    ];
    for (index, event) in foreign.iter().enumerate() {
        let answer = send(&function, event).await;
        assert_eq!(
            (&answer["outcome"], &answer["foreign"]),
            (&json!("ignored"), &json!(true)),
            "{index}: {answer}"
        );
        let counted = metrics.all();
        assert_eq!(counted.len(), index + 1, "{counted:#?}");
        let last = counted.last().unwrap();
        assert_eq!(
            (&last["ForeignEvents"], &last["function"], &last["target"]),
            (&json!(1), &json!("threat-containment"), &json!("-"))
        );
    }
}

#[tokio::test]
async fn what_is_not_for_it_is_not_counted_as_foreign() {
    let metrics = Lines::default();
    let function = function(&metrics).await;
    let alarm = sample("connection-exhaustion/alarm-eventbridge");
    assert_eq!(send(&function, &alarm).await["outcome"], "ignored");
    assert!(metrics.all().is_empty());
}
