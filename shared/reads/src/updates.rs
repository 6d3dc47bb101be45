//! What EKS changed (`eks:ListUpdates`, `eks:DescribeUpdate`). The status of a cluster is `ACTIVE` again after an update,
//! whether it succeeded or failed (API `UpdateClusterVersion`); only the update itself tells.

use aws_sdk_eks::Client;
use aws_sdk_eks::types;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "eks:ListUpdates";
const DESCRIBE: &str = "eks:DescribeUpdate";

/// Updates that are described at once.
const AT_ONCE: usize = 8;

/// What was updated. EKS keeps a list of its own for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The cluster itself.
    Cluster,
    /// A managed node group.
    NodeGroup(String),
    /// An add-on.
    Addon(String),
}

/// One update (API `Update`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Id.
    pub id: String,
    /// `VersionUpdate`, `ConfigUpdate`, `AddonUpdate`, …
    pub kind: String,
    /// `InProgress`, `Failed`, `Cancelled` or `Successful`.
    pub status: String,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// What it sets, name and value, for example `Version` and `1.33`.
    pub params: Vec<(String, String)>,
    /// Why it failed, code and message.
    pub errors: Vec<(String, String)>,
}

/// Updates that began at or after `since`. EKS promises no order of the list, so that every update is described.
///
/// # Errors
///
/// When the list or one of its updates could not be read: it could be the one that explains what is seen.
pub async fn since(
    client: &Client,
    times: &Times,
    cluster: &str,
    of: &Of,
    since: Timestamp,
) -> Observed<Vec<Update>> {
    let resource = match of {
        Of::Cluster => cluster.to_owned(),
        Of::NodeGroup(name) | Of::Addon(name) => format!("{cluster}/{name}"),
    };
    let ids = times
        .within(LIST, &resource, ids(client, &resource, cluster, of))
        .await?;
    let described = stream::iter(ids).map(async |id| {
        let one = read(client, &resource, cluster, of, &id);
        times.within(DESCRIBE, &resource, one).await
    });
    let mut found: Vec<Update> = described.buffered(AT_ONCE).try_collect().await?;
    // An update without a time may be a recent one.
    found.retain(|update| update.began_at.is_none_or(|at| at >= since));
    found.sort_by_key(|update| std::cmp::Reverse(update.began_at));
    Ok(found)
}

/// Names of node group and add-on, of which at most one is set.
fn names(of: &Of) -> (Option<String>, Option<String>) {
    match of {
        Of::Cluster => (None, None),
        Of::NodeGroup(name) => (Some(name.clone()), None),
        Of::Addon(name) => (None, Some(name.clone())),
    }
}

async fn ids(client: &Client, resource: &str, cluster: &str, of: &Of) -> Observed<Vec<String>> {
    let (node_group, addon) = names(of);
    let mut ids = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, resource);
    loop {
        let page = client
            .list_updates()
            .name(cluster)
            .set_nodegroup_name(node_group.clone())
            .set_addon_name(addon.clone())
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, resource, &error))?;
        ids.extend_from_slice(listed(LIST, resource, "updateIds", page.update_ids.as_deref())?);
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(ids);
        }
    }
}

async fn read(client: &Client, resource: &str, cluster: &str, of: &Of, id: &str) -> Observed<Update> {
    let (node_group, addon) = names(of);
    let answer = client
        .describe_update()
        .name(cluster)
        .update_id(id)
        .set_nodegroup_name(node_group)
        .set_addon_name(addon)
        .send()
        .await
        .map_err(|error| unreadable(DESCRIBE, resource, &error))?;
    let seen = answer
        .update()
        .ok_or_else(|| lacks(DESCRIBE, resource, "update"))?;
    Ok(Update {
        id: id.to_owned(),
        kind: seen
            .r#type()
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        status: seen
            .status()
            .ok_or_else(|| lacks(DESCRIBE, resource, "status"))?
            .as_str()
            .to_owned(),
        began_at: seen.created_at().and_then(timestamp),
        params: seen.params().iter().map(param).collect(),
        errors: seen.errors().iter().map(error).collect(),
    })
}

fn param(seen: &types::UpdateParam) -> (String, String) {
    let name = seen
        .r#type()
        .map(|kind| kind.as_str().to_owned())
        .unwrap_or_default();
    (name, seen.value().unwrap_or_default().to_owned())
}

fn error(seen: &types::ErrorDetail) -> (String, String) {
    let code = seen
        .error_code()
        .map(|code| code.as_str().to_owned())
        .unwrap_or_default();
    (code, seen.error_message().unwrap_or_default().to_owned())
}
