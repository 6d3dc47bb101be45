//! How much capacity an engine version can have (`rds:DescribeDBEngineVersions`).

use aws_sdk_rds::Client;
use day2_aws::error::unreadable;
use day2_core::Observed;
use day2_core::database::Acu;
use day2_reads::times::Times;

const ACTION: &str = "rds:DescribeDBEngineVersions";

/// The largest capacity of an engine version; none when the API does not say, as it does for versions that never had
/// Serverless v2. Source: API `ServerlessV2FeaturesSupport`.
pub(super) async fn limit(
    client: &Client,
    engine: &str,
    version: Option<&str>,
    times: &Times,
) -> Observed<Option<Acu>> {
    let Some(version) = version else { return Ok(None) };
    let read = async {
        let answer = client
            .describe_db_engine_versions()
            .engine(engine)
            .engine_version(version)
            .send()
            .await
            .map_err(|error| unreadable(ACTION, version, &error))?;
        let limit = answer
            .db_engine_versions()
            .first()
            .and_then(|one| one.serverless_v2_features_support())
            .and_then(aws_sdk_rds::types::ServerlessV2FeaturesSupport::max_capacity)
            .and_then(Acu::exactly);
        Ok(limit)
    };
    times.within(ACTION, version, read).await
}
