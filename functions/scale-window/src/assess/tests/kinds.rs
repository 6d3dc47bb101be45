use day2_core::{Item, Verdict};
use serde_json::json;

use super::world::{item, judge, settings, settings_with, world};
use crate::Task;
use crate::facts::Facts;
use day2_reads::scaling_groups::{LaunchChoice, LaunchSource, Template};

fn line(facts: &Facts, planned: &[&str]) -> Item {
    let settings = settings_with(&json!({
        "groups": [{"node_group": "workspace", "before": 2, "peak": 4, "after": 2, "min": 2, "max": 6,
                    "instance_types": planned}]
    }));
    item(&judge(facts, &settings, Task::Postscale), "SCW-108")
}

/// Four nodes of which one is of another type.
fn mixed() -> Facts {
    let mut facts = world(4);
    facts.instances.as_mut().unwrap()[3].instance_type = "m6i.xlarge".into();
    facts
}

#[test]
fn counts_by_type_are_told_and_only_a_type_that_is_not_planned_fails() {
    let told = line(&mixed(), &[]);
    assert_eq!(told.verdict(), Verdict::Pass);
    assert_eq!(told.seen, "workspace: m6i.xlarge 1, m7i.xlarge 3");

    let one = line(&mixed(), &["m7i.xlarge"]);
    assert_eq!(one.verdict(), Verdict::Fail);
    assert_eq!(one.seen, "workspace: m6i.xlarge 1, m7i.xlarge 3/4");
    assert_eq!(one.subjects[0].says, "1 × m6i.xlarge, planned m7i.xlarge");

    let both = line(&mixed(), &["m7i.xlarge", "m6i.xlarge", "m5.xlarge"]);
    assert_eq!(both.verdict(), Verdict::Pass);
    assert_eq!(both.seen, "workspace: m5.xlarge 0, m6i.xlarge 1, m7i.xlarge 3");
}

#[test]
fn a_type_of_the_groups_policy_is_told_also_where_none_came() {
    let mut facts = mixed();
    facts.groups[0].group.as_mut().unwrap().launches_from = vec![LaunchChoice {
        source: LaunchSource::Template(Template {
            id: None,
            name: "t".into(),
            version: "1".into(),
        }),
        image: None,
        instance_types: vec!["m7i.xlarge".into(), "m7a.xlarge".into()],
        by_attributes: false,
    }];
    let told = item(&judge(&facts, &settings(), Task::Postscale), "SCW-108");
    assert_eq!(
        told.verdict(),
        Verdict::Pass,
        "old nodes outlive a change of the policy"
    );
    assert_eq!(told.seen, "workspace: m6i.xlarge 1, m7a.xlarge 0, m7i.xlarge 3");
}

#[test]
fn instances_that_were_not_described_are_unknown_and_none_at_all_is_no_pass_w25() {
    let mut facts = mixed();
    facts.instances.as_mut().unwrap().pop();
    assert_eq!(line(&facts, &[]).verdict(), Verdict::Unknown);
    assert_eq!(line(&world(0), &[]).verdict(), Verdict::Unknown);
}
