//! Kinds that are known only at run time, for example from an owner reference, and whole objects of them.

use std::fmt;

use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::objects::{Kind, Owner};
use crate::path::Place;

/// Never read, whatever the rights: their contents are credentials.
const SECRETS: &str = "secrets";

/// Where an API server serves a kind of object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindAt {
    group: String,
    version: String,
    plural: String,
}

impl fmt::Display for KindAt {
    /// `rollouts.argoproj.io`, as `kubectl` names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plural)?;
        if self.group.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.group)
    }
}

/// A kind that must not be read, or that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KindRefused(String);

impl KindAt {
    /// A kind by group (empty for the core group), version and plural resource name.
    ///
    /// # Errors
    ///
    /// [`KindRefused`] for Secrets, and for text that is no name.
    pub fn new(group: &str, version: &str, plural: &str) -> Result<Self, KindRefused> {
        if plural == SECRETS {
            return Err(KindRefused("Secrets are never read".to_owned()));
        }
        let place = Place {
            group,
            version,
            plural,
        };
        place
            .collection(None)
            .map_err(|fault| KindRefused(fault.to_string()))?;
        Ok(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
        })
    }

    /// A kind that this crate knows.
    #[must_use]
    pub fn of<K: Kind>() -> Self {
        Self {
            group: K::GROUP.to_owned(),
            version: K::VERSION.to_owned(),
            plural: K::PLURAL.to_owned(),
        }
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            group: &self.group,
            version: &self.version,
            plural: &self.plural,
        }
    }
}

/// A whole object, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// The object as the API server gives it, with all its fields.
    Object(Box<Value>),
    /// The API server itself says that there is no such object.
    Absent,
    /// The cluster does not know the kind.
    NotServed,
}

/// The built-in controllers, and those custom ones that are common, so that discovery is not asked for them.
const KNOWN: [(&str, &str, &str); 8] = [
    ("apps/v1", "ReplicaSet", "replicasets"),
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "StatefulSet", "statefulsets"),
    ("apps/v1", "DaemonSet", "daemonsets"),
    ("batch/v1", "Job", "jobs"),
    ("batch/v1", "CronJob", "cronjobs"),
    ("v1", "ReplicationController", "replicationcontrollers"),
    ("argoproj.io/v1alpha1", "Rollout", "rollouts"),
];

impl ClusterClient {
    /// The whole object, for evidence. Needs `get` on its resource.
    ///
    /// # Errors
    ///
    /// When the object could not be read; also when the cluster knows the kind in other versions only.
    pub async fn get_raw(
        &self,
        kind: &KindAt,
        namespace: Option<&str>,
        name: &str,
        deadline: Timestamp,
    ) -> Observed<Raw> {
        let operation = match namespace {
            Some(namespace) => format!("get {kind} {namespace}/{name}"),
            None => format!("get {kind} {name}"),
        };
        let until = self.transport().until(deadline);
        let got = match kind.place().object(namespace, name) {
            Ok(path) => self.fetch::<Value>(&path, until).await,
            Err(fault) => Err(fault),
        };
        match got {
            Ok(Some(object)) if object.is_object() => Ok(Raw::Object(Box::new(object))),
            Ok(Some(_)) => {
                let fault = Fault::Malformed("the answer is not an object".to_owned());
                Err(self.unreadable(&operation, &fault))
            }
            Ok(None) => Ok(Raw::Absent),
            Err(fault) if fault.cause() == Cause::NotFound => {
                self.whether_served(&kind.place(), &operation, until).await
            }
            Err(fault) => Err(self.unreadable(&operation, &fault)),
        }
    }

    async fn whether_served(&self, place: &Place<'_>, operation: &str, until: Instant) -> Observed<Raw> {
        match self.versions_at(place, until).await {
            Ok(versions) if versions.is_empty() => Ok(Raw::NotServed),
            Ok(versions) => Err(Unreadable::new(
                operation,
                self.name(),
                Cause::NotFound,
                format!(
                    "the cluster serves it as {}, not as {}",
                    versions.join(", "),
                    place.version
                ),
            )),
            Err(fault) => Err(self.unreadable(&format!("discover {}", place.group), &fault)),
        }
    }

    /// Where the kind of an owner is served; none when the cluster does not know it. Owners outside of the table above
    /// are looked up by discovery, which every authenticated caller may ask.
    ///
    /// # Errors
    ///
    /// When discovery did not answer, or the kind is one that is never read.
    pub async fn kind_of(&self, owner: &Owner, deadline: Timestamp) -> Observed<Option<KindAt>> {
        let until = self.transport().until(deadline);
        self.kind_at(owner, until)
            .await
            .map_err(|fault| self.unreadable(&format!("discover {}", owner.api_version), &fault))
    }

    pub(crate) async fn kind_at(&self, owner: &Owner, until: Instant) -> Result<Option<KindAt>, Fault> {
        let (group, version) = owner
            .api_version
            .split_once('/')
            .unwrap_or(("", owner.api_version.as_str()));
        let known = KNOWN
            .iter()
            .find(|(api, kind, _)| *api == owner.api_version && *kind == owner.kind);
        let plural = match known {
            Some((_, _, plural)) => Some((*plural).to_owned()),
            None => self.plural_of(group, version, &owner.kind, until).await?,
        };
        plural
            .map(|plural| KindAt::new(group, version, &plural))
            .transpose()
            .map_err(|refused| Fault::Unusable(refused.to_string()))
    }

    async fn plural_of(
        &self,
        group: &str,
        version: &str,
        kind: &str,
        until: Instant,
    ) -> Result<Option<String>, Fault> {
        #[derive(Deserialize)]
        struct Resources {
            resources: Vec<Resource>,
        }
        #[derive(Deserialize)]
        struct Resource {
            name: String,
            kind: Option<String>,
        }
        // Group and version are text of the cluster: they are checked as every part of a path is.
        let probe = Place {
            group,
            version,
            plural: "x",
        };
        let path = probe.collection(None)?;
        let path = path.trim_end_matches("/x");
        let list: Option<Resources> = self.discover(path, until).await?;
        // Subresources (`rollouts/scale`) stand in the same list.
        Ok(list.and_then(|list| {
            list.resources
                .into_iter()
                .find(|one| one.kind.as_deref() == Some(kind) && !one.name.contains('/'))
                .map(|one| one.name)
        }))
    }
}
