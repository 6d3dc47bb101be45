//! Which metrics there are (`cloudwatch:ListMetrics`).

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{DimensionFilter, RecentlyActive};
use day2_aws::Pages;
use day2_aws::error::unreadable;
use day2_core::Observed;

use crate::answer::listed;
use crate::metric::Metric;
use crate::times::Times;

const ACTION: &str = "cloudwatch:ListMetrics";

/// Every metric of this name that got a datapoint within the last three hours and carries all of these dimensions, with
/// the others that it carries. An empty list says that nothing reports under these names.
///
/// A metric is found some minutes after its first datapoint only (API `ListMetrics`).
///
/// # Errors
///
/// When the list could not be read completely.
pub async fn active(
    client: &Client,
    times: &Times,
    namespace: &str,
    name: &str,
    dimensions: &[(String, String)],
) -> Observed<Vec<Metric>> {
    let resource = format!("{namespace}/{name}");
    times
        .within(
            ACTION,
            &resource,
            read(client, &resource, namespace, name, dimensions),
        )
        .await
}

async fn read(
    client: &Client,
    resource: &str,
    namespace: &str,
    name: &str,
    dimensions: &[(String, String)],
) -> Observed<Vec<Metric>> {
    let filters: Vec<DimensionFilter> = dimensions
        .iter()
        .map(|(name, value)| DimensionFilter::builder().name(name).value(value).build())
        .collect();
    let mut metrics = Vec::new();
    let mut token = None;
    let mut pages = Pages::new(ACTION, resource);
    loop {
        let page = client
            .list_metrics()
            .namespace(namespace)
            .metric_name(name)
            .set_dimensions(Some(filters.clone()))
            .recently_active(RecentlyActive::Pt3H)
            .set_next_token(token.clone())
            .send()
            .await
            .map_err(|error| unreadable(ACTION, resource, &error))?;
        for seen in listed(ACTION, resource, "Metrics", page.metrics.as_deref())? {
            let carried = seen.dimensions().iter();
            metrics.push(carried.fold(Metric::new(namespace, name), |metric, one| {
                metric.with(one.name().unwrap_or_default(), one.value().unwrap_or_default())
            }));
        }
        token = pages.next(page.next_token())?;
        if token.is_none() {
            return Ok(metrics);
        }
    }
}
