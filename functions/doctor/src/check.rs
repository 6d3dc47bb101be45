//! Wiring of the check: clients, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::Item;
use day2_core::settings::Settings;
use day2_core::target::Target;

use crate::assess::{Judged, assess, knows_what_to_examine};
use crate::gather::{Clients, gather};
use crate::settings::DoctorSettings;

/// Name of function, crate and folder.
pub const NAME: &str = "doctor";

/// The doctor. Its one target is the deployment itself.
#[derive(Debug, Clone, Copy)]
pub struct Doctor;

impl Check for Doctor {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "DOC";
    const TASKS: &'static [&'static str] = &["examine"];
    const DEFAULT_TASK: &'static str = "examine";

    type Settings = DoctorSettings;
    type Ctx = Clients;

    /// What is examined is the deployment's; a platform behind a role of its own is reached by [`gather`].
    async fn connect(_of_target: &SdkConfig) -> Clients {
        Clients::new(&day2_aws::boot::sdk_config().await)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<DoctorSettings>,
        _target: &Target,
        _task: &str,
        at: Moment,
        _before: &Before,
    ) -> Result<Look, OpsError> {
        let facts = Box::pin(gather(clients, &settings.function, at)).await;
        let Judged { items, absent } = assess(&facts, &settings.function, &settings.deployment.zone);
        Ok(Look {
            absent,
            ..Look::of(items, Vec::new())
        })
    }

    fn not_checked(settings: &Settings<DoctorSettings>, _target: &Target) -> Vec<String> {
        let own = &settings.function;
        let mut all: Vec<String> = own
            .not_checked
            .iter()
            .map(|(line, reason)| format!("{line}: {reason}"))
            .collect();
        if !own.schedules_enabled {
            all.push(
                "whether schedules fire: the deployment has them switched off (schedules_enabled = false)"
                    .to_owned(),
            );
        }
        if own.canary.is_none() {
            all.push("whether a message comes through topic and key: canary is switched off".to_owned());
        }
        if let (Some(topic), None) = (&own.operations_topic_arn, own.alarm_topic()) {
            all.push(format!(
                "whether alarms may be published to {topic}: it belongs to another account or region"
            ));
        }
        for topic in &own.topics_elsewhere {
            all.push(format!(
                "whether mails may be published to {topic}, and reach somebody: it belongs to another account or region"
            ));
        }
        all.push(
            "policies of buckets, tables, queues, keys and topics, VPC endpoints and sessions: a simulation of a role knows none of \
             them; the self-checks and the canary try some, and DOC-033 reads those of the topic of alarms"
                .to_owned(),
        );
        all
    }

    async fn self_check(
        _clients: &Clients,
        settings: &Settings<DoctorSettings>,
        _target: &Target,
        _at: Moment,
    ) -> Vec<Item> {
        vec![knows_what_to_examine(&settings.function)]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn topics_of_other_accounts_are_named_as_not_checked() {
        let elsewhere = "arn:aws:sns:us-east-1:222222222222:platform-alerts";
        let lines = |topics: &[&str]| {
            let settings = crate::assess::tests::settings(|own| own["topics_elsewhere"] = json!(topics));
            let target = settings.targets.first().unwrap();
            Doctor::not_checked(&settings, target)
        };
        let named = |lines: &[String]| lines.iter().filter(|line| line.contains(elsewhere)).count();
        assert_eq!(named(&lines(&[elsewhere])), 1);
        assert_eq!(named(&lines(&[])), 0);
    }
}
