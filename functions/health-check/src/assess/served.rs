//! `HLT-174`: whether declared endpoints serve what cert-manager issued last. A renewal ends in a Secret, and what ends TLS may
//! go on with the certificate that it read at its start: until that ends, every other line is content.
//!
//! Sources: cert-manager API reference, `CertificateStatus` (`notBefore` and `notAfter` are those of the certificate in the
//! Secret); Kubernetes, "Secrets" (a `subPath` mount is never updated); Let's Encrypt dates `notBefore` back by one hour.

use day2_kube::objects::Certificate;
use day2_probe::{Probe, Seen};
use jiff::Timestamp;

use super::Scene;
use super::line::{Finding, Line};
use super::read::served;
use super::words::{age, count, longer_than};
use crate::facts::inside::Inside;

/// Seconds by which the ends of one and the same certificate may seem to differ.
const SLACK_SECONDS: i64 = 60;

/// Seconds by which a renewal may come beside its time: attempts that failed first.
const LATE_SECONDS: i64 = 2 * 24 * 60 * 60;

/// What an endpoint showed in its handshake.
#[derive(Debug, Clone)]
struct Shown {
    /// Begin of validity; not known of a certificate that was refused because it has ended.
    begins: Option<Timestamp>,
    ends: Timestamp,
    says: String,
}

impl Shown {
    fn of(seen: &Seen) -> Option<Self> {
        let leaf = seen.chain.as_ref().map(|chain| &chain.leaf);
        let shown = leaf.map(|leaf| Self {
            begins: Some(leaf.begins),
            ends: leaf.ends,
            says: format!(
                "the one until {}, by {}, serial {}",
                leaf.ends.strftime("%F"),
                leaf.issuer,
                leaf.serial
            ),
        });
        shown.or_else(|| {
            seen.ended.map(|ends| Self {
                begins: None,
                ends,
                says: format!("the one that ended on {}", ends.strftime("%F")),
            })
        })
    }
}

/// What a served certificate is to one that cert-manager keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// It, or one that is as good; or it has just been renewed.
    Current,
    /// An earlier issue of it.
    Earlier,
    /// Of another origin, for example the load balancer's own.
    Foreign,
}

pub(super) fn line(inside: &Inside, endpoints: Option<&[Seen]>, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-174";
    const TITLE: &str = "endpoints serve the certificate that was issued last";
    let secure: Vec<(&Probe, &str, &Seen)> = scene
        .plan
        .probes
        .iter()
        .zip(endpoints?)
        .filter_map(|(probe, seen)| Some((probe, host(&probe.url)?, seen)))
        .collect();
    if secure.is_empty() {
        return None;
    }
    let (all, shortfall) = match served(inside.certificates.as_ref(), CODE, TITLE)? {
        Ok(read) => read,
        Err(line) => return Some(line),
    };
    let (mut examined, mut foreign, mut wrong, mut unread) = (0, 0, Vec::new(), Vec::new());
    for (probe, host, seen) in secure {
        let mine: Vec<&Certificate> = all.iter().filter(|one| is_for(one, host)).collect();
        if mine.is_empty() {
            continue;
        }
        let Some(shown) = Shown::of(seen) else {
            let why = seen.answer.as_ref().err();
            let why = why.map_or("no certificate was served", |why| why.detail.as_str());
            unread.push((probe.name.clone(), why.to_owned()));
            continue;
        };
        let earlier = |one: &&&Certificate| relation(one, &shown, scene) == Relation::Earlier;
        if mine
            .iter()
            .any(|one| relation(one, &shown, scene) == Relation::Current)
        {
            examined += 1;
        } else if let Some(one) = mine.iter().filter(earlier).max_by_key(|one| one.not_after) {
            examined += 1;
            wrong.push(Finding::inside(
                &one.namespace,
                &probe.name,
                says(one, &shown, scene.now),
            ));
        } else {
            foreign += 1;
        }
    }
    let others = if foreign == 0 {
        String::new()
    } else {
        format!(", {foreign} more with a certificate of another origin")
    };
    Some(
        Line::new(CODE, TITLE, examined)
            .if_any()
            .seen(format!(
                "{} compared with cert-manager's{others}",
                count(examined, "endpoint")
            ))
            .threshold(
                format!("at most {} h after it was issued", scene.plan.certificates.renewal_hours),
                "certificates.renewal_hours",
            )
            .remedy(
                "what ends TLS there has not loaded the renewed Secret: reload or restart that pod, ingress controller or gateway; \
                 a Secret mounted with subPath is never updated in a pod, and what was imported into a load balancer must be \
                 imported again; renewing once more changes nothing",
            )
            .wrong(wrong)
            .unread(unread)
            .short_of(shortfall),
    )
}

