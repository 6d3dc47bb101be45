//! The API server's own answers, and the namespaces.

use day2_core::Observed;
use day2_kube::{ClusterClient, Listed};
use day2_reads::times::Times;

use crate::facts::cluster::ClusterFacts;
use crate::facts::namespaces::{Namespace, Namespaces};
use crate::reduce::mesh::Wish;
use crate::settings::ownership::Ownership;

pub(super) async fn cluster(client: &Observed<ClusterClient>, times: &Times) -> ClusterFacts {
    match client {
        Ok(client) => {
            let (readyz, version) =
                futures::join!(client.readyz(times.deadline), client.version(times.deadline));
            ClusterFacts { readyz, version }
        }
        Err(why) => ClusterFacts {
            readyz: Err(why.clone()),
            version: Err(why.clone()),
        },
    }
}

/// Namespaces, of whose labels only those are kept that something is judged by.
pub(super) async fn namespaces(
    client: &Observed<ClusterClient>,
    ownership: &Ownership,
    times: &Times,
) -> Observed<Namespaces> {
    let client = client.as_ref().map_err(Clone::clone)?;
    let all = client
        .list_namespaces(times.deadline)
        .await
        .and_then(Listed::complete)?;
    let read = |namespace: day2_kube::objects::Namespace| {
        let team = ownership
            .label
            .as_ref()
            .and_then(|label| namespace.labels.get(label))
            .cloned();
        let mesh = Wish::of_namespace(&namespace.labels);
        (namespace.name, Namespace { team, mesh })
    };
    Ok(all.into_iter().map(read).collect())
}
