use day2_core::Verdict::{Fail, Unknown};
use serde_json::json;

use super::world::{World, ago, coverage, denied, detector, finding, hub_finding};

const MINING: &str = "CryptoCurrency:Runtime/BitcoinTool.B!DNS";

#[test]
fn findings_are_told_by_resource_and_type_with_how_often_they_were_seen() {
    let mut world = World::healthy();
    let mut worst = finding("3", "pods shop/web-1", "Execution:Runtime/ReverseShell");
    worst.severity = 9.0;
    world.security().findings = Ok(vec![
        finding("1", "pods shop/web-1", MINING),
        finding("2", "pods shop/web-1", MINING),
        worst,
        finding("4", "instance i-1", MINING),
    ]);
    world.assert_only(&[("HLT-211", Fail)]);
    let named = world.named("HLT-211");
    let titles: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Execution:Runtime/ReverseShell on pods shop/web-1",
            "CryptoCurrency:Runtime/BitcoinTool.B!DNS on instance i-1",
            "CryptoCurrency:Runtime/BitcoinTool.B!DNS on pods shop/web-1",
        ]
    );
    assert_eq!(
        named[2].1,
        "severity 8.0 in cluster prod-a, seen 6 times in 2 findings, first 2 d ago, last 60 min ago: \
         A privileged container was launched"
    );
}

#[test]
fn archived_findings_examples_and_those_of_other_accounts_do_not_count() {
    let mut world = World::healthy();
    let (mut archived, mut sample) = (
        finding("1", "pods shop/web-1", MINING),
        finding("2", "pods shop/web-2", MINING),
    );
    archived.archived = true;
    sample.sample = true;
    let mut foreign = finding("3", "pods shop/web-3", MINING);
    foreign.account = "210987654321".into();
    world.security().findings = Ok(vec![archived, sample, foreign]);
    world.assert_only(&[]);
    assert_eq!(
        world.item("HLT-211").seen,
        "0 findings open in 0 groups, 3 archived, examples or of other accounts"
    );
}

#[test]
fn where_nobody_looks_no_findings_is_unknown_w25() {
    let mut none = World::healthy();
    none.security().detectors = Ok(Vec::new());
    none.security().findings = Err(denied("guardduty:ListDetectors"));
    none.assert_only(&[("HLT-211", Unknown), ("HLT-212", Unknown)]);
    assert!(none.named("HLT-212")[0].1.contains("not switched on"));

    let mut suspended = World::healthy();
    suspended.security().detectors = Ok(vec![detector("DISABLED")]);
    suspended.assert_only(&[("HLT-211", Unknown), ("HLT-212", Unknown)]);
    assert!(suspended.named("HLT-211")[0].1.contains("no new findings"));
}

#[test]
fn an_agent_that_does_not_report_or_is_not_there_is_unknown() {
    let mut unhealthy = World::healthy();
    unhealthy.security().runtime.as_mut().unwrap().cluster =
        Ok(vec![coverage("UNHEALTHY"), coverage("HEALTHY")]);
    unhealthy.assert_only(&[("HLT-212", Unknown)]);
    let says = "agents are UNHEALTHY: Agent Not Reporting, 3 of 5 nodes covered";
    assert_eq!(
        unhealthy.named("HLT-212"),
        [("prod-a".to_owned(), says.to_owned())]
    );

    let mut unknown_cluster = World::healthy();
    unknown_cluster.security().runtime.as_mut().unwrap().cluster = Ok(Vec::new());
    unknown_cluster.assert_only(&[("HLT-212", Unknown)]);

    let mut not_used = World::healthy();
    not_used.security().runtime = None;
    not_used.assert_only(&[]);
}

#[test]
fn a_finding_is_a_failure_also_where_an_agent_is_silent() {
    let mut world = World::healthy();
    world.security().detectors = Ok(vec![detector("DISABLED")]);
    world.security().findings = Ok(vec![finding("1", "pods shop/web-1", MINING)]);
    world.assert_only(&[("HLT-211", Fail), ("HLT-212", Unknown)]);
}

#[test]
fn open_findings_of_security_hub_fail_by_age_and_tell_the_oldest() {
    let mut world = World::healthy();
    world.hub().open = Ok(vec![hub_finding("a", "HIGH", 3), hub_finding("b", "HIGH", 2)]);
    world.assert_only(&[]);
    assert_eq!(
        world.item("HLT-213").seen,
        "2 findings open in 1 group, the oldest for 3 d"
    );

    world.hub().open = Ok(vec![
        hub_finding("a", "HIGH", 30),
        hub_finding("b", "HIGH", 2),
        hub_finding("c", "CRITICAL", 0),
    ]);
    world.assert_only(&[("HLT-213", Fail)]);
    let named = world.named("HLT-213");
    assert_eq!(named[0].0, "control CRITICAL", "critical ones come first");
    assert_eq!(
        named[1].1,
        "HIGH, by Security Hub, on 2 resources, for example AwsS3Bucket a, the oldest open for 30 d"
    );
}

#[test]
fn suppressed_resolved_archived_and_repeated_findings_do_not_count() {
    let mut world = World::healthy();
    let change = |id: &str, change: fn(&mut day2_reads::security_findings::SecurityFinding)| {
        let mut one = hub_finding(id, "CRITICAL", 30);
        change(&mut one);
        one
    };
    world.hub().open = Ok(vec![
        change("a", |one| one.workflow = "SUPPRESSED".into()),
        change("b", |one| one.workflow = "RESOLVED".into()),
        change("c", |one| one.record = "ARCHIVED".into()),
        change("d", |one| one.sample = true),
        change("e", |one| one.product = "GuardDuty".into()),
        change("f", |one| one.account = "210987654321".into()),
    ]);
    world.assert_only(&[]);
    // What GuardDuty found is told by its own line; where that cannot be read, Security Hub's copy is all there is.
    world.security().findings = Err(denied("guardduty:ListFindings"));
    world.assert_only(&[("HLT-211", Unknown), ("HLT-213", Fail)]);
}

#[test]
fn a_security_hub_that_was_told_nothing_proves_nothing_w25() {
    let mut world = World::healthy();
    world.hub().any = Ok(false);
    world.assert_only(&[("HLT-213", Unknown)]);
}

#[test]
fn a_finding_without_a_date_is_as_old_as_any() {
    let mut world = World::healthy();
    let mut one = hub_finding("a", "HIGH", 0);
    one.created_at = None;
    world.hub().open = Ok(vec![one]);
    world.assert_only(&[("HLT-213", Fail)]);
    assert!(world.named("HLT-213")[0].1.ends_with("since an unknown time"));
}

#[test]
fn many_groups_are_cut_and_counted() {
    let mut world = World::with(&json!({"security": {"high_open_days": 0}}));
    let many = (0..100).map(|number| {
        let mut one = hub_finding("a", "HIGH", 1);
        one.title = format!("control {number:03}");
        one.created_at = Some(ago(1440));
        one
    });
    world.hub().open = Ok(many.collect());
    let named = world.named("HLT-213");
    assert_eq!(named.len(), 41);
    assert_eq!(named[40], ("others".to_owned(), "60 groups more".to_owned()));
}
