//! `SCW-018` and `SCW-019`: is there something to launch from? Templates, images, and the types that they are for.

use std::collections::{BTreeMap, BTreeSet};

use day2_core::{Cause, Item, Observed};
use jiff::Timestamp;

use super::scene::PlannedGroup;
use super::{count, population, worse_of};
use crate::facts::Launching;
use day2_reads::images::Image;
use day2_reads::launch_templates::TemplateVersion;
use day2_reads::scaling_groups::{Group, LaunchChoice, LaunchSource, Template};

/// Named things and what is said of each.
type Named = Vec<(String, String)>;

/// EKS puts it on the group of a managed node group, with the group's name. Source: Amazon EKS user guide, "Managed node
/// groups".
const MANAGED_BY_EKS: &str = "eks:nodegroup-name";

/// Each group names a version of a launch template that exists.
pub(crate) fn templates(groups: &[PlannedGroup<'_>], seen: &Launching) -> Item {
    let (mut wrong, mut unread, mut summary, mut examined) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for planned in groups {
        let Some(group) = planned.known(&mut unread) else {
            continue;
        };
        let plan = planned.plan;
        let name = &plan.node_group;
        if group.launches_from.is_empty() {
            unread.push((
                name.clone(),
                "the group names nothing that it launches from".to_owned(),
            ));
            continue;
        }
        examined += 1;
        for choice in &group.launches_from {
            let template = match &choice.source {
                LaunchSource::Template(template) => template,
                LaunchSource::Configuration(configuration) => {
                    let says = format!(
                        "launches from the launch configuration {configuration}, which is not looked at"
                    );
                    unread.push((name.clone(), says));
                    continue;
                }
            };
            match version(seen, template) {
                Some(Ok(version)) => summary.push(format!("{name} {}", told(template, version))),
                Some(Err(why)) if why.cause == Cause::NotFound => {
                    let says = format!(
                        "launch template {} version {} does not exist{}",
                        template.name,
                        template.version,
                        owner(group)
                    );
                    wrong.push((name.clone(), says));
                }
                Some(Err(why)) => unread.push((name.clone(), why.to_string())),
                None => unread.push((name.clone(), format!("nobody asked for {}", template.name))),
            }
        }
    }
    let words = if summary.is_empty() {
        "no template was seen".to_owned()
    } else {
        summary.join(", ")
    };
    Item::judge(
        "SCW-018",
        "launch templates of the groups exist",
        worse_of(&wrong, &unread),
        population(examined, u64::try_from(groups.len()).unwrap_or(u64::MAX)),
        words,
    )
    .threshold(
        "the version that the group names exists",
        "the group's template or mixed instances policy (API DescribeAutoScalingGroups)",
    )
    .remedy("no instance can be launched: give the group a template and version that exist; a launch configuration must be exchanged for a launch template")
    .subjects(wrong)
    .subjects(unread)
}

/// `prod-a-workspace version 3`, and of which word when the group names one.
fn told(template: &Template, version: &TemplateVersion) -> String {
    if template.version.starts_with('$') {
        format!(
            "{} version {} ({})",
            template.name, version.number, template.version
        )
    } else {
        format!("{} version {}", template.name, version.number)
    }
}

fn version<'a>(seen: &'a Launching, template: &Template) -> Option<&'a Observed<TemplateVersion>> {
    let found = seen.templates.iter().find(|(known, _)| known == template);
    found.map(|(_, version)| version)
}

/// Who must mend the template, where that is not who reads this.
fn owner(group: &Group) -> String {
    let managed = group.tags.iter().find(|(key, _)| key == MANAGED_BY_EKS);
    managed.map_or_else(String::new, |(_, name)| {
        format!("; EKS makes this template for its managed node group {name}: update the node group, not the template")
    })
}

