//! A small server behind a front, and the SDK that the product uses in front of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_rds::error::{DisplayErrorContext, ProvideErrorMetadata};
use tokio::net::TcpListener;

use super::*;
use crate::http1::{Connection, Headers, Request};

const SOON: Duration = Duration::from_secs(10);

/// What stands behind the front: answers with the number of the request, from 1, and remembers what it was asked.
struct Behind {
    port: u16,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Behind {
    async fn start(answer: fn(&Request, usize) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut connection = Connection::new(stream);
                let request = connection.request().await.unwrap().unwrap();
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    seen.len()
                };
                let answer = answer(&request, number);
                let (head, body) = answer.parts(false);
                connection.send(&[head.as_slice(), body].concat()).await.unwrap();
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn numbered(_: &Request, number: usize) -> Answer {
    Answer::new(200, "text/plain", format!("answer {number}"))
}

async fn front(answer: fn(&Request, usize) -> Answer) -> (Behind, Faults, Front) {
    let behind = Behind::start(answer).await;
    let faults = Faults::new();
    let front = faults.before(Upstream::plain(behind.port)).await.unwrap();
    (behind, faults, front)
}

fn sdk(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "a", "b", None, None, "t",
        )))
        .retry_config(RetryConfig::disabled())
        .build()
}

/// One plain request on a connection of its own; `None` when no whole answer came.
async fn get(front: &Front, target: &str) -> Option<Answer> {
    let address = front.endpoint().trim_start_matches("http://");
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut connection = Connection::new(stream);
    let mut headers = Headers::default();
    headers.add("host", address);
    let request = Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers,
        body: Vec::new(),
    };
    connection.send(&request.bytes()).await.unwrap();
    connection.answer("GET").await.ok()
}

/// The code that an SDK reads from an error.
macro_rules! code {
    ($call:expr) => {{
        let error = $call.send().await.unwrap_err();
        error
            .code()
            .map(str::to_owned)
            .unwrap_or_else(|| DisplayErrorContext(&error).to_string())
    }};
}

#[tokio::test]
async fn the_sdk_of_each_service_reads_its_own_throttle_and_nothing_is_passed_on_w01() {
    let (behind, faults, front) = front(numbered).await;
    faults.add(Rule::new("*", Fault::Throttle));
    let aws = sdk(front.endpoint());
    let lambda = aws_sdk_lambda::Client::new(&aws);
    let seen = [
        code!(aws_sdk_autoscaling::Client::new(&aws).describe_auto_scaling_groups()),
        code!(aws_sdk_rds::Client::new(&aws).describe_db_clusters()),
        code!(aws_sdk_ec2::Client::new(&aws).describe_subnets()),
        code!(aws_sdk_cloudwatch::Client::new(&aws).describe_alarms()),
        code!(aws_sdk_dynamodb::Client::new(&aws).query().table_name("journal")),
        code!(aws_sdk_eks::Client::new(&aws).describe_cluster().name("prod-a")),
        code!(lambda.invoke().function_name("day2-scale-window")),
        code!(aws_sdk_s3::Client::new(&aws).list_objects_v2().bucket("reports")),
        code!(
            aws_sdk_sns::Client::new(&aws)
                .publish()
                .topic_arn("arn:x")
                .message("m")
        ),
        code!(aws_sdk_sts::Client::new(&aws).get_caller_identity()),
        code!(aws_sdk_sqs::Client::new(&aws).list_queues()),
    ];
    assert_eq!(
        seen,
        [
            "Throttling",
            "Throttling",
            "RequestLimitExceeded",
            // CloudWatch keeps its old code for callers of the query protocol, and the SDK prefers it.
            "Throttling",
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "TooManyRequestsException",
            "SlowDown",
            "Throttling",
            "Throttling",
            "ThrottlingException",
        ]
    );
    assert_eq!(behind.asked(), 0);
    let actions: Vec<String> = faults.record().iter().map(Exchange::action).collect();
    assert_eq!(
        actions,
        [
            "autoscaling:DescribeAutoScalingGroups",
            "rds:DescribeDBClusters",
            "ec2:DescribeSubnets",
            "cloudwatch:DescribeAlarms",
            "dynamodb:Query",
            "eks:DescribeCluster",
            "lambda:Invoke",
            "s3:ListObjectsV2",
            "sns:Publish",
            "sts:GetCallerIdentity",
            "sqs:ListQueues",
        ]
    );
    assert_eq!(faults.record()[6].call.resource, "day2-scale-window");
}

