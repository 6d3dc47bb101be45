//! `ha-status` as a process against two real control planes, of which one is stopped and started again: the states, and one mail
//! for each change of them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::aws::control::{Metric, Point};
use day2_platform::aws::{ACCOUNT, REGION};
use day2_platform::cluster::extensions;
use day2_platform::cluster::objects::{
    create_nodes, create_workload, deployment_ready, ensure_namespace, nodes_ready,
};
use day2_platform::cluster::shapes::{NodeSpec, Workload};
use day2_platform::deploy::mailbox::{Mail, Mailbox};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Sandbox};
use day2_platform::wait::wait_until;
use day2_platform::world::plan::{SECOND, TARGET};
use serde_json::{Value, json};

const FUNCTION: &str = "ha-status";
/// The metric of the queue before the first side: namespace, name, dimension and its value.
const QUEUE: (&str, &str, &str, &str) = (
    "AWS/SQS",
    "ApproximateNumberOfMessagesVisible",
    "QueueName",
    "jobs",
);
/// A mail lies in the box as soon as the function has answered.
const AT_ONCE: Duration = Duration::from_secs(10);

/// The settings of a pair in which two probes at once prove a failure, and two that it is over. The first side has a group and a
/// queue, and the second a role of its own.
fn document(deployment: &Value, endpoints: [&str; 2], role: &str) -> Value {
    let [first, second] = endpoints;
    let side = |name: &str, endpoint: &str| {
        json!({
            "platform": {"name": name, "account_id": ACCOUNT, "region": REGION, "cluster": {"name": name, "endpoint": endpoint}},
            "min_ready_nodes": 2,
        })
    };
    let mut own = side(TARGET, first);
    own["groups"] = json!([format!("{TARGET}-workspace")]);
    own["queue"] =
        json!({"namespace": QUEUE.0, "metric": QUEUE.1, "dimensions": {(QUEUE.2): QUEUE.3}, "max_depth": 10});
    let mut other = side(SECOND, second);
    other["platform"]["role_arn"] = json!(role);
    json!({
        "deployment": deployment,
        "targets": [{"name": "prod", "account_id": ACCOUNT, "region": REGION}],
        "function": {"targets": {"prod": {
            "primary": own, "secondary": other,
            "detection": {"failed_probes": 2, "failed_minutes": 0, "good_probes": 2, "agreeing_looks": 1,
                          "max_latency_ms": 60_000},
            "capacity": {"peak": {"cpu_cores": 1, "memory_gib": 1, "pods": 2}},
        }}},
    })
}

/// One probe by hand: the state, and the items by code.
async fn probe(sandbox: &mut Sandbox) -> Result<(String, Value)> {
    let answer = sandbox.invoke(Event::new("{}")).await?.answer()?;
    let report = answer.pointer("/reports/0").context("no report")?.clone();
    let seen = report["items"][0]["seen"].as_str().context("no item")?.to_owned();
    Ok((seen, report))
}

/// The mails that came since the last time.
async fn mails(mailbox: &Mailbox) -> Result<Vec<Mail>> {
    let mut mails = Vec::new();
    while !mailbox.is_empty().await? {
        mails.push(mailbox.next(AT_ONCE).await?);
    }
    Ok(mails)
}

/// The only mail that came since the last time, which says all of this.
async fn one_mail(mailbox: &Mailbox, words: &[&str]) -> Result<()> {
    let mails = mails(mailbox).await?;
    let [mail] = mails.as_slice() else {
        let subjects: Vec<&String> = mails.iter().map(|mail| &mail.subject).collect();
        anyhow::bail!("{} mails, not one: {subjects:?}", mails.len());
    };
    let text = format!("{}\n{}", mail.subject, mail.body);
    eprintln!("Subject: {text}");
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        ensure!(plain.contains(word), "the mail does not say {word}:\n{text}");
    }
    Ok(())
}

async fn no_mail(mailbox: &Mailbox) -> Result<()> {
    let mails = mails(mailbox).await?;
    ensure!(mails.is_empty(), "nothing changed, and it mails {mails:?}");
    Ok(())
}

fn verdict<'r>(report: &'r Value, code: &str) -> &'r str {
    let items = report["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let item = items.iter().find(|item| item["code"] == code);
    item.and_then(|item| item["verdict"].as_str()).unwrap_or("none")
}

