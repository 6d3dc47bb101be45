//! Traps 18 and 19: what was instead of what is, and what a tool refuses.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_cloudwatch::Client as CloudWatch;
use aws_sdk_cloudwatch::operation::get_metric_data::{GetMetricDataError, GetMetricDataOutput};
use aws_sdk_cloudwatch::types::{MetricDataResult, Statistic, StatusCode};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::time::sdk_time;
use day2_core::Cause;
use day2_core::Verdict::{self, Fail, Pass, Unknown};
use day2_reads::metric::{Metric, Query, Window};
use day2_reads::metrics;
use day2_reads::times::Times;
use jiff::SignedDuration;
use serde_json::json;

use super::{Row, cordoned, of_two, play, restarted, set};
use crate::assess::tests::commands::run;
use crate::assess::tests::world::{World, ago, node, now, pod, sick};

/// The API keeps what was, for as long as the object lives: under the heading "last 24h" it is told again every morning.
#[test]
fn trap_18_the_restart_count_is_of_a_life_and_not_of_a_day() {
    const OF_A_DAY: &str = r#"kubectl get pods -A -o json | jq -r '.items[] | select(.status.containerStatuses[]?.restartCount > 0) | "\(.metadata.namespace)/\(.metadata.name): \(.status.containerStatuses[0].restartCount) restarts"'"#;
    const MONTHS: i64 = 60 * 24 * 90;
    let one = |pod| World::well().with("pods", pod);
    let init = {
        let pod = sick("web-1", &json!({"waiting": {"reason": "PodInitializing"}}));
        let pod = set(pod, "/status/phase", json!("Pending"));
        let pod = set(
            pod,
            "/spec/initContainers",
            json!([{"name": "migrate", "image": "registry/app:1"}]),
        );
        set(
            pod,
            "/status/initContainerStatuses",
            json!([{"name": "migrate", "ready": false, "restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                    "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": ago(3)}}}]),
        )
    };
    play(vec![
        Row {
            what: "the last of fourteen restarts was a month ago",
            command: OF_A_DAY,
            world: one(restarted(of_two(MONTHS), 0, 14, MONTHS / 3)),
            theirs: &["shop/web-1: 14 restarts"],
            ours: ("HLT-127", Some((Pass, 5))),
        },
        Row {
            what: "both containers were restarted a month ago: the pod stands there twice",
            command: OF_A_DAY,
            world: one(restarted(
                restarted(of_two(MONTHS), 0, 3, MONTHS / 3),
                1,
                2,
                MONTHS / 3,
            )),
            theirs: &["shop/web-1: 3 restarts", "shop/web-1: 3 restarts"],
            ours: ("HLT-127", Some((Pass, 5))),
        },
        Row {
            what: "the second container was restarted five times today, and the number is that of the first",
            command: OF_A_DAY,
            world: one(restarted(of_two(240), 1, 5, 60)),
            theirs: &["shop/web-1: 0 restarts"],
            ours: ("HLT-127", Some((Fail, 5))),
        },
        Row {
            what: "the fourth crash in 90 days was five minutes ago, after a month of running: no crash loop",
            command: OF_A_DAY,
            world: one(set(
                restarted(of_two(MONTHS), 0, 4, 5),
                "/status/containerStatuses/0/lastState/terminated/startedAt",
                json!(ago(MONTHS / 3)),
            )),
            theirs: &["shop/web-1: 4 restarts"],
            ours: ("HLT-122", Some((Pass, 5))),
        },
        Row {
            what: "a container that only prepares crashes, and its state stands in another list",
            command: OF_A_DAY,
            world: one(init),
            theirs: &[],
            ours: ("HLT-122", Some((Fail, 5))),
        },
        Row {
            what: "sorted by the count there are always twenty that lead",
            command: "kubectl get pods --all-namespaces --no-headers --sort-by='.status.containerStatuses[0].restartCount' | tail -20",
            world: World::well(),
            theirs: &["web-5f-1", "web-5f-2", "coredns-5f-1", "coredns-5f-2"],
            ours: ("HLT-127", Some((Pass, 4))),
        },
    ]);
}

/// What a runbook's command asks and a tool refuses.
struct Refused {
    /// As it stands in the runbook.
    command: &'static str,
    /// What comes back on the standard error, and where that is documented.
    answer: &'static str,
    /// What is so while nobody is told.
    world: World,
    ours: Ours,
}

/// What is looked at instead.
enum Ours {
    /// The line of ours, its verdict, how many objects it looked at, and a part of what it says; and the list that it rests on.
    Line(&'static str, Verdict, u64, &'static str, &'static str),
    /// No line of ours asks this; the function that does, with a row of its own of the same command: how that begins, and what it
    /// expects.
    Elsewhere(&'static str, &'static str, &'static str),
}

/// A flag that does not exist, or is gone, prints to the standard error and changes nothing; whoever goes on with the next command,
/// or reads an empty output as health, is told nothing. Whatever refuses us is an error, and never an empty list.
fn refused() -> Vec<Refused> {
    const DAYS: i64 = 60 * 24 * 3;
    let closed = json!([cordoned("n1", DAYS), cordoned("n2", DAYS)]);
    let old = set(
        node("n3"),
        "/status/nodeInfo/kubeletVersion",
        json!("v1.28.15-eks-113cf36"),
    );
    let runner = |number: usize| pod(&format!("runner-{number}"), "arc-runners", "n1", "runner");
    let lacking = json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"db-creds\" not found"}});
    vec![
        Refused {
            command: "kubectl --context=matchpoint-runners cordon --all",
            answer: "unknown flag: --all (kubectl reference, `kubectl cordon`: names of nodes, or --selector)",
            world: World::well(),
            ours: Ours::Line("HLT-113", Pass, 2, "0 of 2 nodes cordoned", "nodes"),
        },
        Refused {
            command: "kubectl --context=matchpoint-runners uncordon --all",
            answer: "unknown flag: --all (kubectl reference, `kubectl uncordon`: names of nodes, or --selector)",
            world: World::well().of("nodes", closed),
            ours: Ours::Line("HLT-113", Fail, 2, "cordoned for 3 d", "nodes"),
        },
        Refused {
            command: "kubectl version --short",
            answer: "unknown flag: --short (gone since kubectl 1.28; kubernetes/kubernetes#116720)",
            world: World::well().with("nodes", old),
            ours: Ours::Line("HLT-102", Fail, 3, "1.28", "nodes"),
        },
        Refused {
            command: "kubectl get pods -n arc-runners --all-contexts",
            answer: "unknown flag: --all-contexts (kubectl reference, `kubectl options`: one --context)",
            world: World::well().with("pods", runner(1)).with("pods", runner(2)),
            // Two that work, before somebody scales their nodes down.
            ours: Ours::Line("HLT-122", Pass, 6, "of 6 pods", "pods"),
        },
        Refused {
            command: "kubectl apply -f - # external-secrets.io/v1beta1",
            answer: "no matches for kind \"ExternalSecret\" in version \"external-secrets.io/v1beta1\" (release notes of External Secrets Operator 0.17.0: no longer served)",
            world: World::well().with("pods", sick("my-app-1", &lacking)),
            ours: Ours::Line("HLT-122", Fail, 5, "db-creds", "pods"),
        },
        Refused {
            command: "velero install --provider aws --bucket eks-backup-bucket --backup-location-config region=us-east-1",
            answer: "An error occurred: --plugins flag is required (Velero documentation, \"Customize installation\", plugins)",
            world: World::well(),
            ours: Ours::Elsewhere(
                "backup-verification",
                "command: \"velero install without --plugins",
                "ours: (\"BAK-021\", Fail)",
            ),
        },
    ]
}

#[test]
fn trap_19_what_a_tool_refuses_is_an_error_and_not_an_empty_list() {
    for Refused {
        command,
        answer,
        world,
        ours,
    } in refused()
    {
        if command.starts_with("kubectl ") {
            assert_eq!(run(command, &world), [""; 0], "{command}: {answer}");
        }
        match ours {
            Ours::Line(code, verdict, examined, part, list) => {
                let item = world.item(code);
                assert_eq!(
                    (item.verdict(), item.population().examined),
                    (verdict, examined),
                    "{command}: {item:#?}"
                );
                let told = format!("{} {:?}", item.seen, item.subjects);
                assert!(told.contains(part), "{command}: {told}");
                let unread = world.of(list, json!("forbidden")).item(code);
                assert_eq!(unread.verdict(), Unknown, "{command}, and nobody may look");
                let told = format!("{} {:?}", unread.seen, unread.subjects);
                assert!(told.contains("permission denied"), "{command}: {told}");
            }
            Ours::Elsewhere(function, theirs, expected) => {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(function);
                let table = std::fs::read_to_string(folder.join("src/assess/tests/traps.rs")).unwrap();
                let plays = |row: &str| row.contains(theirs) && row.contains(expected);
                assert!(
                    table.split("    Trap {").any(plays),
                    "{command}: {function} has no row with `{theirs}` and `{expected}`"
                );
            }
        }
    }
}

/// `GetMetricStatistics` knows five statistics, and a percentile is none of them but one of its `ExtendedStatistics` (CloudWatch API
/// Reference): it refuses the call, so that the average is not told either. We ask `GetMetricData`, where each query has one
/// statistic of either kind; what is refused, and what is left out of an answer, is an error and no empty list.
#[tokio::test]
async fn trap_19_a_percentile_is_asked_for_in_a_query_of_its_own_and_a_refusal_is_an_error_w22() {
    const COMMAND: &str = "aws cloudwatch get-metric-statistics --metric-name WorkspaceProvisioningTime --statistics Average,p95";
    let (_, statistics) = COMMAND.split_once("--statistics ").unwrap();
    let asked: Vec<&str> = statistics.split(',').collect();
    let refused: Vec<&str> = asked
        .iter()
        .copied()
        .filter(|one| !Statistic::values().contains(one))
        .collect();
    assert_eq!(refused, ["p95"], "{COMMAND}");

    let metric = Metric::new("Coder", "WorkspaceProvisioningTime");
    let queries: Vec<Query> = asked
        .iter()
        .map(|one| Query::new(metric.clone(), *one, 60))
        .collect();
    let times = Times {
        now: now(),
        deadline: now() + SignedDuration::from_mins(1),
        clock: Arc::new(now),
    };
    let window = Window {
        from: times.ago(60),
        to: times.now,
    };
    let read = async |rule: &Rule| {
        let client = mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [rule]);
        metrics::read(&client, &times, window, &queries).await
    };
    let result = |id: &str, value: f64| {
        MetricDataResult::builder()
            .id(id)
            .status_code(StatusCode::Complete)
            .timestamps(sdk_time(now()))
            .values(value)
            .build()
    };
    let whole = mock!(CloudWatch::get_metric_data)
        .match_requests(|request| {
            let statistics: Vec<_> = request
                .metric_data_queries()
                .iter()
                .filter_map(|query| query.metric_stat()?.stat())
                .collect();
            statistics == ["Average", "p95"]
        })
        .then_output(move || {
            GetMetricDataOutput::builder()
                .metric_data_results(result("m0", 40.0))
                .metric_data_results(result("m1", 131.0))
                .build()
        });
    let seen = read(&whole).await.unwrap();
    assert_eq!((seen[0][0].1, seen[1][0].1), (40.0, 131.0));

    let without_the_percentile = mock!(CloudWatch::get_metric_data).then_output(move || {
        GetMetricDataOutput::builder()
            .metric_data_results(result("m0", 40.0))
            .build()
    });
    let why = read(&without_the_percentile).await.unwrap_err();
    assert_eq!(why.cause, Cause::Malformed);
    let refusal = mock!(CloudWatch::get_metric_data).then_error(|| {
        let why = ErrorMetadata::builder().code("InvalidParameterValue").build();
        GetMetricDataError::generic(why)
    });
    assert!(read(&refusal).await.is_err(), "what is refused is no empty list");
}

/// "Backup succeeded" as S3's morning asks for it: the list of Jobs shows an old success as a new one, and nothing at all when
/// `ttlSecondsAfterFinished` has removed the Job. The `CronJob` keeps when it last succeeded.
#[test]
fn a_backup_is_asked_of_its_cron_job_and_not_of_the_jobs_that_are_left() {
    let night = |minutes: i64| {
        json!({"metadata": {"name": "backup", "namespace": "batch", "creationTimestamp": ago(90_000)}, "spec": {"schedule": "0 2 * * *"},
               "status": {"lastScheduleTime": ago(540), "lastSuccessfulTime": ago(minutes)}})
    };
    let days_ago = || {
        json!({"metadata": {"name": "backup-1", "namespace": "batch", "creationTimestamp": ago(4_860),
                            "ownerReferences": [{"kind": "CronJob", "name": "backup", "controller": true}]},
               "status": {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": ago(4_850)}]}})
    };
    let row = |what, world, theirs, ours| Row {
        what,
        command: "kubectl get jobs -n batch | grep backup",
        world,
        theirs,
        ours: ("HLT-131", ours),
    };
    play(vec![
        row(
            "last night it succeeded, and its Job is gone",
            World::well().with("cronjobs", night(530)),
            &[],
            Some((Pass, 1)),
        ),
        row(
            "last night it failed, and its Job is gone",
            World::well().with("cronjobs", night(4_850)),
            &[],
            Some((Fail, 1)),
        ),
        row(
            "the success of three days ago still stands there",
            World::well()
                .with("cronjobs", night(4_850))
                .with("jobs", days_ago()),
            &["backup-1 Complete"],
            Some((Fail, 2)),
        ),
        row("nobody makes backups by a CronJob", World::well(), &[], None),
        row(
            "nobody may look",
            World::well().of("cronjobs", json!("forbidden")),
            &[],
            Some((Unknown, 0)),
        ),
    ]);
}