/// Every image that the groups launch is there, may be launched, and fits the instance types it is launched on.
pub(crate) fn images(groups: &[PlannedGroup<'_>], seen: &Launching, now: Timestamp) -> Item {
    let mut found = Found::default();
    for PlannedGroup { plan, group, .. } in groups {
        // What cannot be read of the group or its template is told by SCW-018; here its image is one that nobody saw.
        let Ok(group) = group else {
            found
                .unread
                .push((plan.node_group.clone(), "the group could not be read".to_owned()));
            continue;
        };
        for choice in &group.launches_from {
            found.judge(&plan.node_group, group, choice, seen, now);
        }
        if group.launches_from.is_empty() {
            found
                .unread
                .push((plan.node_group.clone(), "the group names no image".to_owned()));
        }
    }
    let Found {
        mut wrong,
        mut unread,
        images,
        deprecated,
    } = found;
    for list in [&mut wrong, &mut unread] {
        list.sort();
        list.dedup();
    }
    let judged = images.values().filter(|judged| **judged).count();
    let mut words = if images.is_empty() {
        "no image was seen".to_owned()
    } else {
        format!("{judged} of {} can be launched", count(images.len(), "image"))
    };
    if !deprecated.is_empty() {
        let all: Vec<String> = deprecated.into_iter().collect();
        words = format!("{words}; deprecated, which stops no launch: {}", all.join(", "));
    }
    Item::judge(
        "SCW-019",
        "images of the groups can be launched",
        worse_of(&wrong, &unread),
        population(images.len(), u64::try_from(images.len().max(1)).unwrap_or(u64::MAX)),
        words,
    )
    .threshold(
        "each image exists, is available and has the architecture of the instance types",
        "API DescribeImages and DescribeInstanceTypes",
    )
    .remedy("no instance can be launched from it: name an image that exists in a new version of the template, or share the image again")
    .subjects(wrong)
    .subjects(unread)
}

/// What is known of the images so far.
#[derive(Default)]
struct Found {
    wrong: Named,
    unread: Named,
    /// Images that somebody launches, and whether they can be launched.
    images: BTreeMap<String, bool>,
    deprecated: BTreeSet<String>,
}

impl Found {
    fn judge(&mut self, name: &str, group: &Group, choice: &LaunchChoice, seen: &Launching, now: Timestamp) {
        let template = match &choice.source {
            LaunchSource::Template(template) => version(seen, template),
            LaunchSource::Configuration(_) => None,
        };
        let Some(Ok(template)) = template else {
            let says = "what it launches from could not be seen (SCW-018)";
            self.unread.push((name.to_owned(), says.to_owned()));
            return;
        };
        let id = match (&choice.image, &template.image) {
            (Some(id), _) | (None, Some(Ok(id))) => id,
            (None, Some(Err(why))) => return self.unread.push((name.to_owned(), why.to_string())),
            (None, None) => {
                let says = format!("its launch template names no image{}", owner(group));
                return self.wrong.push((name.to_owned(), says));
            }
        };
        let known = seen.images.iter().find(|(known, _)| known == id);
        let image = match known.map(|(_, image)| image) {
            Some(Ok(image)) => image,
            Some(Err(why)) if why.cause == Cause::NotFound => {
                let says = format!(
                    "image {id} does not exist, or is not shared with this account any more{}",
                    owner(group)
                );
                self.images.insert(id.clone(), false);
                return self.wrong.push((name.to_owned(), says));
            }
            Some(Err(why)) => return self.unread.push((name.to_owned(), why.to_string())),
            None => {
                return self
                    .unread
                    .push((name.to_owned(), format!("nobody asked for {id}")));
            }
        };
        if let Some(at) = image.deprecated_at.filter(|at| *at <= now) {
            self.deprecated
                .insert(format!("{id} since {}", at.strftime("%F")));
        }
        let mut bad: Vec<String> = cannot_launch(image).into_iter().collect();
        match unfit(image, choice, template, seen) {
            Ok(unfit) => bad.extend(unfit),
            Err(why) => self.unread.push((name.to_owned(), why)),
        }
        let fine = self.images.entry(id.clone()).or_insert(true);
        *fine &= bad.is_empty();
        self.wrong.extend(
            bad.into_iter()
                .map(|says| (name.to_owned(), format!("image {id} {says}{}", owner(group)))),
        );
    }
}

fn cannot_launch(image: &Image) -> Option<String> {
    if image.state != "available" {
        Some(format!("is {}", image.state))
    } else if image.allowed == Some(false) {
        Some("is not among the Allowed AMIs of the account".to_owned())
    } else {
        None
    }
}

/// The instance types that the region does not have, or that the image does not run on. Types that EC2 chooses by attributes
/// are chosen to fit.
fn unfit(
    image: &Image,
    choice: &LaunchChoice,
    template: &TemplateVersion,
    seen: &Launching,
) -> Result<Vec<String>, String> {
    let own = if choice.by_attributes {
        None
    } else {
        template.instance_type.as_ref()
    };
    let wanted: BTreeSet<&String> = if choice.instance_types.is_empty() {
        own.into_iter().collect()
    } else {
        choice.instance_types.iter().collect()
    };
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let types = seen.instance_types.as_ref().map_err(ToString::to_string)?;
    let judged = wanted.into_iter().filter_map(|name| {
        let Some(kind) = types.iter().find(|kind| kind.name == *name) else {
            return Some(format!("is for {name}, which this region does not have"));
        };
        (!kind.architectures.contains(&image.architecture)).then(|| {
            format!(
                "is {}, {name} is {}",
                image.architecture,
                kind.architectures.join(" or ")
            )
        })
    });
    Ok(judged.collect())
}
