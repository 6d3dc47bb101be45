//! Shorthands for what checks list. Each needs the verb `list` on its resource.

use day2_core::Observed;
use jiff::Timestamp;

use crate::ClusterClient;
use crate::list::{ListQuery, Listed};
use crate::objects::Namespace;

/// Each fails as [`list`](ClusterClient::list) does.
#[expect(clippy::missing_errors_doc, reason = "said once for all above")]
impl ClusterClient {
    /// Namespaces.
    pub async fn list_namespaces(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
    ) -> Observed<Listed<Namespace>> {
        self.list::<Namespace>(query, deadline).await
    }
}
