//! Wiring of the action: clients, and the order gather → plan → apply → verify.

use aws_config::SdkConfig;
use day2_aws::check::Moment;
use day2_aws::error::OpsError;
use day2_aws::{Action, Applied, Assessment, Inquiry};
use day2_core::Item;
use day2_core::action::{Effect, Occasion, Step};
use day2_core::arn::Arn;
use day2_core::settings::{Safety, Settings};
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::change::Change;
use crate::facts::Facts;
use crate::gather::{Clients, Question, gather};
use crate::settings::ProvisioningLatencySettings;
use crate::{apply, plan, self_check, verify};

/// Name of function, crate and folder.
pub const NAME: &str = "provisioning-latency";

/// The action.
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningLatency;

impl Action for ProvisioningLatency {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "PRV";
    const TASK: &'static str = "respond";

    type Settings = ProvisioningLatencySettings;
    type Ctx = Clients;
    type Facts = Facts;
    type Change = Change;

    fn safety(settings: &ProvisioningLatencySettings) -> &Safety {
        &settings.safety
    }

    fn alarms(settings: &ProvisioningLatencySettings) -> Vec<(&str, &Arn)> {
        settings
            .targets
            .iter()
            .flat_map(|(target, platform)| {
                platform
                    .alarms
                    .iter()
                    .map(|binding| (target.as_str(), &binding.arn))
            })
            .collect()
    }

    async fn connect(aws: &SdkConfig) -> Clients {
        Clients::new(aws)
    }

    async fn gather(
        clients: &Clients,
        settings: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Result<Facts, OpsError> {
        let question = Question {
            alarm_arn: inquiry.occasion.alarm_arn(),
            reverts: matches!(inquiry.occasion, Occasion::Revert),
            since: inquiry.lease.map(|lease| lease.created_at),
        };
        let facts = Box::pin(gather(clients, settings, target, question, &Times::of(at))).await;
        facts.ok_or_else(|| {
            OpsError::Refused(format!(
                "no platform for target `{}`: add it to the provisioning_latency settings",
                target.name
            ))
        })
    }

    fn plan(
        facts: &Facts,
        settings: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Assessment<Change> {
        plan::plan(facts, settings, target, inquiry, at.now)
    }

    async fn apply(
        clients: &Clients,
        _: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        step: &Step<Change>,
        at: Moment,
    ) -> Applied {
        Box::pin(apply::apply(clients, target, inquiry, step, &Times::of(at))).await
    }

    async fn verify(
        clients: &Clients,
        settings: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        done: &[Step<Change>],
        at: Moment,
    ) -> Effect {
        Box::pin(verify::verify(
            clients,
            settings,
            target,
            inquiry,
            done,
            &Times::of(at),
        ))
        .await
    }

    fn revert(
        facts: &Facts,
        settings: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        change: &Change,
        at: Moment,
    ) -> Assessment<Change> {
        plan::revert::revert(facts, settings, target, inquiry, change, at.now)
    }

    fn not_checked(settings: &Settings<ProvisioningLatencySettings>, target: &Target) -> Vec<String> {
        let platform = settings.function.targets.get(target.name.as_str());
        platform
            .map(|platform| {
                platform
                    .not_checked
                    .iter()
                    .map(|part| part.word().to_owned())
                    .collect()
            })
            .unwrap_or_default()
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<ProvisioningLatencySettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        Box::pin(self_check::items(clients, settings, target, &Times::of(at))).await
    }
}
