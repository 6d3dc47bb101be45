//! Moving, breaking and mending the world, for tests and for the demo. Every method returns when it has taken effect.

use std::ops::RangeInclusive;

use anyhow::{Context, Result, ensure};
use aws_sdk_cloudwatch::types::StateValue;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, ListParams};

use super::plan::Group;
use super::{World, capacity, watching, workloads};
use crate::aws::control::{Activity, Image, Instance};
use crate::clock;

/// How long ago the instances of a scale-up were launched. Every node must join before now.
const SCALE_UP_AGO: SignedDuration = SignedDuration::from_mins(6);

/// Every method fails when AWS or the cluster refuses what it asks for.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl World {
    /// The morning: every group at its peak, all new nodes Ready.
    pub async fn scale_up(&mut self) -> Result<()> {
        for group in self.plan.scaling_groups() {
            capacity::set_desired(&self.scaling, &group, group.peak).await?;
            self.nodes_follow(&group, launches_since(clock::now(), SCALE_UP_AGO))
                .await?;
        }
        self.settled().await
    }

    /// A morning on which `missing` workspace nodes do not come, because each launch of them failed with `message`.
    pub async fn scale_up_short(&mut self, missing: u32, message: &str) -> Result<()> {
        let short = self.plan.workspace_group();
        for group in self.plan.scaling_groups().filter(|group| *group != short) {
            capacity::set_desired(&self.scaling, &group, group.peak).await?;
            self.nodes_follow(&group, launches_since(clock::now(), SCALE_UP_AGO))
                .await?;
        }
        let name = short.auto_scaling_group();
        self.control.fail_launches(&name, message).await?;
        capacity::set_desired(&self.scaling, &short, short.peak).await?;
        // The emulator gave up at once, with one failed activity. The others follow here, and what did come.
        let began = clock::now().checked_sub(SCALE_UP_AGO)?;
        for _ in 1..missing {
            self.control
                .post_scaling_activity(&Activity {
                    auto_scaling_group: name.clone(),
                    status_code: "Failed".to_owned(),
                    status_message: Some(message.to_owned()),
                    description: Some("Launching a new EC2 instance".to_owned()),
                    start_time: Some(began),
                    end_time: Some(began),
                    ..Activity::default()
                })
                .await?;
        }
        let present = capacity::members(&self.scaling, &short).await?;
        let arrive = short
            .peak
            .checked_sub(missing)
            .context("more are missing than were asked for")?;
        let new = usize::try_from(arrive)?
            .checked_sub(present.len())
            .context("they are there already")?;
        let mut instances: Vec<Instance> = present
            .iter()
            .map(|(id, _)| Instance {
                instance_id: Some(id.clone()),
                ..Instance::default()
            })
            .collect();
        instances.extend((0..new).map(|index| Instance {
            availability_zone: super::plan::ZONES.get(index % 3).map(|zone| (*zone).to_owned()),
            ..Instance::default()
        }));
        self.control.place_instances(&name, &instances).await?;
        self.nodes_follow(&short, launches_since(clock::now(), SCALE_UP_AGO))
            .await?;
        self.settled().await
    }

    /// The launches work again, and what was missing comes.
    pub async fn complete_scale_up(&mut self) -> Result<()> {
        let short = self.plan.workspace_group();
        self.control.mend_launches(&short.auto_scaling_group()).await?;
        self.nodes_follow(&short, launches_since(clock::now(), SignedDuration::from_mins(4)))
            .await?;
        self.settled().await
    }

    /// The evening: every group at its count for the night; the nodes of ended instances are gone.
    pub async fn scale_down(&mut self) -> Result<()> {
        for group in self.plan.scaling_groups() {
            capacity::set_desired(&self.scaling, &group, group.after).await?;
        }
        self.forget_gone().await?;
        self.settled().await
    }

    /// What the cloud does by itself: every instance that Auto Scaling launched since becomes a Ready node, and the nodes
    /// of ended instances are gone. Gives how many nodes there are then.
    pub async fn follow_launches(&mut self) -> Result<usize> {
        for group in self.plan.groups() {
            self.nodes_follow(&group, |_| None).await?;
        }
        self.forget_gone().await?;
        Ok(self.nodes.count())
    }

    /// Whether the nodes that join from now on take no pods: they are Ready, and a taint keeps them closed. What waits for
    /// a node goes on waiting.
    pub const fn new_nodes_are_closed(&mut self, closed: bool) {
        self.nodes.closed = closed;
    }

    /// The workspace group is of its first size again, with exactly these instances, and the nodes of the others are gone.
    pub async fn workspace_group_is(&mut self, instances: &[String]) -> Result<()> {
        let group = self.plan.workspace_group();
        let placed: Vec<Instance> = instances
            .iter()
            .map(|id| Instance {
                instance_id: Some(id.clone()),
                ..Instance::default()
            })
            .collect();
        let name = group.auto_scaling_group();
        self.control.place_instances(&name, &placed).await?;
        capacity::set_desired(&self.scaling, &group, u32::try_from(placed.len())?).await?;
        self.forget_gone().await
    }

    /// Ids of the instances of the workspace group.
    pub async fn workspace_instances(&self) -> Result<Vec<String>> {
        let members = capacity::members(&self.scaling, &self.plan.workspace_group()).await?;
        Ok(members.into_iter().map(|(id, _)| id).collect())
    }

    /// Names of the nodes that take no new pods because somebody cordoned them.
    pub async fn cordoned_nodes(&self) -> Result<Vec<String>> {
        let nodes = Api::<Node>::all(self.kube.clone())
            .list(&ListParams::default())
            .await?;
        let cordoned = |node: &&Node| node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true);
        Ok(nodes
            .items
            .iter()
            .filter(cordoned)
            .map(ResourceExt::name_any)
            .collect())
    }

    async fn forget_gone(&mut self) -> Result<()> {
        let mut alive = Vec::new();
        for group in self.plan.groups() {
            let members = capacity::members(&self.scaling, &group).await?;
            alive.extend(members.into_iter().map(|(id, _)| id));
        }
        self.nodes.forget_gone(&self.kube, &alive).await
    }

    /// Somebody deregisters the image of the workspace nodes; what runs goes on running. Gives its id.
    pub async fn deregister_image(&self) -> Result<&'static str> {
        let image = self.plan.workspace_group().image();
        self.control.forget_image(image).await?;
        Ok(image)
    }

    /// The image of the workspace nodes is there again.
    pub async fn restore_image(&self) -> Result<()> {
        self.control
            .place_image(&image_of(&self.plan.workspace_group()))
            .await
    }

    /// So many days ago, one launch of the workspace group failed at the time of the scale-up.
    pub async fn launches_failed(&self, days_ago: RangeInclusive<i64>, message: &str) -> Result<()> {
        let zone = TimeZone::get(super::plan::ZONE)?;
        let (hour, minute) = super::plan::SCALE_UP_AT;
        let today = self.plan.now().to_zoned(zone.clone()).date();
        for ago in days_ago {
            let day = today.checked_sub(ago.days())?;
            let began = day.at(i8::try_from(hour)?, i8::try_from(minute)?, 30, 0);
            let began = Some(began.to_zoned(zone.clone())?.timestamp());
            self.control
                .post_scaling_activity(&Activity {
                    auto_scaling_group: self.plan.workspace_group().auto_scaling_group(),
                    status_code: "Failed".to_owned(),
                    status_message: Some(message.to_owned()),
                    description: Some("Launching a new EC2 instance".to_owned()),
                    start_time: began,
                    end_time: began,
                    ..Activity::default()
                })
                .await?;
        }
        Ok(())
    }

    /// Deletes the NAT gateway of a zone; gives its id.
    pub async fn delete_nat_gateway(&mut self, zone: &str) -> Result<String> {
        self.network.delete_gateway(&self.ec2, zone).await
    }

    /// Makes a NAT gateway in a zone again, with a past of its own in the metrics.
    pub async fn restore_nat_gateway(&mut self, zone: &str) -> Result<()> {
        self.network.make_gateway(&self.ec2, zone).await?;
        self.sender.send_history(clock::now()).await
    }

    /// Cordons a workspace node whose pod a PodDisruptionBudget keeps; gives node and workspace.
    pub async fn cordon_protected_node(&mut self) -> Result<(String, String)> {
        ensure!(self.cordoned.is_none(), "one is cordoned already");
        let workspaces = self.plan.workspaces();
        let workspace = workspaces
            .into_iter()
            .find(|one| one.protected)
            .context("no protected workspace")?
            .name;
        let node = workloads::node_of(&self.kube, &workspace).await?;
        workloads::set_unschedulable(&self.kube, &node, true).await?;
        self.cordoned = Some(node.clone());
        Ok((node, workspace))
    }

    /// Takes pods on that node again.
    pub async fn uncordon_protected_node(&mut self) -> Result<()> {
        let node = self.cordoned.take().context("no node is cordoned")?;
        workloads::set_unschedulable(&self.kube, &node, false).await
    }

    /// Sets the state of an alarm: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub async fn set_alarm(&self, name: &str, state: &str, reason: &str) -> Result<()> {
        watching::set_alarm(&self.cloudwatch, name, StateValue::from(state), reason).await
    }

    /// The endpoint that users see does not answer any more.
    pub async fn stop_probe(&mut self) {
        self.probe.stop().await;
    }

    /// It answers again.
    pub async fn start_probe(&mut self) -> Result<()> {
        self.probe.resume().await
    }

    pub(super) async fn nodes_follow(
        &mut self,
        group: &Group,
        launched: impl Fn(usize) -> Option<Timestamp>,
    ) -> Result<()> {
        let members = capacity::members(&self.scaling, group).await?;
        self.nodes
            .follow((&self.control, &self.kube), &self.plan, group, &members, launched)
            .await
    }

    pub(super) async fn settled(&self) -> Result<()> {
        workloads::settled(&self.kube, self.nodes.count()).await
    }
}

/// Launch times of a scale-up that began `ago`: a few instances a second.
fn launches_since(now: Timestamp, ago: SignedDuration) -> impl Fn(usize) -> Option<Timestamp> {
    move |index| {
        let later = SignedDuration::from_secs(i64::try_from(index / 4).unwrap_or_default());
        now.checked_sub(ago)
            .and_then(|began| began.checked_add(later))
            .ok()
    }
}

/// The image of a group, for the architecture of its instance type: all of them are Graviton.
pub(super) fn image_of(group: &Group) -> Image {
    Image {
        image_id: group.image().to_owned(),
        architecture: "arm64".to_owned(),
        ..Image::default()
    }
}
