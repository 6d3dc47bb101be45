//! What was done to workloads: new templates with who asked for them, and what made none.

use std::ops::RangeInclusive;

use super::{Change, by, done, inside, touched};
use crate::facts::changes::Changes;
use crate::reduce::traces::{How, Template, Touched};

/// Seconds from the change of a workload to the template that its controller makes of it.
const AT_ONCE_SECONDS: RangeInclusive<i64> = 0..=60;

/// What somebody did to a workload.
struct Deed<'t> {
    kind: &'static str,
    touched: &'t Touched,
    /// A new template came of it, which tells of it.
    told: bool,
}

pub(super) fn of(seen: &Changes) -> Vec<Change> {
    let lists = [
        ("Deployment", &seen.deployments),
        ("StatefulSet", &seen.stateful_sets),
        ("DaemonSet", &seen.daemon_sets),
    ];
    let mut deeds: Vec<Deed<'_>> = lists
        .into_iter()
        .flat_map(|(kind, list)| {
            touched(list).map(move |touched| Deed {
                kind,
                touched,
                told: false,
            })
        })
        .collect();
    let mut templates: Vec<&Touched> = touched(&seen.replica_sets)
        .chain(touched(&seen.revisions))
        .collect();
    // The first template that follows a change is the one that came of it.
    templates.sort_by_key(|one| one.at);
    let mut all: Vec<Change> = templates
        .into_iter()
        .map(|one| template(one, &mut deeds))
        .collect();
    let rest = deeds.iter().filter(|deed| !deed.told);
    all.extend(rest.map(|deed| {
        let one = deed.touched;
        let earlier = if runs_an_earlier_template(deed, seen) {
            " (its pod template is an earlier one)"
        } else {
            ""
        };
        let name = format!("{}/{}/{}", one.namespace, deed.kind, one.name);
        inside(&one.namespace, one.at, name, format!("{}{earlier}", done(one)))
    }));
    all
}

/// A new replica set or revision is a new template of what owns it, and of the last change before it.
fn template(one: &Touched, deeds: &mut [Deed<'_>]) -> Change {
    let kind = if one.owner_kind.is_empty() {
        "ReplicaSet"
    } else {
        &one.owner_kind
    };
    let asked = deeds
        .iter_mut()
        .filter(|deed| {
            let seconds = one.at.as_second() - deed.touched.at.as_second();
            !deed.told
                && deed.kind == kind
                && deed.touched.namespace == one.namespace
                && deed.touched.name == one.name
                && AT_ONCE_SECONDS.contains(&seconds)
        })
        .max_by_key(|deed| deed.touched.at);
    let what = match asked {
        Some(deed) => {
            deed.told = true;
            match deed.touched.how {
                How::Made => done(deed.touched),
                How::Changed => format!("new pod template{}", by(deed.touched)),
            }
        }
        None => "new pod template".to_owned(),
    };
    let name = format!("{}/{kind}/{}", one.namespace, one.name);
    inside(&one.namespace, one.at, name, what)
}

/// Whether a Deployment that was changed runs a template that it had before. Going back makes no replica set, but numbers the old one
/// anew (`deployment.kubernetes.io/revision-history` keeps the old numbers) and scales it. An autoscaler and every annotation of the
/// Deployment write to that replica set too, so when it went back is not told by this.
fn runs_an_earlier_template(deed: &Deed<'_>, seen: &Changes) -> bool {
    let one = deed.touched;
    let Some(revision) = one.revision.clone().filter(|_| one.how == How::Changed) else {
        return false;
    };
    let present = Template {
        namespace: one.namespace.clone(),
        of: one.name.clone(),
        revision,
    };
    let replica_sets = seen.replica_sets.as_ref();
    deed.kind == "Deployment" && replica_sets.is_ok_and(|list| list.sum.used_again.contains(&present))
}
