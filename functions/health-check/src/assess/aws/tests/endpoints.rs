use day2_core::Verdict::{Fail, Unknown};
use day2_core::{Cause, Unreadable};
use serde_json::json;

use super::world::{World, answered};

#[test]
fn an_endpoint_that_answers_wrongly_fails_and_its_good_certificate_does_not() {
    let mut world = World::healthy();
    world.facts.endpoints = Some(vec![answered(503, "2027-02-01")]);
    world.assert_only(&[("HLT-241", Fail)]);
    let says = "HTTP 503 instead of 200, asked at https://shop.example/healthz";
    assert_eq!(world.named("HLT-241"), [("shop".to_owned(), says.to_owned())]);
}

#[test]
fn a_certificate_that_ends_soon_fails_its_own_line_and_says_which_it_is() {
    let mut world = World::healthy();
    world.facts.endpoints = Some(vec![answered(200, "2026-11-25")]);
    world.assert_only(&[("HLT-242", Fail)]);
    assert_eq!(
        world.named("HLT-242")[0].1,
        "certificate ends in 4 days, on 2026-11-25, limit 14 days; it is for shop.example, by CN=R11, serial 0a:1b"
    );
}

#[test]
fn an_ended_certificate_fails_both_lines_because_users_are_refused() {
    let mut ended = answered(200, "2026-11-18");
    ended.answer = Err(Unreadable::new(
        "GET",
        "https://shop.example",
        Cause::Other,
        "TLS refused: certificate expired",
    ));
    ended.ended = ended.chain.take().map(|chain| chain.leaf.ends);
    let mut world = World::healthy();
    world.facts.endpoints = Some(vec![ended]);
    world.assert_only(&[("HLT-241", Fail), ("HLT-242", Fail)]);
    assert!(
        world.named("HLT-242")[0]
            .1
            .starts_with("certificate ended 3 days ago")
    );
}

#[test]
fn an_endpoint_that_is_silent_has_failed_and_its_certificate_is_unknown() {
    let mut silent = answered(200, "2027-02-01");
    silent.answer = Err(Unreadable::new("GET", "u", Cause::TimedOut, "no complete answer"));
    silent.chain = None;
    let mut world = World::healthy();
    world.facts.endpoints = Some(vec![silent]);
    world.assert_only(&[("HLT-241", Fail), ("HLT-242", Unknown)]);
}

#[test]
fn plain_http_has_no_line_about_certificates() {
    let mut world =
        World::with(&json!({"probes": [{"name": "shop", "url": "http://shop.internal/healthz"}]}));
    let mut plain = answered(200, "2027-02-01");
    plain.chain = None;
    world.facts.endpoints = Some(vec![plain]);
    world.assert_only(&[]);
    assert!(!world.items().iter().any(|item| item.code == "HLT-242"));
}

#[test]
fn without_a_declared_endpoint_nobody_knows_whether_users_are_served_w25() {
    let mut world = World::with(&json!({"probes": []}));
    world.facts.endpoints = Some(Vec::new());
    world.assert_only(&[("HLT-241", Unknown)]);
    assert!(world.item("HLT-241").seen.contains("declare probes"));
}
