//! Which Deployments are node autoscalers, and which Auto Scaling groups they say to own.
//!
//! Ownership is proven by a running autoscaler and what it was started with, never by the tags of a group: EKS puts the
//! autoscaler's tags on every managed group. What cannot be read from the arguments is said to be unreadable. An
//! autoscaler that runs elsewhere (another cluster, a bare pod) is not seen here.

use std::collections::BTreeMap;

use crate::objects::{DeploymentContainer, DeploymentDetail};

/// Which autoscaler it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Autoscales {
    /// Cluster Autoscaler: sets the desired size of Auto Scaling groups.
    ClusterAutoscaler,
    /// Karpenter: launches instances itself, outside of Auto Scaling groups.
    Karpenter,
}

/// A Deployment that scales nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaler {
    /// Which it is.
    pub kind: Autoscales,
    /// Namespace of the Deployment.
    pub namespace: String,
    /// Name of the Deployment.
    pub name: String,
    /// Wanted pods; at zero it is installed and does not run.
    pub desired: i64,
    /// Available pods; at zero it may come back at any time.
    pub available: i64,
    /// What it says to own; of Karpenter nothing, because no Auto Scaling group is its own.
    pub claims: Vec<Claim>,
}

/// One argument that claims Auto Scaling groups (source: Cluster Autoscaler, `cloudprovider/aws/README.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// `--nodes=<min>:<max>:<name>`: one group by its name.
    Group {
        /// Name of the group.
        name: String,
        /// Least size it will set.
        min: i64,
        /// Largest size it will set.
        max: i64,
    },
    /// `--node-group-auto-discovery=asg:tag=<key>[=<value>],…`: every group that has all these tags. Without a value, any
    /// value will do.
    Tagged(BTreeMap<String, Option<String>>),
    /// It claims something that cannot be told from its arguments; says what.
    Unreadable(String),
}

impl Claim {
    /// Whether it claims the group of this name with these tags; none when that cannot be told.
    #[must_use]
    pub fn covers(&self, group: &str, tags: &BTreeMap<String, String>) -> Option<bool> {
        match self {
            Self::Group { name, .. } => Some(name == group),
            Self::Tagged(wanted) => Some(wanted.iter().all(|(key, value)| {
                tags.get(key)
                    .is_some_and(|has| value.as_ref().is_none_or(|value| value == has))
            })),
            Self::Unreadable(_) => None,
        }
    }
}

impl Autoscaler {
    /// The autoscaler that this Deployment runs, if it runs one.
    #[must_use]
    pub fn of(deployment: &DeploymentDetail) -> Option<Self> {
        let mut containers = deployment.containers.iter().filter(|container| !container.init);
        let (kind, claims) = containers.find_map(|container| {
            let words = words(container);
            if is_cluster_autoscaler(container, &words) {
                Some((Autoscales::ClusterAutoscaler, claims(&words)))
            } else if is_karpenter(container) {
                Some((Autoscales::Karpenter, Vec::new()))
            } else {
                None
            }
        })?;
        Some(Self {
            kind,
            namespace: deployment.namespace.clone(),
            name: deployment.name.clone(),
            desired: deployment.desired,
            available: deployment.available,
            claims,
        })
    }

    /// Whether it claims the group of this name with these tags: yes if any claim does, none if any cannot be told.
    #[must_use]
    pub fn covers(&self, group: &str, tags: &BTreeMap<String, String>) -> Option<bool> {
        let answers: Vec<Option<bool>> = self
            .claims
            .iter()
            .map(|claim| claim.covers(group, tags))
            .collect();
        if answers.contains(&Some(true)) {
            return Some(true);
        }
        (!answers.contains(&None)).then_some(false)
    }
}

/// The flags with which Cluster Autoscaler is told its groups.
const DISCOVERY: &str = "node-group-auto-discovery";
const NODES: &str = "nodes";
const PROVIDER: &str = "cloud-provider";

