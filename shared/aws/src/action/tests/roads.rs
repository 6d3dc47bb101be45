//! Every road to an action, and what is not for it.

use super::*;

#[tokio::test]
async fn an_alarm_that_the_settings_do_not_bind_is_ignored_e09_e19_o04() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    for name in ["prod-b-level", "day2-actor-errors", "prod-a-level2"] {
        let mut event = alarm();
        event["resources"] = json!([format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")]);
        event["detail"]["alarmName"] = json!(name);
        assert_eq!(
            outcome(&send(&app, &event, MORNING, name).await),
            "ignored",
            "{name}"
        );
    }
    assert!(
        world.metrics.all().is_empty(),
        "an alarm of our own account is not foreign"
    );
    let account = "210987654321";
    let mut event = alarm();
    event["resources"] = json!([ALARM.replace("123456789012", account)]);
    event["account"] = json!(account);
    assert_eq!(outcome(&send(&app, &event, MORNING, account).await), "ignored");
    let counted = world.metrics.all();
    assert_eq!(counted.len(), 1);
    assert_eq!(
        (
            &counted[0]["ForeignEvents"],
            &counted[0]["function"],
            &counted[0]["target"]
        ),
        (&json!(1), &json!("actor"), &json!("-"))
    );
    assert!(writes(&machine).is_empty());
    assert_eq!(world.table.lock().unwrap().calls, 0, "nothing is even looked up");
}

#[tokio::test]
async fn an_alarm_that_is_ok_is_ignored_and_one_without_data_is_looked_at_w23() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    let ok = send(
        &app,
        &alarm_at("2026-03-06T11:29:30.123+0000", "OK"),
        MORNING,
        "r-1",
    )
    .await;
    assert_eq!(outcome(&ok), "ignored");
    change(&machine, |machine| machine.breaching = false);
    let blind = alarm_at("2026-03-06T11:29:40.123+0000", "INSUFFICIENT_DATA");
    assert_eq!(
        outcome(&send(&app, &blind, MORNING, "r-2").await),
        "nothing_to_do"
    );
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn observing_shows_the_same_plan_and_changes_nothing_o11() {
    let (world, machine) = (World::default(), machine());
    let observed = ring(&world.actor("observe", &machine)).await.unwrap();
    assert!(writes(&machine).is_empty() && leases(&world).is_empty());
    let live = ring(&World::default().actor("auto", &machine)).await.unwrap();
    let plan = |answer: &Value| answer["reports"][0]["action"]["plan"].clone();
    assert_eq!(plan(&observed), plan(&live));
    assert_eq!(observed["outcome"], "planned");
}

#[tokio::test]
async fn a_call_by_hand_goes_the_same_road_and_may_only_lower_the_mode() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    let look = json!({ "targets": ["prod-a"], "mode": "observe" });
    assert_eq!(outcome(&send(&app, &look, MORNING, "h-1").await), "planned");
    assert!(writes(&machine).is_empty());
    let act = json!({ "targets": ["prod-a"] });
    assert_eq!(outcome(&send(&app, &act, MORNING, "h-2").await), "applied");
    let raised = world.actor("observe", &machine);
    let more = json!({ "targets": ["prod-a"], "mode": "auto" });
    let refused = send(&raised, &more, MORNING, "h-3")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("may only lower it"), "{refused}");
    // The pause after the first holds for people too, and they are told.
    let paused = send(&app, &act, "2026-03-06T11:35:00Z", "h-4").await;
    assert_eq!(outcome(&paused), "suppressed");
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn an_action_wants_exactly_one_target_and_knows_its_tasks() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    for (event, words) in [
        (json!({}), "one target at a time, and 0 are named"),
        (json!({ "targets": ["prod-a", "prod-b"] }), "2 are named"),
        (json!({ "targets": ["nowhere"] }), "no target `nowhere`"),
        (
            json!({ "task": "morning", "targets": ["prod-a"] }),
            "no task `morning`",
        ),
        (
            json!({ "task": "respond", "target": "prod-a", "scheduled_at": MORNING }),
            "has no schedule",
        ),
        (
            json!({ "targets": ["prod-a"], "approve": "a", "mode": "auto" }),
            "leave out one of the two",
        ),
    ] {
        let refused = send(&app, &event, MORNING, "h").await.unwrap_err();
        assert!(
            matches!(refused, OpsError::Event(_)) && refused.to_string().contains(words),
            "{refused:?}"
        );
    }
    assert!(writes(&machine).is_empty());
}

