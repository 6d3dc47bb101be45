//! What each sample event is.

use serde_json::json;

use super::super::{AlarmState, Scheduled, Trigger};
use super::*;
use crate::moment::canonical;

#[test]
fn every_sample_is_what_its_name_says_e03_e20() {
    for (name, bytes) in all() {
        let trigger = classify(&bytes);
        let case = name.rsplit('/').next().unwrap();
        let fits = match case.split('-').next().unwrap() {
            "scheduled" => matches!(trigger, Trigger::Scheduled(_)),
            "alarm" => matches!(trigger, Trigger::Alarm(_)),
            "finding" => matches!(trigger, Trigger::Finding(_)),
            "manual" => matches!(trigger, Trigger::Manual(_)),
            "self" => matches!(trigger, Trigger::SelfCheck),
            "revert" | "revert.json" => matches!(trigger, Trigger::Revert { .. }),
            "ignored" => matches!(&trigger, Trigger::Ignored(why) if !why.is_empty()),
            "malformed" => {
                matches!(&trigger, Trigger::Rejected(why) if why.contains(';') || why.contains("accepted"))
            }
            other => panic!("{name}: a sample is not called {other}-…"),
        };
        assert!(fits, "{name}: {trigger:?}");
    }
}

#[test]
fn every_sample_has_its_row_in_the_readme_and_every_row_its_sample() {
    let readme = std::fs::read_to_string(events().join("README.md")).unwrap();
    let mut rows: Vec<String> = readme
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .split_once(".json`")
                .map(|(name, _)| name.to_owned())
        })
        .collect();
    rows.sort();
    let names: Vec<String> = all().into_iter().map(|(name, _)| name).collect();
    assert_eq!(rows, names);
}

#[test]
fn our_own_schedule_input_names_task_target_and_time() {
    let expected = Scheduled {
        task: Some("prescale".to_owned()),
        target: Some("prod-a".to_owned()),
        scheduled_at: Some("2026-06-02T10:30:00Z".parse().unwrap()),
    };
    assert_eq!(
        sample("scale-window/scheduled-prescale"),
        Trigger::Scheduled(expected.clone())
    );
    let unknown = Scheduled {
        scheduled_at: None,
        ..expected
    };
    assert_eq!(
        sample("shapes/scheduled-placeholder"),
        Trigger::Scheduled(unknown.clone())
    );
    // What Terraform's jsonencode makes of the placeholder: the same text once it is read.
    let escaped =
        r#"{"task":"prescale","target":"prod-a","scheduled_at":"\u003caws.scheduler.scheduled-time\u003e"}"#;
    assert_eq!(classify(escaped.as_bytes()), Trigger::Scheduled(unknown));
}

#[test]
fn an_unreadable_scheduled_time_is_not_known_and_never_fatal_t06() {
    for (scheduled_at, known) in [
        (json!("2026-06-02T10:30:00Z"), true),
        (json!("2026-06-02T05:30:00-05:00"), true),
        (json!("2026-06-02T10:30:00.000+0000"), true),
        (json!("Tue, 2 Jun 2026 10:30:00 GMT"), true),
        (json!(1_780_396_200), true),
        (json!("1.7803962E9"), true),
        (json!("yyyy-mm-ddThh:mm:ssZ"), false),
        (json!(null), false),
        (json!({}), false),
        (json!(1e300), false),
    ] {
        let Trigger::Scheduled(run) = of(&json!({"task": "prescale", "scheduled_at": scheduled_at})) else {
            panic!("{scheduled_at}")
        };
        let expected = known.then_some("2026-06-02T10:30:00.000Z");
        assert_eq!(
            run.scheduled_at.map(canonical).as_deref(),
            expected,
            "{scheduled_at}"
        );
    }
}

#[test]
fn the_default_events_of_schedules_and_rules_name_neither_task_nor_target() {
    for name in ["shapes/scheduled-by-scheduler", "shapes/scheduled-by-rule"] {
        let expected = Scheduled {
            scheduled_at: Some("2026-06-02T10:30:00Z".parse().unwrap()),
            ..Scheduled::default()
        };
        assert_eq!(sample(name), Trigger::Scheduled(expected), "{name}");
    }
    assert_eq!(
        sample("shapes/scheduled-time-placeholder"),
        Trigger::Scheduled(Scheduled::default())
    );
}

