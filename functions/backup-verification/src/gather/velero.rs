//! Velero's kinds and the namespaces: one client, five lists side by side.

use day2_core::Observed;
use day2_core::target::Target;
use day2_kube::objects::VeleroRestore;
use day2_kube::{ClusterClient, Listed};
use day2_reads::clusters;
use day2_reads::times::Times;

use super::Clients;
use crate::facts::VeleroFacts;
use crate::settings::Plan;

/// Restores, as the proof wants them.
type Restores = Observed<Option<Vec<VeleroRestore>>>;

/// What the plan wants to know of Velero: its backups, its restores, both or nothing.
pub(super) async fn velero(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    times: &Times,
) -> (Option<VeleroFacts>, Option<Restores>) {
    let proves = plan.restore_proof.as_ref().is_some_and(|proof| proof.velero);
    let backs_up = plan.velero.is_some();
    if !proves && !backs_up {
        return (None, None);
    }
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => {
            let nothing = VeleroFacts {
                locations: Err(why.clone()),
                schedules: Err(why.clone()),
                backups: Err(why.clone()),
                namespaces: Err(why.clone()),
            };
            return (backs_up.then_some(nothing), proves.then_some(Err(why)));
        }
    };
    let deadline = times.deadline;
    futures::join!(
        async {
            if !backs_up {
                return None;
            }
            let (locations, schedules, backups, namespaces) = futures::join!(
                client.list_backup_storage_locations(deadline),
                client.list_schedules(deadline),
                client.list_backups(deadline),
                client.list_namespaces(deadline),
            );
            Some(VeleroFacts {
                locations: whole(locations),
                schedules: whole(schedules),
                backups: whole(backups),
                namespaces: namespaces.and_then(Listed::complete),
            })
        },
        async {
            if proves {
                Some(whole(client.list_restores(deadline).await))
            } else {
                None
            }
        },
    )
}

fn whole<T>(listed: Observed<Option<Listed<T>>>) -> Observed<Option<Vec<T>>> {
    listed?.map(Listed::complete).transpose()
}

/// Connects to the target's cluster.
pub(crate) async fn connect(clients: &Clients, target: &Target, times: &Times) -> Observed<ClusterClient> {
    clusters::connect(&clients.eks, clients.credentials.clone(), target, times).await
}
