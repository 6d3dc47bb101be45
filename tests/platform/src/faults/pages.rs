//! An answer that claims to have a next page, with always the same token.

use serde_json::{Value, json};

use super::call::{Call, Protocol};
use super::wire::cbor_text;
use crate::http1::Answer;

/// The token.
const TOKEN: &str = "AAAAday2again";

/// The answer with the token where this service writes it, or `None` where this module does not know how
/// (`DynamoDB`, whose token is a key).
pub(super) fn with_token(call: &Call, answer: &Answer) -> Option<Answer> {
    let body = match call.protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Kubernetes => in_json(call, &answer.body)?,
        Protocol::Cbor => in_cbor(&answer.body)?,
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => in_xml(call, &answer.body)?,
    };
    let mut answer = answer.clone();
    answer.body = body;
    Some(answer)
}

fn in_json(call: &Call, body: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(body).ok()?;
    let fields = document.as_object_mut()?;
    let name = match call.service.as_str() {
        "dynamodb" => return None,
        "kubernetes" => {
            let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
            metadata
                .as_object_mut()?
                .insert("continue".to_owned(), json!(TOKEN));
            return serde_json::to_vec(&document).ok();
        }
        "lambda" => "NextMarker",
        "eks" | "guardduty" | "logs" => "nextToken",
        _ => "NextToken",
    };
    fields.insert(name.to_owned(), json!(TOKEN));
    serde_json::to_vec(&document).ok()
}

/// Adds an entry at the end of the map that the document is (RFC 8949, major type 5): a later entry wins.
fn in_cbor(body: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = body.split_first()?;
    let mut made;
    match first {
        // Up to 22 entries, so that one more still fits into the first byte.
        0xa0..=0xb6 => {
            made = vec![first + 1];
            made.extend(rest);
        }
        0xbf => {
            made = body.strip_suffix(&[0xff])?.to_vec();
        }
        _ => return None,
    }
    made.extend(cbor_text("NextToken"));
    made.extend(cbor_text(TOKEN));
    if *first == 0xbf {
        made.push(0xff);
    }
    Some(made)
}

/// Puts the element where the answer's own would be: last in the result, or last in the document.
fn in_xml(call: &Call, body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let element = match (call.service.as_str(), call.protocol) {
        ("s3", _) => "NextContinuationToken",
        ("rds", _) => "Marker",
        (_, Protocol::Ec2) => "nextToken",
        _ => "NextToken",
    };
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut text = text.replace(&format!("<{element}/>"), "");
    if let (Some(start), Some(end)) = (text.find(&open), text.find(&close)) {
        text.replace_range(start..end + close.len(), "");
    }
    let text = text.replace("<IsTruncated>false<", "<IsTruncated>true<");
    let result = format!("</{}Result>", call.operation);
    let at = text.rfind(&result).or_else(|| text.trim_end().rfind("</"))?;
    let (before, after) = text.split_at(at);
    Some(format!("{before}{open}{TOKEN}{close}{after}").into_bytes())
}
