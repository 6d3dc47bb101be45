//! What a long list costs in memory while it is read: the pods of a large cluster come page by page over TLS, as from an API server,
//! through the product's own client and the rules of `health-check`, then as `ha-status` reads them, and a counting allocator watches.
//!
//! Resident memory of whole functions is measured by `make bench`; this says in every test run that nothing grows with the number of
//! pods. One test only: other tests of the same process would allocate at the same time.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test, whose fixtures are functions of their own"
)]

use std::alloc::System;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eks::operation::describe_cluster::DescribeClusterOutput;
use aws_sdk_eks::types::{Certificate, Cluster};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use day2_core::arn::Partition;
use day2_kube::objects::PodHealth;
use day2_kube::{ClusterClient, ClusterParams, Folded, Reduce};
use ha_status::facts::Demand;
use ha_status::gather::EachPod;
use health_check::reduce::pods::PodRules;
use health_check::settings::Plan;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Pods of the cluster (K27), of which every hundredth is in a crash loop.
const PODS: usize = 50_000;
/// Nodes that they are on.
const NODES: usize = 1_000;
/// Most bytes that may live beside what lived before the list was asked for, the server included. A function of 128 MB has 64 MB for
/// all that it does (K27), and needs most of it for the runtime, TLS and the clients of AWS. When this was written, 1.9 MB lived.
const MOST_BYTES: usize = 4 << 20;
/// Smallest and largest pod on the wire, in bytes.
const SIZES: [usize; 2] = [6_000, 10_000];

/// Bytes that live now.
fn live() -> usize {
    let stats = COUNTING.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// The most that lived when somebody looked: with each pod that was written, and with each that was read.
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn look() {
    PEAK.fetch_max(live(), Ordering::Relaxed);
}

/// A reducer of a function, watched.
struct Watched<R>(R);

impl<O, R: Reduce<O>> Reduce<O> for Watched<R> {
    type Sum = R::Sum;

    fn empty(&self) -> R::Sum {
        self.0.empty()
    }

    fn take(&self, sum: &mut R::Sum, object: O) {
        look();
        self.0.take(sum, object);
    }

    fn join(&self, sum: &mut R::Sum, page: R::Sum) {
        self.0.join(sum, page);
        look();
    }
}

/// What a careless change would do: every pod is kept until the list has ended.
struct Kept;

impl Reduce<PodHealth> for Kept {
    type Sum = Vec<PodHealth>;

    fn empty(&self) -> Vec<PodHealth> {
        Vec::new()
    }

    fn take(&self, sum: &mut Vec<PodHealth>, pod: PodHealth) {
        sum.push(pod);
        look();
    }

    fn join(&self, sum: &mut Vec<PodHealth>, page: Vec<PodHealth>) {
        sum.extend(page);
        look();
    }
}

#[test]
fn fifty_thousand_pods_are_read_in_a_part_of_a_small_function_and_keeping_them_is_caught_k27() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let now = day2_aws::boot::now();
    let plan = Plan::default();

    let before = live();
    let watched = Watched(PodRules::new(&plan, None, None, None, now));
    let folded = runtime.block_on(read(&watched, PODS));
    let peak = PEAK.swap(0, Ordering::Relaxed).saturating_sub(before);

    assert_eq!((folded.read, &folded.shortfall), (PODS, &None));
    assert_eq!((folded.sum.judged, folded.sum.load.len()), (PODS, NODES));
    assert!(
        folded
            .sum
            .load
            .values()
            .all(|load| usize::try_from(load.pods) == Ok(PODS / NODES)),
        "each pod counts once"
    );
    let broken: Vec<usize> = folded.sum.groups.values().map(|group| group.pods).collect();
    assert_eq!(broken, [PODS / 100], "those in a crash loop, in one group");
    assert!(
        peak <= MOST_BYTES,
        "{peak} bytes lived at once, and {MOST_BYTES} are allowed"
    );
    drop(folded);

    let before = live();
    let rooms = runtime.block_on(read_rooms(PODS));
    let peak = PEAK.swap(0, Ordering::Relaxed).saturating_sub(before);
    assert_eq!((rooms.read, &rooms.shortfall), (PODS, &None));
    assert_eq!((rooms.sum.on.len(), rooms.sum.waiting.pods), (NODES, 0));
    assert!(
        rooms
            .sum
            .on
            .values()
            .all(|node| usize::try_from(node.moving.pods) == Ok(PODS / NODES)),
        "each pod counts once for what it takes"
    );
    assert!(
        peak <= MOST_BYTES,
        "{peak} bytes lived at once for what pods take, and {MOST_BYTES} are allowed"
    );

    // A tenth of them is enough to be caught.
    let before = live();
    let kept = runtime.block_on(read(&Kept, PODS / 10));
    let peak = PEAK.swap(0, Ordering::Relaxed).saturating_sub(before);
    assert_eq!(kept.sum.len(), PODS / 10);
    assert!(
        peak > MOST_BYTES,
        "a reducer that keeps its pods is not caught: {peak} bytes"
    );
}

/// Reads so many pods from a server of its own.
async fn read<R: Reduce<PodHealth>>(reduce: &R, pods: usize) -> Folded<R::Sum> {
    let client = connect(pods).await;
    client.list_pods_into(reduce, deadline()).await.unwrap()
}

/// Reads what they take, as `ha-status` does.
async fn read_rooms(pods: usize) -> Folded<Demand> {
    let client = connect(pods).await;
    client
        .list_pod_rooms_into(&Watched(EachPod), deadline())
        .await
        .unwrap()
}

fn deadline() -> Timestamp {
    day2_aws::boot::now() + SignedDuration::from_mins(10)
}

