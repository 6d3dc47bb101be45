//! What a request asks: service, operation and resource, from headers and body of the protocols in use.

use url::form_urlencoded::parse;

use crate::http1::Request;

/// One call by its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The service by its IAM prefix, for example `cloudwatch`; `kubernetes` for the cluster; `unsigned` for a request
    /// to AWS that carries no signature.
    pub service: String,
    /// The API operation, for example `DescribeAlarms`; verb and resource for the cluster, for example `list pods` or
    /// `create pods/eviction`. What nobody could name has its method and path here.
    pub operation: String,
    /// What was called on, best effort: the first identifier of the request, `namespace/name` in the cluster; `*` when
    /// the request names none.
    pub resource: String,
    pub(super) protocol: Protocol,
}

/// How a service is spoken to, and so what its errors look like.
/// Source: Smithy 2.0, "AWS protocols"; Kubernetes, "API concepts".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Protocol {
    Json,
    Query,
    Ec2,
    Cbor,
    RestJson,
    RestXml,
    Kubernetes,
}

impl Call {
    /// A call of these names, for laws about records that are to be shown to be able to fail.
    #[must_use]
    pub fn named(service: &str, operation: &str, resource: &str) -> Self {
        let protocol = match service {
            "kubernetes" => Protocol::Kubernetes,
            "s3" => Protocol::RestXml,
            _ => Protocol::Json,
        };
        Self::new(
            service.to_owned(),
            operation.to_owned(),
            Some(resource.to_owned()),
            protocol,
        )
    }

    /// `service:operation`.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// Whether the operation changes something, by its name. A review of access is a question although it is created.
    #[must_use]
    pub fn changes(&self) -> bool {
        let reads: &[&str] = if self.protocol == Protocol::Kubernetes {
            &[
                "get ",
                "list ",
                "watch ",
                "create selfsubjectaccessreviews",
                "create tokenreviews",
            ]
        } else {
            &[
                "Describe",
                "Get",
                "List",
                "Head",
                "Query",
                "Scan",
                "BatchGet",
                "AssumeRole",
            ]
        };
        !reads.iter().any(|read| self.operation.starts_with(read))
    }

    /// Names a request to AWS.
    pub(super) fn to_aws(request: &Request) -> Self {
        let service = signed_service(request).map_or_else(
            || "unsigned".to_owned(),
            |service| match service {
                "monitoring" => "cloudwatch".to_owned(),
                other => other.to_owned(),
            },
        );
        let form = request
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
        if let Some(target) = request.headers.get("x-amz-target") {
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            let resource = json_resource(&request.body);
            return Self::new(service, operation, resource, Protocol::Json);
        }
        if let Some((_, operation)) = request.path().rsplit_once("/operation/") {
            return Self::new(service, operation.to_owned(), None, Protocol::Cbor);
        }
        if form {
            let protocol = if service == "ec2" {
                Protocol::Ec2
            } else {
                Protocol::Query
            };
            let parameters: Vec<(String, String)> = parse(&request.body).into_owned().collect();
            let action = parameters.iter().find(|(name, _)| name == "Action");
            let operation = action.map_or_else(|| nameless(request), |(_, action)| action.clone());
            return Self::new(service, operation, form_resource(&parameters), protocol);
        }
        let segments: Vec<String> = segments(request.path());
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        if service == "s3" {
            let resource = (!parts.is_empty()).then(|| parts.join("/"));
            return Self::new(
                service,
                s3_operation(request, parts.len()),
                resource,
                Protocol::RestXml,
            );
        }
        let named = rest_operation(&service, &request.method, &parts);
        let (operation, resource) = named.map_or_else(
            || (nameless(request), None),
            |(name, resource)| (name.to_owned(), resource),
        );
        Self::new(service, operation, resource, Protocol::RestJson)
    }