#[test]
fn one_state_change_has_one_key_by_every_road_d05() {
    let key =
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-aurora-connections@2026-06-02T11:53:08.431Z";
    for name in [
        "alarm-eventbridge",
        "alarm-lambda-action",
        "alarm-sns",
        "alarm-sns-notification",
        "alarm-sns-without-arn",
        "alarm-eventbridge-by-sns",
    ] {
        let seen = alarm(&format!("shapes/{name}"));
        assert_eq!(seen.dedup_key(), key, "{name}");
        assert_eq!(Alarm::arn_in(key), Some(seen.arn.as_str()), "{name}");
        assert_eq!(
            (seen.state, seen.previous),
            (AlarmState::Alarm, Some(AlarmState::Ok)),
            "{name}"
        );
        assert_eq!(
            (&*seen.account, &*seen.region),
            ("123456789012", "us-east-1"),
            "{name}"
        );
        assert!(
            seen.reason
                .is_some_and(|reason| reason.starts_with("Threshold Crossed")),
            "{name}"
        );
    }
    let mut later = value("shapes/alarm-eventbridge");
    later["detail"]["state"]["timestamp"] = json!("2026-06-02T11:53:08.432Z");
    let Trigger::Alarm(later) = of(&later) else {
        panic!("not an alarm")
    };
    assert_ne!(later.dedup_key(), key, "another millisecond is another change");
    let keys: Vec<String> = [
        "2026-06-02T11:53:08Z",
        "2026-06-02T11:53:08.000+0000",
        "2026-06-02T07:53:08.000999-04:00",
    ]
    .into_iter()
    .map(|timestamp| {
        let mut event = value("shapes/alarm-eventbridge");
        event["detail"]["state"]["timestamp"] = json!(timestamp);
        let Trigger::Alarm(alarm) = of(&event) else {
            panic!("not an alarm")
        };
        alarm.dedup_key()
    })
    .collect();
    assert!(
        keys.iter().all(|key| key.ends_with("@2026-06-02T11:53:08.000Z")),
        "{keys:?}"
    );
}

#[test]
fn alarms_of_every_configuration_are_read_e20() {
    for (name, alarm_name) in [
        ("alarm-metric-math", "prod-a-connections-per-reader"),
        ("alarm-anomaly-detection", "prod-a-connections-anomaly"),
        ("alarm-composite", "prod-a-database-unwell"),
        ("alarm-period-of-a-day", "prod-a-snapshot-age"),
        ("alarm-cross-account-metric", "prod-a-connections-seen-centrally"),
        ("alarm-forced-by-hand", "prod-a-aurora-connections"),
    ] {
        assert_eq!(alarm(&format!("shapes/{name}")).name, alarm_name);
    }
    assert_eq!(
        alarm("shapes/alarm-insufficient-data").state,
        AlarmState::InsufficientData
    );
    assert_eq!(
        alarm("shapes/alarm-cross-account-metric").account,
        "123456789012",
        "of the alarm, not of the metric"
    );
    let mut new_word = value("shapes/alarm-eventbridge");
    new_word["detail"]["state"]["value"] = json!("DORMANT");
    assert!(
        matches!(of(&new_word), Trigger::Alarm(alarm) if alarm.state == AlarmState::Other("DORMANT".to_owned()))
    );
}

#[test]
fn a_message_that_cannot_name_its_alarm_is_rejected_e20() {
    let mut raw = value("shapes/alarm-sns-without-arn");
    let message = raw["Records"][0]["Sns"]["Message"].take();
    assert!(refusal(message.as_str().unwrap()).contains("neither `AlarmArn` nor a topic"));
}

#[test]
fn alarms_of_other_partitions_are_read_w27() {
    for (partition, region) in [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")] {
        let text = value("shapes/alarm-sns-without-arn").to_string();
        let text = text
            .replace("arn:aws:", &format!("arn:{partition}:"))
            .replace("us-east-1", region);
        let Trigger::Alarm(alarm) = classify(text.as_bytes()) else {
            panic!("{region}")
        };
        assert!(
            alarm
                .arn
                .as_str()
                .starts_with(&format!("arn:{partition}:cloudwatch:{region}:"))
        );
    }
}

#[test]
fn events_that_are_not_ours_are_ignored_e03() {
    let unknown = json!({"version": "0", "detail-type": "Something New", "source": "aws.new", "detail": {}, "time": "x"});
    assert!(matches!(of(&unknown), Trigger::Ignored(why) if why.contains("Something New")));
    let mut sns = value("shapes/alarm-sns");
    for message in [
        "plain text",
        "{\"unknown\": 1}",
        "{\"Event\": \"autoscaling:EC2_INSTANCE_TERMINATE\"}",
    ] {
        sns["Records"][0]["Sns"]["Message"] = json!(message);
        assert!(matches!(of(&sns), Trigger::Ignored(_)), "{message}");
    }
    let confirm = json!({"Type": "SubscriptionConfirmation", "MessageId": "x", "TopicArn": "x", "Message": "You have chosen"});
    assert!(matches!(of(&confirm), Trigger::Ignored(_)));
}
