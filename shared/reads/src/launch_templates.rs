//! Versions of launch templates (`ec2:DescribeLaunchTemplateVersions`).

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::LaunchTemplateVersion;
use day2_aws::error::unreadable;
use day2_core::{Cause, Observed, Unreadable};

use crate::answer::{lacks, listed};
use crate::scaling_groups::Template;
use crate::times::Times;

const ACTION: &str = "ec2:DescribeLaunchTemplateVersions";

/// How an image stands in a template that takes its id from a parameter of Systems Manager (`ImageId` of API
/// `RequestLaunchTemplateData`).
const BY_PARAMETER: &str = "resolve:ssm:";

/// One version of a launch template, of which only what a launch stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The number behind `$Latest` or `$Default`.
    pub number: i64,
    /// The image, or why the parameter that names it could not be resolved; `None` when the template names none.
    pub image: Option<Observed<String>>,
    /// The instance type, when the template names one.
    pub instance_type: Option<String>,
}

/// One version of one template. An image that the template names by a parameter is resolved by EC2, with one call more,
/// which needs `ssm:GetParameters` on the parameter.
///
/// # Errors
///
/// [`Cause::NotFound`] when the template or the version does not exist; any other when it could not be read.
pub async fn version(client: &Client, times: &Times, template: &Template) -> Observed<TemplateVersion> {
    let resource = format!("{} {}", template.name, template.version);
    times
        .within(ACTION, &resource, read(client, template, &resource))
        .await
}

async fn read(client: &Client, template: &Template, resource: &str) -> Observed<TemplateVersion> {
    let seen = described(client, template, resource, false).await?;
    let data = seen
        .launch_template_data()
        .ok_or_else(|| lacks(ACTION, resource, "launchTemplateData"))?;
    let image = match image_of(&seen) {
        Some(parameter) if parameter.starts_with(BY_PARAMETER) => {
            Some(resolved(client, template, resource, &parameter).await)
        }
        other => other.map(Ok),
    };
    Ok(TemplateVersion {
        number: seen
            .version_number()
            .ok_or_else(|| lacks(ACTION, resource, "versionNumber"))?,
        image,
        instance_type: data.instance_type().map(|kind| kind.as_str().to_owned()),
    })
}

async fn resolved(client: &Client, template: &Template, resource: &str, parameter: &str) -> Observed<String> {
    let seen = described(client, template, &format!("{resource}, {parameter}"), true).await?;
    image_of(&seen)
        .filter(|id| !id.starts_with(BY_PARAMETER))
        .ok_or_else(|| {
            let why = "EC2 did not resolve the parameter";
            Unreadable::new(ACTION, parameter, Cause::Other, why)
        })
}

fn image_of(seen: &LaunchTemplateVersion) -> Option<String> {
    let id = seen.launch_template_data()?.image_id()?;
    (!id.is_empty()).then(|| id.to_owned())
}

async fn described(
    client: &Client,
    template: &Template,
    resource: &str,
    resolve: bool,
) -> Observed<LaunchTemplateVersion> {
    let call = client
        .describe_launch_template_versions()
        .versions(&template.version)
        .set_resolve_alias(resolve.then_some(true));
    // The API takes one of the two, not both.
    let call = match &template.id {
        Some(id) => call.launch_template_id(id),
        None => call.launch_template_name(&template.name),
    };
    let answer = call
        .send()
        .await
        .map_err(|error| unreadable(ACTION, resource, &error))?;
    let versions = listed(
        ACTION,
        resource,
        "launchTemplateVersionSet",
        answer.launch_template_versions.as_deref(),
    )?;
    versions.first().cloned().ok_or_else(|| {
        let why = "the launch template has no such version";
        Unreadable::new(ACTION, resource, Cause::NotFound, why)
    })
}
