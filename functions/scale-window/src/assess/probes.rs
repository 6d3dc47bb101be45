//! `SCW-003`: declared endpoints, by status, JSON, latency and remaining certificate days.

use day2_core::{Item, Verdict};
use day2_probe::{Probe, Seen, complaints};
use jiff::Timestamp;

use super::{count, population};

/// Every declared endpoint answers as declared. An endpoint that gives no answer has failed: that is what it was
/// asked for.
pub(crate) fn probes(answers: &[(&Probe, &Seen)], now: Timestamp) -> Item {
    let mut wrong = Vec::new();
    for (probe, seen) in answers {
        let complaints = complaints(probe, seen, now);
        if !complaints.is_empty() {
            wrong.push((probe.name.clone(), complaints.join("; ")));
        }
    }
    let slowest = answers
        .iter()
        .filter_map(|(_, seen)| seen.answer.as_ref().ok())
        .map(|answer| answer.latency_ms)
        .max();
    let verdict = if wrong.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    let expected = u64::try_from(answers.len()).unwrap_or(u64::MAX);
    let slowest = slowest.map_or_else(String::new, |ms| format!(", slowest answer {ms} ms"));
    let seen = if answers.is_empty() {
        "no endpoint is declared".to_owned()
    } else {
        format!(
            "{} of {} as declared{slowest}",
            answers.len() - wrong.len(),
            count(answers.len(), "endpoint")
        )
    };
    Item::judge(
        "SCW-003",
        "declared endpoints answer",
        verdict,
        population(answers.len(), expected),
        seen,
    )
    .threshold(
        "status, JSON values, latency and certificate days as declared",
        "probes",
    )
    .remedy(
        "open the endpoint from inside the VPC; the application is not ready for users whatever its pods say",
    )
    .subjects(wrong)
}

#[cfg(test)]
mod tests {
    use day2_core::{Cause, Observed, Unreadable};
    use day2_probe::Answer;

    use super::*;

    fn probe(name: &str) -> Probe {
        Probe {
            name: name.into(),
            url: "https://coder.example/healthz".into(),
            expect_status: 200,
            json: Vec::new(),
            max_latency_ms: 2000,
            min_tls_days: 14,
            ca_pem: None,
        }
    }

    fn seen(answer: Observed<Answer>) -> Seen {
        Seen {
            answer,
            chain: None,
            ended: None,
        }
    }

    fn answered(status: u16) -> Seen {
        seen(Ok(Answer {
            status,
            latency_ms: 40,
            json: Ok(serde_json::Value::Null),
        }))
    }

    fn now() -> Timestamp {
        "2026-11-20T11:30:00Z".parse().unwrap()
    }

    #[test]
    fn an_endpoint_that_answers_otherwise_or_not_at_all_is_named_and_the_others_are_not() {
        let silent = seen(Err(Unreadable::new(
            "GET",
            "https://coder.example",
            Cause::TimedOut,
            "no complete answer",
        )));
        let (good, bad, dead) = (probe("good"), probe("bad"), probe("dead"));
        let answers = [(&good, &answered(200)), (&bad, &answered(503)), (&dead, &silent)];
        let item = probes(&answers, now());
        assert_eq!(item.verdict(), Verdict::Fail);
        let wrong: Vec<_> = item
            .subjects
            .iter()
            .map(|subject| (subject.name.as_str(), subject.says.as_str()))
            .collect();
        assert_eq!(
            wrong,
            [("bad", "HTTP 503 instead of 200"), ("dead", "no complete answer")]
        );
        assert_eq!(probes(&answers[..1], now()).verdict(), Verdict::Pass);
    }

    #[test]
    fn no_declared_endpoint_is_unknown() {
        assert_eq!(probes(&[], now()).verdict(), Verdict::Unknown);
    }
}