fn says(issued: &Certificate, shown: &Shown, now: Timestamp) -> String {
    let when = issued
        .not_before
        .map_or_else(String::new, |at| format!(" {} ago", age(at, now)));
    let until = issued
        .not_after
        .map_or_else(String::new, |end| format!(", until {}", end.strftime("%F")));
    format!(
        "still serves {}, although cert-manager issued {}/Certificate/{}{when}{until}",
        shown.says, issued.namespace, issued.name
    )
}

/// The earlier issue of a certificate begins and ends before it, lives as long, give or take a tenth (its issuer decides that), and was
/// renewed at its time, of which the present one tells. So neither the certificate of a load balancer in front nor that of another
/// cluster, for the same name, is taken for an old one.
fn relation(issued: &Certificate, shown: &Shown, scene: &Scene<'_>) -> Relation {
    let (Some(begin), Some(end)) = (issued.not_before, issued.not_after) else {
        return Relation::Foreign;
    };
    // One that has ended is HLT-172's, and nobody should load it.
    if shown.ends.as_second() + SLACK_SECONDS >= end.as_second() || end <= scene.now {
        return Relation::Current;
    }
    if let Some(begins) = shown.begins {
        let lives = |from: Timestamp, to: Timestamp| to.as_second() - from.as_second();
        let (old, new) = (lives(begins, shown.ends), lives(begin, end));
        if begins >= begin || (old - new).abs() > old.max(new) / 10 {
            return Relation::Foreign;
        }
    }
    if let Some(renewal) = issued.renewal_time {
        let fits = end.as_second() - (renewal.as_second() - begin.as_second());
        if (shown.ends.as_second() - fits).abs() > LATE_SECONDS {
            return Relation::Foreign;
        }
    }
    let minutes = scene.plan.certificates.renewal_hours.saturating_mul(60);
    if longer_than(minutes, begin, scene.now) {
        Relation::Earlier
    } else {
        Relation::Current
    }
}

/// The host of an `https` address. That it is one, and holds no user, the settings have made sure of.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // An address of version 6 is no name.
    (!authority.starts_with('[')).then(|| authority.split(':').next())?
}

fn is_for(one: &Certificate, host: &str) -> bool {
    one.not_after.is_some() && one.dns_names.iter().any(|name| covers(name, host))
}

/// Case does not matter, and `*` stands for exactly one whole label (RFC 9525, sections 6.3 and 7.1).
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    let host = host.strip_suffix('.').unwrap_or(&host);
    match name.strip_prefix("*.") {
        None => name == host,
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_one_label_and_case_for_nothing() {
        for (name, host, is_covered) in [
            ("shop.example", "shop.example", true),
            ("Shop.Example", "shop.EXAMPLE.", true),
            ("*.shop.example", "www.shop.example", true),
            ("*.shop.example", "shop.example", false),
            ("*.shop.example", "a.b.shop.example", false),
            ("*.shop.example", ".shop.example", false),
            ("shop.example", "www.shop.example", false),
            ("*", "localhost", false),
        ] {
            assert_eq!(covers(name, host), is_covered, "{name} and {host}");
        }
    }

    #[test]
    fn only_an_https_address_with_a_name_has_a_host_to_compare() {
        for (url, expected) in [
            ("https://shop.example/healthz?a=b", Some("shop.example")),
            ("https://shop.example:8443", Some("shop.example")),
            ("https://shop.example?x", Some("shop.example")),
            ("https://[::1]:8443/", None),
            ("http://shop.example/", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
