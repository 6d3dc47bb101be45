//! Triggers and sample events agree, and schedules fire when a person in that zone expects them.

use std::path::Path;

use day2_core::settings::{LocalTime, Zone};
use day2_core::trigger::{Trigger, classify};
use day2_core::windows;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use serde_json::Value;

use super::trees::caught;
use super::{functions, json_files, obeyed, quoted, read_json, shipped_code, text};

/// The zone that the samples are written for, as events/README.md says.
const ZONE: &str = "America/New_York";

/// A schedule: its task and when it fires, or what is wrong with it.
struct Schedule {
    task: String,
    when: Result<When, String>,
}

/// When a schedule fires.
enum When {
    /// Once a day, at this time on the wall.
    Daily(LocalTime),
    /// Once a week, at this time on the wall.
    Weekly(Weekday, LocalTime),
    /// Again and again, whatever the wall says.
    Every,
}

/// `cron(30 6 * * ? *)`, `cron(0 8 ? * FRI *)` or `rate(5 minutes)`.
fn when(expression: &str) -> Result<When, String> {
    let Some(rate) = expression
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return on_the_wall(expression);
    };
    // One of something is singular, for EventBridge Scheduler too.
    let fits = rate.split_once(' ').is_some_and(|(number, unit)| {
        number.parse().is_ok_and(|number: u32| match number {
            0 => false,
            1 => matches!(unit, "minute" | "hour" | "day"),
            _ => matches!(unit, "minutes" | "hours" | "days"),
        })
    });
    fits.then_some(When::Every)
        .ok_or_else(|| format!("{expression} is no rate like rate(5 minutes)"))
}

/// Days of the week as EventBridge Scheduler writes them.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Monday),
    ("TUE", Weekday::Tuesday),
    ("WED", Weekday::Wednesday),
    ("THU", Weekday::Thursday),
    ("FRI", Weekday::Friday),
    ("SAT", Weekday::Saturday),
    ("SUN", Weekday::Sunday),
];

/// `cron(30 6 * * ? *)` as a time of day, `cron(0 8 ? * FRI *)` as one of a day of the week.
fn on_the_wall(cron: &str) -> Result<When, String> {
    let fields: Vec<&str> = cron
        .strip_prefix("cron(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_default()
        .split(' ')
        .collect();
    let weekday = |name: &str| {
        WEEKDAYS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, day)| *day)
    };
    let (minute, hour, day) = match fields[..] {
        [minute, hour, "*", "*", "?", "*"] => (minute, hour, None),
        [minute, hour, "?", "*", day, "*"] if weekday(day).is_some() => (minute, hour, weekday(day)),
        _ => {
            return Err(format!(
                "{cron} is neither daily like cron(30 6 * * ? *), nor weekly like cron(0 8 ? * FRI *), nor a rate like rate(5 minutes); teach this law about it"
            ));
        }
    };
    let time = format!("{hour:0>2}:{minute:0>2}")
        .parse()
        .map_err(|_| format!("{cron} names no time of day"))?;
    Ok(day.map_or(When::Daily(time), |day| When::Weekly(day, time)))
}

fn schedules(trigger: &Value) -> Vec<Schedule> {
    let list = trigger["schedules"].as_array().into_iter().flatten();
    list.map(|schedule| Schedule {
        task: schedule["task"].as_str().unwrap_or_default().to_owned(),
        when: when(schedule["cron"].as_str().unwrap_or_default()),
    })
    .collect()
}

fn zone() -> Zone {
    ZONE.parse().unwrap()
}

/// What stands in a pattern for the ARNs of the alarms that a deployment binds (`infra/modules/ops-function/events.tf`).
const BOUND_ALARMS: &str = "${alarm_arns}";

