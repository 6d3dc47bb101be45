//! Everything of a deployment that an account holds, asked of the services and not of Terraform's state; and what is kept as
//! evidence, which no deployment may touch.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::aws::api::Api;
use crate::world::plan::TARGET;

/// Every name of the deployment begins so (`var.name`).
const NAME: &str = "day2";
/// What the platform itself puts beside a deployment, to read its mails.
const OURS: &str = "platform-";
/// Buckets of `infra/evidence` (`bucket_name`) and the alias of its key.
const EVIDENCE: &str = "day2-evidence";
const IAM: &str = "2010-05-08";
const CLOUDWATCH: &str = "2010-08-01";
const SNS: &str = "2010-03-31";

/// Kind of resource → names or ARNs.
pub type Belongings = BTreeMap<&'static str, BTreeSet<String>>;

/// Kind, and how the query protocol asks for it: service, version, action, parameters.
type Query = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What carries the deployment's name, by kind. A kind of which there is nothing is there, and empty.
///
/// # Errors
///
/// Names the service that does not answer, or that does not answer with all of it: what stands on a second page would be taken
/// for gone.
pub async fn belongings(api: &Api) -> Result<Belongings> {
    let mut all = Belongings::new();
    for (kind, service, path) in [
        ("functions", "lambda", "/2015-03-31/functions/"),
        ("schedules", "scheduler", "/schedules"),
        ("groups of schedules", "scheduler", "/schedule-groups"),
        ("buckets", "s3", "/"),
        (
            "access entries",
            "eks",
            &format!("/clusters/{TARGET}/access-entries"),
        ),
    ] {
        all.insert(kind, named(&whole(kind, api.get(service, path).await?)?));
    }
    let queries: [Query; 6] = [
        ("roles", "iam", IAM, "ListRoles", &[("MaxItems", "1000")]),
        ("policies", "iam", IAM, "ListPolicies", &[("Scope", "Local")]),
        ("topics", "sns", SNS, "ListTopics", &[]),
        ("subscriptions", "sns", SNS, "ListSubscriptions", &[]),
        (
            "alarms",
            "monitoring",
            CLOUDWATCH,
            "DescribeAlarms",
            &[("AlarmNamePrefix", NAME)],
        ),
        (
            "dashboards",
            "monitoring",
            CLOUDWATCH,
            "ListDashboards",
            &[("DashboardNamePrefix", NAME)],
        ),
    ];
    for (kind, service, version, action, parameters) in queries {
        let mut names = BTreeSet::new();
        let mut token: Option<String> = None;
        loop {
            let mut asked = parameters.to_vec();
            asked.extend(token.as_deref().map(|token| ("NextToken", token)));
            let answer = api.query(service, version, action, &asked).await?;
            names.extend(named(&answer));
            match next_token(&answer) {
                Some(next) => token = Some(next),
                None => break drop(whole(kind, answer)?),
            }
        }
        all.insert(kind, names);
    }
    for (kind, service, target, asked) in [
        (
            "rules",
            "events",
            "AWSEvents.ListRules",
            json!({"NamePrefix": NAME}),
        ),
        ("queues", "sqs", "AmazonSQS.ListQueues", json!({})),
        ("tables", "dynamodb", "DynamoDB_20120810.ListTables", json!({})),
        (
            "log groups",
            "logs",
            "Logs_20140328.DescribeLogGroups",
            json!({"logGroupNamePrefix": format!("/aws/lambda/{NAME}-")}),
        ),
        ("aliases of keys", "kms", "TrentService.ListAliases", json!({})),
        (
            "trails",
            "cloudtrail",
            "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails",
            json!({}),
        ),
        (
            "policy of the bus",
            "events",
            "AWSEvents.DescribeEventBus",
            json!({}),
        ),
    ] {
        let answer = api.json(service, target, &asked).await?.to_string();
        all.insert(kind, named(&whole(kind, answer)?));
    }
    all.insert("keys", keys(api).await?);
    Ok(all)
}

/// The keys that are in use and not on their way out, evidence's excepted: a key has no name but its description.
async fn keys(api: &Api) -> Result<BTreeSet<String>> {
    let listed = api.json("kms", "TrentService.ListKeys", &json!({})).await?;
    whole("keys", listed.to_string())?;
    let ids = listed.get("Keys").and_then(Value::as_array);
    let ids = ids.context("the answer has no Keys")?;
    let mut used = BTreeSet::new();
    for id in ids {
        let asked = json!({"KeyId": id["KeyId"]});
        let key = api.json("kms", "TrentService.DescribeKey", &asked).await?;
        let key = key.get("KeyMetadata").context("the answer has no KeyMetadata")?;
        let says = key["Description"].as_str().unwrap_or_default();
        if says.starts_with("Mails and logs of the Day2 deployment") && key["KeyState"] != "PendingDeletion" {
            used.insert(says.to_owned());
        }
    }
    Ok(used)
}

/// What an answer of the query protocol gives to ask for the next page with.
fn next_token(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("<NextToken>")?;
    let (token, _) = rest.split_once("</NextToken>")?;
    (!token.is_empty()).then(|| token.to_owned())
}

