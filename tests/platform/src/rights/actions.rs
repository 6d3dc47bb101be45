//! Which right a recorded call needs.

use crate::aws;
use crate::cluster::recorder;

/// APIs whose IAM action has another name. All others have the name of the API.
/// Source: Service Authorization Reference, pages of AWS Lambda and Amazon S3.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("lambda:Invoke", "lambda:InvokeFunction"),
    ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    (
        "s3:GetObjectLockConfiguration",
        "s3:GetBucketObjectLockConfiguration",
    ),
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:ListBuckets", "s3:ListAllMyBuckets"),
    ("s3:ListObjectVersions", "s3:ListBucketVersions"),
    ("s3:ListObjects", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
];

/// What everybody may call, whatever the policies say.
/// Source: AWS STS API Reference, `GetCallerIdentity`: no permissions are required.
const OF_EVERYBODY: [&str; 1] = ["sts:GetCallerIdentity"];

/// A read of one version needs another action than that of the newest.
/// Source: Service Authorization Reference for Amazon S3, `GetObjectVersion`.
const OF_A_VERSION: (&str, &str, &str) = ("versionId", "s3:GetObject", "s3:GetObjectVersion");

/// Headers of `PutObject` that need an action of their own.
/// Source: Service Authorization Reference for Amazon S3, dependent actions of `PutObject`.
const OF_HEADERS: [(&str, &str); 4] = [
    ("x-amz-acl", "s3:PutObjectAcl"),
    ("x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold"),
    ("x-amz-object-lock-mode", "s3:PutObjectRetention"),
    ("x-amz-tagging", "s3:PutObjectTagging"),
];

/// The IAM actions that a call needs, all of them.
#[must_use]
pub fn of_aws(call: &aws::Call) -> Vec<String> {
    let name = call.action();
    if OF_EVERYBODY.contains(&name.as_str()) {
        return Vec::new();
    }
    // A transaction is authorized as its items are; the kinds of items are `Put`, `Update`, `Delete`, `ConditionCheck`.
    // Source: Amazon DynamoDB Developer Guide, "Using IAM with transactions".
    if name.starts_with("dynamodb:Transact") && !call.details.is_empty() {
        let kinds = call.details.iter();
        return kinds.map(|kind| format!("dynamodb:{kind}Item")).collect();
    }
    let renamed = OTHER_NAMES.iter().find(|(api, _)| *api == name);
    let mut action = renamed.map_or(name.as_str(), |(_, action)| *action);
    let has = |detail: &str| call.details.iter().any(|one| one == detail);
    let (detail, newest, version) = OF_A_VERSION;
    if action == newest && has(detail) {
        action = version;
    }
    let mut all = vec![action.to_owned()];
    if action == "s3:PutObject" {
        let more = OF_HEADERS.iter().filter(|(header, _)| has(header));
        all.extend(more.map(|(_, action)| (*action).to_owned()));
    }
    all
}

/// What every caller that a cluster knows may do, by roles that Kubernetes brings along: ask who and what he is
/// (`system:basic-user`), and what the API server has (`system:discovery`).
/// Source: Kubernetes, "Using RBAC Authorization", default roles and role bindings.
const SELF_REVIEWS: [&str; 3] = [
    "create authentication.k8s.io/selfsubjectreviews",
    "create authorization.k8s.io/selfsubjectaccessreviews",
    "create authorization.k8s.io/selfsubjectrulesreviews",
];
const DISCOVERY: [&str; 7] = [
    "/api", "/apis", "/healthz", "/livez", "/openapi", "/readyz", "/version",
];

/// The right that a call of a cluster needs, as a role names it; none for what every caller may do.
#[must_use]
pub fn of_kubernetes(call: &recorder::Call) -> Option<String> {
    let right = call.right();
    let found_out = right.strip_prefix("get ").is_some_and(|path| {
        DISCOVERY.iter().any(|known| {
            path.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    });
    let of_everybody = call.resource.is_empty() && found_out || SELF_REVIEWS.contains(&right.as_str());
    (!of_everybody).then_some(right)
}
