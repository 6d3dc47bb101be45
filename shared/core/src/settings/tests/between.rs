//! Mistakes that show only between fields.

use super::*;

#[test]
fn mistakes_between_fields_are_reported_beside_mistakes_of_shape() {
    let mut document = good();
    document["calendar"]["nonsense"] = json!(1); // shape, in another part
    document["function"]["plans"][0]["target"] = json!("prod-z"); // between parts
    document["targets"][0]["topic_arn"] = json!("arn:aws-cn:sns:cn-north-1:123456789012:t"); // between fields
    let found = mistakes(&document);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found
            .iter()
            .any(|line| line.contains("function.plans[0].target") && line.contains("accepted here: prod-a"))
    );
}

#[test]
fn a_reference_to_a_broken_target_is_not_called_unknown() {
    let mut document = good();
    document["targets"][0]["region"] = json!("nowhere");
    let found = mistakes(&document);
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn names_must_be_unique_and_references_must_exist() {
    let mut document = good();
    let twin = document["targets"][0].clone();
    document["targets"].as_array_mut().unwrap().push(twin);
    assert!(
        mistakes(&document)
            .iter()
            .any(|line| line.starts_with("targets[1].name: \"prod-a\" is used"))
    );

    assert!(
        only(
            "/targets/0/node_groups/1/auto_scaling_group",
            json!("eks-general-1")
        )
        .contains("earlier node group")
    );
    assert!(only("/function/plans/0/node_group", json!("compote")).contains("did you mean `compute`?"));
    assert!(only("/targets/0/node_groups/0/selector", json!({})).contains("selects every node"));
    assert!(only("/targets", json!([])).contains("nothing to look at"));
    assert!(only("/calendar", json!({"working_days": []})).contains("nothing ever runs"));
    let twice = json!({"exceptions": [
        {"date": "2026-01-03", "runs": true, "why": "migration"}, {"date": "2026-01-03", "runs": false, "why": "no"}]});
    assert!(only("/calendar", twice).contains("earlier exception"));
}

#[test]
fn partitions_must_agree_w27() {
    for (partition, region, word) in [
        ("aws-us-gov", "us-gov-west-1", "aws-us-gov"),
        ("aws-cn", "cn-north-1", "aws-cn"),
        ("aws", "us-east-1", "aws"),
    ] {
        let mut document = good();
        document["deployment"]["partition"] = json!(partition);
        document["deployment"]["topic_arn"] = json!(format!("arn:{word}:sns:{region}:123456789012:t"));
        document["targets"][0]["region"] = json!(region);
        document["targets"][0]["role_arn"] = json!(format!("arn:{word}:iam::123456789012:role/day2"));
        assert_eq!(mistakes(&document), Vec::<String>::new());

        document["targets"][0]["region"] = json!(if partition == "aws-cn" {
            "us-east-1"
        } else {
            "cn-northwest-1"
        });
        let found = mistakes(&document);
        assert!(
            found
                .iter()
                .any(|line| line.contains("targets[0].region") && line.contains("partition")),
            "{found:#?}"
        );
        assert!(
            found
                .iter()
                .any(|line| line.contains("targets[0].role_arn") && line.contains("partition")),
            "{found:#?}"
        );
    }
    assert!(
        only(
            "/targets/0/role_arn",
            json!("arn:aws:iam::210987654321:role/day2")
        )
        .contains("another account")
    );
    assert!(
        only(
            "/deployment/topic_arn",
            json!("arn:aws:sqs:us-east-1:123456789012:q")
        )
        .contains("SNS topic")
    );
}
