//! What is put together out of several answers, against the SDK's own types. The reads themselves are tested in
//! `day2-reads`.

use std::sync::Arc;

use aws_sdk_cloudwatch::operation::describe_alarm_history::DescribeAlarmHistoryOutput;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::operation::list_metrics::ListMetricsOutput;
use aws_sdk_cloudwatch::types as cw;
use aws_sdk_eks::operation::list_addons::ListAddonsOutput;
use aws_sdk_eks::operation::list_nodegroups::ListNodegroupsOutput;
use aws_sdk_eks::operation::list_updates::ListUpdatesOutput;
use aws_sdk_guardduty::operation::list_detectors::ListDetectorsOutput;
use aws_sdk_rds::operation::describe_db_instances::{DescribeDBInstancesError, DescribeDbInstancesOutput};
use aws_sdk_rds::operation::describe_events::DescribeEventsOutput;
use aws_sdk_rds::operation::describe_pending_maintenance_actions::DescribePendingMaintenanceActionsOutput;
use aws_sdk_rds::types as rds;
use aws_sdk_securityhub::operation::get_findings::GetFindingsOutput;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use day2_aws::time::sdk_time;
use day2_core::Cause;
use day2_core::target::Target;
use day2_reads::times::Times;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{AwsClients, alarms, changes, database, security, volumes};
use crate::facts::aws_changes::About;
use crate::facts::database::Storage;
use crate::settings::Plan;
use crate::settings::alarms::AlarmPolicy;
use crate::settings::database::DatabasePolicy;
use crate::settings::security::SecurityPolicy;
use crate::settings::volumes::VolumePolicy;

fn now() -> Timestamp {
    "2026-11-20T11:30:00Z".parse().unwrap()
}

fn times() -> Times {
    Times {
        now: now(),
        deadline: now() + SignedDuration::from_mins(1),
        clock: Arc::new(now),
    }
}

fn target(database: &str) -> Target {
    let json = json!({
        "name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
        "cluster": {"name": "prod-a"}, "database": {"engine": database, "id": "db-1"}
    });
    deserr::deserialize::<Target, _, day2_core::settings::Mistakes>(json).unwrap()
}

/// Rules by service; a call without a rule is an error, which the mock tells.
#[derive(Default)]
struct Rules<'a> {
    cloudwatch: &'a [&'a Rule],
    guardduty: &'a [&'a Rule],
    rds: &'a [&'a Rule],
    securityhub: &'a [&'a Rule],
}

impl Rules<'_> {
    fn clients(&self) -> AwsClients {
        AwsClients {
            autoscaling: mock_client!(aws_sdk_autoscaling, RuleMode::MatchAny, &[] as &[&Rule]),
            cloudwatch: mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, self.cloudwatch),
            guardduty: mock_client!(aws_sdk_guardduty, RuleMode::MatchAny, self.guardduty),
            rds: mock_client!(aws_sdk_rds, RuleMode::MatchAny, self.rds),
            securityhub: mock_client!(aws_sdk_securityhub, RuleMode::MatchAny, self.securityhub),
        }
    }
}

#[tokio::test]
async fn without_a_detector_there_are_no_facts_about_findings_w25() {
    let detectors = mock!(aws_sdk_guardduty::Client::list_detectors).then_output(|| {
        ListDetectorsOutput::builder()
            .set_detector_ids(Some(Vec::new()))
            .build()
    });
    let hub = mock!(aws_sdk_securityhub::Client::get_findings).then_output(|| {
        GetFindingsOutput::builder()
            .set_findings(Some(Vec::new()))
            .build()
    });
    let rules = Rules {
        guardduty: &[&detectors],
        securityhub: &[&hub],
        ..Rules::default()
    };
    let seen = security::read(
        &rules.clients(),
        &target("rds"),
        &SecurityPolicy::default(),
        &times(),
    )
    .await;
    assert_eq!(seen.detectors, Ok(Vec::new()));
    assert_eq!(seen.findings.unwrap_err().cause, Cause::NotFound);
    assert!(seen.runtime.unwrap().cluster.is_err());
    let told = seen.hub.unwrap();
    assert_eq!((told.open, told.any), (Ok(Vec::new()), Ok(false)));
    assert_eq!(
        hub.num_calls(),
        2,
        "nothing open, so that it is asked for anything"
    );
}

