//! What the groups launch from: templates, then images and instance types side by side. Each thing is asked for once,
//! however many groups share it.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use day2_core::Observed;
use day2_reads::launch_templates::{self, TemplateVersion};
use day2_reads::scaling_groups::{Group, LaunchChoice, LaunchSource, Template};
use day2_reads::times::Times;
use day2_reads::{images, instance_types};
use futures::future::join_all;

use crate::facts::Launching;

pub(super) async fn launching(
    ec2: &Client,
    times: &Times,
    groups: &[(String, Observed<Group>)],
) -> Launching {
    let choices: Vec<&LaunchChoice> = groups
        .iter()
        .filter_map(|(_, group)| group.as_ref().ok())
        .flat_map(|group| &group.launches_from)
        .collect();
    let mut wanted: Vec<&Template> = Vec::new();
    for choice in &choices {
        if let LaunchSource::Template(template) = &choice.source
            && !wanted.contains(&template)
        {
            wanted.push(template);
        }
    }
    let templates: Vec<(Template, Observed<TemplateVersion>)> =
        join_all(wanted.into_iter().map(async |template| {
            let version = launch_templates::version(ec2, times, template).await;
            (template.clone(), version)
        }))
        .await;
    let versions = || templates.iter().filter_map(|(_, version)| version.as_ref().ok());
    let ids: BTreeSet<&str> = versions()
        .filter_map(|version| version.image.as_ref()?.as_ref().ok())
        .chain(choices.iter().filter_map(|choice| choice.image.as_ref()))
        .map(String::as_str)
        .collect();
    let types: BTreeSet<&str> = versions()
        .filter_map(|version| version.instance_type.as_deref())
        .chain(
            choices
                .iter()
                .flat_map(|choice| choice.instance_types.iter().map(String::as_str)),
        )
        .collect();
    let types: Vec<String> = types.into_iter().map(str::to_owned).collect();
    let (images, instance_types) = futures::join!(
        join_all(
            ids.into_iter()
                .map(async |id| (id.to_owned(), images::by_id(ec2, times, id).await))
        ),
        instance_types::named(ec2, times, &types),
    );
    Launching {
        templates,
        images,
        instance_types,
    }
}
