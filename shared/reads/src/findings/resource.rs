//! One name for what a finding is about, so that findings about the same thing can be told together.

use aws_sdk_guardduty::types::Resource;

/// What a finding is about.
#[derive(Debug, Default)]
pub(super) struct Name {
    /// Kind of resource, for example `pod` or `instance`.
    kind: String,
    /// The name alone.
    pub(super) own: String,
    /// Where it lives, for example a namespace.
    within: Option<String>,
}

impl Name {
    /// `pod shop/web`, `instance i-1`; a finding that names nothing is told by its own id, never together with others.
    pub(super) fn shown(&self, id: &str) -> String {
        match (&self.within, self.own.is_empty()) {
            (_, true) => format!("finding {id}"),
            (Some(within), _) => format!("{} {within}/{}", self.kind, self.own),
            (None, _) => format!("{} {}", self.kind, self.own),
        }
    }
}

/// The narrowest thing that the finding names. A finding of Runtime Monitoring names the workload, the node's instance
/// and the cluster at once; the workload is what somebody can act on.
pub(super) fn name(seen: &Resource) -> Name {
    let candidates = [
        workload(seen),
        plain(
            "role or user",
            seen.access_key_details().and_then(|key| key.user_name()),
        ),
        plain(
            "database",
            seen.rds_db_instance_details()
                .and_then(|database| database.db_instance_identifier()),
        ),
        plain(
            "function",
            seen.lambda_details().and_then(|lambda| lambda.function_name()),
        ),
        plain(
            "bucket",
            seen.s3_bucket_details().first().and_then(|bucket| bucket.name()),
        ),
        plain(
            "ECS cluster",
            seen.ecs_cluster_details().and_then(|cluster| cluster.name()),
        ),
        plain(
            "instance",
            seen.instance_details()
                .and_then(|instance| instance.instance_id()),
        ),
        plain(
            "cluster",
            seen.eks_cluster_details().and_then(|cluster| cluster.name()),
        ),
        plain("container", seen.container_details().and_then(|one| one.name())),
    ];
    candidates.into_iter().flatten().next().unwrap_or_default()
}

fn workload(seen: &Resource) -> Option<Name> {
    let details = seen.kubernetes_details()?;
    if let Some(workload) = details.kubernetes_workload_details()
        && let Some(name) = workload.name()
    {
        return Some(Name {
            // "pods", "deployments" in the words of GuardDuty.
            kind: workload.r#type().unwrap_or("workload").to_owned(),
            own: name.to_owned(),
            within: workload.namespace().map(str::to_owned),
        });
    }
    plain(
        "Kubernetes user",
        details.kubernetes_user_details().and_then(|user| user.username()),
    )
}

fn plain(kind: &str, name: Option<&str>) -> Option<Name> {
    let own = name.filter(|name| !name.is_empty())?.to_owned();
    Some(Name {
        kind: kind.to_owned(),
        own,
        within: None,
    })
}
