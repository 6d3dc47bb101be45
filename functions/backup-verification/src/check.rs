//! Wiring of the check: tasks, clients, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{Before, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::item::Population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use day2_reads::times::Times;

use crate::assess::{Scene, assess};
use crate::gather::{Clients, connect, describe, gather};
use crate::settings::{BackupSettings, Plan};

/// Name of function, crate and folder.
pub const NAME: &str = "backup-verification";

/// How much a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Whether last night's backups are there and good, and when a restore was proven.
    Daily,
    /// The same, and what changes more slowly: copies elsewhere, copy jobs, restore tests.
    Weekly,
}

impl Task {
    /// The task of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "daily" => Some(Self::Daily),
            "weekly" => Some(Self::Weekly),
            _ => None,
        }
    }
}

/// The check.
#[derive(Debug, Clone, Copy)]
pub struct BackupVerification;

impl Check for BackupVerification {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "BAK";
    const TASKS: &'static [&'static str] = &["daily", "weekly"];
    const DEFAULT_TASK: &'static str = "weekly";
    const LOOKS_EARLY: bool = true;

    type Settings = BackupSettings;
    type Ctx = Clients;

    async fn connect(aws: &SdkConfig) -> Clients {
        Clients::new(aws, &day2_aws::boot::sdk_config().await)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<BackupSettings>,
        target: &Target,
        task: &str,
        at: Moment,
        before: &Before,
    ) -> Result<Look, OpsError> {
        let task = Task::named(task).ok_or_else(|| OpsError::Event(format!("{NAME} has no task {task}")))?;
        let plan = plan(settings, target).map_err(OpsError::Refused)?;
        let facts = Box::pin(gather(clients, target, plan, task, &Times::of(at))).await;
        let scene = Scene {
            facts: &facts,
            plan,
            task,
            before: before.known().await,
            zone: settings.deployment.zone.rules(),
            now: at.now,
        };
        let (items, charts, notes) = assess(&scene);
        Ok(Look {
            notes: Some(notes),
            ..Look::of(items, charts)
        })
    }

    fn not_checked(settings: &Settings<BackupSettings>, target: &Target) -> Vec<String> {
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
        settings: &Settings<BackupSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        const TITLE: &str = "the target has a plan";
        let plan = match plan(settings, target) {
            Ok(plan) => plan,
            Err(why) => return vec![item("BAK-801", TITLE, Verdict::Fail, why)],
        };
        let times = Times::of(at);
        let mut items = vec![item("BAK-801", TITLE, Verdict::Pass, "declared".to_owned())];
        if plan.velero.is_some() || plan.restore_proof.as_ref().is_some_and(|proof| proof.velero) {
            items.push(cluster_access(clients, target, &times).await);
        }
        if plan.is_about_the_database() {
            items.push(database_access(clients, target, &times).await);
        }
        items
    }
}

fn plan<'a>(settings: &'a Settings<BackupSettings>, target: &Target) -> Result<&'a Plan, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("no plan for target `{name}`: add it to the backup_verification settings"))
}

fn item(code: &str, title: &str, verdict: Verdict, seen: String) -> Item {
    let one = Population {
        examined: 1,
        expected_at_least: 1,
    };
    Item::judge(code, title, verdict, one, seen)
}

/// What `rbac.yaml` grants, asked of the cluster itself under the function's own role.
const RULES: [(&str, &str); 5] = [
    ("", "namespaces"),
    ("velero.io", "backupstoragelocations"),
    ("velero.io", "schedules"),
    ("velero.io", "backups"),
    ("velero.io", "restores"),
];

/// One read with the target's role: whether it can be taken, and whether there is a database of that name.
async fn database_access(clients: &Clients, target: &Target, times: &Times) -> Item {
    const CODE: &str = "BAK-803";
    const TITLE: &str = "the database can be described with the role of the target";
    match describe(clients, target, times).await {
        Ok(database) => item(CODE, TITLE, Verdict::Pass, format!("{} answers", database.id)),
        Err(why) => Item::unreadable(CODE, TITLE, 1, &why).remedy(
            "see that the target's role_arn lets the function's role in and allows what permissions.json lists, and that \
             database.id is right",
        ),
    }
}

async fn cluster_access(clients: &Clients, target: &Target, times: &Times) -> Item {
    const CODE: &str = "BAK-802";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let client = match connect(clients, target, times).await {
        Ok(client) => client,
        Err(why) => return Item::unreadable(CODE, TITLE, 5, &why),
    };
    let rights = client.may_list(&RULES, times.deadline).await;
    rights.item(CODE, TITLE).remedy(
        "apply infra/kubernetes/backup-verification.yaml and check the access entry of the function's role",
    )
}