/// What the process is started with. A shell's one long argument is taken apart.
fn words(container: &DeploymentContainer) -> Vec<String> {
    let shell = container
        .arguments
        .first()
        .is_some_and(|first| matches!(base_name(first), "sh" | "bash" | "ash" | "dash"));
    if !shell {
        return container.arguments.clone();
    }
    let quotes = ['"', '\''];
    container
        .arguments
        .iter()
        .flat_map(|argument| argument.split_whitespace())
        .map(|word| word.replace(quotes, ""))
        .filter(|word| word != "\\")
        .collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The components of an image's repository: no registry port, tag or digest is left at the end.
fn repository(image: &str) -> Vec<&str> {
    let untagged = image.split('@').next().unwrap_or(image);
    let mut parts: Vec<&str> = untagged.split('/').collect();
    if let Some(last) = parts.last_mut() {
        *last = last.split(':').next().unwrap_or(last);
    }
    parts
}

/// `registry.k8s.io/autoscaling/cluster-autoscaler:v1.33.0`, its builds per architecture
/// (`cluster-autoscaler-arm64`) and mirrors; or the program or its own flag by name, whatever the image is called.
fn is_cluster_autoscaler(container: &DeploymentContainer, words: &[String]) -> bool {
    const NAME: &str = "cluster-autoscaler";
    const BUILDS: [&str; 4] = ["", "-amd64", "-arm64", "-s390x"];
    let image = repository(&container.image);
    let by_image = image
        .last()
        .and_then(|last| last.strip_prefix(NAME))
        .is_some_and(|build| BUILDS.contains(&build));
    by_image || words.iter().any(|word| base_name(word) == NAME) || values(words, DISCOVERY).next().is_some()
}

/// `public.ecr.aws/karpenter/controller:1.8.1` and mirrors of it.
fn is_karpenter(container: &DeploymentContainer) -> bool {
    matches!(
        repository(&container.image).as_slice(),
        [.., "karpenter", "controller"] | [.., "karpenter" | "karpenter-controller"]
    )
}

/// The values of a flag, as `--flag=value`, `--flag value` or with one dash (source: Go's `flag` and `pflag`). None is a
/// flag without a value.
fn values<'a>(words: &'a [String], flag: &'a str) -> impl Iterator<Item = Option<&'a str>> {
    words.iter().enumerate().filter_map(move |(at, word)| {
        let named = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        match named.split_once('=') {
            Some((name, value)) if name == flag => Some(Some(value)),
            None if named == flag => Some(words.get(at + 1).map(String::as_str)),
            _ => None,
        }
    })
}

fn claims(words: &[String]) -> Vec<Claim> {
    if let Some(provider) = values(words, PROVIDER)
        .flatten()
        .find(|provider| *provider != "aws")
    {
        let why = format!("--{PROVIDER} is {provider}: its node groups are not named as Auto Scaling groups");
        return vec![Claim::Unreadable(why)];
    }
    let read = |flag: &'static str, read: fn(&str) -> Option<Claim>| {
        values(words, flag).map(move |value| {
            let value = value.unwrap_or_default();
            // A variable of the container's environment, which only its process knows.
            let known = !value.contains('$');
            known
                .then(|| read(value))
                .flatten()
                .unwrap_or_else(|| Claim::Unreadable(format!("--{flag}={value}")))
        })
    };
    let claims: Vec<Claim> = read(NODES, named).chain(read(DISCOVERY, tagged)).collect();
    if claims.is_empty() {
        let why = format!("neither --{NODES} nor --{DISCOVERY} is among its arguments");
        return vec![Claim::Unreadable(why)];
    }
    claims
}

/// `<min>:<max>:<name>`.
fn named(value: &str) -> Option<Claim> {
    let mut parts = value.splitn(3, ':');
    let (min, max, name) = (parts.next()?, parts.next()?, parts.next()?);
    (!name.is_empty()).then_some(())?;
    Some(Claim::Group {
        name: name.to_owned(),
        min: min.parse().ok()?,
        max: max.parse().ok()?,
    })
}

/// `asg:tag=<key>[=<value>],…`.
fn tagged(value: &str) -> Option<Claim> {
    let tags = value.strip_prefix("asg:")?.strip_prefix("tag=")?;
    let tags: BTreeMap<String, Option<String>> = tags
        .split(',')
        .map(|tag| match tag.split_once('=') {
            Some((key, value)) => (
                key.to_owned(),
                Some(value.to_owned()).filter(|value| !value.is_empty()),
            ),
            None => (tag.to_owned(), None),
        })
        .collect();
    let usable = tags.keys().all(|key| !key.is_empty());
    usable.then_some(Claim::Tagged(tags))
}

#[cfg(test)]
mod tests;
