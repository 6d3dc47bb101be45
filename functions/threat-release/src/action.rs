//! Wiring of the action: clients, and the order gather → plan → apply → verify.

use aws_config::SdkConfig;
use day2_aws::{Action, Applied, Assessment, Inquiry, Moment, OpsError};
use day2_core::Item;
use day2_core::action::{Effect, Plan, Step};
use day2_core::arn::Arn;
use day2_core::settings::{Safety, Settings};
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::change::Change;
use crate::facts::Facts;
use crate::gather::{Clients, gather};
use crate::settings::ThreatReleaseSettings;
use crate::{apply, plan, self_check, verify};

/// Name of function, crate and folder.
pub const NAME: &str = "threat-release";

/// The action.
#[derive(Debug, Clone, Copy)]
pub struct ThreatRelease;

impl Action for ThreatRelease {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "THX";
    const TASK: &'static str = "release";
    const RELEASES: bool = true;

    type Settings = ThreatReleaseSettings;
    type Ctx = Clients;
    type Facts = Facts;
    type Change = Change;

    fn safety(settings: &ThreatReleaseSettings) -> &Safety {
        &settings.safety
    }

    /// No alarm opens what was closed.
    fn alarms(_: &ThreatReleaseSettings) -> Vec<(&str, &Arn)> {
        Vec::new()
    }

    async fn connect(of_target: &SdkConfig) -> Clients {
        Clients::new(&day2_aws::boot::sdk_config().await, of_target)
    }

    async fn gather(
        clients: &Clients,
        settings: &Settings<ThreatReleaseSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Result<Facts, OpsError> {
        let id = inquiry.occasion.containment().ok_or_else(|| {
            OpsError::Event("`containment` is missing: the call names nothing to release".to_owned())
        })?;
        let table = settings.deployment.journal_table.as_str();
        Ok(Box::pin(gather(clients, table, target, id, &Times::of(at))).await)
    }

    fn plan(
        facts: &Facts,
        _: &Settings<ThreatReleaseSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        _: Moment,
    ) -> Assessment<Change> {
        let id = inquiry.occasion.containment().unwrap_or_default();
        plan::plan(facts, id, target.name.as_str())
    }

    async fn apply(
        clients: &Clients,
        settings: &Settings<ThreatReleaseSettings>,
        target: &Target,
        _: Inquiry<'_>,
        step: &Step<Change>,
        at: Moment,
    ) -> Applied {
        let table = settings.deployment.journal_table.as_str();
        Box::pin(apply::apply(clients, table, target, step, &Times::of(at))).await
    }

    async fn verify(
        clients: &Clients,
        settings: &Settings<ThreatReleaseSettings>,
        target: &Target,
        _: Inquiry<'_>,
        done: &[Step<Change>],
        at: Moment,
    ) -> Effect {
        let table = settings.deployment.journal_table.as_str();
        Box::pin(verify::verify(clients, table, target, done, &Times::of(at))).await
    }

    /// A release is no temporary change: it has no lease that could end.
    fn revert(
        _: &Facts,
        _: &Settings<ThreatReleaseSettings>,
        target: &Target,
        _: Inquiry<'_>,
        _: &Change,
        _: Moment,
    ) -> Assessment<Change> {
        let why = "a release is not temporary, and is not taken back; contain the pod again";
        Assessment {
            items: Vec::new(),
            charts: Vec::new(),
            plan: Plan::nothing(target.name.as_str(), why),
            says: why.to_owned(),
            left: Some(why.to_owned()),
        }
    }

    async fn self_check(
        clients: &Clients,
        _: &Settings<ThreatReleaseSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        Box::pin(self_check::items(clients, target, &Times::of(at))).await
    }
}