/// Whether an event fits an EventBridge pattern: every named field is there and holds one of the listed values; of a
/// list in the event, one element is enough. Of the content filters, `prefix` is known.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(key, inner)| event.get(key).is_some_and(|value| matches(inner, value))),
        Value::Array(_) if event.is_array() => {
            let elements = event.as_array().into_iter().flatten();
            elements.into_iter().any(|element| matches(pattern, element))
        }
        Value::Array(choices) => choices.iter().any(|choice| match choice["prefix"].as_str() {
            Some(prefix) => event.as_str().is_some_and(|text| text.starts_with(prefix)),
            None if choice == BOUND_ALARMS => event.as_str().is_some_and(is_alarm),
            None => choice == event,
        }),
        _ => false,
    }
}

fn is_alarm(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    matches!(parts[..], ["arn", _, "cloudwatch", _, _, "alarm", name] if !name.is_empty())
}

/// Whether a sample is classified as the first word of its name says.
fn is_what_its_name_says(case: &str, trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Scheduled(_) => case.starts_with("scheduled"),
        Trigger::Alarm(_) => case.starts_with("alarm"),
        Trigger::Finding(_) => case.starts_with("finding"),
        Trigger::Manual(_) => case.starts_with("manual"),
        Trigger::SelfCheck => case.starts_with("self-check"),
        Trigger::Revert { .. } => case.starts_with("revert"),
        Trigger::Ignored(_) => case.starts_with("ignored"),
        Trigger::Rejected(_) => case.starts_with("malformed"),
    }
}

fn samples_match_their_triggers(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let file = format!("functions/{name}/trigger.json");
        let trigger = match read_json(&root.join(&file)) {
            Ok(trigger) => trigger,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        let schedules = schedules(&trigger);
        let patterns = trigger["event_patterns"].as_array().cloned().unwrap_or_default();
        let tasks = tasks(root, &name);
        let mut seen: Vec<String> = Vec::new();
        let mut matched = vec![false; patterns.len()];
        for case in json_files(&root.join("events").join(&name)) {
            let path = format!("events/{name}/{case}");
            let bytes = std::fs::read(root.join(&path)).unwrap_or_default();
            let read = classify(&bytes);
            if !is_what_its_name_says(&case, &read) {
                wrong.push(format!(
                    "{path} is taken for {read:?}; rename it after what it is, or correct it"
                ));
            }
            if let Trigger::Scheduled(run) = read {
                let Some(schedule) = schedules
                    .iter()
                    .find(|one| run.task.as_deref() == Some(one.task.as_str()))
                else {
                    wrong.push(format!(
                        "{path} names the task {:?}, which {file} does not schedule",
                        run.task
                    ));
                    continue;
                };
                let at = run.scheduled_at.map(|at| zone().rules().to_datetime(at));
                let (day, time) = match &schedule.when {
                    Ok(When::Daily(time)) => (None, Some(time.time())),
                    Ok(When::Weekly(day, time)) => (Some(*day), Some(time.time())),
                    Ok(When::Every) | Err(_) => (None, None),
                };
                let other_day = day.is_some() && at.map(|at| at.date().weekday()) != day;
                if time.is_some() && (other_day || at.map(jiff::civil::DateTime::time) != time) {
                    let expected = (day, time);
                    wrong.push(format!(
                        "{path} is scheduled at {at:?} in {ZONE}, but {file} says {expected:?}"
                    ));
                }
                seen.push(schedule.task.clone());
            }
            let event = serde_json::from_slice(&bytes).unwrap_or_default();
            for (pattern, matched) in patterns.iter().zip(&mut matched) {
                *matched |= matches(pattern, &event);
            }
        }
        for Schedule { task, when } in &schedules {
            if let Err(why) = when {
                wrong.push(format!("{file}: {why}"));
            }
            if !seen.contains(task) {
                wrong.push(format!("{file} schedules {task}, but events/{name} has no sample of it; add scheduled-{task}.json"));
            }
            if !tasks.contains(task) {
                wrong.push(format!(
                    "{file} schedules {task}, which is not in TASKS of functions/{name}/src"
                ));
            }
        }
        for (pattern, matched) in patterns.iter().zip(matched) {
            if !matched {
                wrong.push(format!(
                    "{file}: no sample in events/{name} matches {pattern}; add one"
                ));
            }
        }
    }
    wrong
}

