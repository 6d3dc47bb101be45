//! The seeded world gets into each trouble of the morning report and out of it, and holds a miner. One world for all, because it
//! takes most of a minute to make.

#![expect(
    clippy::indexing_slicing,
    reason = "clippy knows only #[test] functions as tests; the helpers here are test code too, and JSON answers null"
)]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use day2_platform::cluster::objects::{deployment_ready_now, pods_of};
use day2_platform::platform::Platform;
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::miner::{
    DEPLOYMENT, DIGEST, LOG_MARK, NAMESPACE, NEIGHBOUR, OTHER_NAMESPACE, SIBLING,
};
use day2_platform::world::morning::{TEAMS, Trouble};
use day2_platform::world::plan::TARGET;
use day2_platform::world::workloads::{CLAIM, CLIENT, CONTROL_NAMESPACE};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{Api, ListParams, LogParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LIMIT: std::time::Duration = std::time::Duration::from_mins(1);

#[tokio::test]
async fn the_world_gets_into_each_trouble_of_a_morning_and_out_of_it_and_holds_a_miner() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(folder.path()).await?;
    let mut world = platform.seed().await?;
    the_autoscaler_sees_what_its_pods_use(&platform).await?;
    let well = bad_things(&platform, &world).await?;
    ensure!(well.is_empty(), "a world that is well shows {well:?}");

    for trouble in Trouble::ALL {
        let started = std::time::Instant::now();
        let broken = world.begin(trouble).await?;
        let seen = bad_things(&platform, &world).await?;
        let wanted = shows(trouble, &broken.subject);
        ensure!(seen == wanted, "{trouble:?} shows as {seen:?}, not {wanted:?}");
        world.end(trouble).await?;
        wait_until(LIMIT, &format!("{trouble:?} is over"), async || {
            let left = bad_things(&platform, &world).await?;
            ensure!(left.is_empty(), "{left:?}");
            Ok(())
        })
        .await?;
        eprintln!("{trouble:?}: {:.1} s", started.elapsed().as_secs_f64());
    }
    all_at_once(&platform, &mut world).await?;
    a_miner_is_found_and_goes(&platform, &world).await?;
    let cordoned = world.ordinary_life().await?;
    let seen = bad_things(&platform, &world).await?;
    ensure!(seen.is_empty(), "ordinary life with {cordoned} shows {seen:?}");
    Ok(())
}

/// How [`bad_things`] calls a trouble; those of AWS are asked elsewhere in it by their names.
fn shows(trouble: Trouble, subject: &str) -> BTreeSet<String> {
    let word = match trouble {
        Trouble::NodeNotReady => "not ready",
        Trouble::NodeCordonedForDays => "cordoned",
        Trouble::ImageCannotBePulled | Trouble::KilledForMemory | Trouble::NeverFits => "unavailable",
        Trouble::AutoscalerAtMaximum => "at maximum",
        Trouble::ScalingPaused => "paused",
        Trouble::BudgetNeverMet => "never met",
        Trouble::ClaimPending => "pending",
        Trouble::AttachmentStuck => "not attached",
        Trouble::QuotaNearlyFull | Trouble::VolumeNearlyFull => "full",
        Trouble::CertificateNotReady => "invalid",
        Trouble::CertificateExpiring => "ends soon",
        Trouble::BackupPartiallyFailed => "PartiallyFailed",
        Trouble::HighFinding => "found",
        Trouble::AlarmRings => "rings",
        Trouble::EndpointFails => "fails",
        Trouble::DatabaseStorageLow => "low",
    };
    BTreeSet::from([format!("{subject} {word}")])
}

/// Everything that is wrong, found by looking at everything with the plainest means.
async fn bad_things(platform: &Platform, world: &World) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    in_the_cluster(platform, &mut found).await?;
    of_custom_resources(platform, &mut found).await?;
    at_aws(platform, &mut found).await?;
    let url = world.endpoint_url();
    let address = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        found.insert(format!("{url} fails"));
    }
    Ok(found)
}

async fn list(platform: &Platform, path: &str) -> Result<Vec<Value>> {
    let kube = platform.cluster.admin_client()?;
    let request = http::Request::get(path).body(Vec::new())?;
    match kube.request::<Value>(request).await {
        Ok(list) => Ok(list["items"].as_array().cloned().unwrap_or_default()),
        // The kind is not served: nobody installed it.
        Err(kube::Error::Api(error)) if error.code == 404 => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("list {path}")),
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .find(|one| one["type"] == kind)
        .unwrap_or(&Value::Null)
}

