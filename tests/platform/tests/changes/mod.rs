//! The product's changes against a real API server: what it believes of preconditions, managed fields and rollouts holds
//! there. One platform for all claims, because its start takes seconds of two cores.

#![expect(
    clippy::indexing_slicing,
    reason = "clippy knows only #[test] functions as tests; the helpers here are test code too"
)]

mod containment;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use day2_core::arn::Partition;
use day2_kube::change::{CORDON_ANNOTATION, Change, Cordon, RESTART_ANNOTATION, Restart};
use day2_kube::{ClusterClient, ClusterParams, ListQuery, Occupancy, Rollout};
use day2_platform::aws::control::ClusterPlace;
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::cluster::objects;
use day2_platform::cluster::recorder::Mark;
use day2_platform::cluster::shapes::{NodeSpec, Workload};
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::plan::TARGET;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(90);
const GROUP: &str = "day2:changes";
const IAM_ROLE: &str = "day2-changes";
const NODES: [&str; 2] = ["ip-10-0-0-10.ec2.internal", "ip-10-0-1-10.ec2.internal"];

#[expect(
    clippy::disallowed_methods,
    reason = "the API server and the token webhook go by the real time"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

fn deadline() -> Timestamp {
    now() + SignedDuration::from_secs(30)
}

/// What a call through the product must be allowed, and nothing else.
async fn grant(admin: &kube::Client) -> Result<()> {
    let one = |group: &str, resources: &[&str], verbs: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    let role: ClusterRole = serde_json::from_value(json!({"metadata": {"name": GROUP}, "rules": [
        one("", &["nodes"], &["get", "list", "patch"]),
        one("", &["pods"], &["get", "list", "patch", "delete"]),
        one("", &["pods/log", "serviceaccounts"], &["get"]),
        one("", &["events"], &["list"]),
        one("apps", &["deployments"], &["get", "list", "patch"]),
        one("apps", &["deployments/scale"], &["get", "patch"]),
        one("apps", &["replicasets", "daemonsets"], &["get"]),
        one("autoscaling", &["horizontalpodautoscalers"], &["list"]),
        one("discovery.k8s.io", &["endpointslices"], &["list"]),
        one("gone.example.com", &["things"], &["get"]),
        one("keda.sh", &["scaledobjects"], &["get", "list", "patch"]),
        one("karpenter.sh", &["nodepools"], &["list"]),
        one("eks.amazonaws.com", &["nodeclasses"], &["list"]),
        one("networking.k8s.io", &["networkpolicies"], &["get", "list", "create", "delete"]),
        one("networking.k8s.aws", &["applicationnetworkpolicies", "clusternetworkpolicies", "policyendpoints"], &["list"]),
        one("policy.networking.k8s.io", &["adminnetworkpolicies", "clusternetworkpolicies"], &["list"]),
        one("rbac.authorization.k8s.io", &["rolebindings", "clusterrolebindings"], &["list"]),
    ]}))?;
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": {"name": GROUP},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": GROUP},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
    }))?;
    objects::create(&Api::all(admin.clone()), &role).await?;
    objects::create(&Api::all(admin.clone()), &binding).await
}

/// The credentials of a role that has an access entry.
async fn credentials(platform: &Platform) -> Result<Credentials> {
    let emulator = &platform.emulator;
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]})
    .to_string();
    let role = [
        ("RoleName", IAM_ROLE),
        ("AssumeRolePolicyDocument", trust.as_str()),
    ];
    emulator
        .api()
        .query("iam", "2010-05-08", "CreateRole", &role)
        .await?;
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": "*"},
    ]})
    .to_string();
    let policy = [
        ("RoleName", IAM_ROLE),
        ("PolicyName", "describe"),
        ("PolicyDocument", policy.as_str()),
    ];
    emulator
        .api()
        .query("iam", "2010-05-08", "PutRolePolicy", &policy)
        .await?;
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{IAM_ROLE}");
    aws_sdk_eks::Client::new(&emulator.sdk_config())
        .create_access_entry()
        .cluster_name(TARGET)
        .principal_arn(&arn)
        .kubernetes_groups(GROUP)
        .send()
        .await?;
    let session = aws_sdk_sts::Client::new(&emulator.sdk_config())
        .assume_role()
        .role_arn(arn)
        .role_session_name("test")
        .send()
        .await?;
    let session = session.credentials().context("credentials")?;
    Ok(Credentials::new(
        session.access_key_id(),
        session.secret_access_key(),
        Some(session.session_token().to_owned()),
        None,
        "test",
    ))
}

