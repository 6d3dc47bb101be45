//! `HLT-241` and `HLT-242`: whether users are served, and for how long the served certificates are good.

use day2_probe::{Probe, Seen, certificate_complaint, complaints, days_left};

use super::super::line::{Finding, Line};
use super::super::{Scene, words};

pub(super) fn lines(seen: &[Seen], scene: &Scene<'_>) -> Vec<Line> {
    let pairs: Vec<(&Probe, &Seen)> = scene.plan.probes.iter().zip(seen).collect();
    let mut lines = vec![answers(&pairs, scene)];
    lines.extend(certificates(&pairs, scene));
    lines
}

/// What is asked is that users are served: an endpoint that gives no answer has failed. Its certificate's dates are
/// `HLT-242`'s, so that they are told once.
fn answers(pairs: &[(&Probe, &Seen)], scene: &Scene<'_>) -> Line {
    let mut wrong = Vec::new();
    let mut slowest = None;
    for (probe, seen) in pairs {
        let without_dates = Seen {
            answer: seen.answer.clone(),
            chain: None,
            ended: None,
        };
        let complaints = complaints(probe, &without_dates, scene.now);
        if !complaints.is_empty() {
            // Without its query, which may hold a key.
            let url = probe.url.split(['?', '#']).next().unwrap_or_default();
            let says = format!("{}, asked at {url}", complaints.join("; "));
            wrong.push(Finding::of(&probe.name, says));
        }
        if let Ok(answer) = &seen.answer {
            slowest = slowest.max(Some(answer.latency_ms));
        }
    }
    let slowest = slowest.map_or_else(String::new, |ms| format!(", slowest answer {ms} ms"));
    let good = pairs.len() - wrong.len();
    let seen = if pairs.is_empty() {
        "no endpoint is declared; declare probes, or add \"endpoints\" to not_checked".to_owned()
    } else {
        format!(
            "{good} of {} as declared{slowest}",
            words::count(pairs.len(), "endpoint")
        )
    };
    Line::new("HLT-241", "declared endpoints answer", pairs.len())
        .seen(seen)
        .threshold("status, JSON values and latency as declared", "probes")
        .remedy("open the endpoint as a user would; the application does not serve, whatever its pods say")
        .wrong(wrong)
}

/// The certificate that is really served, by a handshake with the name that users ask for. What cert-manager or a Secret
/// holds says nothing about it until the server has loaded it.
fn certificates(pairs: &[(&Probe, &Seen)], scene: &Scene<'_>) -> Option<Line> {
    let secure: Vec<&(&Probe, &Seen)> = pairs
        .iter()
        .filter(|(probe, _)| probe.url.starts_with("https://"))
        .collect();
    if secure.is_empty() {
        return None;
    }
    let (mut wrong, mut unread, mut soonest) = (Vec::new(), Vec::new(), None::<(i64, String)>);
    for (probe, seen) in &secure {
        let complaint = certificate_complaint(probe, seen, scene.now);
        let Some(chain) = &seen.chain else {
            let why = seen
                .answer
                .as_ref()
                .err()
                .map_or("no certificate was served", |why| why.detail.as_str());
            match complaint {
                Some(complaint) => wrong.push(Finding::of(&probe.name, complaint)),
                None => unread.push((probe.name.clone(), why.to_owned())),
            }
            continue;
        };
        let days = days_left(chain.first_to_end().ends, scene.now);
        if soonest.as_ref().is_none_or(|(least, _)| days < *least) {
            soonest = Some((days, probe.name.clone()));
        }
        if let Some(complaint) = complaint {
            let leaf = &chain.leaf;
            let says = format!(
                "{complaint}; it is for {}, by {}, serial {}",
                leaf.names.join(", "),
                leaf.issuer,
                leaf.serial
            );
            wrong.push(Finding::of(&probe.name, says));
        }
    }
    let examined = secure.len() - unread.len();
    let soonest = soonest.map_or_else(String::new, |(days, name)| {
        format!(", the first to end in {days} days ({name})")
    });
    Some(
        Line::new("HLT-242", "served certificates stay good", examined)
            .seen(format!("{}{soonest}", words::count(examined, "endpoint")))
            .threshold(
                "as many days left as each endpoint declares, for every certificate of the chain",
                "probes[].min_tls_days",
            )
            .remedy("renew it, then see that this endpoint serves the new serial: a server that does not reload keeps the old one")
            .wrong(wrong)
            .unread(unread),
    )
}