/// The tasks that the code knows.
fn tasks(root: &Path, name: &str) -> Vec<String> {
    let code: String = shipped_code(root, &format!("functions/{name}/src"))
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    let list = code
        .split_once("const TASKS")
        .and_then(|(_, rest)| rest.split_once(';'))
        .map_or("", |(list, _)| list);
    quoted(list).map(str::to_owned).collect()
}

fn the_readme_lists_the_samples(root: &Path) -> Vec<String> {
    let readme = text(&root.join("events/README.md"));
    let listed: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(path, _)| path))
        .collect();
    let mut wrong = Vec::new();
    let mut there = Vec::new();
    for folder in functions(root).into_iter().chain(["shapes".to_owned()]) {
        let cases = json_files(&root.join("events").join(&folder));
        there.extend(cases.into_iter().map(|case| format!("{folder}/{case}")));
    }
    for path in &there {
        if !listed.contains(&path.as_str()) {
            wrong.push(format!(
                "events/README.md has no row for {path}; say what it is and where its shape comes from"
            ));
        }
    }
    for path in listed {
        if !there.iter().any(|one| one == path) {
            wrong.push(format!(
                "events/README.md has a row for {path}, which does not exist; remove it"
            ));
        }
    }
    wrong
}

/// Days around both changes of the clock in 2026, with the local time zone's offset from UTC at 06:30.
const DAYS: [(&str, i8); 4] = [
    ("2026-03-07", -5),
    ("2026-03-08", -4),
    ("2026-10-31", -4),
    ("2026-11-01", -5),
];

/// Each schedule fires on each of the days exactly once, at its time on the wall (T01).
fn schedules_fire_once_a_day(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let trigger = read_json(&root.join(format!("functions/{name}/trigger.json"))).unwrap_or_default();
        for Schedule { task, when } in schedules(&trigger) {
            let Ok(When::Daily(time) | When::Weekly(_, time)) = when else {
                continue;
            };
            for (day, _) in DAYS {
                let date: Date = day.parse().unwrap();
                let whole = windows::day(date, &zone());
                let before = whole
                    .start
                    .checked_sub(jiff::SignedDuration::from_secs(1))
                    .unwrap();
                let runs = windows::next_runs(time, &zone(), None, before, 2);
                let count = runs.iter().filter(|run| whole.contains(**run)).count();
                if count != 1 {
                    wrong.push(format!(
                        "functions/{name}/trigger.json: {task} fires {count} times on {day} in {ZONE}, where the clock changes; move it out of that hour"
                    ));
                }
            }
        }
    }
    wrong
}

#[test]
fn every_sample_is_what_its_name_says_and_matches_a_trigger_e03() {
    obeyed(samples_match_their_triggers);
}

#[test]
fn a_sample_that_matches_no_trigger_and_a_trigger_without_a_sample_are_found() {
    const TRIGGER: &str = "functions/scale-window/trigger.json";
    const SAMPLE: &str = "events/scale-window/scheduled-prescale.json";
    let law = samples_match_their_triggers;
    caught(law, "manual-wrong.json is taken for SelfCheck", |tree| {
        tree.write(
            "events/scale-window/manual-wrong.json",
            "{\"task\":\"self-check\"}",
        );
    });
    caught(
        law,
        "which functions/scale-window/trigger.json does not schedule",
        |tree| {
            tree.replace(SAMPLE, "prescale", "midnight");
        },
    );
    caught(law, "is scheduled at", |tree| {
        tree.replace(TRIGGER, "cron(30 6", "cron(45 6");
    });
    caught(law, "add scheduled-postscale.json", |tree| {
        tree.remove("events/scale-window/scheduled-postscale.json");
    });
    caught(law, "schedules midnight, which is not in TASKS", |tree| {
        tree.replace(TRIGGER, "\"scaledown\"", "\"midnight\"");
    });
    caught(law, "teach this law", |tree| {
        tree.replace(TRIGGER, "cron(30 6 * * ? *)", "cron(30 6 1 * ? *)");
    });
    caught(law, "is scheduled at", |tree| {
        tree.replace("functions/backup-verification/trigger.json", "FRI", "THU");
    });
    for rate in ["rate(0 minutes)", "rate(5 minute)", "rate(1 days)", "rate(5)"] {
        caught(law, "is no rate like", |tree| {
            tree.replace("functions/lease-sweeper/trigger.json", "rate(5 minutes)", rate);
        });
    }
    caught(law, "no sample in events/scale-window matches", |tree| {
        tree.replace(
            TRIGGER,
            "\"event_patterns\": []",
            "\"event_patterns\": [{\"source\": [\"aws.ec2\"]}]",
        );
    });
}