#[tokio::test]
async fn a_named_fault_is_the_typed_error_of_the_sdk_w06_w15() {
    let (behind, faults, front) = front(numbered).await;
    let aws = sdk(front.endpoint());
    let scaling = aws_sdk_autoscaling::Client::new(&aws);
    let set = || {
        scaling
            .set_desired_capacity()
            .auto_scaling_group_name("prod-a-workspace")
            .desired_capacity(5)
    };

    let busy = Fault::named(
        "ScalingActivityInProgressFault",
        400,
        "an activity is in progress",
    );
    let rule = faults.add(Rule::new("autoscaling:SetDesiredCapacity", busy).on("workspace"));
    let error = set().send().await.unwrap_err().into_service_error();
    assert!(error.is_scaling_activity_in_progress_fault(), "{error:?}");
    assert_eq!(error.meta().message(), Some("an activity is in progress"));
    faults.remove(rule);

    let contended = Fault::named("ResourceContentionFault", 500, "<&>");
    faults.add(Rule::new("autoscaling:SetDesiredCapacity", contended));
    let error = set().send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_contention_fault(), "{error:?}");
    assert_eq!(error.meta().message(), Some("<&>"));

    let modifying = Fault::named("InvalidDBClusterStateFault", 400, "prod-a is modifying");
    faults.add(Rule::new("rds:ModifyDBCluster", modifying));
    let modify = aws_sdk_rds::Client::new(&aws)
        .modify_db_cluster()
        .db_cluster_identifier("prod-a");
    let error = modify.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_db_cluster_state_fault(), "{error:?}");

    let in_use = Fault::named("ResourceInUseException", 409, "updating");
    faults.add(Rule::new("eks:UpdateNodegroupConfig", in_use));
    let update = aws_sdk_eks::Client::new(&aws).update_nodegroup_config();
    let update = update.cluster_name("prod-a").nodegroup_name("workspace").send();
    let error = update.await.unwrap_err().into_service_error();
    assert!(error.is_resource_in_use_exception(), "{error:?}");
    assert_eq!(faults.record().last().unwrap().call.resource, "prod-a/workspace");

    let bad_token = Fault::named("InvalidNextToken", 400, "no such page");
    faults.add(Rule::new("cloudwatch:DescribeAlarms", bad_token));
    let alarms = aws_sdk_cloudwatch::Client::new(&aws).describe_alarms().send();
    let error = alarms.await.unwrap_err().into_service_error();
    assert!(error.is_invalid_next_token(), "{error:?}");

    let lost = Fault::named("ConditionalCheckFailedException", 400, "the lock is held");
    faults.add(Rule::new("dynamodb:DeleteItem", lost));
    let delete = aws_sdk_dynamodb::Client::new(&aws)
        .delete_item()
        .table_name("journal");
    let key = aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned());
    let error = delete
        .key("pk", key)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_conditional_check_failed_exception(), "{error:?}");
    assert_eq!(behind.asked(), 0);
    assert!(
        faults.writes_since(Mark::default()).is_empty(),
        "nothing was done"
    );
}

#[tokio::test]
async fn trouble_of_the_servers_is_told_by_status() {
    let (behind, faults, front) = front(numbered).await;
    for (fault, status) in [(Fault::Unavailable, 503), (Fault::InternalError, 500)] {
        let rule = faults.add(Rule::new("*", fault));
        assert_eq!(get(&front, "/x").await.unwrap().status, status);
        faults.remove(rule);
    }
    assert_eq!(behind.asked(), 0);
    assert_eq!(get(&front, "/x").await.unwrap().body, b"answer 1");
}

#[tokio::test]
async fn a_spoilt_answer_is_never_a_whole_one_w04() {
    let (behind, faults, front) = front(numbered).await;
    faults.add(Rule::new("*", Fault::Truncate(3)).nth(1));
    faults.add(Rule::new("*", Fault::Reset).nth(2));
    faults.add(Rule::new("*", Fault::Html).nth(3));
    assert_eq!(get(&front, "/short").await, None);
    assert_eq!(get(&front, "/reset").await, None);
    let page = get(&front, "/page").await.unwrap();
    assert!(
        page.status == 200 && page.body.starts_with(b"<!DOCTYPE html>"),
        "{page:?}"
    );
    assert_eq!(get(&front, "/good").await.unwrap().body, b"answer 2");
    assert_eq!(behind.asked(), 2);
    let told: Vec<_> = faults
        .record()
        .iter()
        .map(|one| (one.fault, one.forwarded, one.status))
        .collect();
    assert_eq!(
        told,
        [
            (Some("Truncate"), true, Some(200)),
            (Some("Reset"), false, None),
            (Some("Html"), false, Some(200)),
            (None, true, Some(200)),
        ]
    );
}