#[tokio::test]
async fn what_the_plan_says_is_not_used_is_not_asked() {
    let detectors = mock!(aws_sdk_guardduty::Client::list_detectors).then_output(|| {
        ListDetectorsOutput::builder()
            .set_detector_ids(Some(Vec::new()))
            .build()
    });
    let rules = Rules {
        guardduty: &[&detectors],
        ..Rules::default()
    };
    let policy = SecurityPolicy {
        runtime_monitoring: false,
        security_hub: false,
        ..SecurityPolicy::default()
    };
    let seen = security::read(&rules.clients(), &target("rds"), &policy, &times()).await;
    assert!(seen.runtime.is_none() && seen.hub.is_none());
}

fn metric(dimensions: &[(&str, &str)]) -> cw::Metric {
    let all = dimensions
        .iter()
        .map(|(name, value)| cw::Dimension::builder().name(*name).value(*value).build());
    cw::Metric::builder().set_dimensions(Some(all.collect())).build()
}

fn result(index: usize, points: &[(i64, f64)]) -> cw::MetricDataResult {
    let mut result = cw::MetricDataResult::builder()
        .id(format!("m{index}"))
        .status_code(cw::StatusCode::Complete);
    for (hours_ago, value) in points {
        result = result
            .timestamps(sdk_time(now() - SignedDuration::from_hours(*hours_ago)))
            .values(*value);
    }
    result.build()
}

#[tokio::test]
async fn a_volume_that_moved_between_nodes_is_one_volume_under_any_spelling_of_its_dimensions() {
    let cluster = ("ClusterName", "prod-a");
    let metrics = [
        metric(&[
            cluster,
            ("Namespace", "shop"),
            ("PersistentVolumeClaim", "data-0"),
            ("NodeName", "a"),
        ]),
        metric(&[
            cluster,
            ("Namespace", "shop"),
            ("PersistentVolumeClaim", "data-0"),
            ("NodeName", "b"),
        ]),
        metric(&[cluster, ("Namespace", "pay"), ("PersistentVolumeClaim", "data-0")]),
    ];
    let listed = mock!(aws_sdk_cloudwatch::Client::list_metrics)
        .match_requests(|request| {
            request.namespace() == Some("ContainerInsights")
                && request.metric_name() == Some("kubelet_volume_stats_used_bytes")
                && request.dimensions()[0].value() == Some("prod-a")
        })
        .then_output(move || {
            ListMetricsOutput::builder()
                .set_metrics(Some(metrics.to_vec()))
                .build()
        });
    let points = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        GetMetricDataOutput::builder()
            .metric_data_results(result(0, &[(3, 10.0), (2, 11.0)]))
            .metric_data_results(result(1, &[(3, 100.0), (2, 100.0)]))
            .metric_data_results(result(2, &[(2, 12.0), (1, 13.0)]))
            .metric_data_results(result(3, &[(2, 100.0), (1, 200.0)]))
            .metric_data_results(result(4, &[(1, 5.0)]))
            .metric_data_results(result(5, &[(1, 50.0)]))
            .build()
    });
    let rules = Rules {
        cloudwatch: &[&listed, &points],
        ..Rules::default()
    };
    let seen = volumes::read(
        &rules.clients(),
        &target("rds"),
        &VolumePolicy::default(),
        &times(),
    )
    .await
    .unwrap();
    assert_eq!(seen.len(), 2);
    let values = |points: &[(Timestamp, f64)]| points.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    assert_eq!(
        (seen[0].namespace.as_str(), seen[0].claim.as_str()),
        ("shop", "data-0")
    );
    assert_eq!(values(&seen[0].used), vec![10.0, 12.0, 13.0]);
    assert_eq!(values(&seen[0].capacity), vec![100.0, 100.0, 200.0]);
    assert_eq!(
        (seen[1].namespace.as_str(), values(&seen[1].used)),
        ("pay", vec![5.0])
    );
}

#[tokio::test]
async fn metrics_without_the_dimension_of_the_settings_are_told_with_those_they_have() {
    let listed = mock!(aws_sdk_cloudwatch::Client::list_metrics).then_output(|| {
        ListMetricsOutput::builder()
            .metrics(metric(&[
                ("ClusterName", "prod-a"),
                ("pvc", "data-0"),
                ("namespace", "shop"),
            ]))
            .build()
    });
    let rules = Rules {
        cloudwatch: &[&listed],
        ..Rules::default()
    };
    let why = volumes::read(
        &rules.clients(),
        &target("rds"),
        &VolumePolicy::default(),
        &times(),
    )
    .await
    .unwrap_err();
    assert_eq!(
        why.detail,
        "has no dimension `persistentvolumeclaim`, but ClusterName, pvc, namespace"
    );
}