#[test]
fn an_event_pattern_is_matched_as_eventbridge_does() {
    let event = serde_json::json!({
        "source": "aws.cloudwatch",
        "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-lag"],
        "detail": {"alarmName": "prod-a-lag", "state": {"value": "ALARM"}}
    });
    for (pattern, fits) in [
        (
            serde_json::json!({"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM", "OK"]}}}),
            true,
        ),
        (
            serde_json::json!({"detail": {"alarmName": [{"prefix": "prod-a-"}]}}),
            true,
        ),
        (
            serde_json::json!({"detail": {"alarmName": [{"prefix": "prod-b-"}]}}),
            false,
        ),
        (serde_json::json!({"resources": ["${alarm_arns}"]}), true),
        (
            serde_json::json!({"resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:other"]}),
            false,
        ),
        (serde_json::json!({"source": ["${alarm_arns}"]}), false),
        (serde_json::json!({"source": ["aws.ec2"]}), false),
        (serde_json::json!({"account": ["123456789012"]}), false),
    ] {
        assert_eq!(matches(&pattern, &event), fits, "{pattern}");
    }
}

#[test]
fn every_sample_has_its_row_and_every_row_its_sample() {
    obeyed(the_readme_lists_the_samples);
}

#[test]
fn a_sample_without_a_row_and_a_row_without_a_sample_are_found() {
    caught(
        the_readme_lists_the_samples,
        "no row for scale-window/manual-new.json",
        |tree| {
            tree.write("events/scale-window/manual-new.json", "{}");
        },
    );
    caught(
        the_readme_lists_the_samples,
        "has a row for scale-window/self-check.json",
        |tree| {
            tree.remove("events/scale-window/self-check.json");
        },
    );
}

#[test]
fn every_schedule_fires_once_a_day_also_when_the_clock_changes_t01() {
    obeyed(schedules_fire_once_a_day);
}

#[test]
fn a_schedule_in_the_hour_that_is_skipped_is_found() {
    caught(schedules_fire_once_a_day, "fires 0 times on 2026-03-08", |tree| {
        tree.replace("functions/scale-window/trigger.json", "cron(30 6", "cron(30 2");
    });
}

#[test]
fn the_morning_check_fires_at_half_past_six_on_the_wall_t01() {
    let trigger = read_json(&super::root().join("functions/scale-window/trigger.json")).unwrap();
    let prescale = schedules(&trigger)
        .into_iter()
        .find(|one| one.task == "prescale")
        .unwrap();
    let Ok(When::Daily(time)) = prescale.when else {
        unreachable!("prescale is daily")
    };
    for ((day, hours), expected) in DAYS.iter().zip(["11:30", "10:30", "10:30", "11:30"]) {
        let run = windows::occurrence(day.parse().unwrap(), time, &zone()).unwrap();
        assert_eq!(run, format!("{day}T{expected}:00Z").parse::<Timestamp>().unwrap());
        assert_eq!(zone().rules().to_offset(run), jiff::tz::offset(*hours));
    }
}
