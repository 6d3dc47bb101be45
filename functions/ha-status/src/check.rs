//! Wiring of the check: clients, and the order gather → assess, with what the run before noted.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::item::Population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use day2_reads::times::Times;

use crate::assess::{Scene, assess};
use crate::gather::{Clients, SideClients, gather};
use crate::settings::{HaSettings, Pair, Side};

/// Name of function, crate and folder.
pub const NAME: &str = "ha-status";

/// The check.
#[derive(Debug, Clone, Copy)]
pub struct HaStatus;

impl Check for HaStatus {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "HAS";
    const TASKS: &'static [&'static str] = &["probe"];
    const DEFAULT_TASK: &'static str = "probe";

    type Settings = HaSettings;
    type Ctx = Clients;

    /// The sides have regions and roles of their own; that of the pair leads to neither.
    async fn connect(_of_pair: &SdkConfig) -> Clients {
        Clients {
            own: day2_aws::boot::sdk_config().await,
        }
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<HaSettings>,
        target: &Target,
        _task: &str,
        at: Moment,
        before: &Before,
    ) -> Result<Look, OpsError> {
        let pair = pair(settings, target).map_err(OpsError::Refused)?;
        let facts = Box::pin(gather(clients, pair, &Times::of(at))).await;
        let (items, notes) = assess(&Scene {
            facts: &facts,
            pair,
            before: before.known().await,
            now: at.now,
        });
        Ok(Look {
            notes: Some(notes),
            ..Look::of(items, Vec::new())
        })
    }

    fn not_checked(settings: &Settings<HaSettings>, target: &Target) -> Vec<String> {
        let pair = settings.function.targets.get(target.name.as_str());
        pair.map(|pair| {
            pair.not_checked
                .iter()
                .map(|part| part.word().to_owned())
                .collect()
        })
        .unwrap_or_default()
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<HaSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        const CODE: &str = "HAS-801";
        const TITLE: &str = "the target is a pair";
        let one = Population {
            examined: 1,
            expected_at_least: 1,
        };
        let pair = match pair(settings, target) {
            Ok(pair) => pair,
            Err(why) => return vec![Item::judge(CODE, TITLE, Verdict::Fail, one, why)],
        };
        let times = Times::of(at);
        let (primary, secondary) = futures::join!(
            cluster_access(clients, &pair.primary, "HAS-802", &times),
            cluster_access(clients, &pair.secondary, "HAS-803", &times),
        );
        vec![
            Item::judge(CODE, TITLE, Verdict::Pass, one, "declared"),
            primary,
            secondary,
        ]
    }
}

fn pair<'a>(settings: &'a Settings<HaSettings>, target: &Target) -> Result<&'a Pair, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("`{name}` is no pair: add it to the ha_status settings"))
}

/// What `rbac.yaml` grants, asked of each cluster itself under the function's own role.
const RULES: [(&str, &str); 2] = [("", "nodes"), ("", "pods")];

async fn cluster_access(clients: &Clients, side: &Side, code: &str, times: &Times) -> Item {
    let title = format!("{} grants what rbac.yaml asks for", side.platform.name);
    let platform = &side.platform;
    let client = match SideClients::of(clients, platform)
        .await
        .connect(platform, times)
        .await
    {
        Ok(client) => client,
        Err(why) => return Item::unreadable(code, &title, 2, &why),
    };
    let rights = client.may_list(&RULES, times.deadline).await;
    rights.item(code, &title).remedy(
        "apply infra/kubernetes/ha-status.yaml there and check the access entry of the function's role",
    )
}
