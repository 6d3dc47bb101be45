//! What AWS and the endpoints said: one field per group, `None` where the settings leave it out.

use day2_core::Observed;
use day2_probe::Seen;
use day2_reads::alarm_history::Transition;
use day2_reads::alarms::Alarm;

use super::aws_changes::AwsChanges;
use super::database::DatabaseFacts;
use super::eks::EksFacts;
use super::security::SecurityFacts;
use super::volumes::Volume;

/// Everything that was read outside of the cluster.
#[derive(Debug, Clone, Default)]
pub struct AwsFacts {
    /// Group `alarms`.
    pub alarms: Option<AlarmFacts>,
    /// Group `security`.
    pub security: Option<SecurityFacts>,
    /// Group `eks`.
    pub eks: Option<EksFacts>,
    /// Group `database`.
    pub database: Option<DatabaseFacts>,
    /// Group `endpoints`: what came back, in the order of the plan's probes.
    pub endpoints: Option<Vec<Seen>>,
    /// Group `volumes`.
    pub volumes: Option<Observed<Vec<Volume>>>,
    /// What changed lately; in a triage only.
    pub changes: Option<AwsChanges>,
}

/// What CloudWatch said of alarms.
#[derive(Debug, Clone)]
pub struct AlarmFacts {
    /// All alarms of the account and region, in every state.
    pub alarms: Observed<Vec<Alarm>>,
    /// Changes of state in the hours that the plan looks back, newest first.
    pub history: Observed<Vec<Transition>>,
}
