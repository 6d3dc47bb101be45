//! Claims, volumes and attachments: those that are not in order, and volumes counted by the zones they are tied to.

use std::collections::BTreeMap;

use day2_kube::Reduce;
use day2_kube::objects::{Volume, VolumeAttachment, VolumeClaim};

/// Names kept of each group of volumes.
const EXAMPLES: usize = 3;

/// Keeps of each kind what is not in order.
#[derive(Debug, Clone, Copy)]
pub struct EachStored;

/// Claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimTally {
    /// Claims that were looked at.
    pub examined: usize,
    /// Those that are not bound.
    pub unbound: Vec<VolumeClaim>,
}

/// Volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeTally {
    /// Volumes that were looked at.
    pub examined: usize,
    /// Bound volumes by the zones that they are tied to.
    pub zones: BTreeMap<Vec<String>, Zonal>,
    /// Those in phase `Failed`.
    pub failed: Vec<Volume>,
}

/// Bound volumes of the same zones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zonal {
    /// How many.
    pub volumes: usize,
    /// Claims of the first, namespace and name.
    pub examples: Vec<(String, String)>,
}

/// Attachments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachmentTally {
    /// Attachments that were looked at.
    pub examined: usize,
    /// Those that are on their way, to or from a node.
    pub moving: Vec<VolumeAttachment>,
}

impl Reduce<VolumeClaim> for EachStored {
    type Sum = ClaimTally;

    fn empty(&self) -> ClaimTally {
        ClaimTally::default()
    }

    fn take(&self, sum: &mut ClaimTally, claim: VolumeClaim) {
        sum.examined += 1;
        if claim.phase != "Bound" && claim.deleting_since.is_none() {
            sum.unbound.push(claim);
        }
    }

    fn join(&self, sum: &mut ClaimTally, page: ClaimTally) {
        sum.examined += page.examined;
        sum.unbound.extend(page.unbound);
    }
}

impl Reduce<Volume> for EachStored {
    type Sum = VolumeTally;

    fn empty(&self) -> VolumeTally {
        VolumeTally::default()
    }

    fn take(&self, sum: &mut VolumeTally, volume: Volume) {
        sum.examined += 1;
        match volume.phase.as_str() {
            "Failed" => sum.failed.push(volume),
            "Bound" if !volume.zones.is_empty() => {
                let of = sum.zones.entry(volume.zones).or_default();
                of.volumes += 1;
                if of.examples.len() < EXAMPLES {
                    of.examples.extend(volume.claim);
                }
            }
            _ => {}
        }
    }

    fn join(&self, sum: &mut VolumeTally, page: VolumeTally) {
        sum.examined += page.examined;
        sum.failed.extend(page.failed);
        for (zones, more) in page.zones {
            let of = sum.zones.entry(zones).or_default();
            of.volumes += more.volumes;
            let room = EXAMPLES.saturating_sub(of.examples.len());
            of.examples.extend(more.examples.into_iter().take(room));
        }
    }
}

impl Reduce<VolumeAttachment> for EachStored {
    type Sum = AttachmentTally;

    fn empty(&self) -> AttachmentTally {
        AttachmentTally::default()
    }

    fn take(&self, sum: &mut AttachmentTally, attachment: VolumeAttachment) {
        sum.examined += 1;
        if !attachment.attached || attachment.deleting_since.is_some() {
            sum.moving.push(attachment);
        }
    }

    fn join(&self, sum: &mut AttachmentTally, page: AttachmentTally) {
        sum.examined += page.examined;
        sum.moving.extend(page.moving);
    }
}
