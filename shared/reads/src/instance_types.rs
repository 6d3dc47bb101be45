//! Instance types (`ec2:DescribeInstanceTypes`).

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Filter;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "ec2:DescribeInstanceTypes";

/// Most values of one filter of EC2.
const BATCH: usize = 200;

/// One instance type of the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// For example `m7g.2xlarge`.
    pub name: String,
    /// `arm64`, `x86_64`, …; an old type may support two.
    pub architectures: Vec<String>,
}

/// The named types. One that the region does not have is left out: a filter passes over it, where a list of types would
/// make the whole call fail.
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn named(client: &Client, times: &Times, names: &[String]) -> Observed<Vec<InstanceType>> {
    let resource = names.join(", ");
    times
        .within(ACTION, &resource, read(client, names, &resource))
        .await
}

async fn read(client: &Client, names: &[String], resource: &str) -> Observed<Vec<InstanceType>> {
    let mut types = Vec::new();
    for batch in names.chunks(BATCH) {
        let mut token = None;
        let mut pages = Pages::new(ACTION, resource);
        loop {
            let page = client
                .describe_instance_types()
                .filters(
                    Filter::builder()
                        .name("instance-type")
                        .set_values(Some(batch.to_vec()))
                        .build(),
                )
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|error| unreadable(ACTION, resource, &error))?;
            let seen = listed(
                ACTION,
                resource,
                "instanceTypeSet",
                page.instance_types.as_deref(),
            )?;
            types.extend(seen.iter().filter_map(|seen| {
                Some(InstanceType {
                    name: seen.instance_type()?.as_str().to_owned(),
                    architectures: seen
                        .processor_info()?
                        .supported_architectures()
                        .iter()
                        .map(|architecture| architecture.as_str().to_owned())
                        .collect(),
                })
            }));
            token = pages.next(page.next_token())?;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(types)
}
