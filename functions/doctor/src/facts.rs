//! What AWS and the functions said: the only thing [`crate::assess`] may know besides the settings.

use day2_core::{Item, Observed, Unreadable};

/// One examination. Lists are in the order of the settings.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What each function answered to its self-check, the doctor excepted.
    pub answers: Vec<(String, Observed<Answer>)>,
    /// What is deployed of each function.
    pub configurations: Vec<(String, Observed<Configuration>)>,
    /// What IAM says of each role.
    pub rights: Vec<Simulation>,
    /// Authentication mode and status of each cluster that functions enter.
    pub clusters: Vec<(String, Observed<Cluster>)>,
    /// The access entries of the functions.
    pub entries: Vec<Entry>,
    /// Who is subscribed to each topic.
    pub topics: Vec<(String, Observed<Vec<Subscriber>>)>,
    /// What lets alarms in at their topic; `None` when it was not looked at.
    pub alarm_topic: Option<Observed<AlarmTopic>>,
    /// How the canary fared; `None` when it is switched off.
    pub canary: Option<Observed<Flight>>,
    /// The schedules.
    pub schedules: Vec<(Scheduled, Observed<Schedule>)>,
    /// The event rules that call functions.
    pub event_rules: Vec<(EventRule, Observed<Rule>)>,
    /// The policy of each function that something calls, in JSON.
    pub policies: Vec<(String, Observed<String>)>,
    /// Auto Scaling groups that the settings name: `target/group`.
    pub groups: Vec<(String, Observed<()>)>,
    /// Databases that the settings name: `target/id`, with the status.
    pub databases: Vec<(String, Observed<String>)>,
    /// Alarms that call functions.
    pub calling_alarms: Vec<(String, Observed<()>)>,
    /// Alarms about functions.
    pub health_alarms: Vec<(String, Observed<Notifies>)>,
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its own judgement of itself.
    Proof(Vec<Line>),
    /// It ended in an error: in its own words.
    Failed(String),
}

/// One line of a self-check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The target; `None` for what is said of the function itself.
    pub target: Option<String>,
    /// The line.
    pub item: Item,
}

/// What Lambda says of a function (API `FunctionConfiguration`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// SHA-256 of its package in Base64.
    pub code_sha256: Option<String>,
    /// SHA-256 of its settings in hexadecimal; `None` when it has none.
    pub settings_sha256: Option<String>,
    /// Role that it runs with.
    pub role_arn: Option<String>,
    /// `Active`, `Pending`, `Inactive` or `Failed`, with the reason behind it.
    pub state: Option<String>,
    /// `Successful`, `InProgress` or `Failed`, with the reason behind it.
    pub last_update: Option<String>,
}

/// What IAM says of a role and one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// The function whose role it is; with `-scheduler` behind it, it is the role of its schedules.
    pub function: String,
    /// The resource, or what stands for a pattern.
    pub resource: String,
    /// Actions that must be allowed.
    pub needed: Vec<String>,
    /// Actions that must not be.
    pub never: Vec<String>,
    /// The answer, action by action.
    pub decisions: Observed<Vec<Decision>>,
}

/// IAM's decision (API `EvaluationResult`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The action.
    pub action: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub decision: String,
    /// Keys of conditions that the simulation had no value for.
    pub missing: Vec<String>,
}

/// What EKS says of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// `ACTIVE`, `UPDATING`, …
    pub status: String,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub mode: Option<String>,
}

/// An access entry that a function needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The function.
    pub function: String,
    /// The cluster.
    pub cluster: String,
    /// Its Kubernetes groups.
    pub groups: Observed<Vec<String>>,
}

/// A subscription of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// `email`, `sqs`, `lambda`, `https`, …
    pub protocol: String,
    /// The address. Personal: shown shortened.
    pub endpoint: String,
    /// Whether the address has not confirmed it.
    pub pending: bool,
}

/// What lets alarms in at their topic, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmTopic {
    /// Policy of the topic, in JSON.
    pub policy: String,
    /// Its key; `None` when it is not encrypted.
    pub key: Option<Observed<TopicKey>>,
}

/// The key that a topic is encrypted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicKey {
    /// The one that AWS manages for SNS.
    ManagedByAws,
    /// One that somebody made.
    Customer {
        /// Its ARN.
        arn: String,
        /// `Enabled`, `Disabled`, `PendingDeletion`, … (API `KeyMetadata`).
        state: String,
        /// Its policy, in JSON.
        policy: Observed<String>,
    },
}

/// How the canary fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flight {
    /// It came through.
    Arrived,
    /// It was published and did not come within so many seconds.
    Lost(u64),
    /// SNS did not take it because of the key of its topic: for what reason, and in which words.
    Refused(KeyRefusal, Unreadable),
}

/// Why the key of a topic refuses a message. Source: API `Publish` of SNS, "Errors".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefusal {
    /// There is no such key, or who publishes may not use it (`KMSAccessDenied`).
    AccessDenied,
    /// It is disabled (`KMSDisabled`).
    Disabled,
    /// Its state is another one in which it cannot be used, for example because it will be deleted (`KMSInvalidState`).
    InvalidState,
    /// It was not found (`KMSNotFound`).
    NotFound,
    /// The account has no subscription to KMS (`KMSOptInRequired`).
    OptInRequired,
}

/// A schedule that Terraform made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The function.
    pub function: String,
    /// Its name within the function's group.
    pub name: String,
}

impl Scheduled {
    /// `scale-window/prescale-prod-a`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.function, self.name)
    }
}

/// A schedule as EventBridge Scheduler has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// Its expression.
    pub expression: String,
    /// Its IANA zone.
    pub zone: String,
    /// ARN of what it calls.
    pub target_arn: String,
    /// ARN of the role that it calls with.
    pub role_arn: String,
    /// What it gives to what it calls; `None` when it is a notification of the service.
    pub input: Option<String>,
    /// From when it fires, in RFC 3339; `None` when it fires from the beginning.
    pub starts: Option<String>,
    /// Until when it fires, in RFC 3339; `None` when it has no end.
    pub ends: Option<String>,
}

/// An event rule that Terraform made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRule {
    /// The function that it calls.
    pub function: String,
    /// Its name.
    pub name: String,
}

/// An event rule as EventBridge has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `ENABLED`, `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` or `DISABLED`.
    pub state: String,
    /// Its pattern, in JSON; `None` when it fires by the clock.
    pub pattern: Option<String>,
    /// What it calls.
    pub targets: Observed<Vec<RuleTarget>>,
}

/// What an event rule calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTarget {
    /// Its ARN.
    pub arn: String,
    /// Whether it is given something else than the event: a constant, a part or a template (API data type `Target`: `Input`,
    /// `InputPath`, `InputTransformer`).
    pub reshaped: bool,
}

/// Whom an alarm tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifies {
    /// Whether its actions are switched on.
    pub enabled: bool,
    /// ARNs that it notifies when it rings.
    pub on_alarm: Vec<String>,
}
