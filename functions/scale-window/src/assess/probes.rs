//! `SCW-003`: declared endpoints, by status, JSON, latency and remaining certificate days.

use day2_core::{Item, Observed, Verdict};
use jiff::Timestamp;

use super::{count, population};
use crate::facts::ProbeAnswer;
use crate::settings::Probe;

/// Every declared endpoint answers as declared. An endpoint that gives no answer has failed: that is what it was
/// asked for.
pub(crate) fn probes(answers: &[(&Probe, Observed<ProbeAnswer>)], now: Timestamp) -> Item {
    let mut wrong = Vec::new();
    for (probe, answer) in answers {
        let complaints = match answer {
            Err(why) => vec![why.detail.clone()],
            Ok(answer) => complaints(probe, answer, now),
        };
        if !complaints.is_empty() {
            wrong.push((probe.name.clone(), complaints.join("; ")));
        }
    }
    let slowest = answers
        .iter()
        .filter_map(|(_, answer)| answer.as_ref().ok())
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

fn complaints(probe: &Probe, answer: &ProbeAnswer, now: Timestamp) -> Vec<String> {
    let mut complaints = Vec::new();
    if answer.status != probe.expect_status {
        complaints.push(format!(
            "HTTP {} instead of {}",
            answer.status, probe.expect_status
        ));
    }
    for assertion in &probe.json {
        match &answer.json {
            Err(why) => complaints.push(format!("{}: {why}", assertion.pointer)),
            Ok(body) => match body.pointer(&assertion.pointer) {
                None => complaints.push(format!("{} is missing", assertion.pointer)),
                Some(value) if *value != assertion.equals => {
                    complaints.push(format!(
                        "{} is {value}, not {}",
                        assertion.pointer, assertion.equals
                    ));
                }
                Some(_) => {}
            },
        }
    }
    if answer.latency_ms > probe.max_latency_ms {
        complaints.push(format!(
            "answered after {} ms, limit {} ms",
            answer.latency_ms, probe.max_latency_ms
        ));
    }
    if let Some(ends) = answer.certificate_ends {
        let days = (ends.as_second() - now.as_second()).div_euclid(86_400);
        if days < i64::from(probe.min_tls_days) {
            complaints.push(format!(
                "certificate ends in {days} days, limit {} days",
                probe.min_tls_days
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::JsonAssertion;
    use day2_core::{Cause, Unreadable};
    use serde_json::json;

    fn probe() -> Probe {
        Probe {
            name: "api".into(),
            url: "https://coder.example/healthz".into(),
            expect_status: 200,
            json: vec![JsonAssertion {
                pointer: "/healthy".into(),
                equals: json!(true),
            }],
            max_latency_ms: 2000,
            min_tls_days: 14,
            ca_pem: None,
        }
    }

    fn answer() -> ProbeAnswer {
        ProbeAnswer {
            status: 200,
            latency_ms: 40,
            json: Ok(json!({"healthy": true})),
            certificate_ends: Some("2027-01-20T00:00:00Z".parse().unwrap()),
        }
    }

    fn judge(answer: Observed<ProbeAnswer>) -> Item {
        probes(&[(&probe(), answer)], "2026-11-20T11:30:00Z".parse().unwrap())
    }

    #[test]
    fn an_endpoint_that_answers_as_declared_passes() {
        assert_eq!(judge(Ok(answer())).verdict(), Verdict::Pass);
    }

    #[test]
    fn each_of_status_value_body_latency_and_certificate_fails_alone() {
        let wrong = [
            (
                ProbeAnswer {
                    status: 500,
                    ..answer()
                },
                "HTTP 500",
            ),
            (
                ProbeAnswer {
                    json: Ok(json!({"healthy": false})),
                    ..answer()
                },
                "is false",
            ),
            (
                ProbeAnswer {
                    json: Ok(json!({})),
                    ..answer()
                },
                "is missing",
            ),
            (
                ProbeAnswer {
                    json: Err("the body is not JSON".into()),
                    ..answer()
                },
                "not JSON",
            ),
            (
                ProbeAnswer {
                    latency_ms: 2001,
                    ..answer()
                },
                "2001 ms",
            ),
            (
                ProbeAnswer {
                    certificate_ends: Some("2026-12-01T00:00:00Z".parse().unwrap()),
                    ..answer()
                },
                "10 days",
            ),
            (
                ProbeAnswer {
                    certificate_ends: Some("2026-11-19T00:00:00Z".parse().unwrap()),
                    ..answer()
                },
                "-2 days",
            ),
        ];
        for (answer, words) in wrong {
            let item = judge(Ok(answer));
            assert_eq!(item.verdict(), Verdict::Fail, "{words}");
            assert!(
                item.subjects[0].says.contains(words),
                "{} lacks {words}",
                item.subjects[0].says
            );
        }
    }

    #[test]
    fn an_endpoint_that_gives_no_answer_has_failed() {
        let item = judge(Err(Unreadable::new(
            "GET",
            "https://coder.example",
            Cause::TimedOut,
            "no complete answer",
        )));
        assert_eq!(item.verdict(), Verdict::Fail);
    }

    #[test]
    fn no_declared_endpoint_is_unknown() {
        assert_eq!(
            probes(&[], "2026-11-20T11:30:00Z".parse().unwrap()).verdict(),
            Verdict::Unknown
        );
    }
}