#[tokio::test]
async fn an_instance_that_cannot_be_described_leaves_its_events_and_metrics_w28() {
    let denied = mock!(aws_sdk_rds::Client::describe_db_instances).then_error(|| {
        DescribeDBInstancesError::generic(ErrorMetadata::builder().code("AccessDenied").build())
    });
    let events = mock!(aws_sdk_rds::Client::describe_events).then_output(|| {
        DescribeEventsOutput::builder()
            .set_events(Some(Vec::new()))
            .build()
    });
    let maintenance = mock!(aws_sdk_rds::Client::describe_pending_maintenance_actions).then_output(|| {
        DescribePendingMaintenanceActionsOutput::builder()
            .set_pending_maintenance_actions(Some(Vec::new()))
            .build()
    });
    let points = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        GetMetricDataOutput::builder()
            .metric_data_results(result(0, &[(1, 7.0)]))
            .build()
    });
    let rules = Rules {
        cloudwatch: &[&points],
        rds: &[&denied, &events, &maintenance],
        ..Rules::default()
    };
    let seen = Box::pin(database::read(
        &rules.clients(),
        &target("rds"),
        &DatabasePolicy::default(),
        &times(),
    ))
    .await;
    let instance = &seen.database.unwrap().instances[0];
    assert_eq!(instance.described.as_ref().unwrap_err().cause, Cause::Denied);
    assert_eq!(seen.connections.unwrap()[0].points.len(), 1);
    assert!(matches!(seen.storage, Ok(Storage::Free(points)) if points.len() == 1));
    assert_eq!(seen.events, [("db-1".to_owned(), Ok(Vec::new()))]);
    assert_eq!(seen.maintenance, Ok(Vec::new()));
}

