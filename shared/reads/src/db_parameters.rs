//! Parameters of DB parameter groups (`rds:DescribeDBParameters`).

use aws_sdk_rds::Client;
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;
use day2_core::database::Parameter;

use crate::answer::listed;
use crate::times::Times;

const ACTION: &str = "rds:DescribeDBParameters";

/// The parameter `name` of a group; nothing when the group has none of this name. The API has no filter for names, so
/// that the pages are read until it comes.
///
/// # Errors
///
/// When the list could not be read as far as the parameter.
pub async fn named(client: &Client, times: &Times, group: &str, name: &str) -> Observed<Option<Parameter>> {
    times.within(ACTION, group, read(client, group, name)).await
}

async fn read(client: &Client, group: &str, name: &str) -> Observed<Option<Parameter>> {
    let mut marker = None;
    let mut pages = Pages::new(ACTION, group);
    loop {
        let page = client
            .describe_db_parameters()
            .db_parameter_group_name(group)
            .set_marker(marker.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, group, &error))?;
        let seen = listed(ACTION, group, "Parameters", page.parameters.as_deref())?;
        if let Some(found) = seen.iter().find(|one| one.parameter_name() == Some(name)) {
            return Ok(Some(Parameter {
                name: name.to_owned(),
                value: found.parameter_value().map(str::to_owned),
                source: found.source().unwrap_or_default().to_owned(),
                apply_type: found.apply_type().map(str::to_owned),
            }));
        }
        marker = pages.next(page.marker())?;
        if marker.is_none() {
            return Ok(None);
        }
    }
}