/// The product's own client, by the whole token chain.
async fn product(platform: &Platform) -> Result<ClusterClient> {
    let cluster = &platform.cluster;
    platform
        .emulator
        .control()
        .set_cluster(&ClusterPlace {
            name: TARGET.to_owned(),
            endpoint: cluster.endpoint().to_owned(),
            certificate_authority: STANDARD.encode(cluster.ca_pem()),
            authentication_mode: "API".to_owned(),
            version: "1.33".to_owned(),
        })
        .await?;
    let credentials = credentials(platform).await?;
    let eks = aws_sdk_eks::Client::new(&platform.emulator.sdk_config_as(credentials.clone()));
    let params = ClusterParams {
        name: TARGET.to_owned(),
        region: REGION.to_owned(),
        partition: Partition::Aws,
        account_id: ACCOUNT.to_owned(),
        endpoint: Some(cluster.endpoint().to_owned()),
    };
    let credentials = SharedCredentialsProvider::new(credentials);
    let clock = std::sync::Arc::new(now);
    ClusterClient::connect(&eks, credentials, &params, clock, deadline())
        .await
        .map_err(|why| anyhow::anyhow!("{why}"))
}

#[tokio::test]
async fn the_product_changes_once_and_only_what_is_its_own_k11_k13_k16_k18_k19() -> Result<()> {
    let state = tempfile::tempdir()?;
    let platform = Platform::start(state.path()).await?;
    let admin = platform.cluster.admin_client()?;
    grant(&admin).await?;
    let nodes: Vec<NodeSpec> = NODES
        .iter()
        .zip(["us-east-1a", "us-east-1b"])
        .map(|(name, zone)| NodeSpec::new(*name, format!("i-{zone}"), zone, "workers"))
        .collect();
    objects::create_nodes(&admin, &nodes).await?;
    objects::nodes_ready(&admin, &NODES).await?;
    for name in ["web", "api"] {
        objects::create_workload(&admin, &Workload::new("shop", name, 3)).await?;
        objects::deployment_ready(&admin, "shop", name).await?;
    }
    let client = product(&platform).await?;

    what_is_there_is_read(&client).await?;
    // Before the cordons, which leave no node for new pods.
    containment::one_pod_of_three_is_contained_and_released(&client, &admin).await?;
    let occasion = a_restart_happens_once_per_occasion(&client, &admin).await?;
    a_paused_deployment_is_refused_but_not_its_old_occasion(&client, &admin, &occasion).await?;
    concurrent_restarts_for_one_occasion_are_one(&client, &admin).await?;
    a_cordon_of_ours_comes_and_goes_with_its_mark(&client, &admin).await?;
    a_person_keeps_their_cordon(&client, &admin).await?;
    nothing_beyond_its_rights_was_asked(&platform)
}

async fn what_is_there_is_read(client: &ClusterClient) -> Result<()> {
    let web = deployment(client, "web").await?;
    ensure!(Rollout::of(&web) == Rollout::Complete { pods: 3 }, "{web:?}");
    ensure!(web.containers[0].image == "registry.example/web:1.0.0", "{web:?}");
    ensure!(client.get_deployment("shop", "none", deadline()).await == Ok(None));
    ensure!(client.get_deployment("none", "web", deadline()).await == Ok(None));
    ensure!(client.get_node("none", deadline()).await == Ok(None));
    ensure!(client.list_nodepools(deadline()).await == Ok(None));
    ensure!(client.list_nodeclasses(deadline()).await == Ok(None));
    let scaled = client
        .list_horizontal_pod_autoscalers(&ListQuery::all(), deadline())
        .await;
    ensure!(scaled.is_ok_and(|listed| listed.complete().is_ok_and(|all| all.is_empty())));
    let listed = client.list_pods(&ListQuery::all(), deadline()).await;
    let pods = listed.and_then(day2_kube::Listed::complete);
    let pods = pods.map_err(|why| anyhow::anyhow!("{why}"))?;
    let occupied: usize = NODES
        .iter()
        .map(|node| Occupancy::of(node, &pods).occupants.len())
        .sum();
    ensure!(occupied == 6, "{occupied} of 6 pods occupy a node");
    let pod = client.get_pod("shop", &pods[0].name, deadline()).await;
    let pod = pod.map_err(|why| anyhow::anyhow!("{why}"))?.context("pod")?;
    ensure!(pod.started_at.is_some() && pod.owner.is_some_and(|owner| owner.api_version == "apps/v1"));
    Ok(())
}

async fn deployment(client: &ClusterClient, name: &str) -> Result<day2_kube::objects::DeploymentDetail> {
    let got = client.get_deployment("shop", name, deadline()).await;
    got.map_err(|why| anyhow::anyhow!("{why}"))?.context("deployment")
}

fn restart<'a>(name: &'a str, occasion: &'a str) -> Restart<'a> {
    Restart {
        namespace: "shop",
        name,
        uid: None,
        occasion,
        at: now(),
    }
}

