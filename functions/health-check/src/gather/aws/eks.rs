//! What EKS says of the cluster.

use aws_sdk_eks::Client;
use day2_core::target::Target;
use day2_reads::times::Times;
use day2_reads::{addons, clusters, insights, node_groups};

use super::undeclared;
use crate::facts::eks::EksFacts;
use crate::settings::Group;

pub(super) async fn read(client: &Client, target: &Target, times: &Times) -> EksFacts {
    let Some(declared) = &target.cluster else {
        let why = undeclared("cluster", Group::Eks);
        return EksFacts {
            cluster: Err(why.clone()),
            addons: Err(why.clone()),
            node_groups: Err(why.clone()),
            insights: Err(why),
        };
    };
    let name = declared.name.as_str();
    let (cluster, addons, node_groups, insights) = futures::join!(
        clusters::describe(client, times, name),
        addons::of_cluster(client, times, name),
        node_groups::of_cluster(client, times, name),
        insights::of_cluster(client, times, name),
    );
    EksFacts {
        cluster,
        addons,
        node_groups,
        insights,
    }
}
