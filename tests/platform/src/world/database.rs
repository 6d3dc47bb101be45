//! Aurora Serverless v2 with a writer and a reader.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_rds::Client;
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use super::plan::{TARGET, ZONES};
use crate::wait::wait_until;

/// The instance that writes.
pub const WRITER: &str = "prod-a-1";
/// The instance that reads.
pub const READER: &str = "prod-a-2";
const ENGINE: &str = "aurora-postgresql";
const LIMIT: Duration = Duration::from_mins(1);

pub(super) async fn make(rds: &Client) -> Result<()> {
    let capacity = ServerlessV2ScalingConfiguration::builder()
        .min_capacity(1.0)
        .max_capacity(16.0)
        .build();
    rds.create_db_cluster()
        .db_cluster_identifier(TARGET)
        .engine(ENGINE)
        .master_username("coder")
        .master_user_password("only-in-the-local-platform")
        .serverless_v2_scaling_configuration(capacity)
        .send()
        .await
        .context("create the database cluster")?;
    for (name, zone) in [WRITER, READER].into_iter().zip(ZONES) {
        rds.create_db_instance()
            .db_instance_identifier(name)
            .db_cluster_identifier(TARGET)
            .engine(ENGINE)
            .db_instance_class("db.serverless")
            .availability_zone(zone)
            .send()
            .await
            .with_context(|| format!("create the database instance {name}"))?;
    }
    wait_until(LIMIT, "the database is available", async || {
        let seen = rds.describe_db_instances().send().await?;
        let ready = |id: &&str| {
            seen.db_instances().iter().any(|one| {
                one.db_instance_identifier() == Some(*id) && one.db_instance_status() == Some("available")
            })
        };
        ensure!([WRITER, READER].iter().all(ready), "{:?}", seen.db_instances());
        Ok(())
    })
    .await
}
