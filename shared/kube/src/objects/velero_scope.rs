//! What a backup of Velero takes along: which namespaces, and whether their volumes.

use serde::Deserialize;

use super::LabelSelector;

/// The part of a `BackupSpec` that says what is taken along (source: Velero API types, `velero.io/v1` `Backup`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Scope {
    /// Namespaces to take; none, or `*`, takes all.
    pub included_namespaces: Vec<String>,
    /// Namespaces to leave out.
    pub excluded_namespaces: Vec<String>,
    /// What narrows it inside a namespace, in words: a label selector, a choice of resources.
    pub narrowed_by: Vec<&'static str>,
    /// Whether volumes are snapshotted (`snapshotVolumes`); none takes a snapshot where a plugin can.
    pub snapshot_volumes: Option<bool>,
    /// Whether the data of CSI snapshots is moved away (`snapshotMoveData`); such snapshots are not counted.
    pub moves_snapshots: bool,
    /// Whether the files of all volumes are backed up (`defaultVolumesToFsBackup`, before 1.10 `defaultVolumesToRestic`).
    /// Velero writes its own default into a backup, and not into a schedule.
    pub backs_up_files: bool,
}

/// How much of one namespace a backup takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing.
    No,
    /// Only what the named restrictions leave.
    Part(Vec<&'static str>),
    /// Everything in it.
    Whole,
}

impl Scope {
    /// How much of a namespace it takes.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> Coverage {
        let included = self.included_namespaces.is_empty()
            || self
                .included_namespaces
                .iter()
                .any(|pattern| fits(pattern, namespace));
        let excluded = self
            .excluded_namespaces
            .iter()
            .any(|pattern| fits(pattern, namespace));
        match (included && !excluded, self.narrowed_by.is_empty()) {
            (false, _) => Coverage::No,
            (true, false) => Coverage::Part(self.narrowed_by.clone()),
            (true, true) => Coverage::Whole,
        }
    }

    /// Whether it says that volumes are left out. A pod may still ask for its own with an annotation (source: Velero
    /// documentation, "File System Backup", opt-in approach).
    #[must_use]
    pub fn leaves_volumes_out(&self) -> bool {
        self.snapshot_volumes == Some(false) && !self.backs_up_files
    }
}

/// Whether a pattern with any number of `*` fits a name.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    name.strip_prefix(head).is_some_and(|tail| {
        tail.char_indices()
            .map(|(at, _)| at)
            .chain([tail.len()])
            .any(|at| tail.get(at..).is_some_and(|tail| fits(rest, tail)))
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    included_namespaces: Option<Vec<String>>,
    excluded_namespaces: Option<Vec<String>>,
    included_resources: Option<Vec<String>>,
    excluded_resources: Option<Vec<String>>,
    included_namespace_scoped_resources: Option<Vec<String>>,
    excluded_namespace_scoped_resources: Option<Vec<String>>,
    label_selector: Option<LabelSelector>,
    or_label_selectors: Option<Vec<LabelSelector>>,
    snapshot_volumes: Option<bool>,
    snapshot_move_data: Option<bool>,
    default_volumes_to_fs_backup: Option<bool>,
    default_volumes_to_restic: Option<bool>,
}

impl From<Wire> for Scope {
    fn from(wire: Wire) -> Self {
        let names = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
        // `*` is the same as leaving the list out.
        let chooses = |list: &Option<Vec<String>>| {
            names(list)
                && list
                    .as_ref()
                    .is_some_and(|list| list.iter().all(|one| one != "*"))
        };
        let selects = wire
            .label_selector
            .as_ref()
            .is_some_and(|selector| *selector != LabelSelector::default());
        let narrowed = [
            ("labelSelector", selects),
            (
                "orLabelSelectors",
                wire.or_label_selectors
                    .as_ref()
                    .is_some_and(|list| !list.is_empty()),
            ),
            ("includedResources", chooses(&wire.included_resources)),
            ("excludedResources", names(&wire.excluded_resources)),
            (
                "includedNamespaceScopedResources",
                chooses(&wire.included_namespace_scoped_resources),
            ),
            (
                "excludedNamespaceScopedResources",
                names(&wire.excluded_namespace_scoped_resources),
            ),
        ];
        Self {
            included_namespaces: wire.included_namespaces.unwrap_or_default(),
            excluded_namespaces: wire.excluded_namespaces.unwrap_or_default(),
            narrowed_by: narrowed
                .into_iter()
                .filter(|(_, is)| *is)
                .map(|(name, _)| name)
                .collect(),
            snapshot_volumes: wire.snapshot_volumes,
            moves_snapshots: wire.snapshot_move_data == Some(true),
            backs_up_files: wire.default_volumes_to_fs_backup == Some(true)
                || wire.default_volumes_to_restic == Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn scope(spec: Value) -> Scope {
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_spec_that_names_nothing_takes_every_namespace() {
        for spec in [
            json!({}),
            json!({"includedNamespaces": ["*"], "includedResources": ["*"]}),
            json!({"includedNamespaces": null, "labelSelector": null, "excludedResources": []}),
        ] {
            assert_eq!(scope(spec.clone()).covers("shop"), Coverage::Whole, "{spec}");
        }
    }

    #[test]
    fn exclusions_patterns_and_restrictions_are_told_apart() {
        for (spec, namespace, covers) in [
            (json!({"includedNamespaces": ["shop"]}), "shop", Coverage::Whole),
            (json!({"includedNamespaces": ["shop"]}), "shop-2", Coverage::No),
            (
                json!({"includedNamespaces": ["team-*"]}),
                "team-a",
                Coverage::Whole,
            ),
            (
                json!({"includedNamespaces": ["*-prod-*"]}),
                "shop-prod-eu",
                Coverage::Whole,
            ),
            (
                json!({"includedNamespaces": ["*-prod-*"]}),
                "shop-prod",
                Coverage::No,
            ),
            (
                json!({"excludedNamespaces": ["kube-system"]}),
                "kube-system",
                Coverage::No,
            ),
            (
                json!({"labelSelector": {"matchLabels": {"app": "web"}}}),
                "shop",
                Coverage::Part(vec!["labelSelector"]),
            ),
            (
                json!({"excludedResources": ["secrets"], "includedResources": ["pods"]}),
                "shop",
                Coverage::Part(vec!["includedResources", "excludedResources"]),
            ),
        ] {
            assert_eq!(
                scope(spec.clone()).covers(namespace),
                covers,
                "{spec} {namespace}"
            );
        }
    }

    #[test]
    fn volumes_are_left_out_only_where_it_is_written() {
        for (spec, out) in [
            (json!({}), false),
            (json!({"snapshotVolumes": null}), false),
            (json!({"snapshotVolumes": true}), false),
            (json!({"snapshotVolumes": false}), true),
            (
                json!({"snapshotVolumes": false, "defaultVolumesToFsBackup": null}),
                true,
            ),
            (
                json!({"snapshotVolumes": false, "defaultVolumesToFsBackup": false}),
                true,
            ),
            (
                json!({"snapshotVolumes": false, "defaultVolumesToFsBackup": true}),
                false,
            ),
            (
                json!({"snapshotVolumes": false, "defaultVolumesToRestic": true}),
                false,
            ),
            // Without a snapshot there is nothing to move.
            (json!({"snapshotVolumes": false, "snapshotMoveData": true}), true),
        ] {
            assert_eq!(scope(spec.clone()).leaves_volumes_out(), out, "{spec}");
        }
    }
}
