//! The AWS calls around a look at a cluster: describing it, and keeping what was found. Every table and bucket is empty
//! and takes everything. Beside them the token webhook of an API server, which believes every token.

use serde_json::json;

use crate::lists::Answer;

/// What EKS says of the cluster.
#[derive(Debug, Clone)]
pub struct Described {
    /// Address of the API server.
    pub endpoint: String,
    /// Base64 of the PEM of its certificate authority.
    pub ca: String,
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Method.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// `x-amz-target`, of the services that have it.
    pub operation: &'a str,
    /// Body.
    pub body: &'a [u8],
}

/// Answers a call.
#[must_use]
pub fn answer(described: &Described, call: &Call<'_>) -> Answer {
    let path = call.target.split('?').next().unwrap_or_default();
    if let Some(name) = path.strip_prefix("/clusters/").filter(|_| call.method == "GET") {
        let cluster = json!({
            "name": name, "status": "ACTIVE", "version": "1.33", "endpoint": described.endpoint,
            "arn": format!("arn:aws:eks:us-east-1:123456789012:cluster/{name}"),
            "certificateAuthority": {"data": described.ca},
            "accessConfig": {"authenticationMode": "API"}, "platformVersion": "eks.18",
        });
        return Answer::json(200, &json!({"cluster": cluster}));
    }
    if path == "/authenticate" {
        let user = json!({"username": "bench", "groups": ["system:masters"]});
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "status": {"authenticated": true, "user": user},
        });
        return Answer::json(200, &review);
    }
    if let Some((_, operation)) = call
        .operation
        .split_once("DynamoDB_20120810.")
        .filter(|(before, _)| before.is_empty())
    {
        let answer = match operation {
            "Query" | "Scan" => json!({"Items": [], "Count": 0, "ScannedCount": 0}),
            _ => json!({}),
        };
        return Answer {
            content_type: "application/x-amz-json-1.0",
            ..Answer::json(200, &answer)
        };
    }
    if call.body.starts_with(b"Action=Publish") {
        let xml = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>8f6f0a52-0c9e-5d3e-9d5b-5dc1c4f5b1a7</MessageId></PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>";
        return Answer::text(200, "text/xml", xml);
    }
    match call.method {
        "PUT" => Answer::text(200, "application/xml", ""),
        _ => Answer::text(404, "text/plain", "not played here"),
    }
}
