//! Wiring of the check: tasks, clients, and the order gather → assess.

use aws_config::SdkConfig;
use day2_aws::check::{self, Check, Look, Moment};
use day2_aws::error::OpsError;
use day2_core::item::Population;
use day2_core::judging::population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Cause, Item, Verdict};
use day2_reads::times::Times;
use jiff::{SignedDuration, Timestamp};

use crate::assess::{Judged, Scene, assess};
use crate::counted::{Before, noted};
use crate::facts::stored::StoredCertificate;
use crate::gather::stored::stored;
use crate::gather::{Clients, connect, gather};
use crate::settings::{Group, HealthCheckSettings, Plan};

/// Name of function, crate and folder.
pub const NAME: &str = "health-check";

/// The two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Every morning.
    Morning,
    /// In an incident: the same, with what changed lately.
    Triage,
}

impl Task {
    /// The task of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "morning" => Some(Self::Morning),
            "triage" => Some(Self::Triage),
            _ => None,
        }
    }

    /// Until when a look that begins at `begun` reads; `deadline` is that of the run.
    fn reads_until(self, begun: Timestamp, deadline: Timestamp) -> Timestamp {
        match self {
            Self::Morning => deadline,
            Self::Triage => begun
                .saturating_add(TRIAGE_READS_FOR)
                .map_or(deadline, |end| end.min(deadline)),
        }
    }
}

/// Who asks in an incident has the answer within a minute; what was not read by then is UNKNOWN, and all else is told.
const TRIAGE_READS_FOR: SignedDuration = SignedDuration::from_secs(50);

/// The check.
#[derive(Debug, Clone, Copy)]
pub struct HealthCheck;

impl Check for HealthCheck {
    const NAME: &'static str = NAME;
    const CODE: &'static str = "HLT";
    const TASKS: &'static [&'static str] = &["morning", "triage"];
    const DEFAULT_TASK: &'static str = "morning";
    const LOOKS_EARLY: bool = true;

    type Settings = HealthCheckSettings;
    type Ctx = Clients;

    async fn connect(aws: &SdkConfig) -> Clients {
        Clients::new(aws)
    }

    async fn look(
        clients: &Clients,
        settings: &Settings<HealthCheckSettings>,
        target: &Target,
        task: &str,
        at: Moment,
        before: &check::Before,
    ) -> Result<Look, OpsError> {
        let task =
            Task::named(task).ok_or_else(|| OpsError::Event(format!("health-check has no task {task}")))?;
        let plan = plan(settings, target).map_err(OpsError::Refused)?;
        let before = async {
            let known = before.known().await;
            known.as_ref().ok().and_then(Option::as_ref).and_then(Before::of)
        };
        let mut times = Times::of(at);
        times.deadline = task.reads_until((times.clock)(), at.deadline);
        let facts = Box::pin(gather(clients, target, plan, task, before, &times)).await;
        let scene = Scene {
            plan,
            target,
            task,
            zone: settings.deployment.zone.rules(),
            now: at.now,
        };
        // What could not be counted this time stays noted as it was.
        let notes = match &facts.inside.pods {
            Some(Ok(pods)) if pods.shortfall.is_none() => Some(noted(&pods.sum.counters)),
            _ => None,
        };
        let Judged { items, absent } = assess(&facts, &scene);
        Ok(Look {
            notes,
            absent,
            ..Look::of(items, Vec::new())
        })
    }

    fn not_checked(settings: &Settings<HealthCheckSettings>, target: &Target) -> Vec<String> {
        let plan = settings.function.targets.get(target.name.as_str());
        plan.map(|plan| {
            plan.not_checked
                .iter()
                .map(|group| group.word().to_owned())
                .collect()
        })
        .unwrap_or_default()
    }

    async fn self_check(
        clients: &Clients,
        settings: &Settings<HealthCheckSettings>,
        target: &Target,
        at: Moment,
    ) -> Vec<Item> {
        let (verdict, seen, looks_inside) = match plan(settings, target) {
            Ok(plan) => (
                Verdict::Pass,
                "declared".to_owned(),
                Group::OF_THE_CLUSTER.iter().any(|group| plan.looks_at(*group)),
            ),
            Err(why) => (Verdict::Fail, why, false),
        };
        let mut items = vec![Item::judge(
            "HLT-801",
            "the target has a plan",
            verdict,
            Population {
                examined: 1,
                expected_at_least: 1,
            },
            seen,
        )];
        if looks_inside {
            items.extend(cluster_access(clients, settings, target, &Times::of(at)).await);
        }
        items
    }
}

