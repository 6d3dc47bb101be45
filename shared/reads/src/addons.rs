//! EKS add-ons (`eks:ListAddons`, `eks:DescribeAddon`).

use aws_sdk_eks::Client;
use aws_sdk_eks::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "eks:ListAddons";
const DESCRIBE: &str = "eks:DescribeAddon";

/// Add-ons that are described at once.
const AT_ONCE: usize = 8;

/// One add-on (API `Addon`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addon {
    /// Name, for example `vpc-cni`.
    pub name: String,
    /// `ACTIVE`, `DEGRADED`, `UPDATE_FAILED`, …
    pub status: String,
    /// Version, for example `v1.20.4-eksbuild.2`.
    pub version: Option<String>,
    /// Health issues, code and message, for example `InsufficientNumberOfReplicas`.
    pub issues: Vec<(String, String)>,
    /// When it was changed last.
    pub modified_at: Option<Timestamp>,
}

/// Every add-on of a cluster. One that cannot be described stays, with the reason. A cluster may well have none: those of
/// Auto Mode are part of the service, and others are installed without EKS.
///
/// # Errors
///
/// When the *list* could not be read completely.
pub async fn of_cluster(
    client: &Client,
    times: &Times,
    cluster: &str,
) -> Observed<Vec<(String, Observed<Addon>)>> {
    let names = times.within(LIST, cluster, names(client, cluster)).await?;
    let described = stream::iter(names).map(async |name| {
        let resource = format!("{cluster}/{name}");
        let addon = times
            .within(DESCRIBE, &resource, read(client, &resource, cluster, &name))
            .await;
        (name, addon)
    });
    Ok(described.buffered(AT_ONCE).collect().await)
}

async fn names(client: &Client, cluster: &str) -> Observed<Vec<String>> {
    let mut names = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, cluster);
    loop {
        let page = client
            .list_addons()
            .cluster_name(cluster)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, cluster, &error))?;
        names.extend_from_slice(listed(LIST, cluster, "addons", page.addons.as_deref())?);
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(names);
        }
    }
}

async fn read(client: &Client, resource: &str, cluster: &str, name: &str) -> Observed<Addon> {
    let answer = client
        .describe_addon()
        .cluster_name(cluster)
        .addon_name(name)
        .send()
        .await
        .map_err(|error| unreadable(DESCRIBE, resource, &error))?;
    let seen = answer.addon().ok_or_else(|| lacks(DESCRIBE, resource, "addon"))?;
    Ok(Addon {
        name: name.to_owned(),
        status: seen
            .status()
            .ok_or_else(|| lacks(DESCRIBE, resource, "status"))?
            .as_str()
            .to_owned(),
        version: seen.addon_version().map(str::to_owned),
        issues: seen
            .health()
            .map(types::AddonHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(issue)
            .collect(),
        modified_at: seen.modified_at().and_then(timestamp),
    })
}

fn issue(seen: &types::AddonIssue) -> (String, String) {
    let code = seen
        .code()
        .map(|code| code.as_str().to_owned())
        .unwrap_or_default();
    (code, seen.message().unwrap_or_default().to_owned())
}
