//! A containment's reads and changes: one pod of three, its policy, its logs, its controller, and the way back.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use day2_core::names::{DnsLabel, DnsName};
use day2_kube::change::{
    Change, DeletePod, PauseScaling, QUARANTINE_LABEL, QuarantineLabel, QuarantinePolicy, Scalable,
    SetReplicas,
};
use day2_kube::objects::{NetworkPolicy, PodDetail};
use day2_kube::quarantine::{Enforcer, Isolation, Observation, Reason, RunsOn, selected};
use day2_kube::{
    ChainEnd, ClusterClient, ContainerLog, KindAt, Likeness, ListQuery, Listed, LogEnd, LogQuery, Raw,
};
use day2_platform::cluster::objects;
use day2_platform::wait::wait_until;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::{SOON, deadline};

fn shop() -> Result<DnsLabel> {
    Ok("shop".parse()?)
}

/// An answer of the product, with its reason as an error.
fn ok<T>(answer: day2_core::Observed<T>) -> Result<T> {
    answer.map_err(|why| anyhow::anyhow!("{why}"))
}

/// The pods of a Deployment as the product reads them.
async fn pods(client: &ClusterClient, app: &str) -> Result<Vec<PodDetail>> {
    let query = ListQuery::all()
        .in_namespace("shop")
        .labelled(format!("app={app}"));
    ok(client
        .list::<PodDetail>(&query, deadline())
        .await
        .and_then(Listed::complete))
}

/// The names of one pod, parsed.
struct Suspect {
    pod: PodDetail,
    namespace: DnsLabel,
    name: DnsName,
    uid: DnsLabel,
}

impl Suspect {
    fn of(pod: PodDetail) -> Result<Self> {
        Ok(Self {
            namespace: pod.namespace.parse()?,
            name: pod.name.parse()?,
            uid: pod.uid.parse()?,
            pod,
        })
    }

    fn label<'a>(&'a self, uid: &'a str) -> QuarantineLabel<'a> {
        QuarantineLabel {
            namespace: &self.namespace,
            pod: &self.name,
            uid,
            value: &self.uid,
        }
    }

    fn policy(&self) -> QuarantinePolicy<'_> {
        QuarantinePolicy {
            namespace: &self.namespace,
            pod: &self.name,
            uid: &self.uid,
            value: &self.uid,
            owner: "test:finding-1",
            finding: "${jndi:ldap://x}\n<script>",
            replicas_before: None,
        }
    }

    fn log<'a>(&'a self, container: &'a DnsLabel, limit_bytes: usize) -> LogQuery<'a> {
        LogQuery {
            namespace: &self.namespace,
            pod: &self.name,
            container,
            previous: false,
            limit_bytes,
            tail_lines: None,
        }
    }
}

pub(super) async fn one_pod_of_three_is_contained_and_released(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let mut of_web = pods(client, "web").await?;
    ensure!(of_web.len() == 3, "{of_web:?}");
    let suspect = Suspect::of(of_web.swap_remove(0))?;
    who_it_is_and_what_surrounds_it(client, &suspect).await?;
    its_log_is_read_within_its_limit(client, &suspect).await?;
    let policy = exactly_one_pod_is_quarantined(client, &suspect).await?;
    the_proof_names_what_is_missing(client, &suspect, &policy).await?;
    a_policy_of_somebody_else_keeps_its_name(client, admin).await?;
    replicas_go_to_zero_and_back_only_from_what_was_seen(client, admin).await?;
    a_pod_is_deleted_by_its_uid_only(client, admin).await?;
    keda_is_paused_and_resumed_in_our_name_only(client, admin).await
}