async fn in_the_cluster(platform: &Platform, found: &mut BTreeSet<String>) -> Result<()> {
    let two_days_ago = day2_platform::clock::now().as_second() - 2 * 86_400 + 3_600;
    for node in list(platform, "/api/v1/nodes").await? {
        if condition(&node, "Ready")["status"] != "True" {
            found.insert(format!("{} not ready", name(&node)));
        }
        for taint in node["spec"]["taints"].as_array().into_iter().flatten() {
            let since = taint["timeAdded"]
                .as_str()
                .and_then(|text| text.parse::<jiff::Timestamp>().ok());
            if taint["key"] == "node.kubernetes.io/unschedulable"
                && since.is_none_or(|at| at.as_second() < two_days_ago)
            {
                found.insert(format!("{} cordoned", name(&node)));
            }
        }
    }
    for deployment in list(platform, "/apis/apps/v1/deployments").await? {
        let available = &deployment["status"]["availableReplicas"];
        if available.as_u64().unwrap_or(0) < deployment["spec"]["replicas"].as_u64().unwrap_or(1) {
            found.insert(format!("{} unavailable", name(&deployment)));
        }
    }
    for hpa in list(platform, "/apis/autoscaling/v2/horizontalpodautoscalers").await? {
        if condition(&hpa, "ScalingActive")["status"] != "True" {
            found.insert(format!("{} blind", name(&hpa)));
        }
        if hpa["status"]["currentReplicas"] == hpa["spec"]["maxReplicas"] {
            found.insert(format!("{} at maximum", name(&hpa)));
        }
    }
    for namespace in TEAMS {
        let path = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets");
        for budget in list(platform, &path).await? {
            if budget["status"]["disruptionsAllowed"] == 0 {
                found.insert(format!("{} never met", name(&budget)));
            }
        }
    }
    for claim in list(platform, "/api/v1/persistentvolumeclaims").await? {
        if claim["status"]["phase"] != "Bound" {
            found.insert(format!("{} pending", name(&claim)));
        }
    }
    for attachment in list(platform, "/apis/storage.k8s.io/v1/volumeattachments").await? {
        if attachment["status"]["attached"] != true {
            found.insert(format!("{} not attached", name(&attachment)));
        }
    }
    for quota in list(platform, "/api/v1/resourcequotas").await? {
        let count = |side: &str| {
            quota["status"][side]["configmaps"]
                .as_str()
                .and_then(|text| text.parse::<f64>().ok())
        };
        if let (Some(used), Some(hard)) = (count("used"), count("hard"))
            && used / hard > 0.9
        {
            found.insert(format!("{} full", name(&quota)));
        }
    }
    Ok(())
}