fn plan<'a>(settings: &'a Settings<HealthCheckSettings>, target: &Target) -> Result<&'a Plan, String> {
    let name = target.name.as_str();
    settings
        .function
        .targets
        .get(name)
        .ok_or_else(|| format!("no plan for target `{name}`: add it to the health_check settings"))
}

/// What `rbac.yaml` grants, asked of the cluster itself under the function's own role.
const RULES: [(&str, &str); 23] = [
    ("", "nodes"),
    ("", "namespaces"),
    ("", "pods"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "events"),
    ("", "resourcequotas"),
    ("", "configmaps"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("apps", "controllerrevisions"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("cert-manager.io", "certificates"),
    ("karpenter.sh", "nodeclaims"),
    ("karpenter.sh", "nodepools"),
    ("keda.sh", "scaledobjects"),
    ("policy", "poddisruptionbudgets"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
];

async fn cluster_access(
    clients: &Clients,
    settings: &Settings<HealthCheckSettings>,
    target: &Target,
    times: &Times,
) -> Vec<Item> {
    const CODE: &str = "HLT-802";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let client = connect(clients, target, times).await;
    let lists = match &client {
        Ok(client) => client
            .may_list(&RULES, times.deadline)
            .await
            .item(CODE, TITLE)
            .remedy(
                "apply infra/kubernetes/health-check.yaml and check the access entry of the function's role",
            ),
        Err(why) => Item::unreadable(CODE, TITLE, u64::try_from(RULES.len()).unwrap_or(1), why),
    };
    // Without a connection the line above says all that is known.
    let secrets = match plan(settings, target) {
        Ok(plan) if client.is_ok() => stored(&client, plan, times).await,
        _ => None,
    };
    std::iter::once(lists)
        .chain(secrets.as_deref().map(may_be_read))
        .collect()
}

/// Each declared Secret is read as every morning: a right to a name can be proven in no other way.
fn may_be_read(secrets: &[StoredCertificate]) -> Item {
    let unread: Vec<(String, String)> = secrets
        .iter()
        .filter_map(|one| {
            let why = one.found.as_ref().err()?;
            Some((format!("{}/Secret/{}", one.namespace, one.name), why.to_string()))
        })
        .collect();
    let is_denied = |one: &StoredCertificate| one.found.as_ref().is_err_and(|why| why.cause == Cause::Denied);
    let verdict = match (unread.is_empty(), secrets.iter().any(is_denied)) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Fail,
        (false, false) => Verdict::Unknown,
    };
    let population = population(secrets.len() - unread.len(), secrets.len());
    let seen = format!("{} of {} readable", population.examined, secrets.len());
    Item::judge(
        "HLT-803",
        "the declared Secrets may be read",
        verdict,
        population,
        seen,
    )
    .remedy("apply the Roles that `terraform output -json certificate_roles` gives for the target")
    .subjects(unread)
}

#[cfg(test)]
mod tests {
    use day2_core::{Observed, Unreadable};

    use super::*;
    use crate::facts::stored::Stored;

    #[test]
    fn a_triage_reads_for_less_than_a_minute_and_never_beyond_its_run() {
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        assert_eq!(Task::Triage.reads_until(at(5), at(170)), at(55));
        assert_eq!(Task::Triage.reads_until(at(5), at(20)), at(20));
        assert_eq!(Task::Morning.reads_until(at(5), at(170)), at(170));
    }

    #[test]
    fn a_secret_that_may_not_be_read_fails_the_self_check_and_one_that_was_not_answered_is_unknown() {
        let one = |name: &str, found: Observed<Stored>| StoredCertificate {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            found,
        };
        let why = |cause| Err(Unreadable::new("get secrets shop/b-tls", "prod-a", cause, ""));
        for (second, verdict) in [
            (Ok(Stored::Nothing), Verdict::Pass),
            (why(Cause::TimedOut), Verdict::Unknown),
            (why(Cause::Denied), Verdict::Fail),
        ] {
            let all_read = second.is_ok();
            let item = may_be_read(&[one("a-tls", Ok(Stored::Nothing)), one("b-tls", second)]);
            assert_eq!(item.verdict(), verdict);
            let named: Vec<&str> = item.subjects.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(named.is_empty(), all_read);
            assert!(named.iter().all(|name| *name == "shop/Secret/b-tls"), "{named:?}");
        }
    }
}