async fn who_it_is_and_what_surrounds_it(client: &ClusterClient, suspect: &Suspect) -> Result<()> {
    let pod = &suspect.pod;
    let got = ok(client
        .get_pod_detail(&suspect.namespace, &suspect.name, deadline())
        .await)?;
    ensure!(got.is_some_and(|got| got.uid == pod.uid), "another pod");
    ensure!(
        pod.has_owner_references && pod.containers.len() == 1 && pod.containers[0].ran,
        "{pod:?}"
    );
    ensure!(pod.service_account == "default" && !pod.ips.is_empty(), "{pod:?}");
    let owners = client.owners_of(pod, deadline()).await;
    let top = owners.top().with_context(|| format!("{owners:?}"))?;
    ensure!(
        top.full_name() == "Deployment shop/web" && top.replicas == Some(3),
        "{top:?}"
    );
    ensure!(
        owners.controllers.len() == 2 && owners.end == ChainEnd::Top,
        "{owners:?}"
    );

    let likeness = Likeness {
        service_account: Some(("shop".to_owned(), "default".to_owned())),
        ..Likeness::default()
    };
    let siblings = client.list_pod_siblings(&likeness, deadline()).await;
    let siblings = ok(siblings.and_then(Listed::complete))?;
    ensure!(
        siblings.len() == 6 && siblings.iter().all(|one| one.same_service_account),
        "{siblings:?}"
    );

    let raw = ok(client
        .get_raw(&KindAt::of::<PodDetail>(), Some("shop"), &pod.name, deadline())
        .await)?;
    ensure!(
        matches!(&raw, Raw::Object(object) if object["spec"]["containers"].is_array()),
        "{raw:?}"
    );
    let raw = ok(client
        .get_raw(&KindAt::of::<PodDetail>(), Some("shop"), "none", deadline())
        .await)?;
    ensure!(raw == Raw::Absent, "{raw:?}");
    let custom = KindAt::new("gone.example.com", "v1", "things")?;
    let raw = ok(client.get_raw(&custom, Some("shop"), "none", deadline()).await)?;
    ensure!(raw == Raw::NotServed, "{raw:?}");

    let account = client
        .get_service_account(&suspect.namespace, &"default".parse()?, deadline())
        .await;
    ensure!(ok(account)?.is_some_and(|account| account.role_arn.is_none()));
    // The scheduler tells after it has done.
    wait_until(Duration::from_mins(1), "the scheduler has told", async || {
        let events = client
            .list_events_of(&suspect.namespace, &suspect.uid, deadline())
            .await;
        let events = ok(events.and_then(Listed::complete))?;
        ensure!(
            events.iter().any(|event| event.reason == "Scheduled"),
            "{events:?}"
        );
        Ok(())
    })
    .await?;
    let bound = client
        .list_cluster_role_bindings(&suspect.namespace, "default", deadline())
        .await;
    let bound = ok(bound.and_then(Listed::complete))?;
    ensure!(
        bound.iter().any(|one| one.role == "system:basic-user"),
        "{bound:?}"
    );
    let bound = client
        .list_role_bindings(&suspect.namespace, "default", deadline())
        .await;
    ensure!(ok(bound.and_then(Listed::complete))?.is_empty());
    let slices = client
        .list_endpoint_slices(&suspect.namespace, &pod.uid, deadline())
        .await;
    ensure!(ok(slices.and_then(Listed::complete))?.is_empty());
    Ok(())
}

async fn its_log_is_read_within_its_limit(client: &ClusterClient, suspect: &Suspect) -> Result<()> {
    let main: DnsLabel = "main".parse()?;
    let log = ok(client
        .container_log(&suspect.log(&main, 10_000), deadline())
        .await)?;
    let ContainerLog::Read(whole) = log else {
        bail!("{log:?}");
    };
    ensure!(
        whole.end == LogEnd::Whole && whole.bytes.starts_with(b"started\n"),
        "{whole:?}"
    );
    let log = ok(client.container_log(&suspect.log(&main, 4), deadline()).await)?;
    ensure!(
        matches!(&log, ContainerLog::Read(log) if &log.bytes[..] == b"star" && log.end == LogEnd::Bytes),
        "{log:?}"
    );
    let none: DnsLabel = "none".parse()?;
    let log = ok(client.container_log(&suspect.log(&none, 10), deadline()).await)?;
    ensure!(
        matches!(&log, ContainerLog::NotThere(why) if why.contains("none")),
        "{log:?}"
    );
    let gone: DnsName = "web-gone".parse()?;
    let query = LogQuery {
        pod: &gone,
        ..suspect.log(&main, 10)
    };
    let log = ok(client.container_log(&query, deadline()).await)?;
    ensure!(log == ContainerLog::PodGone, "{log:?}");
    Ok(())
}

async fn policies(client: &ClusterClient) -> Result<Vec<NetworkPolicy>> {
    let listed = client.list_network_policies(&shop()?, deadline()).await;
    ok(listed.and_then(Listed::complete))
}