#[tokio::test]
async fn all_three_roads_of_one_alarm_are_one_occasion_d05() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    let direct = json!({
        "source": "aws.cloudwatch", "alarmArn": ALARM, "accountId": "123456789012",
        "time": "2026-03-06T11:29:30.123+0000", "region": "us-east-1",
        "alarmData": {
            "alarmName": "prod-a-level",
            "state": { "value": "ALARM", "reason": "too low", "timestamp": "2026-03-06T11:29:30.123+0000" },
            "configuration": { "metrics": [] }
        }
    });
    let message = json!({
        "AlarmName": "prod-a-level", "AlarmArn": ALARM, "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM", "NewStateReason": "too low", "OldStateValue": "OK",
        "StateChangeTime": "2026-03-06T11:29:30.123+0000", "Region": "US East (N. Virginia)"
    });
    let wrapped = json!({ "Records": [{
        "EventVersion": "1.0", "EventSource": "aws:sns",
        "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:alarms:2bcfbf39",
        "Sns": {
            "Type": "Notification", "MessageId": "95df01b4", "TopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
            "Subject": "ALARM", "Message": message.to_string(), "Timestamp": "2026-03-06T11:29:31.000Z",
            "SignatureVersion": "1", "Signature": "x", "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/x.pem",
            "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/x", "MessageAttributes": {}
        }
    }] });
    let outcomes = [
        outcome(&send(&app, &wrapped, MORNING, "r-1").await).to_owned(),
        outcome(&send(&app, &direct, MORNING, "r-2").await).to_owned(),
        outcome(&ring(&app).await).to_owned(),
    ];
    assert_eq!(outcomes, ["applied", "already_done", "already_done"]);
    assert_eq!(writes(&machine), [15]);
}

#[tokio::test]
async fn a_self_check_names_the_mode_and_changes_nothing() {
    let (world, machine) = (World::default(), machine());
    let answer = send(
        &world.actor("approve", &machine),
        &json!({ "task": "self-check" }),
        MORNING,
        "h",
    )
    .await;
    let check = &answer.unwrap()["self_check"];
    assert_eq!(
        (&check["mode"], &check["targets"][0]["items"][0]["seen"]),
        (&json!("approve"), &json!("the knob can be turned"))
    );
    assert!(writes(&machine).is_empty() && world.subjects().is_empty());
}

#[tokio::test]
async fn looking_is_allowed_during_the_pause_and_a_plan_asked_for_by_hand_can_be_approved_in_mode_auto() {
    let (world, machine) = (World::default(), machine());
    let app = world.actor("auto", &machine);
    ring(&app).await.unwrap();
    change(&machine, |machine| {
        (machine.level, machine.minds_leases) = (10, false);
    });
    let look = json!({ "targets": ["prod-a"], "mode": "observe" });
    assert_eq!(
        outcome(&send(&app, &look, "2026-03-06T11:32:00Z", "h-1").await),
        "planned"
    );
    let ask = json!({ "targets": ["prod-a"], "mode": "approve" });
    let asked = send(&app, &ask, "2026-03-06T11:33:00Z", "h-2").await.unwrap();
    let plan = asked["reports"][0]["action"]["plan_id"].clone();
    assert_eq!(writes(&machine), [15], "nothing was changed by asking");
    let approve = json!({ "targets": ["prod-a"], "approve": plan });
    let done = send(&app, &approve, "2026-03-06T11:34:00Z", "h-3").await;
    assert_eq!(outcome(&done), "applied");
    assert_eq!(writes(&machine), [15, 15]);
}
