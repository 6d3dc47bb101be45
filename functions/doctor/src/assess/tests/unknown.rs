//! What could not be read is UNKNOWN under its own code, never a PASS, and hides no neighbour.

use super::*;

type Hide = fn(&mut Facts, Unreadable);

#[test]
fn what_cannot_be_read_is_unknown_and_hides_no_neighbour_w28() {
    let all: [(&str, Hide); 21] = [
        ("DOC-001", |facts, why| facts.answers[0].1 = Err(why)),
        ("DOC-003", |facts, why| facts.configurations[0].1 = Err(why)),
        ("DOC-022", |facts, why| facts.entries[0].groups = Err(why)),
        ("DOC-031", |facts, why| facts.topics[0].1 = Err(why)),
        ("DOC-032", |facts, why| facts.canary = Some(Err(why))),
        ("DOC-033", |facts, why| facts.alarm_topic = Some(Err(why))),
        ("DOC-033", |facts, why| {
            alarm_topic::of(facts).key = Some(Err(why));
        }),
        ("DOC-033", |facts, why| {
            *alarm_topic::policy_of_key(facts) = Err(why);
        }),
        ("DOC-041", |facts, why| facts.schedules[0].1 = Err(why)),
        ("DOC-042", |facts, why| facts.event_rules[0].1 = Err(why)),
        ("DOC-042", |facts, why| rules::of(facts).targets = Err(why)),
        ("DOC-043", |facts, why| facts.policies[0].1 = Err(why)),
        ("DOC-052", |facts, why| facts.groups[0].1 = Err(why)),
        ("DOC-053", |facts, why| facts.databases[0].1 = Err(why)),
        ("DOC-054", |facts, why| facts.calling_alarms[0].1 = Err(why)),
        ("DOC-055", |facts, why| facts.health_alarms[0].1 = Err(why)),
        ("DOC-021", |facts, _| {
            facts.clusters[0].1.as_mut().unwrap().mode = None;
        }),
        ("DOC-003", |facts, _| {
            facts.configurations[1].1.as_mut().unwrap().code_sha256 = None;
        }),
        // Being updated, right after a deployment.
        ("DOC-003", |facts, _| {
            facts.configurations[1].1.as_mut().unwrap().state = Some("Pending: being updated".to_owned());
        }),
        ("DOC-003", |facts, _| {
            facts.configurations[1].1.as_mut().unwrap().last_update = Some("InProgress".to_owned());
        }),
        ("DOC-002", |facts, _| {
            facts.answers[0].1 = Ok(Answer::Proof(vec![line("HAS-802", None, Verdict::Unknown)]));
        }),
    ];
    for cause in [
        Cause::Denied,
        Cause::TimedOut,
        Cause::Throttled,
        Cause::Malformed,
        Cause::Other,
    ] {
        for (code, hide) in all {
            let mut facts = well();
            hide(&mut facts, why(cause));
            let items = items(&facts);
            let found: Vec<(&str, Verdict)> = complaints(&items).into_keys().collect();
            assert_eq!(found, [(code, Verdict::Unknown)], "{cause:?}");
        }
    }
}

#[test]
fn a_cluster_that_cannot_be_read_is_unknown_in_both_its_lines() {
    let mut facts = well();
    facts.clusters[0].1 = Err(why(Cause::Denied));
    let items = items(&facts);
    let found: Vec<(&str, Verdict)> = complaints(&items).into_keys().collect();
    assert_eq!(
        found,
        [("DOC-021", Verdict::Unknown), ("DOC-051", Verdict::Unknown)]
    );
}

#[test]
fn what_a_simulation_does_not_cover_is_unknown_and_said_once_for_each_function() {
    // IAM does not answer for one role, of which two resources were asked.
    let mut facts = well();
    facts.rights.push(simulation("scale-window"));
    for one in facts
        .rights
        .iter_mut()
        .filter(|one| one.function == "scale-window")
    {
        one.decisions = Err(why(Cause::Throttled));
    }
    let found = items(&facts);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([
            (("DOC-011", Verdict::Unknown), vec!["scale-window"]),
            (("DOC-012", Verdict::Unknown), vec!["scale-window"]),
        ])
    );
    // A condition whose key has no value in a simulation, and an action that the answer does not mention.
    let mut facts = well();
    let decisions = facts.rights[0].decisions.as_mut().unwrap();
    decisions[0].decision = "implicitDeny".to_owned();
    decisions[0].missing = vec!["aws:SourceVpce".to_owned()];
    decisions.pop();
    let found = items(&facts);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([
            (("DOC-011", Verdict::Unknown), vec!["doctor dynamodb:Query"]),
            (("DOC-012", Verdict::Unknown), vec!["doctor iam:PassRole"]),
        ])
    );
    assert!(
        found[3].subjects[0].says.contains("aws:SourceVpce"),
        "{:?}",
        found[3].subjects
    );
}

#[test]
fn a_line_that_is_left_out_on_purpose_counts_for_nothing_and_its_neighbours_do() {
    let mut facts = well();
    facts.answers[1].1 = Ok(Answer::Proof(vec![
        line("SCW-801", Some("prod-a"), Verdict::Fail),
        line("SCW-801", Some("prod-b"), Verdict::Fail),
        line("SCW-802", Some("prod-a"), Verdict::Unknown),
        line("SCW-910", None, Verdict::Pass),
    ]));
    let named = |lines: Value| {
        let items = items_of(&facts, |own| own["not_checked"] = lines);
        items[1]
            .subjects
            .iter()
            .map(|one| one.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        named(json!({"scale-window/SCW-801/prod-a": "moved", "scale-window/SCW-802": "later"})),
        ["scale-window SCW-801 prod-b"]
    );
    assert_eq!(
        named(json!({"ha-status/SCW-801": "another function's line"})),
        [
            "scale-window SCW-801 prod-a",
            "scale-window SCW-801 prod-b",
            "scale-window SCW-802 prod-a"
        ]
    );
}

#[test]
fn a_self_check_that_says_nothing_proves_nothing() {
    let mut facts = well();
    for (_, answer) in &mut facts.answers {
        *answer = Ok(Answer::Proof(Vec::new()));
    }
    let found = items(&facts);
    assert_eq!(
        complaints(&found),
        BTreeMap::from([(("DOC-002", Verdict::Unknown), Vec::new())])
    );
}
