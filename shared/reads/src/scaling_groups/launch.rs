//! What a group makes its instances from, as `DescribeAutoScalingGroups` tells it. Calls nothing.

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateOverrides, LaunchTemplateSpecification};

/// A launch template and one of its versions, as a group names them (API `LaunchTemplateSpecification`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Id, `lt-…`, when the group names it.
    pub id: Option<String>,
    /// Name; the id when the group names nothing else.
    pub name: String,
    /// A number, `$Latest`, or `$Default`, which is also what AWS takes when the group names none.
    pub version: String,
}

/// Where a group takes the description of a new instance from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchSource {
    /// A version of a launch template.
    Template(Template),
    /// A launch configuration, by name; the older way, without versions.
    Configuration(String),
}

/// One source of a group with what the group overrides of it. A group with a mixed instances policy may have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchChoice {
    /// The template or configuration.
    pub source: LaunchSource,
    /// The image that the overrides name instead of the template's.
    pub image: Option<String>,
    /// The instance types that the overrides name; none leaves the type to the template.
    pub instance_types: Vec<String>,
    /// EC2 chooses the types by attributes (`InstanceRequirements` of an override), so that they are not known before.
    pub by_attributes: bool,
}

/// What the group launches from. Empty when the answer names neither template nor configuration.
pub(super) fn choices(seen: &AutoScalingGroup) -> Vec<LaunchChoice> {
    let mixed = seen
        .mixed_instances_policy()
        .and_then(|policy| policy.launch_template());
    if let Some(mixed) = mixed {
        let base = mixed.launch_template_specification().and_then(template);
        return of_overrides(base.as_ref(), mixed.overrides());
    }
    let configuration = || {
        let name = seen.launch_configuration_name().filter(|name| !name.is_empty())?;
        Some(LaunchSource::Configuration(name.to_owned()))
    };
    let own = seen.launch_template().and_then(template);
    own.map(LaunchSource::Template)
        .or_else(configuration)
        .map(|source| plain(source, None))
        .into_iter()
        .collect()
}

const fn plain(source: LaunchSource, image: Option<String>) -> LaunchChoice {
    LaunchChoice {
        source,
        image,
        instance_types: Vec::new(),
        by_attributes: false,
    }
}

/// Overrides of the same template and image are one choice. Without overrides the policy's own template is the only one.
fn of_overrides(base: Option<&Template>, overrides: &[LaunchTemplateOverrides]) -> Vec<LaunchChoice> {
    let mut choices: Vec<LaunchChoice> = Vec::new();
    for one in overrides {
        let own = one.launch_template_specification().and_then(template);
        let Some(source) = own.or_else(|| base.cloned()).map(LaunchSource::Template) else {
            continue;
        };
        let image = one.image_id().filter(|id| !id.is_empty()).map(str::to_owned);
        let known = choices
            .iter()
            .position(|choice| choice.source == source && choice.image == image);
        let at = known.unwrap_or_else(|| {
            choices.push(plain(source, image));
            choices.len().saturating_sub(1)
        });
        if let Some(choice) = choices.get_mut(at) {
            choice
                .instance_types
                .extend(one.instance_type().map(str::to_owned));
            choice.by_attributes |= one.instance_requirements().is_some();
        }
    }
    if choices.is_empty() {
        choices.extend(
            base.cloned()
                .map(|base| plain(LaunchSource::Template(base), None)),
        );
    }
    choices
}

fn template(seen: &LaunchTemplateSpecification) -> Option<Template> {
    let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let id = some(seen.launch_template_id());
    let name = some(seen.launch_template_name()).or_else(|| id.clone())?;
    Some(Template {
        id,
        name,
        version: some(seen.version()).unwrap_or_else(|| "$Default".to_owned()),
    })
}
