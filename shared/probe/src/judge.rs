//! What an answer lacks. Pure.

use jiff::Timestamp;

use crate::ask::{Answer, Seen};
use crate::certificate::Chain;
use crate::settings::Probe;

/// Everything that is not as declared, in words; empty when all is. An endpoint that gave no answer has failed: that is
/// what it was asked for.
#[must_use]
pub fn complaints(probe: &Probe, seen: &Seen, now: Timestamp) -> Vec<String> {
    let mut complaints = match &seen.answer {
        Err(why) => vec![why.detail.clone()],
        Ok(answer) => of_answer(probe, answer),
    };
    complaints.extend(certificate_complaint(probe, seen, now));
    complaints
}

fn of_answer(probe: &Probe, answer: &Answer) -> Vec<String> {
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
    complaints
}

/// What is wrong with the dates of the certificates that were served, if something is. The first to end decides, which may
/// be that of an authority.
#[must_use]
pub fn certificate_complaint(probe: &Probe, seen: &Seen, now: Timestamp) -> Option<String> {
    match (&seen.chain, seen.ended) {
        (Some(chain), _) => chain_complaint(chain, probe.min_tls_days, now),
        (None, Some(ended)) => ends_soon("certificate", ended, probe.min_tls_days, now),
        (None, None) => None,
    }
}

/// What is wrong with the dates of a chain, if something is: the certificate that ends first has less than `min_days` left.
#[must_use]
pub fn chain_complaint(chain: &Chain, min_days: u32, now: Timestamp) -> Option<String> {
    let first = chain.first_to_end();
    let whose = if first == &chain.leaf {
        "certificate".to_owned()
    } else {
        format!("the authority's certificate of {}", first.names.join(", "))
    };
    ends_soon(&whose, first.ends, min_days, now)
}

fn ends_soon(whose: &str, ends: Timestamp, min_days: u32, now: Timestamp) -> Option<String> {
    let (days, date) = (days_left(ends, now), ends.strftime("%F"));
    if days < 0 {
        Some(format!("{whose} ended {} days ago, on {date}", -days))
    } else if days < i64::from(min_days) {
        Some(format!(
            "{whose} ends in {days} days, on {date}, limit {min_days} days"
        ))
    } else {
        None
    }
}

/// Whole days from `now` to the end, rounded down: −1 from the first second after it.
#[must_use]
pub fn days_left(ends: Timestamp, now: Timestamp) -> i64 {
    (ends.as_second() - now.as_second()).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use day2_core::{Cause, Unreadable};
    use serde_json::json;

    use super::*;
    use crate::certificate::Certificate;
    use crate::settings::JsonAssertion;

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

    fn answer() -> Answer {
        Answer {
            status: 200,
            latency_ms: 40,
            json: Ok(json!({"healthy": true})),
        }
    }

    fn certificate(name: &str, ends: &str) -> Certificate {
        Certificate {
            names: vec![name.to_owned()],
            issuer: "CN=ca".into(),
            serial: "01".into(),
            begins: "2026-01-01T00:00:00Z".parse().unwrap(),
            ends: format!("{ends}T00:00:00Z").parse().unwrap(),
        }
    }

    fn chain(leaf: &str, authority: &str) -> Chain {
        Chain {
            leaf: certificate("coder.example", leaf),
            authorities: vec![certificate("CN=R11", authority)],
        }
    }

    fn judged(answer: Answer, chain: Option<Chain>) -> Vec<String> {
        let seen = Seen {
            answer: Ok(answer),
            chain,
            ended: None,
        };
        complaints(&probe(), &seen, now())
    }

    fn now() -> Timestamp {
        "2026-11-20T11:30:00Z".parse().unwrap()
    }

    #[test]
    fn an_endpoint_that_answers_as_declared_has_no_complaint() {
        let none: [String; 0] = [];
        assert_eq!(judged(answer(), Some(chain("2027-01-20", "2028-01-01"))), none);
        assert_eq!(judged(answer(), None), none, "plain HTTP has no certificate");
    }

    #[test]
    fn each_thing_that_is_not_as_declared_is_said() {
        let good = || chain("2027-01-20", "2028-01-01");
        let told = |json| Answer { json, ..answer() };
        let rows = [
            (
                Answer {
                    status: 503,
                    ..answer()
                },
                good(),
                "HTTP 503 instead of 200",
            ),
            (
                told(Ok(json!({"healthy": false}))),
                good(),
                "/healthy is false, not true",
            ),
            (told(Ok(json!({}))), good(), "/healthy is missing"),
            (
                told(Err("the body is not JSON".into())),
                good(),
                "/healthy: the body is not JSON",
            ),
            (
                Answer {
                    latency_ms: 2001,
                    ..answer()
                },
                good(),
                "answered after 2001 ms, limit 2000 ms",
            ),
            (
                answer(),
                chain("2026-12-01", "2028-01-01"),
                "certificate ends in 10 days, on 2026-12-01, limit 14 days",
            ),
            (
                answer(),
                chain("2026-11-19", "2028-01-01"),
                "certificate ended 2 days ago, on 2026-11-19",
            ),
            (
                answer(),
                chain("2027-01-20", "2026-11-25"),
                "the authority's certificate of CN=R11 ends in 4 days, on 2026-11-25, limit 14 days",
            ),
        ];
        for (answer, chain, words) in rows {
            assert_eq!(judged(answer, Some(chain)), [words]);
        }
    }

    #[test]
    fn a_connection_refused_for_a_certificate_that_ended_is_told_with_its_end() {
        let why = Unreadable::new(
            "GET",
            "https://coder.example",
            Cause::Other,
            "TLS refused: expired",
        );
        let seen = Seen {
            answer: Err(why),
            chain: None,
            ended: Some("2026-11-19T00:00:00Z".parse().unwrap()),
        };
        assert_eq!(
            complaints(&probe(), &seen, now()),
            [
                "TLS refused: expired",
                "certificate ended 2 days ago, on 2026-11-19"
            ]
        );
    }
}