#[tokio::test]
async fn the_read_replicas_of_an_rds_instance_are_its_readers_also_one_that_cannot_be_described_w28() {
    const FAR: &str = "arn:aws:rds:eu-west-1:123456789012:db:db-4";
    let own = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("db-1"))
        .then_output(|| {
            let instance = rds::DbInstance::builder()
                .db_instance_identifier("db-1")
                .db_instance_status("available")
                .engine("postgres")
                .read_replica_db_instance_identifiers("db-2")
                .read_replica_db_instance_identifiers("db-3")
                .read_replica_db_instance_identifiers(FAR);
            DescribeDbInstancesOutput::builder()
                .db_instances(instance.build())
                .build()
        });
    let replica = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("db-2"))
        .then_output(|| {
            let instance = rds::DbInstance::builder()
                .db_instance_identifier("db-2")
                .db_instance_status("available")
                .engine("postgres")
                .read_replica_source_db_instance_identifier("db-1");
            DescribeDbInstancesOutput::builder()
                .db_instances(instance.build())
                .build()
        });
    let denied = mock!(aws_sdk_rds::Client::describe_db_instances)
        .match_requests(|request| request.db_instance_identifier() == Some("db-3"))
        .then_error(|| {
            DescribeDBInstancesError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
    let events = mock!(aws_sdk_rds::Client::describe_events).then_output(|| {
        DescribeEventsOutput::builder()
            .set_events(Some(Vec::new()))
            .build()
    });
    let maintenance = mock!(aws_sdk_rds::Client::describe_pending_maintenance_actions).then_output(|| {
        DescribePendingMaintenanceActionsOutput::builder()
            .set_pending_maintenance_actions(Some(Vec::new()))
            .build()
    });
    let lag = mock!(aws_sdk_cloudwatch::Client::get_metric_data)
        .match_requests(|request| {
            let metric = request.metric_data_queries()[0].metric_stat().unwrap().metric();
            metric.unwrap().metric_name() == Some("ReplicaLag")
        })
        .then_output(|| {
            GetMetricDataOutput::builder()
                .metric_data_results(result(0, &[(1, 2.0)]))
                .metric_data_results(result(1, &[]))
                .build()
        });
    let others = mock!(aws_sdk_cloudwatch::Client::get_metric_data).then_output(|| {
        GetMetricDataOutput::builder()
            .metric_data_results(result(0, &[(1, 7.0)]))
            .metric_data_results(result(1, &[(1, 7.0)]))
            .metric_data_results(result(2, &[(1, 7.0)]))
            .build()
    });
    let rules = Rules {
        cloudwatch: &[&lag, &others],
        rds: &[&own, &replica, &denied, &events, &maintenance],
        ..Rules::default()
    };
    let seen = Box::pin(database::read(
        &rules.clients(),
        &target("rds"),
        &DatabasePolicy::default(),
        &times(),
    ))
    .await;
    let instances = seen.database.unwrap().instances;
    let told: Vec<_> = instances
        .iter()
        .map(|one| (one.id.as_str(), one.writer, one.described.is_ok()))
        .collect();
    assert_eq!(
        told,
        [
            ("db-1", true, true),
            ("db-2", false, true),
            ("db-3", false, false)
        ]
    );
    let far = &instances[0].described.as_ref().unwrap().replication.elsewhere;
    assert_eq!(far, &[FAR]);
    // In seconds there, in milliseconds here.
    let lag: Vec<_> = seen
        .lag
        .unwrap()
        .into_iter()
        .map(|one| (one.resource, one.points.first().map(|(_, value)| *value)))
        .collect();
    assert_eq!(
        lag,
        [("db-2".to_owned(), Some(2000.0)), ("db-3".to_owned(), None)]
    );
    assert_eq!((seen.connections.unwrap().len(), seen.events.len()), (3, 3));
}

#[tokio::test]
async fn a_target_without_a_database_says_how_to_go_on() {
    let mut bare = target("rds");
    bare.database = None;
    let seen = Box::pin(database::read(
        &Rules::default().clients(),
        &bare,
        &DatabasePolicy::default(),
        &times(),
    ))
    .await;
    let why = seen.database.unwrap_err();
    assert!(why.detail.contains("add \"database\" to not_checked"), "{why}");
}

#[tokio::test]
async fn changes_keep_the_source_that_could_not_be_read_beside_those_that_could_w28() {
    let updates = mock!(aws_sdk_eks::Client::list_updates).then_output(|| {
        ListUpdatesOutput::builder()
            .set_update_ids(Some(Vec::new()))
            .build()
    });
    let groups =
        mock!(aws_sdk_eks::Client::list_nodegroups).then_output(|| ListNodegroupsOutput::builder().build());
    let addons = mock!(aws_sdk_eks::Client::list_addons)
        .then_output(|| ListAddonsOutput::builder().set_addons(Some(Vec::new())).build());
    let eks = mock_client!(aws_sdk_eks, RuleMode::MatchAny, [&updates, &groups, &addons]);
    let failover = mock!(aws_sdk_rds::Client::describe_events).then_output(|| {
        DescribeEventsOutput::builder()
            .events(
                rds::Event::builder()
                    .source_identifier("db-1")
                    .date(sdk_time(now() - SignedDuration::from_mins(20)))
                    .event_categories("failure")
                    .message("out of memory")
                    .build(),
            )
            .build()
    });
    let rules = Rules {
        rds: &[&failover],
        ..Rules::default()
    };
    let plan: Plan = deserr::deserialize::<_, _, day2_core::settings::Mistakes>(json!({})).unwrap();
    let seen = changes::read(&eks, &rules.clients(), &target("rds"), &plan, &times()).await;
    let sources: Vec<_> = seen
        .sources
        .iter()
        .map(|source| (source.name.as_str(), source.changes.as_ref().map(Vec::len).ok()))
        .collect();
    assert_eq!(
        sources,
        [
            ("updates of node groups", None),
            ("updates of cluster prod-a", Some(0)),
            ("events of db-1", Some(1)),
        ]
    );
    let about: Vec<&About> = seen.sources.iter().map(|source| &source.about).collect();
    assert_eq!(about, [&About::Platform, &About::Platform, &About::Database]);
    let event = &seen.sources[2].changes.as_ref().unwrap()[0];
    assert!(event.failed && event.says == "out of memory");
}

#[tokio::test]
async fn the_night_is_so_many_hours_long_also_when_the_clocks_change_t04() {
    // Clocks in New York went back at 06:00 UTC on this day; eight hours stay eight hours.
    let morning: Timestamp = "2026-11-01T11:30:00Z".parse().unwrap();
    let times = Times {
        now: morning,
        deadline: morning + SignedDuration::from_mins(1),
        clock: Arc::new(move || morning),
    };
    let described = mock!(aws_sdk_cloudwatch::Client::describe_alarms)
        .then_output(|| DescribeAlarmsOutput::builder().build());
    let history = mock!(aws_sdk_cloudwatch::Client::describe_alarm_history)
        .match_requests(move |request| {
            let from: Timestamp = "2026-11-01T03:30:00Z".parse().unwrap();
            request.start_date() == Some(&sdk_time(from)) && request.end_date() == Some(&sdk_time(morning))
        })
        .then_output(|| {
            DescribeAlarmHistoryOutput::builder()
                .set_alarm_history_items(Some(Vec::new()))
                .build()
        });
    let rules = Rules {
        cloudwatch: &[&described, &history],
        ..Rules::default()
    };
    let seen = Box::pin(alarms::read(&rules.clients(), &AlarmPolicy::default(), &times)).await;
    assert_eq!(seen.history, Ok(Vec::new()));
    assert_eq!(
        seen.alarms.unwrap_err().cause,
        Cause::Malformed,
        "a lost body hides no neighbour"
    );
}
