//! What the world is, worked out from one moment: names, counts, times and settings. Pure.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use anyhow::{Context, Result};

/// The zone that the platform's people live in.
pub const ZONE: &str = "America/New_York";
/// Name of the target, the EKS cluster and the database cluster.
pub const TARGET: &str = "prod-a";
/// Name of a second cluster, where a test has one, and of the target that it is.
pub const SECOND: &str = "prod-b";
/// Name of the pair of the two.
pub const PAIR: &str = "prod";
/// Kubernetes version that EKS tells of its clusters.
pub const KUBERNETES_MINOR: &str = "1.33";
/// The three zones of the platform.
pub const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];
/// Label by which a node's group is known.
pub const GROUP_LABEL: &str = "node-group";
/// Namespace of the people's workspaces.
pub const WORKSPACES: &str = "coder-workspaces";
/// When the morning's actions fire, local time.
pub const SCALE_UP_AT: (u8, u8) = (6, 45);
/// When the evening's actions fire, local time.
const SCALE_DOWN_AT: (u8, u8) = (18, 15);
/// When they fire in a world that is made shortly before that: functions that act keep away from a scale-down, and a
/// demo must show them acting at any hour.
const LATE_SCALE_DOWN_AT: (u8, u8) = (21, 15);

/// People with a workspace.
const PEOPLE: [&str; 16] = [
    "alice", "bruno", "chen", "dana", "emeka", "farah", "goran", "hana", "ines", "jonas", "kavya", "liam",
    "mei", "nadia", "omar", "priya",
];
/// How many of them keep their workspace from being moved by a budget.
const PROTECTED: usize = 6;

/// One node group with its Auto Scaling group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Name of the node group, and value of [`GROUP_LABEL`].
    pub name: &'static str,
    /// Nodes before the morning.
    pub before: u32,
    /// Nodes at the peak.
    pub peak: u32,
    /// Nodes after the evening.
    pub after: u32,
    /// Minimum size.
    pub min: u32,
    /// Maximum size.
    pub max: u32,
    /// EC2 instance type.
    pub instance_type: &'static str,
    /// vCPUs of one instance.
    pub vcpus: u32,
    /// Memory of one instance, in GiB.
    pub memory_gib: u32,
    /// Whether it follows the window; the control group does not.
    pub scales: bool,
}

impl Group {
    /// Name of its Auto Scaling group.
    #[must_use]
    pub fn auto_scaling_group(&self) -> String {
        format!("{TARGET}-{}", self.name)
    }

    /// The image of its launch template. The people's workspaces have one of their own.
    #[must_use]
    pub const fn image(&self) -> &'static str {
        if self.scales && self.before > 0 {
            "ami-0d2a5c1e7b9f40638"
        } else {
            "ami-0d2f8e3a6c7b10594"
        }
    }
}

const CONTROL: Group = Group {
    name: "control",
    before: 3,
    peak: 3,
    after: 3,
    min: 3,
    max: 6,
    instance_type: "m7g.xlarge",
    vcpus: 4,
    memory_gib: 16,
    scales: false,
};
const PROVISIONER: Group = Group {
    name: "provisioner",
    before: 0,
    peak: 5,
    after: 0,
    min: 0,
    max: 10,
    instance_type: "c7g.xlarge",
    vcpus: 4,
    memory_gib: 8,
    scales: true,
};
const WORKSPACE: Group = Group {
    name: "workspace",
    before: 10,
    peak: 50,
    after: 10,
    min: 0,
    max: 60,
    instance_type: "m7g.2xlarge",
    vcpus: 8,
    memory_gib: 32,
    scales: true,
};

/// A scheduled action of an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The node group.
    pub group: &'static str,
    /// Name of the action.
    pub name: String,
    /// Hour and minute, local time of [`ZONE`].
    pub at: (u8, u8),
    /// Desired capacity that it sets.
    pub desired: u32,
}

impl Action {
    /// The recurrence as Auto Scaling takes it.
    #[must_use]
    pub fn recurrence(&self) -> String {
        format!("{} {} * * *", self.at.1, self.at.0)
    }