/// The product's client of a server with so many pods.
async fn connect(pods: usize) -> ClusterClient {
    let (endpoint, authority) = serve(pods);
    let cluster = Cluster::builder()
        .name("prod-a")
        .arn("arn:aws:eks:us-east-1:123456789012:cluster/prod-a")
        .endpoint(&endpoint)
        .certificate_authority(Certificate::builder().data(STANDARD.encode(authority)).build())
        .build();
    let rule = mock!(aws_sdk_eks::Client::describe_cluster)
        .then_output(move || DescribeClusterOutput::builder().cluster(cluster.clone()).build());
    let eks = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&rule]);
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    let params = ClusterParams {
        name: "prod-a".to_owned(),
        region: "us-east-1".to_owned(),
        partition: Partition::Aws,
        account_id: "123456789012".to_owned(),
        endpoint: Some(endpoint),
    };
    ClusterClient::connect(
        &eks,
        SharedCredentialsProvider::new(credentials),
        &params,
        Arc::new(day2_aws::boot::now),
        deadline(),
    )
    .await
    .unwrap()
}

/// Serves so many pods on loopback, and says where and by which certificate. The thread ends with the process.
fn serve(pods: usize) -> (String, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, tls) = (stream.unwrap(), Arc::clone(&tls));
            // The client goes away when it has read everything.
            std::thread::spawn(move || drop(connection(stream, tls, pods)));
        }
    });
    (endpoint, cert.pem())
}

fn connection(stream: TcpStream, tls: Arc<ServerConfig>, pods: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let texts = [false, true].map(|broken| SIZES.map(|bytes| Text::of(broken, bytes)));
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        page(&mut BufWriter::new(stream.get_mut()), &texts, &head, pods)?;
    }
}

/// Writes the page that a request asks for, pod by pod.
fn page(out: &mut impl Write, texts: &[[Text; 2]; 2], head: &str, pods: usize) -> std::io::Result<()> {
    let number = |name: &str| {
        let (_, rest) = head.split_once(name)?;
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        rest[..digits].parse::<usize>().ok()
    };
    let (from, limit) = (number("continue=").unwrap_or(0), number("limit=").unwrap());
    let until = (from + limit).min(pods);
    let next = if until < pods {
        format!(r#","continue":"{until}""#)
    } else {
        String::new()
    };
    let start = format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"9"{next}}},"items":["#
    );
    let text = |pod: usize| &texts[usize::from(pod.is_multiple_of(100))][usize::from(pod.is_multiple_of(8))];
    let commas = until - from - 1;
    let bytes: usize = (from..until).map(|pod| text(pod).bytes()).sum();
    write!(
        out,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{start}",
        start.len() + commas + bytes + 2
    )?;
    for pod in from..until {
        if pod > from {
            out.write_all(b",")?;
        }
        text(pod).write(out, pod)?;
        look();
    }
    out.write_all(b"]}")?;
    out.flush()
}

/// A pod's text with its number left open: made once, written many times.
struct Text(Vec<String>);

impl Text {
    /// Where the number of the pod, or of its node, stands.
    const NUMBER: &'static str = "00000000";

    /// A pod of at least so many bytes, most of which, as in life, nobody asks for.
    fn of(broken: bool, bytes: usize) -> Self {
        let mut pod = pod(broken);
        let entry = json!({"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-11-20T08:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:status": {"f:conditions": {"k:{\"type\":\"Ready\"}": {".": {}, "f:lastProbeTime": {}, "f:status": {}, "f:type": {}}},
                         "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {}, "f:podIPs": {}, "f:startTime": {}}}});
        while pod.to_string().len() < bytes {
            pod["metadata"]["managedFields"]
                .as_array_mut()
                .unwrap()
                .push(entry.clone());
        }
        let text = pod.to_string();
        assert!(text.len() < bytes + 1_000, "{} bytes", text.len());
        Self(text.split(Self::NUMBER).map(str::to_owned).collect())
    }

    fn bytes(&self) -> usize {
        let numbers = self.0.len() - 1;
        self.0.iter().map(String::len).sum::<usize>() + numbers * Self::NUMBER.len()
    }

    /// The name comes before the node in a text with sorted keys.
    fn write(&self, out: &mut impl Write, pod: usize) -> std::io::Result<()> {
        let [first, middle, last] = self.0.as_slice() else {
            return Err(std::io::Error::other("a pod has one name and one node"));
        };
        let node = pod % NODES;
        write!(out, "{first}{pod:08}{middle}{node:08}{last}")
    }
}

fn pod(broken: bool) -> Value {
    let began = ago(60);
    let (ready, state, last) = if broken {
        let end = json!({"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(3)}});
        (
            false,
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}),
            end,
        )
    } else {
        (true, json!({"running": {"startedAt": began}}), json!({}))
    };
    let status = if ready { "True" } else { "False" };
    json!({
        "metadata": {"name": format!("web-{}", Text::NUMBER), "namespace": "shop", "uid": "6a1c2f9e-9d2f-4f0a-8a53-0c1d7d1f6f10", "creationTimestamp": began,
                     "labels": {"app": "web", "pod-template-hash": "5f"}, "managedFields": [],
                     "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5f", "controller": true}]},
        "spec": {"nodeName": format!("n{}", Text::NUMBER), "containers": [{"name": "app", "image": "registry/app:1", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                 "env": [{"name": "LOG", "value": "info"}], "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}]}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"},
                           {"type": "Ready", "status": status, "lastTransitionTime": ago(30)}],
            "containerStatuses": [{"name": "app", "ready": ready, "started": ready, "restartCount": 0, "state": state, "lastState": last}]}
    })
}

/// So many minutes before this run, in words of the API.
fn ago(minutes: i64) -> String {
    let at: Timestamp = day2_aws::boot::now() - SignedDuration::from_mins(minutes);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
