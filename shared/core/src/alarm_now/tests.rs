use super::*;
use crate::action::{Guard, Occasion};
use crate::trigger::{Trigger, classify};
use crate::{Cause, Unreadable};

const DATA: &str = r#"{"version":"1.0","recentDatapoints":[90.0,95.0],"threshold":80.0}"#;

fn now() -> Timestamp {
    "2026-11-20T12:00:30Z".parse().unwrap()
}

/// Three of the last five minutes above 80.
fn rule() -> Rule {
    Rule {
        comparison: Comparison::Above,
        threshold: 80.0,
        period_seconds: 60,
        evaluation_periods: 5,
        datapoints_to_alarm: 3,
        missing: MissingData::Missing,
    }
}

/// Values of the last minutes, newest last; `None` is a period without data.
fn minutes(values: &[Option<f64>]) -> Vec<Datapoint> {
    let last: Timestamp = "2026-11-20T11:59:00Z".parse().unwrap();
    let count = i64::try_from(values.len()).unwrap();
    values
        .iter()
        .enumerate()
        .filter_map(|(index, value)| {
            let back = count - 1 - i64::try_from(index).unwrap();
            Some(Datapoint {
                at: last - jiff::SignedDuration::from_mins(back),
                value: (*value)?,
                samples: Some(60.0),
            })
        })
        .collect()
}

fn all(values: &[f64]) -> Vec<Datapoint> {
    minutes(&values.iter().copied().map(Some).collect::<Vec<_>>())
}

fn reading<'a>(rule: &'a Rule, points: &'a [Datapoint]) -> AlarmReading<'a> {
    AlarmReading {
        state: "ALARM",
        reason: "Threshold Crossed: 3 out of the last 5 datapoints were greater than the threshold (80.0).",
        reason_data: Some(DATA),
        rule: Some(rule),
        points,
        least_samples: 0.0,
    }
}

