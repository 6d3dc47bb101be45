//! Lists of Velero's kinds. Each needs the verb `list` on its resource of `velero.io`.
//!
//! None is an answer: the cluster does not know Velero.

use day2_core::Observed;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::list::Listed;
use crate::objects::{VeleroBackup, VeleroLocation, VeleroRestore, VeleroSchedule};

/// Of all namespaces; each fails as [`list`](ClusterClient::list) does, and when the cluster knows the kind in other versions
/// only.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Where backups are kept.
    pub async fn list_backup_storage_locations(
        &self,
        deadline: Timestamp,
    ) -> Observed<Option<Listed<VeleroLocation>>> {
        self.list_if_served::<VeleroLocation>(deadline).await
    }

    /// Schedules of backups.
    pub async fn list_schedules(&self, deadline: Timestamp) -> Observed<Option<Listed<VeleroSchedule>>> {
        self.list_if_served::<VeleroSchedule>(deadline).await
    }

    /// Backups, those of schedules and those by hand.
    pub async fn list_backups(&self, deadline: Timestamp) -> Observed<Option<Listed<VeleroBackup>>> {
        self.list_if_served::<VeleroBackup>(deadline).await
    }

    /// Restores.
    pub async fn list_restores(&self, deadline: Timestamp) -> Observed<Option<Listed<VeleroRestore>>> {
        self.list_if_served::<VeleroRestore>(deadline).await
    }
}