#[tokio::test]
async fn a_side_that_stops_blocks_the_pair_and_one_that_comes_back_mends_it_one_mail_each() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(&folder.path().join("platform")).await?;
    let _world = platform.seed().await?;
    let mut second = platform.second_cluster(SECOND).await?;
    serve(&second).await?;
    let ground = Ground::make(&platform.emulator, "day2").await?;
    let role = ground
        .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
        .await?;
    let of_second = ground
        .role_of_target(&platform.emulator, &[SECOND], FUNCTION)
        .await?;
    platform.emulator.control().emit_metric(&three_wait()).await?;
    let mailbox = Mailbox::subscribe(&platform.emulator, &ground.topic_arn).await?;
    let mut deployment = ground.deployment();
    deployment["mail"] = json!("on_change");
    let endpoints = [platform.cluster.endpoint(), second.endpoint()];
    let document = document(&deployment, endpoints, &of_second);
    let endpoint = platform.emulator.endpoint();
    let launch = Launch::new(
        FUNCTION,
        folder.path().join("sandbox"),
        &role.credentials,
        &endpoint,
    )?;
    let launch = ground
        .settings_in_bucket(&platform.emulator, launch, &document)
        .await?;
    let mut sandbox = Sandbox::start(&launch).await?;

    // The shipped rights are not granted in the second cluster yet: that is no outage.
    for _ in 0..3 {
        let (seen, report) = probe(&mut sandbox).await?;
        ensure!(seen.starts_with("UNKNOWN"), "{seen}");
        ensure!(
            verdict(&report, "HAS-002") == "UNKNOWN" && verdict(&report, "HAS-008") == "PASS",
            "{report:#}"
        );
    }
    grant(&second).await?;
    // The API server takes a moment to see a new right, and a look that was refused is one that must be made up for.
    wait_until(Duration::from_mins(1), "both sides are seen", async || {
        let (seen, report) = probe(&mut sandbox).await?;
        ensure!(
            seen.starts_with("ACTIVE") && report["status"] == "PASS",
            "{seen}: {report:#}"
        );
        for code in ["HAS-006", "HAS-007"] {
            ensure!(verdict(&report, code) == "PASS", "{code}: {report:#}");
        }
        Ok(())
    })
    .await?;
    mails(&mailbox).await?;
    probe(&mut sandbox).await?;
    no_mail(&mailbox).await?;

    second.stop_apiserver();
    let (seen, _) = probe(&mut sandbox).await?;
    ensure!(seen.starts_with("UNKNOWN"), "one probe proves nothing: {seen}");
    one_mail(&mailbox, &["UNKNOWN ha-status", "HAS-002", SECOND]).await?;
    let (seen, report) = probe(&mut sandbox).await?;
    ensure!(seen.starts_with("BLOCKED_SECONDARY_UNAVAILABLE"), "{seen}");
    ensure!(
        verdict(&report, "HAS-004") == "UNKNOWN",
        "the survivor could, the other side is not judged: {report:#}"
    );

    let to_whom = "P1, respond within 30 min: prod-b is unavailable";
    one_mail(
        &mailbox,
        &[
            "FAIL ha-status",
            "BLOCKED_SECONDARY_UNAVAILABLE",
            to_whom,
            "HAS-004",
            // What the one who is woken asks first.
            &format!("{TARGET} could carry everything"),
        ],
    )
    .await?;
    for _ in 0..2 {
        probe(&mut sandbox).await?;
        no_mail(&mailbox).await?;
    }

    second.start_apiserver().await?;
    let (seen, _) = probe(&mut sandbox).await?;
    ensure!(
        seen.starts_with("BLOCKED_SECONDARY_UNAVAILABLE"),
        "one probe proves nothing: {seen}"
    );
    no_mail(&mailbox).await?;
    let (seen, report) = probe(&mut sandbox).await?;
    ensure!(
        seen.starts_with("ACTIVE") && seen.contains("recovered from BLOCKED_SECONDARY_UNAVAILABLE"),
        "{seen}"
    );
    ensure!(report["status"] == "PASS", "{report:#}");
    one_mail(
        &mailbox,
        &[
            "PASS ha-status",
            "recovered from BLOCKED_SECONDARY_UNAVAILABLE after",
        ],
    )
    .await
}

/// Two nodes and a workload that runs.
pub(crate) async fn serve(cluster: &day2_platform::cluster::Cluster) -> Result<()> {
    let client = cluster.admin_client()?;
    let names = ["n-1", "n-2"];
    let nodes = names.map(|name| NodeSpec::new(name, "i-0123456789abcdef0", "us-east-1a", "workers"));
    create_nodes(&client, &nodes).await?;
    nodes_ready(&client, &names).await?;
    ensure_namespace(&client, "shop").await?;
    create_workload(&client, &Workload::new("shop", "web", 2)).await?;
    deployment_ready(&client, "shop", "web").await
}

/// The depth of the queue before the first side.
fn three_wait() -> Metric {
    Metric {
        namespace: QUEUE.0.to_owned(),
        name: QUEUE.1.to_owned(),
        dimensions: BTreeMap::from([(QUEUE.2.to_owned(), QUEUE.3.to_owned())]),
        unit: "Count".to_owned(),
        points: vec![Point {
            timestamp: day2_platform::clock::now(),
            value: 3.0,
        }],
    }
}

/// What `infra/kubernetes/ha-status.yaml` grants.
async fn grant(cluster: &day2_platform::cluster::Cluster) -> Result<()> {
    let manifest = std::fs::read_to_string(crate::house::root().join("infra/kubernetes/ha-status.yaml"))?;
    for document in serde_yaml_ng::Deserializer::from_str(&manifest) {
        let object: Value = serde::Deserialize::deserialize(document)?;
        let plural = if object["kind"] == "ClusterRole" {
            "clusterroles"
        } else {
            "clusterrolebindings"
        };
        extensions::create(&cluster.admin_client()?, plural, object).await?;
    }
    Ok(())
}
