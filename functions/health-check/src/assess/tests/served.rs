//! What declared endpoints serve, against what cert-manager issued last.

use day2_core::{Cause, Unreadable, Verdict};
use day2_probe::{Answer, Certificate, Chain, Seen};
use serde_json::{Value, json};

use super::world::{World, ago};

const DAY: i64 = 60 * 24;

/// cert-manager's certificate for a name, issued so many minutes ago, to live for 90 days.
fn issued(name: &str, minutes: i64) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(DAY * 300)},
           "spec": {"secretName": "web-tls", "dnsNames": ["other.example", name]},
           "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(DAY * 300)}],
                      "notBefore": ago(minutes), "notAfter": ago(minutes - DAY * 90), "renewalTime": ago(minutes - DAY * 60)}})
}

/// An answer with a certificate that begins so many minutes ago and lives for so many days.
fn serving(minutes: i64, days: i64) -> Seen {
    Seen {
        answer: Ok(Answer {
            status: 200,
            latency_ms: 40,
            json: Ok(Value::Null),
        }),
        chain: Some(Chain {
            leaf: Certificate {
                names: vec!["shop.example".to_owned()],
                issuer: "CN=R11".to_owned(),
                serial: "0a:1b".to_owned(),
                begins: ago(minutes).parse().unwrap(),
                ends: ago(minutes - DAY * days).parse().unwrap(),
            },
            authorities: Vec::new(),
        }),
        ended: None,
    }
}

fn world(seen: Seen) -> World {
    World::well().endpoint("shop", "https://shop.example/healthz", seen)
}

/// The dates alone pass every other line: 85 days are left of one, 25 of the other.
#[test]
fn an_endpoint_that_did_not_load_the_renewed_certificate_fails_with_both_ends_and_its_owner() {
    let world = world(serving(DAY * 65, 90))
        .with("certificates", issued("shop.example", DAY * 5))
        .plan(
            "ownership",
            json!({"namespaces": {"shop": "sales"}, "platform": "ops"}),
        );
    let (code, name, says) = world.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-174", "shop"));
    assert_eq!(
        says,
        "still serves the one until 2026-12-15, by CN=R11, serial 0a:1b, although cert-manager issued \
         shop/Certificate/web 5 d ago, until 2027-02-13"
    );
    let item = world.item("HLT-174");
    assert_eq!(item.owner.as_deref(), Some("sales"));
    assert_eq!(item.population().examined, 1);
}

#[test]
fn only_an_earlier_issue_that_had_the_time_to_be_replaced_is_told() {
    for (what, seen, certificate, examined) in [
        (
            "the issued one",
            serving(DAY * 20, 90),
            issued("shop.example", DAY * 20),
            Some(1),
        ),
        (
            "one minute apart, by clocks",
            serving(DAY * 20 + 1, 90),
            issued("shop.example", DAY * 20),
            Some(1),
        ),
        (
            "renewed within the hours that are granted",
            serving(DAY * 60, 90),
            issued("shop.example", 60 * 24),
            Some(1),
        ),
        (
            "later than the issued one",
            serving(DAY * 10, 90),
            issued("shop.example", DAY * 20),
            Some(1),
        ),
        (
            "of a load balancer, which lives longer",
            serving(DAY * 380, 397),
            issued("shop.example", DAY * 20),
            Some(0),
        ),
        (
            "of another cluster, which renews at other times",
            serving(DAY * 40, 90),
            issued("shop.example", DAY * 20),
            Some(0),
        ),
        (
            "of another origin, made after it",
            serving(DAY * 5, 30),
            issued("shop.example", DAY * 20),
            Some(0),
        ),
        (
            "a wildcard that covers it, loaded",
            serving(DAY * 20, 90),
            issued("*.example", DAY * 20),
            Some(1),
        ),
        (
            "no certificate is for this host",
            serving(DAY * 60, 90),
            issued("www.shop.example", DAY * 20),
            None,
        ),
        (
            "a wildcard is for one label only",
            serving(DAY * 60, 90),
            issued("*.shop.example", DAY * 20),
            None,
        ),
    ] {
        let world = world(seen).with("certificates", certificate);
        world.is_well(what);
        let judged = world.judged();
        let item = judged.items.iter().find(|item| item.code == "HLT-174");
        // An endpoint that shows nothing of cert-manager's is compared with nothing: there is no line, and that is said.
        let expected = examined.filter(|count| *count > 0);
        assert_eq!(item.map(|item| item.population().examined), expected, "{what}");
        let absent = judged.absent.contains(&"HLT-174".to_owned());
        assert_eq!(absent, expected.is_none(), "{what}");
    }
}

#[test]
fn an_old_certificate_that_has_ended_meanwhile_is_still_told_by_what_was_issued() {
    let mut ended = serving(DAY * 100, 90);
    ended.ended = ended.chain.take().map(|chain| chain.leaf.ends);
    ended.answer = Err(Unreadable::new(
        "GET",
        "u",
        Cause::Other,
        "TLS refused: certificate expired",
    ));
    let world = world(ended).with("certificates", issued("shop.example", DAY * 40));
    assert_eq!(world.named(), ["HLT-174 shop", "HLT-241 shop", "HLT-242 shop"]);
    assert!(
        world.item("HLT-174").subjects[0]
            .says
            .starts_with("still serves the one that ended on 2026-11-10")
    );
}

#[test]
fn one_of_two_certificates_for_the_name_is_enough() {
    let mut second = issued("shop.example", DAY * 60);
    second["metadata"]["name"] = json!("web-ecdsa");
    world(serving(DAY * 60, 90))
        .with("certificates", issued("shop.example", DAY * 20))
        .with("certificates", second)
        .is_well("the endpoint serves the other one");
}

#[test]
fn a_silent_endpoint_and_certificates_that_are_denied_leave_the_comparison_unknown_w28() {
    let mut silent = serving(DAY * 60, 90);
    silent.chain = None;
    silent.answer = Err(Unreadable::new("GET", "u", Cause::TimedOut, "no complete answer"));
    let blind = world(silent).with("certificates", issued("shop.example", DAY * 20));
    assert_eq!(blind.item("HLT-174").verdict(), Verdict::Unknown);
    assert!(
        blind.item("HLT-174").subjects[0]
            .says
            .contains("no complete answer")
    );
    let denied = world(serving(DAY * 60, 90)).of("certificates", json!("forbidden"));
    let item = denied.item("HLT-174");
    assert_eq!(item.verdict(), Verdict::Unknown);
    assert!(item.seen.contains("permission denied"), "{}", item.seen);
    assert_eq!(denied.item("HLT-242").verdict(), Verdict::Pass);
}

#[test]
fn without_endpoints_cert_manager_or_the_group_nothing_is_said() {
    let code = "HLT-174".to_owned();
    let told = |world: &World| {
        let judged = world.judged();
        let is_line = judged.items.iter().any(|item| item.code == code);
        (is_line, judged.absent.contains(&code))
    };
    let certificate = || issued("shop.example", DAY * 20);
    assert_eq!(
        told(&World::well().with("certificates", certificate())),
        (false, false)
    );
    let plain = World::well().endpoint("shop", "http://shop.example/", serving(DAY * 60, 90));
    assert_eq!(told(&plain.with("certificates", certificate())), (false, false));
    let off = world(serving(DAY * 60, 90)).plan("not_checked", json!(["certificates"]));
    assert_eq!(told(&off.with("certificates", certificate())), (false, false));
    assert_eq!(
        told(&world(serving(DAY * 60, 90))),
        (false, true),
        "cert-manager is not there"
    );
}
