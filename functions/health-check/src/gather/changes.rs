//! What was changed lately.

use day2_core::Observed;
use day2_kube::ClusterClient;
use day2_reads::times::Times;

use crate::facts::changes::Changes;
use crate::reduce::traces::Since;

pub(super) async fn changes(client: &Observed<ClusterClient>, minutes: u32, times: &Times) -> Changes {
    let (since, until) = (times.ago(minutes), times.deadline);
    let client = match client {
        Ok(client) => client,
        Err(why) => {
            return Changes {
                since,
                replica_sets: Err(why.clone()),
                revisions: Err(why.clone()),
                config_maps: Err(why.clone()),
            };
        }
    };
    let new = Since {
        at: since,
        new_only: true,
    };
    let any = Since {
        new_only: false,
        ..new
    };
    let (replica_sets, revisions, config_maps) = futures::join!(
        client.list_replica_sets_into(&new, until),
        client.list_controller_revisions_into(&new, until),
        client.list_config_maps_into(&any, until),
    );
    Changes {
        since,
        replica_sets,
        revisions,
        config_maps,
    }
}
