//! "May I?", asked of the API server itself, for the self-check.

use bytes::Bytes;
use day2_core::Observed;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::read::{Call, Small};

/// One permission, as a rule of a `ClusterRole` grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access<'a> {
    /// `get`, `list`, `patch`, …
    pub verb: &'a str,
    /// API group; empty for the core group.
    pub group: &'a str,
    /// Plural resource name, with a subresource after a slash (`pods/eviction`).
    pub resource: &'a str,
    /// One namespace; none for the whole cluster.
    pub namespace: Option<&'a str>,
}

impl ClusterClient {
    /// Whether the caller has this permission (`SelfSubjectAccessReview`, which every authenticated caller may
    /// create).
    ///
    /// # Errors
    ///
    /// When the question itself was not answered.
    pub async fn can_i(&self, access: &Access<'_>, deadline: Timestamp) -> Observed<bool> {
        #[derive(Deserialize)]
        struct Review {
            status: Option<Answer>,
        }
        #[derive(Deserialize)]
        struct Answer {
            allowed: bool,
        }
        const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let (resource, subresource) = access.resource.split_once('/').unwrap_or((access.resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": access.verb,
                "group": access.group,
                "resource": resource,
                "subresource": subresource,
                "namespace": access.namespace.unwrap_or_default(),
            }},
        });
        let call = Call {
            path: PATH,
            review: Some(Bytes::from(review.to_string())),
        };
        let until = self.transport().until(deadline);
        let answer = self.transport().read(&call, until, &mut Small::default()).await;
        answer
            .and_then(|body| {
                let review = serde_json::from_slice::<Review>(&body);
                review
                    .ok()
                    .and_then(|review| review.status)
                    .map(|status| status.allowed)
                    .ok_or_else(|| {
                        Fault::Malformed("the access review came back without an answer".to_owned())
                    })
            })
            .map_err(|fault| self.unreadable("create selfsubjectaccessreviews", &fault))
    }
}
