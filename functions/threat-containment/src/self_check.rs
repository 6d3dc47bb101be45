//! Could the function work for a target? The cluster is asked about every right, GuardDuty for its detector, Auto Scaling for
//! its instances. What would change something is not tried.

use day2_aws::Invocation;
use day2_aws::app::prove;
use day2_aws::error::OpsError;
use day2_core::containment::sessions::{policy_name, role_name};
use day2_core::item::Population;
use day2_core::judging::population;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use day2_kube::Access;
use day2_reads::role_policies;
use day2_reads::times::Times;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::gather::guardduty;
use crate::plan::NAME;
use crate::run::ThreatContainment;

/// What `rbac.yaml` grants, asked of the cluster itself under the function's own role.
const RULES: [(&str, &str); 26] = [
    ("", "pods"),
    ("", "pods/log"),
    ("", "nodes"),
    ("", "events"),
    ("", "serviceaccounts"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "deployments/scale"),
    ("apps", "replicasets/scale"),
    ("apps", "statefulsets/scale"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("argoproj.io", "rollouts"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("keda.sh", "scaledobjects"),
    ("networking.k8s.io", "networkpolicies"),
    ("networking.k8s.aws", "policyendpoints"),
    ("networking.k8s.aws", "applicationnetworkpolicies"),
    ("networking.k8s.aws", "clusternetworkpolicies"),
    ("policy.networking.k8s.io", "adminnetworkpolicies"),
    ("policy.networking.k8s.io", "clusternetworkpolicies"),
    ("discovery.k8s.io", "endpointslices"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
];

/// The verbs of these rules, in their order.
const VERBS: [&[&str]; 26] = [
    &["get", "list", "patch", "delete"],
    &["get"],
    &["get", "list", "patch"],
    &["list"],
    &["get", "list"],
    &["get"],
    &["get"],
    &["get"],
    &["get"],
    &["get", "patch"],
    &["get", "patch"],
    &["get", "patch"],
    &["get"],
    &["get"],
    &["get"],
    &["list"],
    &["get", "list", "patch"],
    &["get", "list", "create"],
    &["get", "list"],
    &["list"],
    &["list"],
    &["list"],
    &["list"],
    &["get", "list"],
    &["list"],
    &["list"],
];

/// Answers `{"task":"self-check"}`.
pub(crate) async fn answer(app: &ThreatContainment, invocation: &Invocation) -> Result<Value, OpsError> {
    let look = async |target: &Target, at| Box::pin(items(app, target, &Times::of(at))).await;
    let mut proof = prove(
        &app.edge,
        (NAME, ThreatContainment::CODE),
        &app.settings,
        invocation,
        look,
    )
    .await;
    let function = &app.settings.function;
    proof.insert("mode".to_owned(), json!(function.mode));
    proof.insert("eradicate".to_owned(), json!(function.eradicate.word()));
    Ok(json!({ "self_check": proof }))
}

async fn items(app: &ThreatContainment, target: &Target, times: &Times) -> Vec<Item> {
    const CODE: &str = "THR-801";
    const TITLE: &str = "the target is declared";
    let Some(platform) = app.settings.function.targets.get(target.name.as_str()) else {
        let says = format!("{} is not watched: add it to the targets of {NAME}", target.name);
        return vec![judged(CODE, TITLE, Verdict::Unknown, 0, says)];
    };
    let (access, reads, roles) = futures::join!(
        cluster_access(app, target, times),
        asked(app, target, platform.detector_id.as_deref(), times),
        Box::pin(roles(app, target, times))
    );
    let mut items = vec![judged(CODE, TITLE, Verdict::Pass, 1, "declared"), access, reads];
    items.extend(roles);
    items
}

/// IAM lets the declared roles of this account be looked at: a policy of no containment is asked for, which none has. What
/// would change something is not tried.
async fn roles(app: &ThreatContainment, target: &Target, times: &Times) -> Option<Item> {
    const CODE: &str = "THR-804";
    const TITLE: &str = "the policies of the declared roles can be read";
    let policy = &app.settings.function.sessions;
    let of_target = policy
        .roles
        .iter()
        .filter(|role| role.account_id() == Some(&target.account_id));
    let names: Vec<&str> = of_target.filter_map(|role| role_name(role.as_str())).collect();
    if !policy.deny || names.is_empty() {
        return None;
    }
    let ctx = app.ctx(target).await;
    let asked = names.iter().map(async |name| {
        let none = policy_name("no-containment");
        role_policies::inline(ctx.iam(), times, name, &none).await
    });
    let refused: Vec<String> = join_all(asked)
        .await
        .into_iter()
        .filter_map(|answer| answer.err().map(|why| why.to_string()))
        .collect();
    let verdict = if refused.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Unknown
    };
    let answered = names.len() - refused.len();
    let population = population(answered, names.len());
    let seen = format!("{answered} of {} roles", names.len());
    let item = Item::judge(CODE, TITLE, verdict, population, seen);
    Some(
        item.subjects(refused.into_iter().map(|why| ("not read".to_owned(), why)))
            .remedy("allow iam:GetRolePolicy and iam:PutRolePolicy on exactly the roles that sessions.roles names"),
    )
}

async fn cluster_access(app: &ThreatContainment, target: &Target, times: &Times) -> Item {
    const CODE: &str = "THR-802";
    const TITLE: &str = "the cluster grants what rbac.yaml asks for";
    let ctx = app.ctx(target).await;
    let wanted = u64::try_from(RULES.len()).unwrap_or(u64::MAX);
    let client = match ctx.cluster(target, times).await {
        Ok(client) => client,
        Err(why) => return Item::unreadable(CODE, TITLE, wanted, &why),
    };
    let all = RULES.iter().zip(VERBS);
    let all =
        all.flat_map(|((group, resource), verbs)| verbs.iter().map(move |verb| (*verb, *group, *resource)));
    let questions: Vec<Access<'_>> = all
        .filter(|(verb, _, resource)| app.may_eradicate() || !needed_to_end(verb, resource))
        .filter(|(verb, _, resource)| {
            app.settings.function.sessions.deny || (*verb, *resource) != ("list", "serviceaccounts")
        })
        .map(|(verb, group, resource)| Access {
            verb,
            group,
            resource,
            namespace: None,
        })
        .collect();
    let rights = client.rights(&questions, times.deadline).await;
    rights.item(CODE, TITLE).remedy(
        "apply infra/kubernetes/threat-containment.yaml and check the access entry of the function's role",
    )
}

/// Rights that only the end of a workload needs.
fn needed_to_end(verb: &str, resource: &str) -> bool {
    resource.ends_with("/scale")
        || matches!((verb, resource), ("delete", "pods") | ("patch", "scaledobjects"))
}

/// GuardDuty answers: a finding of no id is asked for, which it has not.
async fn asked(app: &ThreatContainment, target: &Target, detector: Option<&str>, times: &Times) -> Item {
    const CODE: &str = "THR-803";
    const TITLE: &str = "GuardDuty answers for this account and region";
    /// No finding has it.
    const NO_FINDING: &str = "00000000000000000000000000000000";
    let ctx = app.ctx(target).await;
    match guardduty::finding(&ctx, detector, NO_FINDING, times).await {
        Ok(_) => judged(CODE, TITLE, Verdict::Pass, 1, "it answers"),
        Err(why) => Item::unreadable(CODE, TITLE, 1, &why).remedy(
            "enable GuardDuty with EKS Runtime Monitoring, and allow guardduty:ListDetectors and guardduty:GetFindings",
        ),
    }
}

fn judged(code: &str, title: &str, verdict: Verdict, examined: u64, seen: impl Into<String>) -> Item {
    let population = Population {
        examined,
        expected_at_least: 1,
    };
    Item::judge(code, title, verdict, population, seen)
}
