//! Errors as each service writes them, so that an SDK recognises them.
//!
//! Source: Smithy 2.0, "AWS protocols" (error serialisation of each), "Common errors" and the error lists of the API
//! references, and the service models that botocore carries (codes on the wire where they differ from the name).

use serde_json::json;

use super::call::{Call, Protocol};
use crate::http1::Answer;

/// Says "too many requests" as this service does.
pub(super) fn throttled(call: &Call) -> Answer {
    let (code, status) = match (call.service.as_str(), call.protocol) {
        ("ec2", _) => ("RequestLimitExceeded", 503),
        ("s3", _) => ("SlowDown", 503),
        ("dynamodb", _) => ("ProvisionedThroughputExceededException", 400),
        ("lambda", _) => ("TooManyRequestsException", 429),
        ("servicequotas", _) => ("TooManyRequestsException", 400),
        ("eks", _) => ("ThrottlingException", 429),
        (_, Protocol::Query) => ("Throttling", 400),
        (_, Protocol::Kubernetes) => ("TooManyRequests", 429),
        _ => ("ThrottlingException", 400),
    };
    let answer = error(call, code, "Rate exceeded", status);
    if call.protocol == Protocol::Kubernetes {
        return answer.with("retry-after", "1");
    }
    answer
}

/// Says "not now" as this service does.
pub(super) fn unavailable(call: &Call) -> Answer {
    let code = match call.protocol {
        Protocol::Ec2 => "Unavailable",
        Protocol::Json | Protocol::Cbor | Protocol::RestJson => "ServiceUnavailableException",
        Protocol::Query | Protocol::RestXml | Protocol::Kubernetes => "ServiceUnavailable",
    };
    error(
        call,
        code,
        "The service is unavailable. Please try again shortly.",
        503,
    )
}

/// Says "our fault" as this service does.
pub(super) fn internal(call: &Call) -> Answer {
    let code = match (call.service.as_str(), call.protocol) {
        ("lambda", _) => "ServiceException",
        ("eks", _) => "ServerException",
        (_, Protocol::Ec2 | Protocol::RestXml | Protocol::Kubernetes) => "InternalError",
        (_, Protocol::Query) => "InternalFailure",
        (_, Protocol::Cbor) => "InternalServiceFault",
        (_, Protocol::Json | Protocol::RestJson) => "InternalServerError",
    };
    error(call, code, "An internal error occurred.", 500)
}

/// The page that a proxy puts in place of an answer.
pub(super) fn html() -> Answer {
    let page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head>\
                <body><h1>Sign in to continue</h1></body></html>";
    Answer::new(200, "text/html; charset=utf-8", page)
}

/// An error of this name.
pub(super) fn error(call: &Call, code: &str, message: &str, status: u16) -> Answer {
    const ID: &str = "00000000-0000-4000-8000-0000000fa017";
    let code = wire_code(&call.service, code);
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let text = escaped(message);
    let answer = match call.protocol {
        Protocol::Json => {
            let body = json!({"__type": code, "message": message}).to_string();
            Answer::new(status, "application/x-amz-json-1.0", body)
        }
        Protocol::RestJson => {
            let body = json!({"message": message}).to_string();
            Answer::new(status, "application/json", body).with("x-amzn-errortype", code)
        }
        Protocol::Cbor => Answer::new(status, "application/cbor", cbor_error(code, message))
            .with("smithy-protocol", "rpc-v2-cbor")
            // A service that spoke the query protocol before keeps its codes for old callers.
            .with("x-amzn-query-error", &format!("{};{kind}", old_code(code))),
        Protocol::Query => {
            let body = format!(
                "<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{text}</Message></Error>\
                 <RequestId>{ID}</RequestId></ErrorResponse>"
            );
            Answer::new(status, "text/xml", body)
        }
        Protocol::Ec2 => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                 <Message>{text}</Message></Error></Errors><RequestID>{ID}</RequestID></Response>"
            );
            Answer::new(status, "text/xml;charset=UTF-8", body)
        }
        Protocol::RestXml => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{text}</Message>\
                 <RequestId>{ID}</RequestId></Error>"
            );
            Answer::new(status, "application/xml", body)
        }
        Protocol::Kubernetes => {
            let body = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": message, "reason": code, "code": status,
            });
            return Answer::new(status, "application/json", body.to_string());
        }
    };
    answer.with("x-amzn-requestid", ID)
}

/// The code on the wire for an error that the API reference calls `name`. Auto Scaling leaves out `Fault` everywhere,
/// RDS in some places.
fn wire_code<'a>(service: &str, name: &'a str) -> &'a str {
    const RDS_WITHOUT: [&str; 6] = [
        "DBClusterParameterGroupNotFoundFault",
        "DBInstanceNotFoundFault",
        "DBParameterGroupNotFoundFault",
        "DBSnapshotNotFoundFault",
        "InvalidDBInstanceStateFault",
        "InvalidDBSnapshotStateFault",
    ];
    if service == "autoscaling" || (service == "rds" && RDS_WITHOUT.contains(&name)) {
        return name.strip_suffix("Fault").unwrap_or(name);
    }
    name
}

fn old_code(code: &str) -> &str {
    match code {
        "ThrottlingException" => "Throttling",
        "InternalServiceFault" => "InternalServiceError",
        other => other,
    }
}

/// `{"__type": code, "message": message}` in CBOR (RFC 8949).
fn cbor_error(code: &str, message: &str) -> Vec<u8> {
    let mut bytes = vec![0xa2];
    for text in ["__type", code, "message", message] {
        bytes.extend(cbor_text(text));
    }
    bytes
}

/// A text string in CBOR.
pub(super) fn cbor_text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0x79];
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.bytes().take(usize::from(length)));
    bytes
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