async fn exactly_one_pod_is_quarantined(client: &ClusterClient, suspect: &Suspect) -> Result<NetworkPolicy> {
    let another = client
        .quarantine_pod(
            &suspect.label("0b5c5f7e-0000-4d2c-9a52-8d1f3a6b7c01"),
            Some(&suspect.pod),
            deadline(),
        )
        .await;
    ensure!(
        matches!(&another, Change::Refused(why) if why.contains("another uid")),
        "{another:?}"
    );
    // An old look: the API server refuses its version, and a new look is taken.
    let mut old = suspect.pod.clone();
    "1".clone_into(&mut old.resource_version);
    let label = suspect.label(&suspect.pod.uid);
    let made = client.quarantine_pod(&label, Some(&old), deadline()).await;
    ensure!(matches!(made, Change::Applied(_)), "{made:?}");
    let again = client.quarantine_pod(&label, None, deadline()).await;
    ensure!(matches!(again, Change::AlreadyDone(_)), "{again:?}");

    let made = client
        .create_quarantine_policy(&suspect.policy(), deadline())
        .await;
    let Change::Applied(made) = made else {
        bail!("{made:?}");
    };
    let again = client
        .create_quarantine_policy(&suspect.policy(), deadline())
        .await;
    ensure!(again == Change::AlreadyDone(made.clone()), "{again:?}");
    let policies = policies(client).await?;
    ensure!(
        policies.len() == 1 && Some(&policies[0].uid) == made.uid.as_ref(),
        "{policies:?}"
    );

    let web = pods(client, "web").await?;
    let api = pods(client, "api").await?;
    let names: Vec<&str> = selected(&policies[0], web.iter().chain(&api))
        .iter()
        .map(|pod| pod.name.as_str())
        .collect();
    ensure!(
        names == [suspect.pod.name.as_str()] && web.len() == 3,
        "{names:?}"
    );
    ensure!(
        web.iter()
            .filter(|pod| pod.labels.contains_key(QUARANTINE_LABEL))
            .count()
            == 1
    );
    Ok(policies[0].clone())
}

/// There is no CNI here: the proof must say so, and only the word of the settings stands for another engine.
async fn the_proof_names_what_is_missing(
    client: &ClusterClient,
    suspect: &Suspect,
    policy: &NetworkPolicy,
) -> Result<()> {
    let pod = ok(client
        .get_pod_detail(&suspect.namespace, &suspect.name, deadline())
        .await)?
    .context("pod")?;
    let all = Ok(policies(client).await?);
    let application = client
        .list_application_network_policies(&suspect.namespace, deadline())
        .await;
    ensure!(application == Ok(None), "{application:?}");
    let endpoints = client.list_policy_endpoints(&suspect.namespace, deadline()).await;
    ensure!(endpoints == Ok(None), "{endpoints:?}");
    let higher = client.list_higher_policies(deadline()).await;
    ensure!(higher.iter().all(|tier| tier.policies == Ok(None)), "{higher:?}");
    let vpc_cni = Enforcer::VpcCni(client.get_node_agent(deadline()).await);
    ensure!(vpc_cni == Enforcer::VpcCni(Ok(None)), "{vpc_cni:?}");
    let seen = Observation {
        pod: &pod,
        value: &suspect.uid,
        policies: &all,
        application_policies: &Ok(None),
        higher: &higher,
        endpoints: &Ok(None),
        enforcer: &vpc_cni,
        runs_on: Some(RunsOn::Linux),
    };
    let verdict = Isolation::of(&seen);
    let said = verdict.reasons().contains(&Reason::NoAgent);
    ensure!(
        matches!(verdict, Isolation::NotIsolated(_)) && said,
        "{verdict:?}"
    );
    let declared = Enforcer::Declared("cilium".to_owned());
    let verdict = Isolation::of(&Observation {
        enforcer: &declared,
        ..seen
    });
    ensure!(verdict == Isolation::Isolated, "{verdict:?}");

    // The way back: the wrong uid, then the right one, then once more.
    let name: DnsName = policy.name.parse()?;
    let delete = async |uid: &str| {
        client
            .delete_quarantine_policy(&suspect.namespace, &name, uid, deadline())
            .await
    };
    let refused = delete("another").await;
    ensure!(matches!(refused, Change::Refused(_)) && policies(client).await?.len() == 1);
    let gone = delete(&policy.uid).await;
    ensure!(
        matches!(gone, Change::Applied(_)) && policies(client).await?.is_empty(),
        "{gone:?}"
    );
    let again = delete(&policy.uid).await;
    ensure!(
        matches!(&again, Change::AlreadyDone(gone) if gone.was_absent),
        "{again:?}"
    );
    let released = client
        .release_pod(&suspect.label(&suspect.pod.uid), deadline())
        .await;
    ensure!(matches!(released, Change::Applied(_)), "{released:?}");
    let labelled = pods(client, "web").await?;
    ensure!(
        labelled
            .iter()
            .all(|pod| !pod.labels.contains_key(QUARANTINE_LABEL))
    );
    Ok(())
}

