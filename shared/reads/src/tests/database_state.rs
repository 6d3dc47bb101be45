use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use aws_sdk_rds::operation::describe_events::{DescribeEventsInput, DescribeEventsOutput};
use aws_sdk_rds::operation::describe_pending_maintenance_actions::DescribePendingMaintenanceActionsOutput;
use aws_sdk_rds::types as rds;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_aws::time::sdk_time;
use day2_core::Cause;

use super::{at, times};
use crate::metric::Window;
use crate::{db_events, db_instances, db_maintenance};

type Rds = aws_sdk_rds::Client;

fn day() -> Window {
    Window {
        from: at("2026-11-19T11:30:00Z"),
        to: at("2026-11-20T11:30:00Z"),
    }
}

#[tokio::test]
async fn events_are_asked_for_the_whole_window_and_told_oldest_first_w05() {
    let asked = |request: &DescribeEventsInput, marker: Option<&str>| {
        request.source_type() == Some(&rds::SourceType::DbCluster)
            && request.source_identifier() == Some("prod-a-aurora")
            && request.start_time() == Some(&sdk_time(day().from))
            && request.end_time() == Some(&sdk_time(day().to))
            && request.max_records() == Some(100)
            && request.marker() == marker
    };
    let event = |when: &str, message: &str| {
        rds::Event::builder()
            .source_identifier("prod-a-aurora")
            .date(sdk_time(at(when)))
            .event_categories("failover")
            .message(message)
            .build()
    };
    let first = mock!(Rds::describe_events)
        .match_requests(move |request| asked(request, None))
        .then_output(move || {
            DescribeEventsOutput::builder()
                .events(event("2026-11-20T02:01:00Z", "Completed failover"))
                .marker("2")
                .build()
        });
    let second = mock!(Rds::describe_events)
        .match_requests(move |request| asked(request, Some("2")))
        .then_output(move || {
            DescribeEventsOutput::builder()
                .events(event("2026-11-20T02:00:00Z", "Started failover"))
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&first, &second]);
    let source = db_events::Source::Cluster;
    let seen = db_events::of(&client, &times(), source, "prod-a-aurora", day())
        .await
        .unwrap();
    let messages: Vec<_> = seen.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["Started failover", "Completed failover"]);
    assert_eq!(seen[0].categories, ["failover"]);
}

#[tokio::test]
async fn waiting_maintenance_is_asked_for_the_named_databases_only() {
    let rule = mock!(Rds::describe_pending_maintenance_actions)
        .match_requests(|request| {
            let filter = &request.filters()[0];
            filter.name() == Some("db-instance-id") && filter.values() == ["w", "r"]
        })
        .then_output(|| {
            let action = rds::PendingMaintenanceAction::builder()
                .action("system-update")
                .description("New Operating System update is available")
                .forced_apply_date(sdk_time(at("2026-12-01T00:00:00Z")))
                .build();
            let one = rds::ResourcePendingMaintenanceActions::builder()
                .resource_identifier("arn:aws:rds:us-east-1:123456789012:db:w")
                .pending_maintenance_action_details(action)
                .build();
            DescribePendingMaintenanceActionsOutput::builder()
                .pending_maintenance_actions(one)
                .build()
        });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&rule]);
    let source = db_maintenance::Source::Instances;
    let ids = ["w".to_owned(), "r".to_owned()];
    let seen = db_maintenance::pending(&client, &times(), source, &ids)
        .await
        .unwrap();
    assert_eq!(seen[0].resource, "arn:aws:rds:us-east-1:123456789012:db:w");
    assert_eq!(seen[0].action, "system-update");
    assert_eq!(seen[0].forced_at, Some(at("2026-12-01T00:00:00Z")));
    let none = db_maintenance::pending(&client, &times(), source, &[]).await;
    assert_eq!((none, rule.num_calls()), (Ok(Vec::new()), 1));
}

#[tokio::test]
async fn lost_lists_are_malformed_w04() {
    let events = mock!(Rds::describe_events).then_output(|| DescribeEventsOutput::builder().build());
    let maintenance = mock!(Rds::describe_pending_maintenance_actions)
        .then_output(|| DescribePendingMaintenanceActionsOutput::builder().build());
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&events, &maintenance]);
    let why = db_events::of(&client, &times(), db_events::Source::Instance, "w", day()).await;
    assert_eq!(why.unwrap_err().cause, Cause::Malformed);
    let source = db_maintenance::Source::Clusters;
    let why = db_maintenance::pending(&client, &times(), source, &["c".to_owned()]).await;
    assert_eq!(why.unwrap_err().cause, Cause::Malformed);
}

#[tokio::test]
async fn read_replicas_here_and_elsewhere_are_told_apart_and_one_that_stands_says_why() {
    const FAR: &str = "arn:aws:rds:eu-west-1:123456789012:db:far";
    let described = mock!(Rds::describe_db_instances).then_output(|| {
        let state = |normal: bool, status: &str, message: Option<&str>| {
            rds::DbInstanceStatusInfo::builder()
                .status_type("read replication")
                .normal(normal)
                .status(status)
                .set_message(message.map(str::to_owned))
                .build()
        };
        let instance = rds::DbInstance::builder()
            .db_instance_identifier("r")
            .db_instance_status("available")
            .engine("postgres")
            .read_replica_source_db_instance_identifier("w")
            .read_replica_db_instance_identifiers("r2")
            .read_replica_db_instance_identifiers(FAR)
            .status_infos(state(true, "replicating", None))
            .status_infos(state(false, "error", Some("WAL is gone")));
        DescribeDbInstancesOutput::builder()
            .db_instances(instance.build())
            .build()
    });
    let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&described]);
    let seen = db_instances::describe(&client, &times(), "r").await.unwrap();
    let expected = db_instances::Replication {
        replicas: vec!["r2".to_owned()],
        elsewhere: vec![FAR.to_owned()],
        source: Some("w".to_owned()),
        trouble: Some("error: WAL is gone".to_owned()),
    };
    assert_eq!(seen.replication, expected);
}

#[tokio::test]
async fn only_an_instance_with_a_volume_of_its_own_has_storage() {
    for (engine, expected) in [("postgres", Some((100, Some(500)))), ("aurora-postgresql", None)] {
        let described = mock!(Rds::describe_db_instances).then_output(move || {
            let instance = rds::DbInstance::builder()
                .db_instance_identifier("w")
                .db_instance_status("available")
                .engine(engine)
                .allocated_storage(100)
                .max_allocated_storage(500);
            DescribeDbInstancesOutput::builder()
                .db_instances(instance.build())
                .build()
        });
        let client = mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&described]);
        let seen = db_instances::describe(&client, &times(), "w").await.unwrap();
        let storage = seen
            .storage
            .map(|storage| (storage.allocated_gib, storage.autoscaling_limit_gib));
        assert_eq!(storage, expected, "{engine}");
    }
}