    /// `HH:MM`.
    #[must_use]
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}", self.at.0, self.at.1)
    }
}

/// One person's workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Name of its Deployment.
    pub name: String,
    /// Whether a PodDisruptionBudget keeps its only pod.
    pub protected: bool,
}

/// The world on paper.
#[derive(Debug, Clone)]
pub struct Plan {
    now: Timestamp,
    zone: TimeZone,
}

impl Plan {
    /// The world as it should be around `now`.
    ///
    /// # Errors
    ///
    /// When the bundled time zones do not know [`ZONE`].
    pub fn new(now: Timestamp) -> Result<Self> {
        let zone = TimeZone::get(ZONE).with_context(|| format!("no time zone {ZONE}"))?;
        Ok(Self { now, zone })
    }

    /// The moment that everything is derived from.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// All node groups.
    #[must_use]
    pub const fn groups(&self) -> [Group; 3] {
        [CONTROL, PROVISIONER, WORKSPACE]
    }

    /// The node groups that follow the window.
    pub fn scaling_groups(&self) -> impl Iterator<Item = Group> + use<> {
        self.groups().into_iter().filter(|group| group.scales)
    }

    /// The group of the workspaces, the largest.
    #[must_use]
    pub const fn workspace_group(&self) -> Group {
        WORKSPACE
    }

    /// The scheduled actions: up in the morning, down in the evening, for each scaling group.
    #[must_use]
    pub fn actions(&self) -> Vec<Action> {
        self.scaling_groups()
            .flat_map(|group| {
                let action = |what: &str, at, desired| Action {
                    group: group.name,
                    name: format!("{}-{what}", group.name),
                    at,
                    desired,
                };
                [
                    action("scale-up", SCALE_UP_AT, group.peak),
                    action("scale-down", self.scale_down_at(), group.after),
                ]
            })
            .collect()
    }

    /// When the evening's actions fire: never within the next two hours.
    fn scale_down_at(&self) -> (u8, u8) {
        let hour = self.now.to_zoned(self.zone.clone()).hour();
        if (16..=18).contains(&hour) {
            LATE_SCALE_DOWN_AT
        } else {
            SCALE_DOWN_AT
        }
    }

    /// Days that are worked although the week says no: today and tomorrow, because a demo that begins a minute before
    /// midnight ends on the next day.
    #[must_use]
    pub fn worked_days_off(&self) -> Vec<Date> {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let tomorrow = today.tomorrow().unwrap_or(today);
        let off = |day: &Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        [today, tomorrow].into_iter().filter(off).collect()
    }

    /// When the nodes that are there before the morning were launched: yesterday in the working day, at the latest
    /// half a day before `now`.
    #[must_use]
    pub fn launched_before(&self, index: usize) -> Timestamp {
        let spread = i64::try_from(index % 60).unwrap_or_default();
        let ago = SignedDuration::from_hours(13) + SignedDuration::from_mins(spread * 7);
        self.now.checked_sub(ago).unwrap_or(self.now)
    }

    /// The workspaces that are open, the protected ones first.
    #[must_use]
    pub fn workspaces(&self) -> Vec<Workspace> {
        PEOPLE
            .iter()
            .enumerate()
            .map(|(index, person)| Workspace {
                name: format!("ws-{person}"),
                protected: index < PROTECTED,
            })
            .collect()
    }

    /// CIDR blocks of the public and the private subnet of a zone, by its place in [`ZONES`].
    #[must_use]
    pub fn subnet_blocks(&self, zone: usize) -> (String, String) {
        (
            format!("10.0.{zone}.0/24"),
            format!("10.0.{}.0/20", private_base(zone)),
        )
    }

    /// Private address of the `number`th node (from 0) of a group in a zone.
    #[must_use]
    pub fn node_address(&self, group: &str, zone: usize, number: usize) -> String {
        let block = self
            .groups()
            .iter()
            .position(|one| one.name == group)
            .unwrap_or_default();
        format!("10.0.{}.{}", private_base(zone) + block, 10 + number % 240)
    }
}

/// Third number of the first address of a zone's private subnet: 64, 80, 96.
const fn private_base(zone: usize) -> usize {
    64 + 16 * zone
}
