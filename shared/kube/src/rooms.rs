//! What a cluster offers and what its pods take, for whoever asks whether it could carry more.

use day2_core::Observed;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::fold::{Folded, Reduce};
use crate::list::{ListQuery, Listed};
use crate::objects::{NodeRoom, PodRoom};

/// Each fails as [`list`](ClusterClient::list) does.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// What the nodes offer. Needs `list` on nodes.
    pub async fn list_node_rooms(&self, deadline: Timestamp) -> Observed<Listed<NodeRoom>> {
        self.list::<NodeRoom>(&ListQuery::all(), deadline).await
    }

    /// What the pods take, reduced while they are read; fails as [`fold`](ClusterClient::fold) does. Those that are over are
    /// left out where the API server can tell. Needs `list` on pods.
    pub async fn list_pod_rooms_into<R: Reduce<PodRoom>>(
        &self,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        let running = ListQuery::all().with_fields("status.phase!=Succeeded,status.phase!=Failed");
        self.fold::<PodRoom, R>(&running, reduce, deadline).await
    }
}