async fn a_policy_of_somebody_else_keeps_its_name(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let suspect = Suspect::of(pods(client, "web").await?.swap_remove(0))?;
    let theirs: k8s_openapi::api::networking::v1::NetworkPolicy = serde_json::from_value(json!({
        "metadata": {"name": suspect.policy().name(), "namespace": "shop"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
    }))?;
    let api = Api::namespaced(admin.clone(), "shop");
    objects::create(&api, &theirs).await?;
    let before = policies(client).await?;
    let refused = client
        .create_quarantine_policy(&suspect.policy(), deadline())
        .await;
    ensure!(
        matches!(&refused, Change::Refused(why) if why.contains("not touched")),
        "{refused:?}"
    );
    let name: DnsName = suspect.policy().name().parse()?;
    let refused = client
        .delete_quarantine_policy(&suspect.namespace, &name, &before[0].uid, deadline())
        .await;
    ensure!(
        matches!(&refused, Change::Refused(why) if why.contains("our mark")),
        "{refused:?}"
    );
    ensure!(
        policies(client).await? == before,
        "somebody else's policy was touched"
    );
    api.delete(&name, &DeleteParams::default()).await?;
    Ok(())
}

async fn replicas_go_to_zero_and_back_only_from_what_was_seen(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let deployments = Api::<Deployment>::namespaced(admin.clone(), "shop");
    let uid = deployments.get("web").await?.metadata.uid.context("uid")?;
    let (namespace, name): (DnsLabel, DnsName) = (shop()?, "web".parse()?);
    let set = async |uid: &str, from: i64, to: i64| {
        let wanted = SetReplicas {
            kind: Scalable::Deployment,
            namespace: &namespace,
            name: &name,
            uid,
            from,
            to,
        };
        client.set_replicas(&wanted, deadline()).await
    };
    for refused in [set("another", 3, 0).await, set(&uid, 2, 0).await] {
        ensure!(matches!(refused, Change::Refused(_)), "{refused:?}");
    }
    ensure!(pods(client, "web").await?.len() == 3);
    let made = set(&uid, 3, 0).await;
    ensure!(
        matches!(&made, Change::Applied(made) if made.before == Some(3)),
        "{made:?}"
    );
    let again = set(&uid, 3, 0).await;
    ensure!(matches!(again, Change::AlreadyDone(_)), "{again:?}");
    wait_until(SOON, "no pod of web is left", async || {
        let left = pods(client, "web").await?.len();
        ensure!(left == 0, "{left}");
        Ok(())
    })
    .await?;
    ensure!(pods(client, "api").await?.len() == 3, "the neighbour was scaled");

    // A person scales to one: it is theirs, and not given back. Then from zero it is.
    let to = |replicas: i64| Patch::Merge(json!({"spec": {"replicas": replicas}}));
    deployments.patch("web", &PatchParams::default(), &to(1)).await?;
    let drift = set(&uid, 0, 3).await;
    ensure!(
        matches!(&drift, Change::Refused(why) if why.contains("1 replicas now")),
        "{drift:?}"
    );
    deployments.patch("web", &PatchParams::default(), &to(0)).await?;
    let back = set(&uid, 0, 3).await;
    ensure!(matches!(back, Change::Applied(_)), "{back:?}");
    objects::deployment_ready(admin, "shop", "web").await
}

async fn a_pod_is_deleted_by_its_uid_only(client: &ClusterClient, admin: &kube::Client) -> Result<()> {
    let before = pods(client, "api").await?;
    let suspect = Suspect::of(before[0].clone())?;
    let delete = async |uid: &str| {
        let wanted = DeletePod {
            namespace: &suspect.namespace,
            name: &suspect.name,
            uid,
        };
        client.delete_pod(&wanted, deadline()).await
    };
    let refused = delete("another").await;
    ensure!(matches!(refused, Change::Refused(_)), "{refused:?}");
    let api = Api::<Pod>::namespaced(admin.clone(), "shop");
    let hold = |finalizers: Value| Patch::Merge(json!({"metadata": {"finalizers": finalizers}}));
    let params = PatchParams::default();
    let untouched = api
        .patch(&suspect.pod.name, &params, &hold(json!(["example.com/hold"])))
        .await?;
    ensure!(
        untouched.metadata.deletion_timestamp.is_none(),
        "the refused delete was sent"
    );

    let made = delete(&suspect.pod.uid).await;
    ensure!(matches!(made, Change::Applied(_)), "{made:?}");
    let again = delete(&suspect.pod.uid).await;
    let Change::AlreadyDone(again) = again else {
        bail!("{again:?}");
    };
    ensure!(
        !again.gone && again.finalizers == ["example.com/hold"],
        "{again:?}"
    );
    api.patch(&suspect.pod.name, &params, &hold(Value::Null)).await?;
    wait_until(SOON, "the pod is gone and replaced", async || {
        let gone = delete(&suspect.pod.uid).await;
        ensure!(
            matches!(&gone, Change::AlreadyDone(gone) if gone.gone),
            "{gone:?}"
        );
        let now = pods(client, "api").await?;
        ensure!(now.len() == 3, "{}", now.len());
        Ok(())
    })
    .await?;
    let now = pods(client, "api").await?;
    for other in &before[1..] {
        ensure!(
            now.iter().any(|pod| pod.uid == other.uid),
            "a neighbour was deleted"
        );
    }
    objects::deployment_ready(admin, "shop", "api").await
}

/// KEDA's kind without KEDA: annotations, marks and managed fields of a custom kind.
async fn keda_is_paused_and_resumed_in_our_name_only(
    client: &ClusterClient,
    admin: &kube::Client,
) -> Result<()> {
    let unserved = client.list_scaled_objects(&shop()?, deadline()).await;
    ensure!(unserved == Ok(None), "{unserved:?}");
    let open = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let kind: CustomResourceDefinition = serde_json::from_value(json!({
        "metadata": {"name": "scaledobjects.keda.sh"},
        "spec": {
            "group": "keda.sh", "scope": "Namespaced",
            "names": {"plural": "scaledobjects", "singular": "scaledobject", "kind": "ScaledObject"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": open}],
        },
    }))?;
    objects::create(&Api::all(admin.clone()), &kind).await?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("keda.sh", "v1alpha1", "ScaledObject"));
    let api = Api::<DynamicObject>::namespaced_with(admin.clone(), "shop", &resource);
    let object: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"scaleTargetRef": {"name": "web"}},
    }))?;
    wait_until(SOON, "the kind is served", async || {
        api.create(&PostParams::default(), &object).await?;
        Ok(())
    })
    .await?;
    let listed = ok(client.list_scaled_objects(&shop()?, deadline()).await)?.context("served")?;
    let uid = listed.items()[0].uid.clone();
    let (namespace, name): (DnsLabel, DnsName) = (shop()?, "web".parse()?);
    let pause = PauseScaling {
        namespace: &namespace,
        name: &name,
        uid: &uid,
        owner: "test:finding-1",
    };
    let made = client.pause_scaling(&pause, deadline()).await;
    ensure!(matches!(&made, Change::Applied(made) if made.ours), "{made:?}");
    let listed = ok(client.list_scaled_objects(&namespace, deadline()).await)?.context("served")?;
    ensure!(listed.items()[0].is_paused() && listed.items()[0].scales("shop", "Deployment", "web"));
    let resumed = client.resume_scaling(&pause, deadline()).await;
    ensure!(matches!(resumed, Change::Applied(_)), "{resumed:?}");

    // Paused by us, resumed and paused again by a person, who keeps their pause.
    let made = client.pause_scaling(&pause, deadline()).await;
    ensure!(matches!(made, Change::Applied(_)), "{made:?}");
    let by_hand = PatchParams {
        field_manager: Some("kubectl-annotate".to_owned()),
        ..Default::default()
    };
    for value in [Value::Null, json!("true")] {
        let patch = Patch::Merge(json!({"metadata": {"annotations": {"autoscaling.keda.sh/paused": value}}}));
        api.patch("web", &by_hand, &patch).await?;
    }
    let refused = client.resume_scaling(&pause, deadline()).await;
    ensure!(matches!(refused, Change::Refused(_)), "{refused:?}");
    let listed = ok(client.list_scaled_objects(&namespace, deadline()).await)?.context("served")?;
    ensure!(listed.items()[0].is_paused());
    Ok(())
}