async fn of_custom_resources(platform: &Platform, found: &mut BTreeSet<String>) -> Result<()> {
    let soon = day2_platform::clock::now().as_second() + 14 * 86_400;
    for certificate in list(platform, "/apis/cert-manager.io/v1/certificates").await? {
        let ready = condition(&certificate, "Ready")["status"] == "True";
        let until: jiff::Timestamp = certificate["status"]["notAfter"]
            .as_str()
            .context("no end")?
            .parse()?;
        if !ready {
            found.insert(format!("{} invalid", name(&certificate)));
        } else if until.as_second() < soon {
            found.insert(format!("{} ends soon", name(&certificate)));
        }
    }
    for scaled in list(platform, "/apis/keda.sh/v1alpha1/scaledobjects").await? {
        if scaled["metadata"]["annotations"]["autoscaling.keda.sh/paused"] == "true"
            && condition(&scaled, "Paused")["status"] == "True"
        {
            found.insert(format!("{} paused", name(&scaled)));
        }
    }
    let mut backups = list(platform, "/apis/velero.io/v1/backups").await?;
    backups.sort_by_key(|one| {
        one["status"]["startTimestamp"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    if let Some(last) = backups.last()
        && last["status"]["phase"] != "Completed"
    {
        let schedule = last["metadata"]["labels"]["velero.io/schedule-name"].as_str();
        found.insert(format!(
            "{} {}",
            schedule.unwrap_or_default(),
            last["status"]["phase"].as_str().unwrap_or_default()
        ));
    }
    Ok(())
}

async fn at_aws(platform: &Platform, found: &mut BTreeSet<String>) -> Result<()> {
    let config = platform.emulator.sdk_config();
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&config);
    let alarms = cloudwatch.describe_alarms().send().await?;
    let composite = alarms
        .composite_alarms()
        .iter()
        .map(|one| (one.alarm_name(), one.state_value()));
    for (name, state) in alarms
        .metric_alarms()
        .iter()
        .map(|one| (one.alarm_name(), one.state_value()))
        .chain(composite)
    {
        if state.map(aws_sdk_cloudwatch::types::StateValue::as_str) != Some("OK") {
            found.insert(format!("{} rings", name.unwrap_or_default()));
        }
    }
    let guardduty = aws_sdk_guardduty::Client::new(&config);
    for detector in guardduty.list_detectors().send().await?.detector_ids() {
        let ids = guardduty.list_findings().detector_id(detector).send().await?;
        for id in ids.finding_ids() {
            let read = guardduty
                .get_findings()
                .detector_id(detector)
                .finding_ids(id)
                .send()
                .await?;
            for finding in read.findings() {
                if finding
                    .service()
                    .and_then(aws_sdk_guardduty::types::Service::archived)
                    != Some(true)
                {
                    found.insert(format!("{} found", finding.r#type().unwrap_or_default()));
                }
            }
        }
    }
    let database = (
        "AWS/RDS",
        "VolumeBytesUsed",
        vec![("DBClusterIdentifier", TARGET)],
    );
    if largest(&cloudwatch, &database).await? > 100.0 * 1024f64.powi(4) {
        found.insert(format!("{TARGET} low"));
    }
    let of_claim = vec![
        ("ClusterName", TARGET),
        ("namespace", CONTROL_NAMESPACE),
        ("persistentvolumeclaim", CLAIM),
    ];
    let [used, fits] = ["used", "capacity"].map(|side| format!("kubelet_volume_stats_{side}_bytes"));
    let used = largest(&cloudwatch, &("ContainerInsights", &used, of_claim.clone())).await?;
    if used / largest(&cloudwatch, &("ContainerInsights", &fits, of_claim)).await? > 0.9 {
        found.insert(format!("{CLAIM} full"));
    }
    Ok(())
}

/// The largest value of a metric in the last twenty minutes.
async fn largest(
    cloudwatch: &aws_sdk_cloudwatch::Client,
    (namespace, name, dimensions): &(&str, &str, Vec<(&str, &str)>),
) -> Result<f64> {
    let now = day2_platform::clock::now().as_second();
    let mut call = cloudwatch.get_metric_statistics();
    for (name, value) in dimensions {
        call = call.dimensions(Dimension::builder().name(*name).value(*value).build());
    }
    let seen = call
        .namespace(*namespace)
        .metric_name(*name)
        .start_time(DateTime::from_secs(now - 1_200))
        .end_time(DateTime::from_secs(now + 60))
        .period(60)
        .statistics(Statistic::Maximum)
        .send()
        .await?;
    ensure!(
        seen.datapoints().len() > 10,
        "{name}: {} datapoints",
        seen.datapoints().len()
    );
    Ok(seen
        .datapoints()
        .iter()
        .filter_map(Datapoint::maximum)
        .fold(0.0, f64::max))
}

async fn the_autoscaler_sees_what_its_pods_use(platform: &Platform) -> Result<()> {
    let api = Api::<HorizontalPodAutoscaler>::namespaced(platform.cluster.admin_client()?, CONTROL_NAMESPACE);
    wait_until(LIMIT, "the autoscaler sees", async || {
        let status = api.get(CLIENT).await?.status.unwrap_or_default();
        let used = status
            .current_metrics
            .iter()
            .flatten()
            .find_map(|one| one.resource.as_ref()?.current.average_utilization);
        ensure!(used == Some(30), "{status:?}");
        Ok(())
    })
    .await
}

/// Ten at once: each is there, and nothing else.
async fn all_at_once(platform: &Platform, world: &mut World) -> Result<()> {
    let ten = [
        Trouble::NodeNotReady,
        Trouble::ImageCannotBePulled,
        Trouble::KilledForMemory,
        Trouble::AutoscalerAtMaximum,
        Trouble::BudgetNeverMet,
        Trouble::ClaimPending,
        Trouble::QuotaNearlyFull,
        Trouble::CertificateExpiring,
        Trouble::AlarmRings,
        Trouble::EndpointFails,
    ];
    // All of them for the second time.
    let mut wanted = BTreeSet::new();
    for trouble in ten {
        let broken = world.begin(trouble).await?;
        wanted.extend(shows(trouble, &broken.subject));
    }
    let seen = bad_things(platform, world).await?;
    ensure!(seen == wanted, "{seen:?}, not {wanted:?}");
    for trouble in ten {
        world.end(trouble).await?;
    }
    Ok(())
}

async fn a_miner_is_found_and_goes(platform: &Platform, world: &World) -> Result<()> {
    let kube = platform.cluster.admin_client()?;
    let miner = world.miner().await?;
    let nodes: BTreeSet<&String> = miner
        .others
        .iter()
        .map(|pod| &pod.node)
        .chain([&miner.pod.node])
        .collect();
    ensure!(nodes.len() > 1, "all pods stand on one node");

    let mut running = Vec::new();
    for pod in Api::<Pod>::all(kube.clone()).list(&ListParams::default()).await? {
        let ids = pod
            .status
            .iter()
            .flat_map(|status| status.container_statuses.iter().flatten());
        if ids.into_iter().any(|one| one.image_id.ends_with(DIGEST)) {
            running.push(format!(
                "{}/{}",
                pod.namespace().unwrap_or_default(),
                pod.name_any()
            ));
        }
    }
    ensure!(running.len() == 4, "the image runs in {running:?}");
    ensure!(running.contains(&format!("{OTHER_NAMESPACE}/{}", miner.sibling.name)));

    let pods = Api::<Pod>::namespaced(kube.clone(), NAMESPACE);
    let logs = async |container: &str| {
        let params = LogParams {
            container: Some(container.to_owned()),
            ..LogParams::default()
        };
        pods.logs(&miner.pod.name, &params).await
    };
    ensure!(logs("fetch").await?.contains("fetched http://203.0.113.9/x.tgz"));
    let request = http::Request::get(format!(
        "/api/v1/namespaces/{NAMESPACE}/pods/{}/log?container={DEPLOYMENT}",
        miner.pod.name
    ))
    .body(kube::client::Body::empty())?;
    let bytes = kube.send(request).await?.into_body().collect_bytes().await?;
    ensure!(
        bytes
            .windows(LOG_MARK.len())
            .any(|part| part == LOG_MARK.as_bytes())
    );

    let endpoints = list(platform, "/apis/networking.k8s.aws/v1alpha1/policyendpoints").await?;
    ensure!(
        endpoints.len() == 1
            && endpoints[0]["spec"]["podSelectorEndpoints"]
                .as_array()
                .map(Vec::len)
                == Some(3),
        "{endpoints:?}"
    );
    let slices = list(
        platform,
        &format!("/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"),
    )
    .await?;
    ensure!(
        slices
            .iter()
            .filter_map(|one| one["endpoints"].as_array())
            .flatten()
            .count()
            == 3,
        "{slices:?}"
    );

    let posted = world
        .miner_is_found(&miner, "6a0c1d2e3b4a59687786950a1b2c3d4e")
        .await?;
    ensure!(posted.announced && posted.count == 1, "{posted:?}");

    replicas_0_hold_although_an_autoscaler_wants_three(&kube).await?;
    deployment_ready_now(&kube, NAMESPACE, NEIGHBOUR).await?;
    deployment_ready_now(&kube, OTHER_NAMESPACE, SIBLING).await?;

    world.no_miner().await?;
    let node = Api::<Node>::all(kube).get(&miner.pod.node).await?;
    ensure!(node.spec.and_then(|spec| spec.unschedulable) != Some(true));
    platform
        .emulator
        .control()
        .archive_finding(&posted.id, true)
        .await?;
    Ok(())
}

/// The autoscaler disables itself.
async fn replicas_0_hold_although_an_autoscaler_wants_three(kube: &kube::Client) -> Result<()> {
    let deployments = Api::<Deployment>::namespaced(kube.clone(), NAMESPACE);
    let zero = json!({"spec": {"replicas": 0}});
    deployments
        .patch_scale(DEPLOYMENT, &PatchParams::default(), &Patch::Merge(zero))
        .await?;
    let autoscalers = Api::<HorizontalPodAutoscaler>::namespaced(kube.clone(), NAMESPACE);
    wait_until(LIMIT, "the autoscaler disables itself", async || {
        let status = autoscalers.get(DEPLOYMENT).await?.status.unwrap_or_default();
        let disabled = |one: &k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerCondition| {
            one.type_ == "ScalingActive" && one.reason.as_deref() == Some("ScalingDisabled")
        };
        ensure!(status.conditions.iter().flatten().any(disabled), "{status:?}");
        Ok(())
    })
    .await?;
    wait_until(LIMIT, "its pods are gone", async || {
        let left = pods_of(kube, NAMESPACE, DEPLOYMENT).await?.len();
        ensure!(left == 0, "{left}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_clusters_stand_side_by_side_and_one_goes_down_alone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(folder.path()).await?;
    let started = std::time::Instant::now();
    let mut second = platform.second_cluster("prod-b").await?;
    eprintln!(
        "the second cluster after {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let eks = aws_sdk_eks::Client::new(&platform.emulator.sdk_config());
    let told = eks.describe_cluster().name("prod-b").send().await?;
    let told = told
        .cluster()
        .and_then(|cluster| cluster.endpoint().map(str::to_owned));
    ensure!(told.as_deref() == Some(second.endpoint()) && second.endpoint() != platform.cluster.endpoint());
    let (first, other) = (platform.cluster.admin_client()?, second.admin_client()?);
    other.apiserver_version().await?;
    second.stop_apiserver();
    ensure!(other.apiserver_version().await.is_err(), "it still answers");
    first.apiserver_version().await?;
    second.start_apiserver().await?;
    other.apiserver_version().await?;
    Ok(())
}
