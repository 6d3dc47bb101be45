//! What IAM holds: a deployment that outgrows it is planned, and then fails half-way in apply.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{HERE, after, all, caught, obeyed_in, planned, words};

/// Characters of all inline policies of a role together, without white space. Source: IAM User Guide, "IAM and AWS STS quotas".
const MOST: usize = 10_240;

/// They stand in almost every ARN: a region with a long name, and the longest name of a deployment (`infra/variables.tf`).
const LONG_REGION: &str = "ap-southeast-1";
const LONG_NAME: &str = "production-platform1-";

/// The role of a policy, by addresses: all of a module belong to the role of its function, but that of its schedules.
fn role_of(address: &str) -> &str {
    match address.split_once(".aws_iam_role_policy.") {
        Some((module, policy)) if !policy.starts_with("scheduler") => module,
        _ => address,
    }
}

fn roles_hold_their_policies(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for (address, one) in all(plan, "aws_iam_role_policy") {
        let policy = words(&one["policy"])
            .replace("us-east-1", LONG_REGION)
            .replace("day2-", LONG_NAME);
        let size = policy.chars().filter(|one| !one.is_whitespace()).count();
        if size == 0 {
            wrong.push(format!("{address}: its policy is not known in the plan"));
        }
        *sizes.entry(role_of(address)).or_default() += size;
    }
    if !sizes.contains_key("module.doctor[0]") {
        wrong.push("the doctor has no policy".to_owned());
    }
    for (role, size) in sizes {
        if size > MOST {
            wrong.push(format!(
                "{role}: its role would need {size} characters of policies, and holds {MOST}"
            ));
        }
    }
    wrong
}

/// Makes a policy longer.
fn grow(plan: &mut Value, address: &str, by: &str) {
    let policy = &mut after(plan, address)["policy"];
    let longer = format!("{}{by}", words(policy));
    *policy = Value::String(longer);
}

#[test]
fn every_role_holds_its_policies_whatever_the_region_and_the_name() {
    let law = roles_hold_their_policies;
    for run in [
        HERE,
        "all_of_it_can_be_planned_in_govcloud",
        "all_of_it_can_be_planned_in_china",
    ] {
        obeyed_in(run, law);
    }
    let permissions = "module.watchdog[0].aws_iam_role_policy.permissions";
    // Neither would be too long alone.
    caught(law, "module.watchdog[0]: its role would need", |plan| {
        grow(plan, permissions, &"x".repeat(MOST / 2));
        let implied = "module.watchdog[0].aws_iam_role_policy.implied";
        grow(plan, implied, &"x".repeat(MOST / 2));
    });
    let scheduler = "module.watchdog[0].aws_iam_role_policy.scheduler[0]";
    caught(law, &format!("{scheduler}: its role would need"), |plan| {
        grow(plan, scheduler, &"x".repeat(MOST));
    });
    caught(law, "permissions: its policy is not known", |plan| {
        after(plan, permissions)["policy"] = Value::Null;
    });
    let mut spaced = planned(HERE).clone();
    grow(&mut spaced, permissions, &" ".repeat(MOST));
    assert_eq!(law(&spaced), Vec::<String>::new());
}