    /// Names a request to a Kubernetes API server (Kubernetes, "API concepts", resource URIs and verbs).
    pub(super) fn to_kubernetes(request: &Request) -> Self {
        let all = segments(request.path());
        let parts: Vec<&str> = all.iter().map(String::as_str).collect();
        let inside = match parts.as_slice() {
            ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] if !rest.is_empty() => rest,
            _ => {
                let operation = format!("{} {}", request.method.to_ascii_lowercase(), request.path());
                return Self::new("kubernetes".to_owned(), operation, None, Protocol::Kubernetes);
            }
        };
        // Two segments below a namespace belong to the namespace itself: `status` and `finalize`.
        let (namespace, rest) = match inside {
            ["namespaces", name, rest @ ..] if !matches!(rest, [] | ["status" | "finalize"]) => {
                (Some(*name), rest)
            }
            rest => (None, rest),
        };
        let kind = rest.first().copied().unwrap_or_default();
        let name = rest.get(1).copied();
        let part = rest.get(2).map(|part| format!("/{part}")).unwrap_or_default();
        let watched =
            parse(request.query().as_bytes()).any(|(key, value)| key == "watch" && value != "false");
        let verb = match (request.method.as_str(), name) {
            ("GET", _) if watched => "watch",
            ("GET", Some(_)) => "get",
            ("GET", None) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", Some(_)) => "delete",
            ("DELETE", None) => "deletecollection",
            (other, _) => other,
        };
        let resource: Vec<&str> = namespace.into_iter().chain(name).collect();
        let resource = (!resource.is_empty()).then(|| resource.join("/"));
        Self::new(
            "kubernetes".to_owned(),
            format!("{verb} {kind}{part}"),
            resource,
            Protocol::Kubernetes,
        )
    }

    fn new(service: String, operation: String, resource: Option<String>, protocol: Protocol) -> Self {
        Self {
            service,
            operation,
            resource: resource.unwrap_or_else(|| "*".to_owned()),
            protocol,
        }
    }
}

fn nameless(request: &Request) -> String {
    format!("{} {}", request.method, request.path())
}

/// The segments of a path, percent-decoded.
fn segments(path: &str) -> Vec<String> {
    let decoded = |segment: &str| {
        // A form decoder reads `+` as a blank; in a path it is a plus.
        let escaped = segment.replace('+', "%2B");
        parse(escaped.as_bytes())
            .next()
            .map_or_else(String::new, |(name, _)| name.into_owned())
    };
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect()
}

/// The service in the credential scope of the signature (IAM user guide, "Signature Version 4", credential scope).
fn signed_service(request: &Request) -> Option<&str> {
    let scope = request
        .headers
        .get("authorization")
        .and_then(|value| value.split_once("Credential="))
        .map(|(_, rest)| rest.split(',').next().unwrap_or_default());
    if let Some(scope) = scope {
        return scope.rsplit('/').nth(1);
    }
    let (_, rest) = request.query().split_once("X-Amz-Credential=")?;
    rest.split('&').next()?.rsplit("%2F").nth(1)
}

/// Members that name what a call is about, the most telling first.
const IDENTIFIERS: [&str; 24] = [
    "AutoScalingGroupName",
    "AutoScalingGroupNames.member.1",
    "DBClusterIdentifier",
    "DBInstanceIdentifier",
    "DBClusterParameterGroupName",
    "DBParameterGroupName",
    "TopicArn",
    "RoleArn",
    "RoleName",
    "InstanceId",
    "InstanceId.1",
    "NatGatewayId.1",
    "SubnetId.1",
    "VpcId",
    "Filter.1.Value.1",
    "TableName",
    "QueueUrl",
    "SecretId",
    "KeyId",
    "AlarmName",
    "QuotaCode",
    "logGroupName",
    "Name",
    "Rule",
];

fn form_resource(parameters: &[(String, String)]) -> Option<String> {
    IDENTIFIERS.iter().find_map(|wanted| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    })
}

