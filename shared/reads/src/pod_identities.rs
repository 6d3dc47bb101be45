//! The associations of EKS Pod Identity: which service account acts as which IAM role (`eks:ListPodIdentityAssociations`,
//! `eks:DescribePodIdentityAssociation`).

use aws_sdk_eks::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::answer::{lacks, listed};
use crate::times::Times;

const LIST: &str = "eks:ListPodIdentityAssociations";
const DESCRIBE: &str = "eks:DescribePodIdentityAssociation";

/// Associations that are described at once.
const AT_ONCE: usize = 8;

/// Most associations that are described; a list does not say the role of any.
const MOST: usize = 500;

/// A service account, and the role whose credentials its pods get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActsAs {
    /// Namespace of the service account.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// ARN of the role.
    pub role_arn: String,
}

/// The association of one service account; none, or one.
///
/// # Errors
///
/// When it could not be read completely.
pub async fn of_account(
    client: &Client,
    times: &Times,
    cluster: &str,
    (namespace, account): (&str, &str),
) -> Observed<Vec<ActsAs>> {
    of(client, times, cluster, Some((namespace, account))).await
}

/// Every association of a cluster.
///
/// # Errors
///
/// When not all could be read, or there are too many.
pub async fn of_cluster(client: &Client, times: &Times, cluster: &str) -> Observed<Vec<ActsAs>> {
    of(client, times, cluster, None).await
}

async fn of(
    client: &Client,
    times: &Times,
    cluster: &str,
    account: Option<(&str, &str)>,
) -> Observed<Vec<ActsAs>> {
    let ids = times.within(LIST, cluster, ids(client, cluster, account)).await?;
    if ids.len() > MOST {
        let why = format!("there are {} associations, and {MOST} are looked at", ids.len());
        return Err(Unreadable::new(LIST, cluster, Cause::Partial, why));
    }
    let described = stream::iter(ids).map(async |id| {
        let resource = format!("{cluster}/{id}");
        times
            .within(DESCRIBE, &resource, read(client, &resource, cluster, &id))
            .await
    });
    let all: Vec<Option<ActsAs>> = described.buffered(AT_ONCE).try_collect().await?;
    Ok(all.into_iter().flatten().collect())
}

async fn ids(client: &Client, cluster: &str, account: Option<(&str, &str)>) -> Observed<Vec<String>> {
    let mut ids = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(LIST, cluster);
    loop {
        let page = client
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .set_namespace(account.map(|(namespace, _)| namespace.to_owned()))
            .set_service_account(account.map(|(_, name)| name.to_owned()))
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(LIST, cluster, &error))?;
        for one in listed(LIST, cluster, "associations", page.associations.as_deref())? {
            let id = one
                .association_id()
                .ok_or_else(|| lacks(LIST, cluster, "associationId"))?;
            ids.push(id.to_owned());
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(ids);
        }
    }
}

/// One that was deleted meanwhile is none any more.
async fn read(client: &Client, resource: &str, cluster: &str, id: &str) -> Observed<Option<ActsAs>> {
    let answer = client
        .describe_pod_identity_association()
        .cluster_name(cluster)
        .association_id(id)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let why = unreadable(DESCRIBE, resource, &error);
            return if why.cause == Cause::NotFound {
                Ok(None)
            } else {
                Err(why)
            };
        }
    };
    let seen = answer
        .association()
        .ok_or_else(|| lacks(DESCRIBE, resource, "association"))?;
    let field = |name: &str, value: Option<&str>| {
        value
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| lacks(DESCRIBE, resource, name))
    };
    // With a target role the pod gets that role's credentials (EKS user guide, "Access AWS Resources using EKS Pod Identity
    // Target IAM Roles").
    let target = seen.target_role_arn().filter(|arn| !arn.is_empty());
    Ok(Some(ActsAs {
        namespace: field("namespace", seen.namespace())?,
        service_account: field("serviceAccount", seen.service_account())?,
        role_arn: field("roleArn", target.or_else(|| seen.role_arn()))?,
    }))
}