#[tokio::test]
async fn a_call_that_hangs_is_not_answered_and_hinders_no_other_w03() {
    let (behind, faults, front) = front(numbered).await;
    faults.add(Rule::new("*", Fault::Hang).nth(1));
    let hung = get(&front, "/hung");
    tokio::select! {
        answer = hung => panic!("answered: {answer:?}"),
        other = async {
            while faults.record().is_empty() { tokio::task::yield_now().await; }
            get(&front, "/other").await
        } => assert_eq!(other.unwrap().body, b"answer 1"),
    }
    assert_eq!(behind.asked(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_a_change_that_the_caller_does_not_know_of() {
    fn set(_: &Request, _: usize) -> Answer {
        let body = "<SetDesiredCapacityResponse><ResponseMetadata/></SetDesiredCapacityResponse>";
        Answer::new(200, "text/xml", body)
    }
    let (behind, faults, front) = front(set).await;
    faults.add(Rule::new("autoscaling:SetDesiredCapacity", Fault::LoseAnswer).times(1));
    let scaling = aws_sdk_autoscaling::Client::new(&sdk(front.endpoint()));
    let set = || {
        scaling
            .set_desired_capacity()
            .auto_scaling_group_name("g")
            .desired_capacity(5)
            .send()
    };
    assert!(set().await.is_err());
    set().await.unwrap();
    assert_eq!(behind.asked(), 2);
    let writes = faults.writes_since(Mark::default());
    let told: Vec<_> = writes
        .iter()
        .map(|one| (one.done, one.status, one.call.resource.as_str()))
        .collect();
    assert_eq!(told, [(Some(200), None, "g"), (Some(200), Some(200), "g")]);
}

#[tokio::test]
async fn a_held_call_goes_on_when_the_gate_is_opened_and_never_when_the_caller_is_gone() {
    let (behind, faults, front) = front(numbered).await;
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    faults.add(Rule::new("*", Fault::HoldBefore(gates[0].clone())).nth(1));
    faults.add(Rule::new("*", Fault::HoldBefore(gates[1].clone())).nth(2));
    faults.add(Rule::new("*", Fault::HoldAfter(gates[2].clone())).nth(3));

    tokio::select! {
        answer = get(&front, "/gone") => panic!("answered: {answer:?}"),
        reached = gates[0].reached(SOON) => reached.unwrap(),
    }
    let (answer, ()) = tokio::join!(get(&front, "/held"), async {
        gates[1].reached(SOON).await.unwrap();
        assert_eq!(behind.asked(), 0, "it was passed on before the gate opened");
        gates[1].release();
    });
    assert_eq!(answer.unwrap().body, b"answer 1");

    let (answer, ()) = tokio::join!(get(&front, "/done"), async {
        gates[2].reached(SOON).await.unwrap();
        assert_eq!(behind.asked(), 2, "it is done before its answer is held");
        gates[2].release();
    });
    assert_eq!(answer.unwrap().body, b"answer 2");
    gates[0].release();
    assert_eq!(
        get(&front, "/later").await.unwrap().body,
        b"answer 3",
        "the dead caller's call was passed on"
    );
    assert!(Gate::new().reached(Duration::from_millis(1)).await.is_err());
}

#[tokio::test]
async fn a_stale_read_shows_what_was_there_first() {
    fn size(_: &Request, number: usize) -> Answer {
        let body = format!(
            "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>\
             <AutoScalingGroupName>g</AutoScalingGroupName><DesiredCapacity>{number}</DesiredCapacity>\
             </member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
        );
        Answer::new(200, "text/xml", body)
    }
    let (behind, faults, front) = front(size).await;
    let scaling = aws_sdk_autoscaling::Client::new(&sdk(front.endpoint()));
    let desired = async |name: &str| {
        let seen = scaling
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send()
            .await
            .unwrap();
        seen.auto_scaling_groups()[0].desired_capacity()
    };
    assert_eq!(desired("g").await, Some(1));
    assert_eq!(desired("g").await, Some(2));
    let stale = faults.add(Rule::new("autoscaling:DescribeAutoScalingGroups", Fault::Stale));
    assert_eq!(desired("g").await, Some(1), "what was there first");
    assert_eq!(desired("other").await, Some(3), "another call is another first");
    faults.remove(stale);
    assert_eq!(desired("g").await, Some(4));
    assert_eq!(behind.asked(), 4);
}

#[tokio::test]
async fn a_looped_token_is_one_that_the_sdk_reads_in_every_protocol_w05() {
    fn empty(request: &Request, _: usize) -> Answer {
        let asked = Call::to_aws(request);
        match asked.service.as_str() {
            "cloudwatch" => {
                Answer::new(200, "application/cbor", b"\xa0".to_vec()).with("smithy-protocol", "rpc-v2-cbor")
            }
            "eks" => Answer::new(200, "application/json", r#"{"clusters":["prod-a"]}"#),
            "ec2" => Answer::new(
                200,
                "text/xml",
                "<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>\n",
            ),
            "s3" => Answer::new(
                200,
                "application/xml",
                "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
            ),
            "dynamodb" => Answer::new(200, "application/x-amz-json-1.0", r#"{"Items":[]}"#),
            _ => {
                let name = asked.operation;
                let body = format!(
                    "<{name}Response><{name}Result><Marker>x</Marker></{name}Result></{name}Response>"
                );
                Answer::new(200, "text/xml", body)
            }
        }
    }
    let (behind, faults, front) = front(empty).await;
    faults.add(Rule::new("*", Fault::LoopToken));
    let aws = sdk(front.endpoint());
    let mut before = None;
    for _ in 0..2 {
        let scaling = aws_sdk_autoscaling::Client::new(&aws)
            .describe_auto_scaling_groups()
            .send()
            .await
            .unwrap();
        let rds = aws_sdk_rds::Client::new(&aws)
            .describe_db_clusters()
            .send()
            .await
            .unwrap();
        let ec2 = aws_sdk_ec2::Client::new(&aws)
            .describe_subnets()
            .send()
            .await
            .unwrap();
        let alarms = aws_sdk_cloudwatch::Client::new(&aws)
            .describe_alarms()
            .send()
            .await
            .unwrap();
        let eks = aws_sdk_eks::Client::new(&aws)
            .list_clusters()
            .send()
            .await
            .unwrap();
        let s3 = aws_sdk_s3::Client::new(&aws)
            .list_objects_v2()
            .bucket("b")
            .send()
            .await
            .unwrap();
        assert_eq!((s3.is_truncated(), eks.clusters().len()), (Some(true), 1));
        let tokens = [
            scaling.next_token().map(str::to_owned),
            rds.marker().map(str::to_owned),
            ec2.next_token().map(str::to_owned),
            alarms.next_token().map(str::to_owned),
            eks.next_token().map(str::to_owned),
            s3.next_continuation_token().map(str::to_owned),
        ];
        assert!(
            tokens.iter().all(|token| token.is_some() && token == &tokens[0]),
            "{tokens:?}"
        );
        assert_eq!(*before.get_or_insert_with(|| tokens.clone()), tokens);
    }
    assert_eq!(behind.asked(), 6, "only the first of each is passed on");
    // Where no token can be made up, the caller gets an error and not a list that looks whole.
    let query = aws_sdk_dynamodb::Client::new(&aws).query().table_name("journal");
    assert!(query.send().await.is_err());
}

#[tokio::test]
async fn a_delay_comes_before_each_call_and_leaves_the_answer_alone() {
    let (_behind, faults, front) = front(numbered).await;
    let delay = Duration::from_millis(60);
    faults.add(Rule::new("*", Fault::Delay(delay)).times(2));
    let begun = tokio::time::Instant::now();
    assert_eq!(get(&front, "/a").await.unwrap().body, b"answer 1");
    assert_eq!(get(&front, "/b").await.unwrap().body, b"answer 2");
    assert!(begun.elapsed() >= delay * 2, "{:?}", begun.elapsed());
    assert!(faults.record().iter().all(|one| one.fault.is_none()));
}

#[test]
fn calls_of_the_cluster_are_named_by_verb_and_resource() {
    for (method, target, operation, resource, changes) in [
        ("GET", "/api/v1/nodes?limit=500", "list nodes", "*", false),
        ("GET", "/api/v1/namespaces/shop", "get namespaces", "shop", false),
        ("GET", "/api/v1/namespaces/shop/pods", "list pods", "shop", false),
        ("GET", "/api/v1/pods?watch=true", "watch pods", "*", false),
        (
            "GET",
            "/api/v1/namespaces/shop/pods/web-1/log",
            "get pods/log",
            "shop/web-1",
            false,
        ),
        (
            "POST",
            "/api/v1/namespaces/shop/pods/web-1/eviction",
            "create pods/eviction",
            "shop/web-1",
            true,
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/web/scale",
            "patch deployments/scale",
            "shop/web",
            true,
        ),
        ("PATCH", "/api/v1/nodes/n-1", "patch nodes", "n-1", true),
        (
            "DELETE",
            "/api/v1/namespaces/shop/pods/web-1",
            "delete pods",
            "shop/web-1",
            true,
        ),
        (
            "DELETE",
            "/api/v1/namespaces/shop/pods",
            "deletecollection pods",
            "shop",
            true,
        ),
        (
            "PUT",
            "/api/v1/namespaces/shop/finalize",
            "update namespaces/finalize",
            "shop",
            true,
        ),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "create selfsubjectaccessreviews",
            "*",
            false,
        ),
        ("GET", "/readyz", "get /readyz", "*", false),
    ] {
        let call = Call::to_kubernetes(&Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Headers::default(),
            body: Vec::new(),
        });
        assert_eq!(
            (call.operation.as_str(), call.resource.as_str()),
            (operation, resource),
            "{target}"
        );
        assert_eq!(
            (call.service.as_str(), call.changes()),
            ("kubernetes", changes),
            "{target}"
        );
    }
}
