//! What was changed lately.

use day2_core::Observed;
use day2_kube::ClusterClient;
use day2_reads::times::Times;

use crate::facts::changes::Changes;
use crate::reduce::traces::{Look, Since};

pub(super) async fn changes(client: &Observed<ClusterClient>, minutes: u32, times: &Times) -> Changes {
    let (at, until) = (times.ago(minutes), times.deadline);
    let client = match client {
        Ok(client) => client,
        Err(why) => return Changes::unread(at, why),
    };
    let [templates, objects, workloads] =
        [Look::Templates, Look::Objects, Look::Workloads].map(|look| Since { at, look });
    let (replica_sets, revisions, deployments, stateful_sets, daemon_sets, config_maps) = futures::join!(
        client.list_replica_sets_into(&templates, until),
        client.list_controller_revisions_into(&templates, until),
        client.list_deployments_metadata_into(&workloads, until),
        client.list_stateful_sets_metadata_into(&workloads, until),
        client.list_daemon_sets_metadata_into(&workloads, until),
        client.list_config_maps_into(&objects, until),
    );
    Changes {
        since: at,
        replica_sets,
        revisions,
        deployments,
        stateful_sets,
        daemon_sets,
        config_maps,
    }
}
