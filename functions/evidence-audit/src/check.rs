//! Wiring of the check: client, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::Item;
use day2_core::settings::Settings;
use day2_core::target::Target;

use crate::assess::{assess, can_list, can_read};
use crate::gather::{Clients, gather, probe};
use crate::settings::{Audit, AuditSettings};

/// Name of function, crate and folder.
pub const NAME: &str = "evidence-audit";

/// The audit.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceAudit;

impl Check for EvidenceAudit {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "EVA";
    const TASKS: &'static [&'static str] = &["audit"];
    const DEFAULT_TASK: &'static str = "audit";
    const LOOKS_EARLY: bool = true;

    type Settings = AuditSettings;
    type Ctx = Clients;

    /// Evidence is the deployment's: neither the role nor the region of a target leads to it.
    async fn connect(_of_target: &SdkConfig) -> Clients {
        Clients::new(&day2_aws::boot::sdk_config().await)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<AuditSettings>,
        target: &Target,
        _task: &str,
        at: Moment,
        _before: &Before,
    ) -> Result<Look, OpsError> {
        let how = how(settings, target).map_err(OpsError::Refused)?;
        let place = &settings.function.evidence;
        let facts = Box::pin(gather(clients, place.bucket.as_str(), &target.name, how, at)).await;
        let items = assess(&facts, place, how, settings.deployment.zone.rules(), at.now);
        Ok(Look::of(items, Vec::new()))
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<AuditSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        let bucket = settings.function.evidence.bucket.as_str();
        let (listed, read) = Box::pin(probe(clients, bucket, &target.name, at)).await;
        if listed.is_err() {
            return vec![can_list(bucket, &listed)];
        }
        vec![can_list(bucket, &listed), can_read(read)]
    }
}

fn how<'a>(settings: &'a Settings<AuditSettings>, target: &Target) -> Result<&'a Audit, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("no entry for target `{name}`: add it to `targets` of the audit's settings"))
}
