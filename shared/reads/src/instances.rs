//! EC2 instances (`ec2:DescribeInstances`).

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, InstanceLifecycleType, Reservation};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_aws::time::timestamp;
use day2_core::Observed;
use jiff::Timestamp;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "ec2:DescribeInstances";

/// One request names at most this many ids; the API allows 200 values of a filter and 1,000 results per page.
const BATCH: usize = 200;

/// One EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Id.
    pub id: String,
    /// Availability Zone name.
    pub zone: String,
    /// Type, for example `m7i.xlarge`.
    pub instance_type: String,
    /// Bought as spot.
    pub spot: bool,
    /// Launch time.
    pub launched_at: Option<Timestamp>,
}

/// Instances by id, asked in batches: ids that come from groups never lead to other people's instances. An id that no
/// longer exists is left out.
///
/// Managed nodes of EKS Auto Mode are asked for explicitly; an account may hide them otherwise and the answer would be
/// silently empty (`IncludeManagedResources` of API `DescribeInstances`).
///
/// # Errors
///
/// When the list could not be read completely; `whose` names it, for example `instances of the groups`.
pub async fn by_ids(client: &Client, times: &Times, whose: &str, ids: &[String]) -> Observed<Vec<Instance>> {
    times.within(ACTION, whose, read(client, whose, ids)).await
}

async fn read(client: &Client, whose: &str, ids: &[String]) -> Observed<Vec<Instance>> {
    let mut instances = Vec::new();
    for batch in ids.chunks(BATCH) {
        let mut token = None;
        let mut pages = Pages::new(ACTION, whose);
        loop {
            let page = client
                .describe_instances()
                .include_managed_resources(true)
                .filters(
                    Filter::builder()
                        .name("instance-id")
                        .set_values(Some(batch.to_vec()))
                        .build(),
                )
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| unreadable(ACTION, whose, &error))?;
            let reservations = listed(ACTION, whose, "Reservations", page.reservations.as_deref())?;
            let seen = reservations.iter().flat_map(Reservation::instances);
            instances.extend(seen.map(|instance| {
                Instance {
                    id: instance.instance_id().unwrap_or_default().to_owned(),
                    zone: instance
                        .placement()
                        .and_then(|placement| placement.availability_zone())
                        .unwrap_or_default()
                        .to_owned(),
                    instance_type: instance
                        .instance_type()
                        .map(|kind| kind.as_str().to_owned())
                        .unwrap_or_default(),
                    spot: instance.instance_lifecycle() == Some(&InstanceLifecycleType::Spot),
                    launched_at: instance.launch_time().and_then(timestamp),
                }
            }));
            token = pages.next(page.next_token())?;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(instances)
}
