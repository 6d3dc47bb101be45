//! Wiring of the check: clients, and the order sweep → assess.

use std::time::Duration;

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::Item;
use day2_core::settings::Settings;
use day2_core::target::Target;

use crate::assess::{asks_every_day, asks_owners, assess, figures};
use crate::settings::{Sweep, SweeperSettings};
use crate::sweep::{Clients, lambda_name, rehearse, sweep};

/// Name of function, crate and folder.
pub const NAME: &str = "lease-sweeper";

/// The sweeper. It is a check: what it has done, others do.
#[derive(Debug, Clone, Copy)]
pub struct LeaseSweeper;

impl Check for LeaseSweeper {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "LSW";
    const TASKS: &'static [&'static str] = &["sweep"];
    const DEFAULT_TASK: &'static str = "sweep";

    type Settings = SweeperSettings;
    type Ctx = Clients;

    /// Journal and functions are the deployment's: neither the role nor the region of a target leads to them.
    async fn connect(_of_target: &SdkConfig) -> Clients {
        Clients::new(&day2_aws::boot::sdk_config().await)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<SweeperSettings>,
        target: &Target,
        task: &str,
        at: Moment,
        _before: &Before,
    ) -> Result<Look, OpsError> {
        let how = how(settings, target).map_err(OpsError::Refused)?;
        let facts = Box::pin(sweep(clients, settings, target.name.as_str(), how, at)).await;
        let items = assess(&facts, how, settings.deployment.zone.rules(), at.now);
        let own = (NAME, target.name.as_str(), task);
        Ok(Look {
            figures: figures(&facts, how, at.now, own),
            ..Look::of(items, Vec::new())
        })
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<SweeperSettings>,
        _target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        // Each answers within a second; one that hangs costs its own line.
        let wait = at.budget().min(Duration::from_secs(5));
        let mut answers = Vec::with_capacity(settings.function.owners.len());
        for owner in settings.function.owners.keys() {
            let name = lambda_name(settings, owner);
            let answer = rehearse(&clients.lambda, &name, wait).await;
            answers.push((name, answer));
        }
        vec![asks_owners(&answers), asks_every_day(&settings.calendar)]
    }
}

fn how<'a>(settings: &'a Settings<SweeperSettings>, target: &Target) -> Result<&'a Sweep, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("no entry for target `{name}`: add it to `targets` of the sweeper's settings"))
}
