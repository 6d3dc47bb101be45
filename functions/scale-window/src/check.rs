//! Wiring of the check: tasks, clients, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::item::Population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use day2_reads::times::Times;

use crate::assess::assess;
use crate::gather::{Clients, connect, gather};
use crate::settings::{Plan, ScaleWindowSettings};
use crate::{second_look, window};

/// Name of function, crate and folder.
pub const NAME: &str = "scale-window";

/// The three questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Before the morning scale-up.
    Prescale,
    /// After it.
    Postscale,
    /// After the evening scale-down.
    Scaledown,
}

impl Task {
    /// The task of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "prescale" => Some(Self::Prescale),
            "postscale" => Some(Self::Postscale),
            "scaledown" => Some(Self::Scaledown),
            _ => None,
        }
    }
}

/// The check.
#[derive(Debug, Clone, Copy)]
pub struct ScaleWindow;

impl Check for ScaleWindow {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "SCW";
    const TASKS: &'static [&'static str] = &["prescale", "postscale", "scaledown"];
    const DEFAULT_TASK: &'static str = "prescale";
    const LOOKS_EARLY: bool = true;
    const DECIDES: &'static [&'static str] = &["prescale"];

    type Settings = ScaleWindowSettings;
    type Ctx = Clients;

    async fn connect(aws: &SdkConfig) -> Clients {
        Clients::new(aws)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<ScaleWindowSettings>,
        target: &Target,
        task: &str,
        at: Moment,
        _before: &Before,
    ) -> Result<Look, OpsError> {
        let task =
            Task::named(task).ok_or_else(|| OpsError::Event(format!("scale-window has no task {task}")))?;
        let plan = plan(settings, target).map_err(OpsError::Refused)?;
        let zone = settings.deployment.zone.rules();
        let once = async |times: Times| {
            let since = window::since(plan, task, zone, times.now);
            let facts = Box::pin(gather(clients, target, plan, task, since, &times)).await;
            assess(&facts, plan, target, task, zone, times.now)
        };
        let (items, charts) = match task {
            Task::Postscale => {
                second_look::unless_settled(&Times::of(at), &plan.limits, tokio::time::sleep, once).await
            }
            Task::Prescale | Task::Scaledown => once(Times::of(at)).await,
        };
        Ok(Look::of(items, charts))
    }

    fn not_checked(settings: &Settings<ScaleWindowSettings>, target: &Target) -> Vec<String> {
        let plan = settings.function.targets.get(target.name.as_str());
        plan.map(|plan| {
            plan.not_checked
                .iter()
                .map(|part| part.word().to_owned())
                .collect()
        })
        .unwrap_or_default()
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<ScaleWindowSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        let mut items = vec![match plan(settings, target) {
            Ok(_) => item(
                "SCW-801",
                "the target has a plan",
                Verdict::Pass,
                "declared".to_owned(),
            ),
            Err(why) => item("SCW-801", "the target has a plan", Verdict::Fail, why)
                .threshold("one for each target", "scale_window.targets")
                .remedy("add the target to the settings of scale_window, and apply again"),
        }];
        items.push(cluster_access(clients, target, &Times::of(at)).await);
        items
    }
}

fn plan<'a>(settings: &'a Settings<ScaleWindowSettings>, target: &Target) -> Result<&'a Plan, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("no plan for target `{name}`: add it to the scale_window settings"))
}

fn item(code: &str, title: &str, verdict: Verdict, seen: String) -> Item {
    Item::judge(
        code,
        title,
        verdict,
        Population {
            examined: 1,
            expected_at_least: 1,
        },
        seen,
    )
}

/// What `rbac.yaml` grants, asked of the cluster itself under the function's own role.
const RULES: [(&str, &str); 5] = [
    ("", "nodes"),
    ("", "pods"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("policy", "poddisruptionbudgets"),
];

async fn cluster_access(clients: &Clients, target: &Target, times: &Times) -> Item {
    const CODE: &str = "SCW-802";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return Item::unreadable(CODE, TITLE, 5, &why),
    };
    let rights = client.may_list(&RULES, times.deadline).await;
    rights
        .item(CODE, TITLE)
        .remedy("apply infra/kubernetes/scale-window.yaml and check the access entry of the function's role")
}
