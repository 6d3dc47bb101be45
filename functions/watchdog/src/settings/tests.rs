use day2_core::settings::{Settings, read};
use serde_json::{Value, json};

use super::WatchdogSettings;

/// A document without a mistake.
fn good() -> Value {
    json!({
        "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                       "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                       "report_bucket": "day2-reports", "journal_table": "day2-journal"},
        "targets": [{"name": "day2", "account_id": "123456789012", "region": "us-east-1"}],
        "function": {
            "functions": {
                "lease-sweeper": {"schedules": {"sweep": "rate(5 minutes)"}, "targets": ["prod-a"], "grace_minutes": 20,
                                  "calendar": {"working_days": ["mon", "sun"]}},
                "scale-window": {"schedules": {"prescale": "cron(30 6 * * ? *)", "postscale": "cron(0 7 * * ? *)"},
                                 "targets": ["prod-a", "prod-b"]}
            }
        }
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Result<Settings<WatchdogSettings>, Vec<String>> {
    let mut document = good();
    change(&mut document);
    read(&document.to_string())
        .map_err(|mistakes| mistakes.as_slice().iter().map(ToString::to_string).collect())
}

fn names(settings: &Settings<WatchdogSettings>) -> Vec<String> {
    settings
        .function
        .watched()
        .iter()
        .map(super::Watched::name)
        .collect()
}

#[test]
fn every_task_of_every_function_is_watched_for_every_target() {
    let settings = with(|_| ()).unwrap();
    assert_eq!(
        names(&settings),
        [
            "lease-sweeper/sweep/prod-a",
            "scale-window/postscale/prod-a",
            "scale-window/postscale/prod-b",
            "scale-window/prescale/prod-a",
            "scale-window/prescale/prod-b",
        ]
    );
    let watched = settings.function.watched();
    let (own, deployments) = (watched[0].calendar, watched[1].calendar);
    assert_eq!((own.working_days.len(), deployments.working_days.len()), (2, 5));
    assert_eq!((watched[0].grace_minutes, watched[1].grace_minutes), (20, 60));
}

#[test]
fn what_may_be_silent_is_left_out_as_a_task_or_for_one_target() {
    let settings = with(|document| {
        document["function"]["not_watched"] = json!({
            "lease-sweeper/sweep": "moved to another deployment",
            "scale-window/prescale/prod-b": "prod-b is closed this week",
        });
    });
    assert_eq!(
        names(&settings.unwrap()),
        [
            "scale-window/postscale/prod-a",
            "scale-window/postscale/prod-b",
            "scale-window/prescale/prod-a"
        ]
    );
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let found = with(|document| {
        document["function"] = json!({
            "functions": {
                "a": {"schedules": {}, "targets": [], "grace_minutes": 0},
                "b": {"schedules": {"t": "rate(1 day)"}, "targets": ["x", "x"], "calendar": {"working_days": []}}
            },
            "calendar": {"working_days": []},
            "not_watched": {"b/u": "never heard of", "b/t": " "}
        });
    })
    .unwrap_err();
    for expected in [
        "functions.a.schedules",
        "functions.a.targets",
        "functions.a.grace_minutes",
        "functions.b.targets[1]",
        "functions.b.calendar.working_days",
        "function.calendar.working_days",
        "not_watched.\"b/u\"",
        "not_watched.\"b/t\"",
    ] {
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn a_watchdog_with_nothing_to_watch_is_refused() {
    let found = with(|document| document["function"] = json!({"functions": {}})).unwrap_err();
    assert!(
        found.iter().any(|one| one.contains("watches nothing")),
        "{found:#?}"
    );
}

#[test]
fn a_misspelt_setting_is_refused() {
    let found =
        with(|document| document["function"]["functions"]["scale-window"]["grace"] = json!(3)).unwrap_err();
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn an_expression_that_cannot_be_read_keeps_the_watchdog_from_nothing_else() {
    let odd = with(|document| {
        document["function"]["functions"]["scale-window"]["schedules"]["prescale"] = json!("cron(whenever)");
    });
    assert_eq!(names(&odd.unwrap()).len(), 5);
}
