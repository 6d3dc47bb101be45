//! Wiring of the check: a client, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_aws::journal::Journal;
use day2_core::Item;
use day2_core::settings::Settings;
use day2_core::target::Target;

use crate::assess::{ages, assess, looks_every_day, reads_every_schedule};
use crate::gather::gather;
use crate::settings::WatchdogSettings;

/// Name of function, crate and folder.
pub const NAME: &str = "watchdog";

/// The watchdog. Its one target is the deployment itself.
#[derive(Debug, Clone, Copy)]
pub struct Watchdog;

impl Check for Watchdog {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "WDG";
    const TASKS: &'static [&'static str] = &["look"];
    const DEFAULT_TASK: &'static str = "look";

    type Settings = WatchdogSettings;
    type Ctx = aws_sdk_dynamodb::Client;

    /// The journal is the deployment's: neither the role nor the region of a target leads to it.
    async fn connect(_of_target: &SdkConfig) -> Self::Ctx {
        aws_sdk_dynamodb::Client::new(&day2_aws::boot::sdk_config().await)
    }

    async fn look(
        dynamodb: &Self::Ctx,
        settings: &Settings<WatchdogSettings>,
        _target: &Target,
        _task: &str,
        at: Moment,
        _before: &Before,
    ) -> Result<Look, OpsError> {
        let deployment = &settings.deployment;
        let journal = Journal::new(dynamodb.clone(), deployment.journal_table.as_str());
        let facts = gather(&journal, &settings.function, &deployment.zone, at).await;
        let items = assess(&facts, &settings.function, &deployment.zone, at.now);
        Ok(Look {
            figures: ages(&facts, &settings.function, at.now),
            ..Look::of(items, Vec::new())
        })
    }

    fn not_checked(settings: &Settings<WatchdogSettings>, _target: &Target) -> Vec<String> {
        let silent = settings.function.not_watched.iter();
        silent.map(|(name, reason)| format!("{name}: {reason}")).collect()
    }

    async fn self_check(
        _dynamodb: &Self::Ctx,
        settings: &Settings<WatchdogSettings>,
        _target: &Target,
        _at: Moment,
    ) -> Vec<Item> {
        vec![
            reads_every_schedule(&settings.function),
            looks_every_day(&settings.calendar),
        ]
    }
}
