use day2_core::settings::read;
use serde_json::{Value, json};

use super::ConnectionExhaustionSettings;

/// A document without a mistake.
pub(crate) fn good() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                     "cluster": {"name": "prod-a"}, "database": {"engine": "aurora", "id": "prod-a-aurora"}}],
        "function": {
            "safety": {"mode": "approve"},
            "targets": {"prod-a": {
                "alarm_arns": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-aurora-connections"],
                "clients": [
                    {"name": "coderd", "namespace": "coder", "deployment": "coderd", "pool_size": 20, "may_restart": true},
                    {"name": "reports", "namespace": "bi", "deployment": "reports", "pool_size": 10}],
                "acu": {"may_raise": true, "max_ceiling": 64}
            }}}
    })
}

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = good();
    change(&mut document);
    match read::<ConnectionExhaustionSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_sound_document_has_no_mistake_and_careful_defaults() {
    assert_eq!(mistakes(|_| {}), Vec::<String>::new());
    let settings = read::<ConnectionExhaustionSettings>(&good().to_string()).unwrap();
    let policy = settings.function.targets.get("prod-a").unwrap();
    assert!(
        !policy.clients[1].may_restart,
        "a restart must be allowed in writing"
    );
    assert!((policy.limits.act_at() - 80.0).abs() < f64::EPSILON);
    let acu = policy.acu.unwrap();
    assert_eq!(
        (acu.lease_minutes, acu.ceiling().to_string().as_str()),
        (240, "64")
    );
}

#[test]
fn a_policy_without_acu_never_raises() {
    let mut document = good();
    document["function"]["targets"]["prod-a"]
        .as_object_mut()
        .unwrap()
        .remove("acu");
    let settings = read::<ConnectionExhaustionSettings>(&document.to_string()).unwrap();
    assert!(settings.function.targets.get("prod-a").unwrap().acu.is_none());
}

#[test]
fn mode_may_raise_and_the_budget_have_no_default() {
    for (path, name) in [
        ("/function/safety", "mode"),
        ("/function/targets/prod-a/acu", "may_raise"),
        ("/function/targets/prod-a/acu", "max_ceiling"),
        ("/function/targets/prod-a/clients/0", "pool_size"),
    ] {
        let found = mistakes(|document| {
            document
                .pointer_mut(path)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name);
        });
        assert!(found.iter().any(|line| line.contains(name)), "{name}: {found:#?}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let found = mistakes(|document| {
        let policy = &mut document["function"]["targets"]["prod-a"];
        policy["alarm_arns"] = json!([
            "arn:aws:sns:us-east-1:123456789012:prod-a",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
        ]);
        policy["clients"] = json!([
            {"name": "dns", "namespace": "kube-system", "deployment": "coredns", "pool_size": 0, "may_restart": true},
            {"name": "dns", "namespace": "kube-system", "deployment": "coredns", "pool_size": 5}]);
        policy["suspect"] = json!("nobody");
        policy["limits"] = json!({"act_at_percent": 50, "target_percent": 60, "look_back_minutes": 5});
        policy["leak"] = json!({"excess_percent": 0, "changed_within_minutes": 0});
        policy["acu"] = json!({"may_raise": true, "max_ceiling": 32.3, "max_step": 0, "lease_minutes": 0});
        policy["max_connections"] = json!(0);
        document["function"]["safety"]["cool_down_minutes"] = json!(0);
        document["function"]["targets"]["prod-z"] = json!({});
    });
    for says in [
        "cool_down_minutes",
        "prod-z",
        "is not the ARN of an alarm",
        "alarm_arns[2]",
        "clients[1].name",
        "clients[1].deployment",
        "clients[0].pool_size",
        "clients[0].may_restart",
        "suspect",
        "target_percent",
        "look_back_minutes",
        "excess_percent",
        "changed_within_minutes",
        "max_ceiling",
        "max_step",
        "lease_minutes",
        "max_connections",
    ] {
        assert!(
            found.iter().any(|line| line.contains(says)),
            "{says} is not in {found:#?}"
        );
    }
}

#[test]
fn a_ceiling_that_is_no_half_step_is_refused_w09() {
    for (ceiling, fine) in [
        (json!(16.5), true),
        (json!(256), true),
        (json!(0.25), false),
        (json!(256.5), false),
        (json!(-1), false),
    ] {
        let found = mistakes(|document| {
            document["function"]["targets"]["prod-a"]["acu"]["max_ceiling"] = ceiling.clone();
        });
        assert_eq!(found.is_empty(), fine, "{ceiling}: {found:?}");
    }
}
