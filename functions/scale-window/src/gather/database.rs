//! Aurora clusters and RDS instances.

use aws_sdk_rds::Client as Rds;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};

use crate::facts::{Database, DatabaseInstance};

/// Describes an Aurora cluster and each of its members.
///
/// A member that cannot be described stays, with the reason as its status.
pub(crate) async fn aurora(client: &Rds, id: &str) -> Observed<Database> {
    const ACTION: &str = "rds:DescribeDBClusters";
    let answer = client
        .describe_db_clusters()
        .db_cluster_identifier(id)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, id, &error))?;
    let cluster = answer
        .db_clusters()
        .first()
        .ok_or_else(|| Unreadable::new(ACTION, id, Cause::NotFound, "no DB cluster has this identifier"))?;
    let members = futures::future::join_all(cluster.db_cluster_members().iter().map(async |member| {
        let name = member.db_instance_identifier().unwrap_or_default();
        let described = instance(client, name).await;
        DatabaseInstance {
            id: name.to_owned(),
            class: described.as_ref().ok().and_then(|(_, class, _, _)| class.clone()),
            // What is not in sync wins: the maximum may be set in the cluster's group or in the instance's own.
            parameters: [
                member.db_cluster_parameter_group_status().map(str::to_owned),
                described
                    .as_ref()
                    .ok()
                    .and_then(|(.., parameters)| parameters.status.clone()),
            ]
            .into_iter()
            .flatten()
            .max_by_key(|status| status != "in-sync"),
            parameter_group: described
                .as_ref()
                .ok()
                .and_then(|(.., parameters)| parameters.group.clone()),
            status: described.map(|(status, ..)| status),
            writer: member.is_cluster_writer().unwrap_or_default(),
        }
    }))
    .await;
    let serverless = cluster
        .serverless_v2_scaling_configuration()
        .and_then(|scaling| Some((scaling.min_capacity()?, scaling.max_capacity()?)));
    Ok(Database {
        status: cluster.status().unwrap_or_default().to_owned(),
        engine: cluster.engine().unwrap_or_default().to_owned(),
        parameter_groups: members
            .iter()
            .filter_map(|member| member.parameter_group.clone())
            .chain(cluster.db_cluster_parameter_group().map(str::to_owned))
            .collect(),
        serverless,
        instances: members,
    })
}

/// Describes one RDS instance that is no member of a cluster.
pub(crate) async fn rds(client: &Rds, id: &str) -> Observed<Database> {
    let (status, class, engine, parameters) = instance(client, id).await?;
    Ok(Database {
        status: status.clone(),
        engine,
        parameter_groups: parameters.group.clone().into_iter().collect(),
        serverless: None,
        instances: vec![DatabaseInstance {
            id: id.to_owned(),
            status: Ok(status),
            writer: true,
            parameters: parameters.status,
            parameter_group: parameters.group,
            class,
        }],
    })
}

/// The first parameter group of an instance and whether it is in force.
struct Parameters {
    group: Option<String>,
    status: Option<String>,
}

type Described = (String, Option<String>, String, Parameters);

async fn instance(client: &Rds, id: &str) -> Observed<Described> {
    const ACTION: &str = "rds:DescribeDBInstances";
    let answer = client
        .describe_db_instances()
        .db_instance_identifier(id)
        .send()
        .await
        .map_err(|error| unreadable(ACTION, id, &error))?;
    let seen = answer
        .db_instances()
        .first()
        .ok_or_else(|| Unreadable::new(ACTION, id, Cause::NotFound, "no DB instance has this identifier"))?;
    let parameters = seen.db_parameter_groups().first();
    Ok((
        seen.db_instance_status().unwrap_or_default().to_owned(),
        seen.db_instance_class().map(str::to_owned),
        seen.engine().unwrap_or_default().to_owned(),
        Parameters {
            group: parameters
                .and_then(|group| group.db_parameter_group_name())
                .map(str::to_owned),
            status: parameters
                .and_then(|group| group.parameter_apply_status())
                .map(str::to_owned),
        },
    ))
}
