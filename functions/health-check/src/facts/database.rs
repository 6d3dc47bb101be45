//! What is read for the group `database`.

use day2_core::Observed;
use day2_core::database::{AcuRange, Parameter};
use day2_core::target::Engine;
use day2_reads::db_events::DbEvent;
use day2_reads::db_instances::DbInstance;
use day2_reads::db_maintenance::Maintenance;
use day2_reads::metric::{Points, Series};

/// The target's database.
#[derive(Debug, Clone)]
pub struct DatabaseFacts {
    /// Its description.
    pub database: Observed<Database>,
    /// `DatabaseConnections` of each instance: the cluster's own metric mixes writer and readers.
    pub connections: Observed<Vec<Series>>,
    /// Replica lag of each instance that follows another, in milliseconds.
    pub lag: Observed<Vec<Series>>,
    /// Storage over the last day.
    pub storage: Observed<Storage>,
    /// Maintenance that waits for the cluster or its instances.
    pub maintenance: Observed<Vec<Maintenance>>,
    /// Events of the cluster and of each instance, by source.
    pub events: Vec<(String, Observed<Vec<DbEvent>>)>,
}

/// A database as RDS describes it.
#[derive(Debug, Clone)]
pub struct Database {
    /// Cluster or instance identifier.
    pub id: String,
    /// What it is.
    pub kind: Engine,
    /// Status of the cluster, or of the instance that is no member of one.
    pub status: String,
    /// Engine, for example `aurora-postgresql`.
    pub engine: String,
    /// Capacity range of Serverless v2.
    pub serverless: Option<AcuRange>,
    /// `max_connections` of the cluster's parameter group.
    pub parameter: Observed<Option<Parameter>>,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Identifier.
    pub id: String,
    /// The writer of a cluster, or the RDS instance that the settings name; the others are its readers.
    pub writer: bool,
    /// Its own description.
    pub described: Observed<DbInstance>,
    /// State of the cluster's parameter group on it.
    pub cluster_parameters: Option<String>,
    /// `max_connections` of its own parameter group.
    pub parameter: Observed<Option<Parameter>>,
}

impl Instance {
    /// Whether it lags behind another: a reader, or an instance of its own that is a read replica itself.
    #[must_use]
    pub fn follows(&self) -> bool {
        let is_replica = |one: &DbInstance| one.cluster.is_none() && one.replication.source.is_some();
        !self.writer || self.described.as_ref().is_ok_and(is_replica)
    }
}

/// Storage, by hour.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// Bytes in use of the volume that all instances of an Aurora cluster share (`VolumeBytesUsed`).
    Shared(Points),
    /// Bytes that are free on the volume of an RDS instance (`FreeStorageSpace`).
    Free(Points),
}
