//! `SCW-007` and `SCW-008`: alarms that are in ALARM, and alarms that see nothing.

use day2_core::{Item, Observed};
use jiff::Timestamp;

use super::{count, minutes_since, population, worse_of};
use crate::settings::AlarmPolicy;
use day2_reads::alarms::Alarm;

/// Named in the settings, by name or by a beginning with `*`, or made by Auto Scaling for target tracking: those alarm
/// whenever a group could shrink, and nobody is meant to look at them.
fn ignored(name: &str, policy: &AlarmPolicy) -> bool {
    let by_settings = policy
        .ignore
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        });
    by_settings || name.starts_with("TargetTracking-")
}

/// Two items: nothing is in ALARM, and every alarm sees data. An alarm without data would not ring.
pub(crate) fn alarms(seen: &Observed<Vec<Alarm>>, policy: &AlarmPolicy, now: Timestamp) -> Vec<Item> {
    const ALARM: (&str, &str) = ("SCW-007", "no alarm is in ALARM");
    const BLIND: (&str, &str) = ("SCW-008", "every alarm has data");
    let expected = u64::from(policy.expected_at_least);
    let all = match seen {
        Ok(all) => all,
        Err(why) => {
            return [ALARM, BLIND]
                .map(|(code, title)| Item::unreadable(code, title, expected, why))
                .into();
        }
    };
    let counted: Vec<&Alarm> = all
        .iter()
        .filter(|alarm| alarm.name.starts_with(&policy.prefix) && !ignored(&alarm.name, policy))
        .collect();
    let judge = |(code, title): (&str, &str), state: &str, remedy: &str| {
        let wrong: Vec<_> = counted.iter().filter(|alarm| alarm.state == state).collect();
        let strange: Vec<_> = counted
            .iter()
            .filter(|alarm| !matches!(alarm.state.as_str(), "OK" | "ALARM" | "INSUFFICIENT_DATA"))
            .map(|alarm| {
                (
                    alarm.name.clone(),
                    format!("its state `{}` is none that is known", alarm.state),
                )
            })
            .collect();
        let verdict = worse_of(&wrong, &strange);
        Item::judge(
            code,
            title,
            verdict,
            population(counted.len(), expected),
            format!("{} of {} in {state}", wrong.len(), count(counted.len(), "alarm")),
        )
        .threshold(
            format!("none in {state}, at least {expected} judged"),
            "alarms.prefix, alarms.ignore, alarms.expected_at_least",
        )
        .remedy(remedy)
        .subjects(strange)
        .subjects(wrong.iter().map(|alarm| {
            let age = alarm.since.map_or_else(String::new, |since| {
                format!(" for {} min", minutes_since(since, now))
            });
            (
                alarm.name.clone(),
                format!("{} alarm{age}: {}", alarm.kind(), alarm.reason),
            )
        }))
    };
    vec![
        judge(
            ALARM,
            "ALARM",
            "open the alarm, follow its runbook; do not scale up onto a broken platform",
        ),
        judge(
            BLIND,
            "INSUFFICIENT_DATA",
            "an alarm without data cannot ring: check its metric, dimensions and period",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use day2_core::{Cause, Unreadable, Verdict};
    use day2_reads::alarms::Watches;

    fn alarm(name: &str, state: &str, kind: &'static str) -> Alarm {
        Alarm {
            name: name.into(),
            arn: None,
            state: state.into(),
            reason: "because".into(),
            reason_data: None,
            since: None,
            updated_at: None,
            actions_enabled: true,
            watches: match kind {
                "composite" => Watches::Composite { rule: String::new() },
                _ => Watches::Expression,
            },
        }
    }

    fn now() -> Timestamp {
        "2026-11-20T11:30:00Z".parse().unwrap()
    }

    fn verdicts(items: &[Item]) -> Vec<Verdict> {
        items.iter().map(Item::verdict).collect()
    }

    #[test]
    fn a_composite_alarm_counts_as_much_as_a_metric_alarm() {
        let seen = Ok(vec![
            alarm("db", "OK", "metric"),
            alarm("platform", "ALARM", "composite"),
        ]);
        let items = alarms(
            &seen,
            &AlarmPolicy {
                expected_at_least: 1,
                ..AlarmPolicy::default()
            },
            now(),
        );
        assert_eq!(verdicts(&items), [Verdict::Fail, Verdict::Pass]);
        assert_eq!(
            items[0].subjects.iter().map(|s| &*s.name).collect::<Vec<_>>(),
            ["platform"]
        );
    }

    #[test]
    fn an_alarm_without_data_fails_its_own_line_and_not_the_other() {
        let seen = Ok(vec![
            alarm("db", "INSUFFICIENT_DATA", "metric"),
            alarm("nat", "OK", "metric"),
        ]);
        let items = alarms(
            &seen,
            &AlarmPolicy {
                expected_at_least: 1,
                ..AlarmPolicy::default()
            },
            now(),
        );
        assert_eq!(verdicts(&items), [Verdict::Pass, Verdict::Fail]);
    }

    #[test]
    fn no_alarms_at_all_is_never_a_pass_w25() {
        let items = alarms(
            &Ok(vec![]),
            &AlarmPolicy {
                expected_at_least: 1,
                ..AlarmPolicy::default()
            },
            now(),
        );
        assert!(
            verdicts(&items)
                .iter()
                .all(|verdict| *verdict == Verdict::Unknown)
        );
    }

    #[test]
    fn ignored_and_foreign_alarms_do_not_count() {
        let policy = AlarmPolicy {
            prefix: "prod-".into(),
            ignore: vec!["prod-tt".into()],
            expected_at_least: 1,
        };
        let seen = Ok(vec![
            alarm("dev-db", "ALARM", "metric"),
            alarm("prod-tt", "ALARM", "metric"),
            alarm("prod-db", "OK", "metric"),
        ]);
        assert_eq!(
            verdicts(&alarms(&seen, &policy, now())),
            [Verdict::Pass, Verdict::Pass]
        );
    }

    #[test]
    fn target_tracking_and_patterns_are_ignored_and_a_strange_state_is_not_ok() {
        let policy = AlarmPolicy {
            ignore: vec!["canary-*".into()],
            ..AlarmPolicy::default()
        };
        let seen = Ok(vec![
            alarm("TargetTracking-asg-AlarmLow-1", "ALARM", "metric"),
            alarm("canary-1", "ALARM", "metric"),
            alarm("db", "OK", "metric"),
        ]);
        assert_eq!(
            verdicts(&alarms(&seen, &policy, now())),
            [Verdict::Pass, Verdict::Pass]
        );
        let strange = Ok(vec![alarm("db", "", "metric")]);
        assert_eq!(
            verdicts(&alarms(&strange, &policy, now())),
            [Verdict::Unknown, Verdict::Unknown]
        );
    }

    #[test]
    fn a_denied_list_makes_both_lines_unknown_w28() {
        let why = Unreadable::new("cloudwatch:DescribeAlarms", "all alarms", Cause::Denied, "");
        let items = alarms(&Err(why), &AlarmPolicy::default(), now());
        assert_eq!(verdicts(&items), [Verdict::Unknown, Verdict::Unknown]);
    }
}