async fn rolled_out(client: &ClusterClient, name: &str, generation: i64) -> Result<()> {
    wait_until(SOON, "the rollout is complete", async || {
        let seen = deployment(client, name).await?;
        ensure!(seen.observed_generation >= generation, "not observed");
        let rollout = Rollout::of(&seen);
        ensure!(rollout.is_complete(), "{rollout}");
        Ok(())
    })
    .await
}

/// Replica sets of a Deployment: one per template that it ever had.
async fn templates(admin: &kube::Client, name: &str) -> Result<usize> {
    let api = Api::<ReplicaSet>::namespaced(admin.clone(), "shop");
    let params = ListParams::default().labels(&format!("app={name}"));
    Ok(api.list(&params).await?.items.len())
}

async fn a_restart_happens_once_per_occasion(client: &ClusterClient, admin: &kube::Client) -> Result<String> {
    let occasion = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:p95#2026-11-21T06:30:00Z";
    let before = deployment(client, "web").await?;
    let made = client
        .restart_deployment(&restart("web", occasion), deadline())
        .await;
    let Change::Applied(made) = made else {
        anyhow::bail!("{made:?}");
    };
    let after = made.generation_after.context("generation")?;
    ensure!(
        made.generation_before == Some(before.generation) && after > before.generation,
        "{made:?}"
    );

    // Delivered again, in the middle of the rollout and after it.
    let again = client
        .restart_deployment(&restart("web", occasion), deadline())
        .await;
    ensure!(matches!(again, Change::AlreadyDone(_)), "{again:?}");
    rolled_out(client, "web", after).await?;
    let again = client
        .restart_deployment(&restart("web", occasion), deadline())
        .await;
    ensure!(matches!(again, Change::AlreadyDone(_)), "{again:?}");
    ensure!(
        templates(admin, "web").await? == 2,
        "the template changed more than once"
    );

    let object = Api::<Deployment>::namespaced(admin.clone(), "shop")
        .get("web")
        .await?;
    let template = object
        .spec
        .context("spec")?
        .template
        .metadata
        .context("template")?;
    let annotations = template.annotations.context("annotations")?;
    ensure!(annotations[RESTART_ANNOTATION] == occasion, "{annotations:?}");
    ensure!(
        annotations["kubectl.kubernetes.io/restartedAt"].ends_with('Z'),
        "{annotations:?}"
    );
    let managers = object.metadata.managed_fields.context("managed fields")?;
    ensure!(
        managers
            .iter()
            .any(|entry| entry.manager.as_deref() == Some("day2")),
        "{managers:?}"
    );
    ensure!(templates(admin, "api").await? == 1, "the neighbour was restarted");
    Ok(occasion.to_owned())
}

async fn a_paused_deployment_is_refused_but_not_its_old_occasion(
    client: &ClusterClient,
    admin: &kube::Client,
    occasion: &str,
) -> Result<()> {
    let api = Api::<Deployment>::namespaced(admin.clone(), "shop");
    let pause = |paused: bool| Patch::Merge(json!({"spec": {"paused": paused}}));
    let params = PatchParams::default();
    api.patch("web", &params, &pause(true)).await?;
    let refused = client
        .restart_deployment(&restart("web", "another"), deadline())
        .await;
    ensure!(
        matches!(&refused, Change::Refused(why) if why.contains("paused")),
        "{refused:?}"
    );
    let done = client
        .restart_deployment(&restart("web", occasion), deadline())
        .await;
    ensure!(matches!(done, Change::AlreadyDone(_)), "{done:?}");
    let resumed = api.patch("web", &params, &pause(false)).await?;
    rolled_out(client, "web", resumed.metadata.generation.unwrap_or_default()).await?;
    ensure!(
        templates(admin, "web").await? == 2,
        "a refused restart changed the template"
    );
    Ok(())
}

/// Two at once: one is made, the other meets it as a conflict and finds it done, or finds it done at once.
async fn concurrent_restarts_for_one_occasion_are_one(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let wanted = restart("api", "at once");
    let (one, two, three) = tokio::join!(
        client.restart_deployment(&wanted, deadline()),
        client.restart_deployment(&wanted, deadline()),
        client.restart_deployment(&wanted, deadline()),
    );
    let all = [one, two, three];
    let made = all
        .iter()
        .filter(|change| matches!(change, Change::Applied(_)))
        .count();
    let found = all
        .iter()
        .filter(|change| matches!(change, Change::AlreadyDone(_)))
        .count();
    ensure!((made, found) == (1, 2), "{all:?}");
    wait_until(SOON, "there are two templates", async || {
        let seen = templates(admin, "api").await?;
        ensure!(seen == 2, "{seen}");
        Ok(())
    })
    .await
}

