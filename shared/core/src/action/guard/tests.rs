use serde_json::json;

use super::*;
use crate::action::{Begun, CoolDown, Mode};
use crate::settings::Mistakes;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn safety() -> Safety {
    Safety {
        mode: Mode::Auto,
        cool_down_minutes: 30,
        max_event_age_minutes: 15,
        max_actions_per_day: 2,
        max_steps: 2,
        approval_minutes: 60,
    }
}

const NOW: &str = "2026-03-06T12:00:00Z";

#[test]
fn each_refusal_names_its_number_and_the_setting_that_allows_it() {
    let refusal = cap_count("nodes", 6, 5, "step.max_nodes").unwrap();
    assert_eq!(refusal.guard, Guard::Cap);
    assert!(
        refusal.says.contains("6 nodes") && refusal.says.contains("at most 5"),
        "{}",
        refusal.says
    );
    assert_eq!(refusal.allowed_by, "step.max_nodes");
}

#[test]
fn a_cap_by_count_allows_what_reaches_it_and_no_more_d10() {
    assert_eq!(cap_count("nodes", 5, 5, "s"), None);
    assert!(cap_count("nodes", 6, 5, "s").is_some());
    assert!(cap_steps(2, &safety()).is_none());
    assert!(cap_steps(3, &safety()).is_some());
}

#[test]
fn a_cap_by_percent_allows_what_reaches_it_and_nothing_of_nothing_d10() {
    let half = Percent::new(50.0).unwrap();
    assert_eq!(cap_percent("nodes", 5, 10, half, "s"), None);
    assert!(cap_percent("nodes", 6, 10, half, "s").is_some());
    assert_eq!(cap_percent("nodes", 0, 0, half, "s"), None);
    let of_nothing = cap_percent("nodes", 1, 0, half, "s").unwrap();
    assert!(
        of_nothing.says.contains("are more than all"),
        "{}",
        of_nothing.says
    );
    let seven = cap_percent("nodes", 7, 12, half, "s").unwrap();
    assert!(seven.says.contains("7 of 12 nodes are 58.3 %"), "{}", seven.says);
}

#[test]
fn a_stale_alarm_is_not_acted_on_d07() {
    let now = at(NOW);
    assert_eq!(freshness(at("2026-03-06T11:45:00Z"), now, &safety()), None);
    let stale = freshness(at("2026-03-06T05:59:00Z"), now, &safety()).unwrap();
    assert!(stale.says.contains("361 minutes"), "{}", stale.says);
    assert_eq!(stale.guard, Guard::Freshness);
    assert!(freshness(at("2026-03-06T11:44:59Z"), now, &safety()).is_some());
}

#[test]
fn a_state_change_in_the_future_is_allowed_only_as_far_as_clocks_differ_d16() {
    let now = at(NOW);
    assert_eq!(freshness(at("2026-03-06T12:05:00Z"), now, &safety()), None);
    assert!(freshness(at("2026-03-06T12:05:01Z"), now, &safety()).is_some());
}

#[test]
fn the_pause_holds_for_other_occasions_and_not_for_another_delivery_of_the_same_d08_d12() {
    let standing = Standing {
        cool_down: Some(CoolDown {
            occasion: "a".to_owned(),
            until: at("2026-03-06T12:10:00Z"),
        }),
        ..Standing::default()
    };
    assert_eq!(cool_down(&standing, "b", at(NOW)).unwrap().guard, Guard::CoolDown);
    assert_eq!(cool_down(&standing, "a", at(NOW)), None);
    assert_eq!(cool_down(&standing, "b", at("2026-03-06T12:10:00Z")), None);
    assert_eq!(cool_down(&Standing::default(), "b", at(NOW)), None);
}

#[test]
fn the_circuit_breaker_counts_what_began_to_change_something_in_the_last_day_d10() {
    let begun = |occasion: &str, at_: &str| Begun {
        occasion: occasion.to_owned(),
        at: at(at_),
    };
    let mut standing = Standing {
        begun: vec![
            begun("a", "2026-03-05T11:59:59Z"), // more than a day ago
            begun("b", "2026-03-06T02:00:00Z"),
        ],
        ..Standing::default()
    };
    assert_eq!(circuit_breaker(&standing, "d", at(NOW), &safety()), None);
    standing.begun.push(begun("c", "2026-03-06T03:00:00Z"));
    let tripped = circuit_breaker(&standing, "d", at(NOW), &safety()).unwrap();
    assert_eq!(tripped.guard, Guard::CircuitBreaker);
    assert!(tripped.says.contains("2 runs"), "{}", tripped.says);
    // Another delivery of what has begun goes on.
    assert_eq!(circuit_breaker(&standing, "c", at(NOW), &safety()), None);
}

#[test]
fn a_deny_list_takes_names_and_beginnings_k22() {
    let list = ["kube-system", "istio-*"];
    assert!(deny_list("namespace", "kube-system", &list, "s").is_some());
    assert!(deny_list("namespace", "istio-ingress", &list, "s").is_some());
    assert_eq!(deny_list("namespace", "kube-system-tools", &list, "s"), None);
    assert_eq!(deny_list("namespace", "coder", &list, "s"), None);
}

#[test]
fn nothing_is_done_shortly_before_a_planned_change_w16() {
    let now = at(NOW);
    let guard = |at_: &str| window("scale-down of workspace", at(at_), now, 30, "s");
    assert!(guard("2026-03-06T12:30:00Z").is_some());
    assert!(guard("2026-03-06T12:00:00Z").is_some());
    assert_eq!(guard("2026-03-06T12:30:01Z"), None);
    assert_eq!(guard("2026-03-06T11:59:59Z"), None);
}

#[test]
fn a_degraded_platform_is_not_disturbed_further() {
    assert_eq!(degraded("nodes", 1, 1, "s"), None);
    assert_eq!(degraded("nodes", 2, 1, "s").unwrap().guard, Guard::Degraded);
}

#[test]
fn an_event_of_another_account_or_region_is_foreign_whatever_its_names_say_e08_e09() {
    let target: Target = deserr::deserialize::<_, _, Mistakes>(json!({
        "name": "prod-a", "account_id": "123456789012", "region": "us-east-1"
    }))
    .unwrap();
    let guard =
        |account: &str, region: &str| foreign(&account.parse().unwrap(), &region.parse().unwrap(), &target);
    assert_eq!(guard("123456789012", "us-east-1"), None);
    for (account, region) in [
        ("210987654321", "us-east-1"),
        ("123456789012", "eu-west-1"),
        ("210987654321", "eu-west-1"),
    ] {
        let refusal = guard(account, region).unwrap();
        assert_eq!(refusal.guard, Guard::Foreign);
        assert!(
            refusal.says.contains(account) && refusal.says.contains(region),
            "{}",
            refusal.says
        );
    }
}

#[test]
fn every_guard_has_words_of_its_own() {
    let words = [
        Guard::DenyList,
        Guard::Cap,
        Guard::CoolDown,
        Guard::Window,
        Guard::Freshness,
        Guard::Foreign,
        Guard::CircuitBreaker,
        Guard::Degraded,
        Guard::Ownership,
        Guard::Unreadable,
        Guard::Approval,
        Guard::Journal,
    ]
    .map(Guard::words);
    let different: std::collections::BTreeSet<&str> = words.into_iter().collect();
    assert_eq!((different.len(), words[2]), (12, "cool-down"));
}
