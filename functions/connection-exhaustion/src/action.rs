//! Wiring of the action: clients, and the order gather → plan → apply → verify.

use aws_config::SdkConfig;
use day2_aws::{Action, Applied, Assessment, Inquiry, Moment, OpsError};
use day2_core::Item;
use day2_core::action::{Effect, Step};
use day2_core::arn::Arn;
use day2_core::settings::{Safety, Settings};
use day2_core::target::Target;
use day2_reads::times::Times;

use crate::facts::Facts;
use crate::gather::Clients;
use crate::settings::ConnectionExhaustionSettings;
use crate::{Change, apply, gather, plan, revert, self_check, verify};

/// Name of function, crate and folder.
pub const NAME: &str = "connection-exhaustion";

/// The action.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionExhaustion;

impl Action for ConnectionExhaustion {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "CNX";
    const TASK: &'static str = "respond";

    type Settings = ConnectionExhaustionSettings;
    type Ctx = Clients;
    type Facts = Facts;
    type Change = Change;

    fn safety(settings: &ConnectionExhaustionSettings) -> &Safety {
        &settings.safety
    }

    fn alarms(settings: &ConnectionExhaustionSettings) -> Vec<(&str, &Arn)> {
        settings
            .targets
            .iter()
            .flat_map(|(target, policy)| policy.alarm_arns.iter().map(move |arn| (target.as_str(), arn)))
            .collect()
    }

    async fn connect(aws: &SdkConfig) -> Clients {
        Clients::new(aws)
    }

    async fn gather(
        clients: &Clients,
        settings: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Result<Facts, OpsError> {
        let policy = settings
            .function
            .targets
            .get(target.name.as_str())
            .ok_or_else(|| {
                OpsError::Refused(format!(
                    "no policy for target `{}`: add it to the connection_exhaustion settings",
                    target.name
                ))
            })?;
        Ok(gather::gather(clients, target, policy, inquiry, &Times::of(at)).await)
    }

    fn plan(
        facts: &Facts,
        settings: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        at: Moment,
    ) -> Assessment<Change> {
        plan::plan(facts, settings, target, inquiry, at)
    }

    async fn apply(
        clients: &Clients,
        settings: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        step: &Step<Change>,
        at: Moment,
    ) -> Applied {
        apply::apply(clients, settings, target, inquiry, step, at).await
    }

    async fn verify(
        clients: &Clients,
        _: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        _: Inquiry<'_>,
        done: &[Step<Change>],
        at: Moment,
    ) -> Effect {
        verify::verify(clients, target, done, at).await
    }

    fn revert(
        facts: &Facts,
        settings: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        inquiry: Inquiry<'_>,
        change: &Change,
        at: Moment,
    ) -> Assessment<Change> {
        revert::revert(
            facts,
            settings.function.targets.get(target.name.as_str()),
            inquiry,
            change,
            at,
        )
    }

    fn not_checked(settings: &Settings<ConnectionExhaustionSettings>, target: &Target) -> Vec<String> {
        let policy = settings.function.targets.get(target.name.as_str());
        let without_clients = policy.is_some_and(|policy| policy.clients.is_empty());
        let parts = [
            ("clients of the database (none are declared)", without_clients),
            ("whose each connection is (nothing logs in to the database)", true),
        ];
        parts
            .into_iter()
            .filter(|(_, left_out)| *left_out)
            .map(|(part, _)| part.to_owned())
            .collect()
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<ConnectionExhaustionSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        self_check::self_check(clients, settings, target, at).await
    }
}