async fn node(admin: &kube::Client, name: &str) -> Result<(bool, Option<String>, Node)> {
    let node = Api::<Node>::all(admin.clone()).get(name).await?;
    let cordoned = node
        .spec
        .as_ref()
        .and_then(|spec| spec.unschedulable)
        .unwrap_or_default();
    let mark = node.metadata.annotations.as_ref();
    let mark = mark.and_then(|all| all.get(CORDON_ANNOTATION).cloned());
    Ok((cordoned, mark, node))
}

const fn cordon(name: &str) -> Cordon<'_> {
    Cordon {
        node: name,
        uid: None,
        owner: "test:finding-1",
    }
}

async fn a_cordon_of_ours_comes_and_goes_with_its_mark(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let [ours, neighbour] = NODES;
    let made = client.cordon(&cordon(ours), deadline()).await;
    ensure!(matches!(&made, Change::Applied(made) if made.ours), "{made:?}");
    let (cordoned, mark, _) = node(admin, ours).await?;
    ensure!(
        cordoned && mark.as_deref() == Some("test:finding-1"),
        "{cordoned} {mark:?}"
    );
    let again = client.cordon(&cordon(ours), deadline()).await;
    ensure!(
        matches!(&again, Change::AlreadyDone(made) if made.ours),
        "{again:?}"
    );
    let (cordoned, mark, _) = node(admin, neighbour).await?;
    ensure!(!cordoned && mark.is_none(), "the neighbour was touched");

    let lifted = client.uncordon(&cordon(ours), deadline()).await;
    ensure!(
        matches!(&lifted, Change::Applied(made) if !made.was_schedulable),
        "{lifted:?}"
    );
    let (cordoned, mark, _) = node(admin, ours).await?;
    ensure!(!cordoned && mark.is_none(), "{cordoned} {mark:?}");
    let again = client.uncordon(&cordon(ours), deadline()).await;
    ensure!(matches!(again, Change::AlreadyDone(_)), "{again:?}");
    Ok(())
}

/// A person's cordon, and one that a person set after lifting ours, so that our mark is still there (K25).
async fn a_person_keeps_their_cordon(client: &ClusterClient, admin: &kube::Client) -> Result<()> {
    let [handed_over, theirs] = NODES;
    let api = Api::<Node>::all(admin.clone());
    let by_hand = PatchParams {
        field_manager: Some("kubectl-cordon".to_owned()),
        ..Default::default()
    };
    let set = |value: Value| Patch::Strategic(json!({"spec": {"unschedulable": value}}));
    let made = client.cordon(&cordon(handed_over), deadline()).await;
    ensure!(matches!(made, Change::Applied(_)), "{made:?}");
    api.patch(handed_over, &by_hand, &set(Value::Null)).await?;
    api.patch(handed_over, &by_hand, &set(json!(true))).await?;
    api.patch(theirs, &by_hand, &set(json!(true))).await?;

    for name in [handed_over, theirs] {
        let refused = client.uncordon(&cordon(name), deadline()).await;
        ensure!(matches!(&refused, Change::Refused(_)), "{name}: {refused:?}");
        let kept = client.cordon(&cordon(name), deadline()).await;
        ensure!(
            matches!(&kept, Change::AlreadyDone(kept) if !kept.ours),
            "{name}: {kept:?}"
        );
        let (cordoned, _, node) = node(admin, name).await?;
        ensure!(cordoned, "{node:?}");
    }
    Ok(())
}

/// Every call of the role was within its rights, and each write was one of those that it makes.
fn nothing_beyond_its_rights_was_asked(platform: &Platform) -> Result<()> {
    let role = format!("assumed-role/{IAM_ROLE}/");
    let calls = platform
        .cluster
        .recorder()
        .calls_by(Mark::default(), |user| user.contains(&role))?;
    let denied: Vec<_> = calls
        .iter()
        .filter(|call| matches!(call.status, 401 | 403))
        .collect();
    ensure!(denied.is_empty(), "{denied:#?}");
    let writes: std::collections::BTreeSet<String> = calls
        .iter()
        .filter(|call| !matches!(call.verb.as_str(), "get" | "list"))
        .map(day2_platform::cluster::recorder::Call::right)
        .collect();
    let expected = [
        "create networking.k8s.io/networkpolicies",
        "delete networking.k8s.io/networkpolicies",
        "delete pods",
        "patch apps/deployments",
        "patch apps/deployments/scale",
        "patch keda.sh/scaledobjects",
        "patch nodes",
        "patch pods",
    ]
    .map(str::to_owned);
    ensure!(writes.iter().eq(expected.iter()), "{writes:?}");
    Ok(())
}
