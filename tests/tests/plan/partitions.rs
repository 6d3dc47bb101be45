//! Everything in another partition: no ARN and no region of a plan is of one that it is not deployed into.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{after, caught_in, functions, obeyed_in, planned, remove};

/// A run of `infra/tests/everything.tftest.hcl`, its partition, and how the names of its regions begin.
type Place = (&'static str, &'static str, &'static [&'static str]);

const GOVCLOUD: Place = ("all_of_it_can_be_planned_in_govcloud", "aws-us-gov", &["us-gov-"]);
const CHINA: Place = ("all_of_it_can_be_planned_in_china", "aws-cn", &["cn-"]);

/// Every text of a value, with the path to it; the names of fields too, because a policy has ARNs there.
fn texts<'a>(value: &'a Value, path: &str, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text)),
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                texts(one, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, one) in fields {
                found.push((path.to_owned(), name));
                texts(one, &format!("{path}.{name}"), found);
            }
        }
        _ => {}
    }
}

/// The words of a text that could be names: policies and settings are JSON within text.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
}

/// Whether a word is the name of a region, as `us-gov-west-1`.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    let sides = ["north", "south", "east", "west", "central"];
    (3..=4).contains(&parts.len())
        && first.len() == 2
        && last.len() == 1
        && last.bytes().all(|c| c.is_ascii_digit())
        && sides.iter().any(|side| parts[parts.len() - 2].contains(side))
}

fn is_of_one_partition(plan: &Value, (_, partition, regions): Place) -> Vec<String> {
    let mut found = Vec::new();
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        let address = super::words(&change["address"]);
        texts(&change["change"]["after"], address, &mut found);
    }
    texts(&plan["output_changes"], "output", &mut found);
    let mut wrong = BTreeSet::new();
    for (path, text) in &found {
        let of = text.match_indices("arn:aws");
        let of = of.map(|(at, _)| text[at + 4..].split(':').next().unwrap_or_default());
        for other in of.filter(|of| *of != partition) {
            wrong.insert(format!("{path} holds an ARN of {other} in {partition}"));
        }
        for word in words_of(text).filter(|word| is_region(word)) {
            if !regions.iter().any(|begin| word.starts_with(begin)) {
                wrong.insert(format!("{path} names {word} in {partition}"));
            }
        }
    }
    let here = functions(plan);
    let all = functions(planned(super::HERE));
    for name in all.difference(&here) {
        wrong.insert(format!("{name} is not planned in {partition}"));
    }
    if found
        .iter()
        .filter(|(_, text)| text.contains(&format!("arn:{partition}:")))
        .count()
        < 100
    {
        wrong.insert(format!(
            "the plan holds hardly an ARN of {partition}: is it read at all?"
        ));
    }
    wrong.into_iter().collect()
}

fn in_govcloud(plan: &Value) -> Vec<String> {
    is_of_one_partition(plan, GOVCLOUD)
}

fn in_china(plan: &Value) -> Vec<String> {
    is_of_one_partition(plan, CHINA)
}

#[test]
fn all_functions_are_planned_in_each_partition_and_name_no_other() {
    obeyed_in(GOVCLOUD.0, in_govcloud);
    obeyed_in(CHINA.0, in_china);
}

#[test]
fn an_arn_of_another_partition_is_found_wherever_it_stands() {
    let policy = "module.ha_status[0].aws_iam_role_policy.permissions";
    caught_in(
        GOVCLOUD.0,
        in_govcloud,
        "aws_sns_topic_policy.reports.policy holds an ARN of aws in",
        |plan| {
            let text = &mut after(plan, "aws_sns_topic_policy.reports")["policy"];
            *text = json!(super::words(text).replacen("arn:aws-us-gov:", "arn:aws:", 1));
        },
    );
    caught_in(
        CHINA.0,
        in_china,
        "holds an ARN of aws-us-gov in aws-cn",
        |plan| {
            after(plan, policy)["policy"] = json!({"Resource": ["arn:aws-us-gov:s3:::bucket"]});
        },
    );
    caught_in(CHINA.0, in_china, "names us-east-1 in aws-cn", |plan| {
        after(plan, policy)["policy"] = json!("{\"aws:RequestedRegion\":\"us-east-1\"}");
    });
    caught_in(CHINA.0, in_china, "doctor is not planned in aws-cn", |plan| {
        remove(plan, "module.doctor[0]");
    });
    caught_in(GOVCLOUD.0, in_govcloud, "is it read at all", |plan| {
        plan["resource_changes"] = json!([]);
    });
}