fn json_resource(body: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    IDENTIFIERS
        .iter()
        .find_map(|wanted| document.get(wanted)?.as_str().map(str::to_owned))
}

/// S3 clients name an operation in `x-id` where its route is ambiguous (Smithy, "AWS S3 customizations").
fn s3_operation(request: &Request, depth: usize) -> String {
    let query: Vec<(String, String)> = parse(request.query().as_bytes()).into_owned().collect();
    let has = |name: &str| query.iter().any(|(key, _)| key == name);
    if let Some((_, id)) = query.iter().find(|(key, _)| key == "x-id") {
        return id.clone();
    }
    let operation = match (request.method.as_str(), depth) {
        ("GET", 1) if has("list-type") => "ListObjectsV2",
        ("GET", 0) => "ListBuckets",
        ("GET", 2..) if query.is_empty() => "GetObject",
        ("HEAD", 1) => "HeadBucket",
        ("HEAD", 2..) => "HeadObject",
        ("PUT", 1) if query.is_empty() => "CreateBucket",
        ("PUT", 2..) if query.is_empty() => "PutObject",
        ("DELETE", 2..) if query.is_empty() => "DeleteObject",
        _ => return nameless(request),
    };
    operation.to_owned()
}

/// The REST operations that the product calls, and their neighbours (API references of Amazon EKS, AWS Lambda, Amazon
/// `GuardDuty` and EventBridge Scheduler). Others go by method and path.
fn rest_operation(service: &str, method: &str, parts: &[&str]) -> Option<(&'static str, Option<String>)> {
    let own = |name: &str| Some(name.to_owned());
    let of = |name: &str, part: &str| Some(format!("{name}/{part}"));
    Some(match (service, method, parts) {
        ("eks", "GET", ["clusters"]) => ("ListClusters", None),
        ("eks", "GET", ["clusters", name]) => ("DescribeCluster", own(name)),
        ("eks", "GET", ["clusters", name, "node-groups"]) => ("ListNodegroups", own(name)),
        ("eks", "GET", ["clusters", name, "node-groups", group]) => ("DescribeNodegroup", of(name, group)),
        ("eks", "POST", ["clusters", name, "node-groups", group, "update-config"]) => {
            ("UpdateNodegroupConfig", of(name, group))
        }
        ("eks", "POST", ["clusters", name, "node-groups", group, "update-version"]) => {
            ("UpdateNodegroupVersion", of(name, group))
        }
        ("eks", "GET", ["clusters", name, "updates", update]) => ("DescribeUpdate", of(name, update)),
        ("eks", "GET", ["clusters", name, "access-entries"]) => ("ListAccessEntries", own(name)),
        ("eks", "GET", ["clusters", name, "pod-identity-associations"]) => {
            ("ListPodIdentityAssociations", own(name))
        }
        ("eks", "GET", ["clusters", name, "pod-identity-associations", id]) => {
            ("DescribePodIdentityAssociation", of(name, id))
        }
        ("lambda", "POST", ["2015-03-31", "functions", name, "invocations"]) => ("Invoke", own(name)),
        ("lambda", "GET", ["2015-03-31", "functions", name]) => ("GetFunction", own(name)),
        ("lambda", "GET", ["2015-03-31", "functions", name, "configuration"]) => {
            ("GetFunctionConfiguration", own(name))
        }
        ("lambda", "GET", ["2015-03-31", "functions", name, "policy"]) => ("GetPolicy", own(name)),
        ("lambda", "GET", ["2015-03-31", "functions"]) => ("ListFunctions", None),
        ("guardduty", "GET", ["detector"]) => ("ListDetectors", None),
        ("guardduty", "POST", ["detector", id, "findings", "get"]) => ("GetFindings", own(id)),
        ("scheduler", "GET", ["schedules"]) => ("ListSchedules", None),
        ("scheduler", "GET", ["schedules", name]) => ("GetSchedule", own(name)),
        _ => return None,
    })
}
