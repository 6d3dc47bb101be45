//! "May I?", asked of the API server itself, for the self-check.

use std::fmt;

use bytes::Bytes;
use day2_core::item::Population;
use day2_core::{Item, Observed, Verdict};
use futures::future::join_all;
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

impl fmt::Display for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        self.namespace
            .map_or(Ok(()), |namespace| write!(f, " in {namespace}"))
    }
}

/// What came of asking for several permissions. Nothing asked is nothing proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    asked: usize,
    /// What is not allowed: `patch deployments in coder`, and why.
    pub denied: Vec<(String, String)>,
    /// What was not answered, and why.
    pub unread: Vec<(String, String)>,
}

impl Rights {
    /// The line of a self-check: what is denied fails, what was not answered is unknown.
    #[must_use]
    pub fn item(self, code: &str, title: &str) -> Item {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let answered = self.asked.saturating_sub(self.unread.len());
        let allowed = answered.saturating_sub(self.denied.len());
        let verdict = match (self.denied.is_empty(), self.unread.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Pass,
        };
        let population = Population {
            examined: count(answered),
            expected_at_least: count(self.asked),
        };
        let seen = format!("{allowed} of {} allowed", self.asked);
        Item::judge(code, title, verdict, population, seen)
            .subjects(self.denied)
            .subjects(self.unread)
    }
}

impl ClusterClient {
    /// Asks for all of these permissions at once.
    pub async fn rights(&self, questions: &[Access<'_>], deadline: Timestamp) -> Rights {
        let ask = async |access: &Access<'_>| (access.to_string(), self.can_i(access, deadline).await);
        let answers = join_all(questions.iter().map(ask)).await;
        let mut rights = Rights {
            asked: questions.len(),
            ..Rights::default()
        };
        for (what, answer) in answers {
            match answer {
                Ok(true) => {}
                Ok(false) => rights.denied.push((what, "not allowed".to_owned())),
                Err(why) => rights.unread.push((what, why.to_string())),
            }
        }
        rights
    }

    /// [`Self::rights`] to list each of these `(group, resource)` in every namespace, which is all that a check asks
    /// for in its `rbac.yaml`.
    pub async fn may_list(&self, rules: &[(&str, &str)], deadline: Timestamp) -> Rights {
        let questions: Vec<Access<'_>> = rules
            .iter()
            .map(|&(group, resource)| Access {
                verb: "list",
                group,
                resource,
                namespace: None,
            })
            .collect();
        self.rights(&questions, deadline).await
    }

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
            metadata_only: false,
        };
        let until = self.transport().until(deadline);
        let answer = self
            .transport()
            .read(&call, until, None, &mut Small::default())
            .await;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked for so many, of which these are denied and these not answered.
    fn item(asked: usize, denied: &[&str], unread: &[&str]) -> Item {
        let because = |names: &[&str], why: &str| {
            let each = names.iter().map(|&name| (name.to_owned(), why.to_owned()));
            each.collect::<Vec<_>>()
        };
        let rights = Rights {
            asked,
            denied: because(denied, "not allowed"),
            unread: because(unread, "timed out"),
        };
        rights.item("X-802", "the cluster grants it")
    }

    #[test]
    fn what_is_denied_fails_and_what_is_not_answered_is_unknown_w25_w28() {
        /// How many were asked, what of them was denied and what not answered; verdict, how many were answered, and what it says.
        type Row = (
            usize,
            &'static [&'static str],
            &'static [&'static str],
            Verdict,
            u64,
            &'static str,
        );
        const NODES: &str = "list nodes";
        const PODS: &str = "list pods";
        let rows: [Row; 7] = [
            (2, &[], &[], Verdict::Pass, 2, "2 of 2 allowed"),
            (2, &[PODS], &[], Verdict::Fail, 2, "1 of 2 allowed"),
            (2, &[NODES, PODS], &[], Verdict::Fail, 2, "0 of 2 allowed"),
            (2, &[], &[PODS], Verdict::Unknown, 1, "1 of 2 allowed"),
            (2, &[], &[NODES, PODS], Verdict::Unknown, 0, "0 of 2 allowed"),
            (2, &[NODES], &[PODS], Verdict::Fail, 1, "0 of 2 allowed"),
            // Nothing asked is nothing proven.
            (0, &[], &[], Verdict::Unknown, 0, "0 of 0 allowed"),
        ];
        for (asked, denied, unread, verdict, examined, seen) in rows {
            let item = item(asked, denied, unread);
            assert_eq!(item.verdict(), verdict, "{denied:?} {unread:?}");
            let population = item.population();
            assert_eq!(
                (population.examined, population.expected_at_least),
                (examined, u64::try_from(asked).unwrap()),
                "{denied:?} {unread:?}"
            );
            assert_eq!(item.seen, seen);
            let named: Vec<&str> = item.subjects.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(named, [denied, unread].concat());
        }
    }
}