/// The answer, unless it says that there is more of it: XML by `IsTruncated` or `NextToken`, JSON by a token or marker.
fn whole(kind: &str, answer: String) -> Result<String> {
    let goes_on = match serde_json::from_str::<Value>(&answer) {
        Ok(document) => [
            "NextToken",
            "nextToken",
            "NextMarker",
            "LastEvaluatedTableName",
            "Truncated",
        ]
        .iter()
        .any(|mark| match document.get(*mark) {
            Some(Value::String(token)) => !token.is_empty(),
            Some(Value::Bool(more)) => *more,
            _ => false,
        }),
        Err(_) => {
            answer.contains("<IsTruncated>true")
                || answer
                    .split_once("<NextToken>")
                    .is_some_and(|(_, rest)| !rest.starts_with("</NextToken>"))
        }
    };
    ensure!(!goes_on, "the list of {kind} goes on behind its first page");
    Ok(answer)
}

/// The words of an answer that have the deployment's name in them.
fn named(answer: &str) -> BTreeSet<String> {
    answer
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-_/.:".contains(c)))
        .filter(|word| word.contains(NAME) && !word.contains(OURS) && !word.contains(EVIDENCE))
        .map(str::to_owned)
        .collect()
}

/// Every kind is there: a listing that sees nothing would prove nothing afterwards.
///
/// # Errors
///
/// Names the kinds of which nothing is seen.
pub fn complete(before: &Belongings) -> Result<()> {
    // Roles carry their policies inline; nobody forwards to the bus of a deployment for one account; a trail is asked for.
    const MAY_BE_NONE: [&str; 3] = ["policies", "policy of the bus", "trails"];
    let unseen: Vec<&&str> = before
        .iter()
        .filter(|(kind, names)| names.is_empty() && !MAY_BE_NONE.contains(kind))
        .map(|(kind, _)| kind)
        .collect();
    ensure!(unseen.is_empty(), "a deployment without {unseen:?}");
    Ok(())
}

/// Nothing is left.
///
/// # Errors
///
/// Names what is.
pub fn gone(after: &Belongings) -> Result<()> {
    let left: Vec<(&&str, &BTreeSet<String>)> = after.iter().filter(|(_, names)| !names.is_empty()).collect();
    ensure!(left.is_empty(), "still there: {left:#?}");
    Ok(())
}

/// Bucket, key and every version of every object of the evidence, to be compared.
///
/// # Errors
///
/// When one cannot be read.
pub async fn evidence(api: &Api, place: &Value) -> Result<Value> {
    let (bucket, key) = (place["bucket"].as_str(), place["key_arn"].as_str());
    let (bucket, key) = (
        bucket.context("the evidence has no bucket")?,
        key.context("the evidence has no key")?,
    );
    let of_key = json!({"KeyId": key, "PolicyName": "default"});
    let described = api
        .json("kms", "TrentService.DescribeKey", &json!({"KeyId": key}))
        .await?;
    let policy = api.json("kms", "TrentService.GetKeyPolicy", &of_key).await?;
    let mut seen = BTreeMap::from([("key", described), ("policy of the key", policy)]);
    for what in [
        "versions",
        "policy",
        "versioning",
        "object-lock",
        "encryption",
        "lifecycle",
    ] {
        let answer = api.get("s3", &format!("/{bucket}?{what}")).await;
        // Without a lifecycle S3 answers with an error, before and after.
        seen.insert(what, json!(answer.unwrap_or_else(|error| format!("{error:#}"))));
    }
    let versions = seen.get("versions").and_then(Value::as_str);
    let versions = versions.unwrap_or_default();
    ensure!(
        versions.contains("ListVersionsResult"),
        "the evidence cannot be listed: {versions}"
    );
    Ok(json!(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_the_name_is_found_whatever_stands_around_it() {
        let answer = r#"{"a":"arn:aws:sns:us-east-1:1:day2-reports","b":"prod-a"} <Name>day2-evidence-1</Name> platform-post-of-day2-reports"#;
        assert_eq!(
            named(answer),
            BTreeSet::from(["arn:aws:sns:us-east-1:1:day2-reports".to_owned()])
        );
    }

    #[test]
    fn the_next_page_is_asked_for_with_the_token_of_the_last() {
        assert_eq!(
            next_token("<A><NextToken>x=y</NextToken></A>").as_deref(),
            Some("x=y")
        );
        assert_eq!(next_token("<A><NextToken></NextToken></A>"), None);
        assert_eq!(next_token("<A></A>"), None);
    }

    #[test]
    fn a_list_that_goes_on_is_no_whole_list() {
        for cut in [
            r#"{"Functions": [], "NextMarker": "abc"}"#,
            r#"{"Keys": [], "Truncated": true}"#,
            r#"{"schedules": [], "NextToken": "abc"}"#,
            "<ListRolesResult><IsTruncated>true</IsTruncated></ListRolesResult>",
            "<ListTopicsResult><Topics/><NextToken>abc</NextToken></ListTopicsResult>",
        ] {
            assert!(whole("x", cut.to_owned()).is_err(), "{cut}");
        }
        for all in [
            r#"{"Functions": [], "NextMarker": null}"#,
            r#"{"Keys": [], "Truncated": false, "NextToken": ""}"#,
            "<ListRolesResult><IsTruncated>false</IsTruncated></ListRolesResult>",
            "<ListTopicsResult><Topics/><NextToken></NextToken></ListTopicsResult>",
        ] {
            assert_eq!(whole("x", all.to_owned()).unwrap(), all);
        }
    }

    #[test]
    fn what_is_left_and_what_was_never_seen_are_named() {
        let seen = Belongings::from([
            ("roles", BTreeSet::from(["day2-x".to_owned()])),
            ("queues", BTreeSet::new()),
        ]);
        assert!(gone(&seen).unwrap_err().to_string().contains("day2-x"));
        assert!(complete(&seen).unwrap_err().to_string().contains("queues"));
        assert!(gone(&Belongings::from([("roles", BTreeSet::new())])).is_ok());
    }
}