fn word(reading: &AlarmReading<'_>) -> &'static str {
    judge(reading, now()).word()
}

#[test]
fn enough_breaching_datapoints_of_the_last_periods_are_a_load_to_act_on() {
    let (rule, points) = (rule(), all(&[10.0, 90.0, 95.0, 70.0, 85.0]));
    let AlarmNow::Breaching(figures) = judge(&reading(&rule, &points), now()) else {
        panic!("not breaching");
    };
    assert_eq!((figures.breaching, figures.judged), (3, 5));
    assert_eq!((figures.latest, figures.worst), (Some(85.0), Some(95.0)));
}

#[test]
fn the_state_that_is_read_wins_over_the_event_d06_w23() {
    let (rule, points) = (rule(), all(&[90.0; 5]));
    for (state, expected) in [
        ("OK", "no longer breaching"),
        ("INSUFFICIENT_DATA", "missing data"),
        ("PAUSED", "not known"),
        ("", "not known"),
        ("ALARM", "breaching"),
    ] {
        let seen = AlarmReading {
            state,
            ..reading(&rule, &points)
        };
        assert_eq!(word(&seen), expected, "{state}");
    }
}

#[test]
fn a_metric_that_no_longer_breaches_is_no_load_w24() {
    let (rule, points) = (rule(), all(&[90.0, 95.0, 70.0, 70.0, 70.0]));
    let of_itself = reading(&rule, &points);
    assert_eq!(word(&of_itself), "no longer breaching");
    for reason_data in [None, Some(""), Some("{}"), Some("null"), Some("not json")] {
        let forced = AlarmReading {
            reason: "testing alarm",
            reason_data,
            ..of_itself
        };
        assert_eq!(word(&forced), "set by hand", "{reason_data:?}");
    }
}

#[test]
fn an_alarm_set_by_hand_over_a_metric_that_breaches_is_a_load_all_the_same_w24() {
    let (rule, points) = (rule(), all(&[90.0; 5]));
    let forced = AlarmReading {
        reason_data: None,
        ..reading(&rule, &points)
    };
    assert_eq!(word(&forced), "breaching");
}

#[test]
fn missing_data_never_counts_as_load_whatever_the_alarm_makes_of_it_w23() {
    for missing in [
        MissingData::Missing,
        MissingData::Ignore,
        MissingData::Breaching,
        MissingData::NotBreaching,
    ] {
        let rule = Rule { missing, ..rule() };
        assert_eq!(word(&reading(&rule, &[])), "missing data", "{missing:?}");
    }
    let breaching = Rule {
        missing: MissingData::Breaching,
        ..rule()
    };
    let one = minutes(&[Some(90.0), None, None, None, None]);
    assert_eq!(word(&reading(&breaching, &one)), "missing data");
    let rule = rule();
    let told = AlarmReading {
        reason: "Threshold Crossed: no datapoints were received for 5 periods and 5 missing datapoints were treated \
                 as [Breaching].",
        ..reading(&rule, &one)
    };
    assert_eq!(word(&told), "missing data");
}

#[test]
fn one_datapoint_where_three_must_breach_is_not_enough_w21() {
    let (rule, one) = (rule(), minutes(&[None, None, None, None, Some(99.0)]));
    assert_eq!(word(&reading(&rule, &one)), "not enough data");
}

#[test]
fn nan_infinite_future_and_old_datapoints_do_not_count_w21() {
    let rule = rule();
    assert_eq!(word(&reading(&rule, &all(&[f64::NAN; 5]))), "missing data");
    assert_eq!(word(&reading(&rule, &all(&[f64::INFINITY; 5]))), "missing data");
    let shifted = |minutes: i64| -> Vec<Datapoint> {
        all(&[90.0; 5])
            .into_iter()
            .map(|point| Datapoint {
                at: point.at + jiff::SignedDuration::from_mins(minutes),
                ..point
            })
            .collect()
    };
    assert_eq!(
        word(&reading(&rule, &shifted(60))),
        "missing data",
        "in the future"
    );
    assert_eq!(
        word(&reading(&rule, &shifted(-60))),
        "missing data",
        "an hour old"
    );
    assert_eq!(word(&reading(&rule, &shifted(-2))), "breaching", "a little late");
}

#[test]
fn a_datapoint_that_came_twice_counts_once() {
    let (rule, mut points) = (rule(), minutes(&[None, None, None, None, Some(90.0)]));
    points.extend(points.clone());
    points.extend(points.clone());
    assert_eq!(word(&reading(&rule, &points)), "not enough data");
}

#[test]
fn a_percentile_over_a_few_samples_is_noise_w22() {
    let (rule, points) = (rule(), all(&[90.0; 5]));
    let thin: Vec<Datapoint> = points
        .iter()
        .map(|point| Datapoint {
            samples: Some(2.0),
            ..*point
        })
        .collect();
    let least = |points, least_samples| AlarmReading {
        least_samples,
        ..reading(&rule, points)
    };
    assert_eq!(word(&least(&points, 20.0)), "breaching");
    assert_eq!(word(&least(&thin, 20.0)), "not enough data");
    assert_eq!(word(&least(&thin, 0.0)), "breaching");
    let unread: Vec<Datapoint> = points
        .iter()
        .map(|point| Datapoint {
            samples: None,
            ..*point
        })
        .collect();
    assert_eq!(
        word(&least(&unread, 20.0)),
        "not enough data",
        "samples were not read"
    );
}

#[test]
fn an_alarm_without_a_fixed_threshold_is_not_guessed() {
    let (rule, points) = (rule(), all(&[90.0; 5]));
    let none = AlarmReading {
        rule: None,
        ..reading(&rule, &points)
    };
    assert_eq!(word(&none), "not known");
    for broken in [
        Rule {
            evaluation_periods: 0,
            ..rule
        },
        Rule {
            datapoints_to_alarm: 0,
            ..rule
        },
        Rule {
            datapoints_to_alarm: 6,
            ..rule
        },
        Rule {
            period_seconds: 0,
            ..rule
        },
        Rule {
            threshold: f64::NAN,
            ..rule
        },
    ] {
        assert_eq!(word(&reading(&broken, &points)), "not known", "{broken:?}");
    }
    assert_eq!(Comparison::named("GreaterThanUpperThreshold"), None);
}

#[test]
fn every_comparison_means_what_its_name_says() {
    for (name, below, same, above) in [
        ("GreaterThanOrEqualToThreshold", false, true, true),
        ("GreaterThanThreshold", false, false, true),
        ("LessThanOrEqualToThreshold", true, true, false),
        ("LessThanThreshold", true, false, false),
    ] {
        let comparison = Comparison::named(name).unwrap();
        let seen = [79.0, 80.0, 81.0].map(|value| comparison.breaches(value, 80.0));
        assert_eq!(seen, [below, same, above], "{name}");
        assert!(!comparison.breaches(f64::NAN, 80.0), "{name}");
    }
}

/// An event that says that the alarm began to ring at 11:58.
fn event() -> Occasion {
    let sample = include_str!("../../../../events/shapes/alarm-eventbridge.json");
    let Trigger::Alarm(mut event) = classify(sample.as_bytes()) else {
        unreachable!("the sample is an alarm");
    };
    event.changed_at = "2026-11-20T11:58:00Z".parse().unwrap();
    Occasion::Alarm(event)
}

#[test]
fn an_event_that_cloudwatch_does_not_confirm_is_refused_with_a_security_notice_e10() {
    let at = |text: &str| Some(text.parse().unwrap());
    let (before, after) = (at("2026-11-20T11:00:00Z"), at("2026-11-20T11:59:00Z"));
    let cut = at("2026-11-20T11:57:30Z");
    for (what, state, since, refused) in [
        ("calm since before", "OK", before, true),
        ("no data since before", "INSUFFICIENT_DATA", before, true),
        ("calm again", "OK", after, false),
        ("times that were cut", "OK", cut, false),
        ("it rings, since when ever", "ALARM", before, false),
        ("since when is not told", "OK", None, false),
    ] {
        let refusal = refuted(&event(), Ok((state, since)));
        assert_eq!(refusal.is_some(), refused, "{what}: {refusal:?}");
        if let Some(refusal) = refusal {
            assert!(refusal.says.starts_with(NOTICE), "{}", refusal.says);
            assert_eq!(refusal.guard, Guard::Event);
        }
        // Who was not called by an event claims nothing.
        assert_eq!(refuted(&Occasion::Manual, Ok((state, since))), None, "{what}");
    }
    let why = |cause| {
        Unreadable::new(
            "cloudwatch:DescribeAlarms",
            "prod-a-aurora-connections",
            cause,
            "",
        )
    };
    let unknown = refuted(&event(), Err(&why(Cause::NotFound))).unwrap();
    assert!(
        unknown.says.contains("does not know this alarm"),
        "{}",
        unknown.says
    );
    for other in [Cause::Denied, Cause::Throttled, Cause::TimedOut] {
        assert_eq!(refuted(&event(), Err(&why(other))), None, "{other:?}");
    }
}
