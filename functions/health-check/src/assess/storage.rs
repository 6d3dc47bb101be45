//! `HLT-141` to `HLT-144`: claims, attachments, and the zones of volumes. How full volumes are is the group `volumes`.

use std::collections::BTreeSet;

use day2_kube::objects::{StorageClass, VolumeClaim};

use super::Scene;
use super::line::{Finding, Line};
use super::nodes::makes_nodes;
use super::read::reduced;
use super::words::{age, count, longer_than};
use crate::facts::inside::Inside;
use crate::reduce::short;

pub(super) fn lines(inside: &Inside, scene: &Scene<'_>) -> Vec<Line> {
    [
        claims(inside, scene),
        attachments(inside, scene),
        zones(inside),
        failed(inside),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A claim that waits for its first pod is Pending as it should be: with `WaitForFirstConsumer` a volume is made when a pod
/// that uses it has a node.
fn claims(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-141";
    const TITLE: &str = "every volume claim that is used is bound";
    let claims = match reduced(inside.claims.as_ref(), CODE, TITLE)? {
        Ok(claims) => claims,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.storage.pending_minutes;
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    for claim in &claims.sum.unbound {
        let name = format!("{}/PersistentVolumeClaim/{}", claim.namespace, claim.name);
        if claim.phase == "Lost" {
            let volume = claim.volume.as_deref().unwrap_or("its volume");
            let says = format!("lost: {volume} is gone");
            wrong.push(Finding::inside(&claim.namespace, name, says));
            continue;
        }
        let Some(at) = claim.created_at.filter(|at| longer_than(limit, *at, scene.now)) else {
            continue;
        };
        match waits_for_a_pod(claim, inside) {
            Ok(true) => {}
            Ok(false) => {
                let says = format!("Pending for {}{}", age(at, scene.now), told(claim, inside));
                wrong.push(Finding::inside(&claim.namespace, name, says));
            }
            Err(why) => unread.push((name, format!("Pending for {}, and {why}", age(at, scene.now)))),
        }
    }
    Some(
        Line::new(CODE, TITLE, claims.sum.examined)
            .if_any()
            .seen(format!(
                "{} of {} not bound",
                claims.sum.unbound.len(),
                count(claims.sum.examined, "claim")
            ))
            .threshold(format!("bound within {limit} min"), "storage.pending_minutes")
            .remedy("kubectl describe pvc: the storage class, the CSI driver and its permissions, the zone")
            .wrong(wrong)
            .unread(unread)
            .short_of(claims.shortfall.as_ref()),
    )
}

/// Whether nothing is expected of the claim yet.
fn waits_for_a_pod(claim: &VolumeClaim, inside: &Inside) -> Result<bool, String> {
    if claim.selected_node.is_some() {
        return Ok(false);
    }
    let classes = match &inside.classes {
        Some(Ok(classes)) => classes.items(),
        Some(Err(why)) => return Err(format!("its class could not be read: {why}")),
        None => &[],
    };
    let by_name = |class: &&StorageClass| Some(class.name.as_str()) == claim.class.as_deref();
    let class = match claim.class {
        Some(_) => classes.iter().find(by_name),
        None => classes.iter().find(|class| class.is_default),
    };
    Ok(class.is_some_and(|class| class.waits_for_a_pod))
}

fn told(claim: &VolumeClaim, inside: &Inside) -> String {
    let key = (
        "PersistentVolumeClaim".to_owned(),
        claim.namespace.clone(),
        claim.name.clone(),
    );
    match &inside.warnings {
        Some(Ok(warnings)) => warnings
            .sum
            .get(&key)
            .map_or_else(String::new, |warning| format!(": {}", warning.message)),
        _ => String::new(),
    }
}

fn attachments(inside: &Inside, scene: &Scene<'_>) -> Option<Line> {
    const CODE: &str = "HLT-142";
    const TITLE: &str = "volumes are attached and detached in time";
    let all = match reduced(inside.attachments.as_ref(), CODE, TITLE)? {
        Ok(all) => all,
        Err(line) => return Some(line),
    };
    let limit = scene.plan.storage.attach_minutes;
    let late = |since: jiff::Timestamp| longer_than(limit, since, scene.now);
    let wrong = all.sum.moving.iter().filter_map(|one| {
        let volume = one.volume.as_deref().unwrap_or(&one.name);
        let (what, since, error) = match (one.deleting_since, one.created_at) {
            (Some(since), _) => ("does not come off", since, &one.detach_error),
            (None, Some(since)) => ("is not attached to", since, &one.attach_error),
            (None, None) => return None,
        };
        late(since).then(|| {
            let why = error
                .as_ref()
                .map_or_else(String::new, |error| format!(": {}", short(error, 200)));
            let says = format!(
                "{what} node {} for {} (VolumeAttachment {}){why}",
                one.node,
                age(since, scene.now),
                one.name
            );
            Finding::of(volume, says)
        })
    });
    Some(
        Line::new(CODE, TITLE, all.sum.examined)
            .if_any()
            .seen(format!(
                "{} of {} on their way",
                all.sum.moving.len(),
                count(all.sum.examined, "attachment")
            ))
            .threshold(format!("within {limit} min"), "storage.attach_minutes")
            .remedy("see whether the old node is really off, and the events of the CSI controller; detach in EC2 only then")
            .wrong(wrong)
            .short_of(all.shortfall.as_ref()),
    )
}

/// A volume of a zone without nodes cannot be used, whatever is bound. Where nodes are made on demand, one is made there when
/// a pod needs it, and what then fails is a pod that finds no node.
fn zones(inside: &Inside) -> Option<Line> {
    const CODE: &str = "HLT-143";
    const TITLE: &str = "every bound volume has nodes in its zone";
    let volumes = match reduced(inside.volumes.as_ref(), CODE, TITLE)? {
        Ok(volumes) => volumes,
        Err(line) => return Some(line),
    };
    let nodes = match reduced(inside.nodes.as_ref(), CODE, TITLE)? {
        Ok(nodes) => nodes,
        Err(line) => return Some(line),
    };
    let served: BTreeSet<&str> = nodes
        .sum
        .iter()
        .filter(|node| node.takes_pods())
        .filter_map(|node| node.zone.as_deref())
        .collect();
    let zonal: usize = volumes.sum.zones.values().map(|of| of.volumes).sum();
    let made = makes_nodes(inside);
    let wrong = volumes
        .sum
        .zones
        .iter()
        .filter(|(zones, _)| !made && !zones.iter().any(|zone| served.contains(zone.as_str())))
        .map(|(zones, of)| {
            let examples: Vec<String> = of
                .examples
                .iter()
                .map(|(namespace, claim)| format!("{namespace}/{claim}"))
                .collect();
            let says = format!(
                "no node there takes pods; {}: {}",
                count(of.volumes, "bound volume"),
                examples.join(", ")
            );
            Finding::of(format!("zone {}", zones.join(", ")), says)
        });
    Some(
        Line::new(CODE, TITLE, zonal)
            .if_any()
            .seen(format!(
                "{} tied to {}",
                count(zonal, "bound volume"),
                count(volumes.sum.zones.len(), "zone")
            ))
            .threshold(
                "a node that takes pods",
                "nodeAffinity of the volumes, topology.kubernetes.io/zone of the nodes",
            )
            .remedy("add a node in that zone; a volume of EBS cannot move to another zone but by a snapshot")
            .wrong(wrong)
            .short_of(volumes.shortfall.as_ref())
            .short_of(nodes.shortfall.as_ref()),
    )
}

fn failed(inside: &Inside) -> Option<Line> {
    const CODE: &str = "HLT-144";
    const TITLE: &str = "no volume has failed";
    let volumes = match reduced(inside.volumes.as_ref(), CODE, TITLE)? {
        Ok(volumes) => volumes,
        Err(line) => return Some(line),
    };
    let wrong = volumes.sum.failed.iter().map(|volume| {
        let claim = volume.claim.as_ref();
        let of = claim.map_or_else(String::new, |(namespace, name)| {
            format!(", of {namespace}/{name}")
        });
        let why = volume.reason.as_deref().unwrap_or("no reason given");
        let says = format!("phase Failed: {}{of}", short(why, 160));
        match claim {
            Some((namespace, _)) => Finding::inside(namespace, &volume.name, says),
            None => Finding::of(&volume.name, says),
        }
    });
    Some(
        Line::new(CODE, TITLE, volumes.sum.examined)
            .if_any()
            .seen(count(volumes.sum.examined, "volume"))
            .remedy("its deletion or recycling failed: see the events of the volume and the CSI driver")
            .wrong(wrong)
            .short_of(volumes.shortfall.as_ref()),
    )
}
