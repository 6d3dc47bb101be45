//! The write against the SDK's own types: what is sent, when it is sent again, and what is said of it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_rds::operation::describe_db_clusters::DescribeDbClustersOutput;
use aws_sdk_rds::operation::modify_db_cluster::{ModifyDBClusterError, ModifyDbClusterOutput};
use aws_sdk_rds::types::error::InvalidDbClusterStateFault;
use aws_sdk_rds::types::{DbCluster, ServerlessV2ScalingConfigurationInfo};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use aws_smithy_types::error::ErrorMetadata;
use jiff::{SignedDuration, Timestamp};

use super::*;

const ID: &str = "prod-a-aurora";
const AT_ONCE: [Duration; 2] = [Duration::ZERO; 2];

fn times() -> Times {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    Times {
        now,
        deadline: now + SignedDuration::from_secs(120),
        clock: Arc::new(move || now),
    }
}

fn acu(number: f64) -> Acu {
    Acu::exactly(number).unwrap()
}

const fn raise(before: Acu, after: Acu) -> Wish {
    Wish::Raise { before, after }
}

/// One look that shows this status and range.
fn look(status: &'static str, min: f64, max: f64) -> Rule {
    look_with(status, min, max, None)
}

fn look_with(status: &'static str, min: f64, max: f64, pause: Option<i32>) -> Rule {
    mock!(aws_sdk_rds::Client::describe_db_clusters)
        .match_requests(|request| request.db_cluster_identifier() == Some(ID))
        .then_output(move || {
            let range = ServerlessV2ScalingConfigurationInfo::builder()
                .min_capacity(min)
                .max_capacity(max)
                .set_seconds_until_auto_pause(pause)
                .build();
            let cluster = DbCluster::builder()
                .db_cluster_identifier(ID)
                .status(status)
                .engine("aurora-postgresql")
                .serverless_v2_scaling_configuration(range)
                .set_db_cluster_members(Some(Vec::new()))
                .build();
            DescribeDbClustersOutput::builder().db_clusters(cluster).build()
        })
}

fn is(request: &aws_sdk_rds::operation::modify_db_cluster::ModifyDbClusterInput, min: f64, max: f64) -> bool {
    let range = request.serverless_v2_scaling_configuration().unwrap();
    request.db_cluster_identifier() == Some(ID)
        && request.apply_immediately().is_none()
        && range.min_capacity() == Some(min)
        && range.max_capacity() == Some(max)
}

fn write_of(min: f64, max: f64) -> Rule {
    mock!(aws_sdk_rds::Client::modify_db_cluster)
        .match_requests(move |request| is(request, min, max))
        .then_output(|| ModifyDbClusterOutput::builder().build())
}

fn busy_write() -> Rule {
    mock!(aws_sdk_rds::Client::modify_db_cluster).then_error(|| {
        let meta = ErrorMetadata::builder()
            .code("InvalidDBClusterStateFault")
            .message("busy")
            .build();
        ModifyDBClusterError::InvalidDbClusterStateFault(
            InvalidDbClusterStateFault::builder().meta(meta).build(),
        )
    })
}

fn denied_write() -> Rule {
    mock!(aws_sdk_rds::Client::modify_db_cluster).then_http_response(|| {
        use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
        use aws_smithy_types::body::SdkBody;
        let body =
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        HttpResponse::new(403.try_into().unwrap(), SdkBody::from(body))
    })
}

async fn done(wish: Wish, rules: &[&Rule]) -> Applied {
    let client = mock_client!(aws_sdk_rds, RuleMode::Sequential, rules);
    set(&client, ID, wish, &times(), AT_ONCE).await
}

#[tokio::test]
async fn both_bounds_are_written_and_the_minimum_is_the_one_that_was_just_read_w09() {
    // Somebody raised the minimum since the plan was made: it is kept.
    let (first, write) = (look("available", 2.5, 4.0), write_of(2.5, 6.5));
    let applied = done(raise(acu(4.0), acu(6.5)), &[&first, &write]).await;
    assert!(
        matches!(&applied, Applied::Done(says) if says == "2.5 to 4 ACU became 2.5 to 6.5 ACU"),
        "{applied:?}"
    );
    assert_eq!(write.num_calls(), 1);
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again_d12_w07() {
    for max in [6.5, 32.0] {
        let first = look("available", 1.0, max);
        let applied = done(raise(acu(4.0), acu(6.5)), &[&first]).await;
        assert!(matches!(applied, Applied::AlreadyDone(_)), "{applied:?}");
    }
    let modifying = look("modifying", 1.0, 6.5);
    let applied = done(raise(acu(4.0), acu(6.5)), &[&modifying]).await;
    assert!(matches!(applied, Applied::AlreadyDone(_)), "{applied:?}");
}

#[tokio::test]
async fn a_maximum_that_somebody_changed_is_not_raised_over_their_head_w14() {
    // Lowered below the plan's, raised by less than the plan's, and lowered between two attempts.
    for max in [2.0, 5.0] {
        let first = look("available", 1.0, max);
        let applied = done(raise(acu(4.0), acu(6.5)), &[&first]).await;
        assert!(
            matches!(&applied, Applied::Refused(says) if says.contains(&format!("changed the maximum to {max} ACU"))),
            "{applied:?}"
        );
    }
    let rules = [
        look("available", 1.0, 4.0),
        busy_write(),
        look("available", 1.0, 4.5),
    ];
    let applied = done(raise(acu(4.0), acu(6.5)), &rules.iter().collect::<Vec<_>>()).await;
    assert!(matches!(applied, Applied::Refused(_)), "{applied:?}");
}

#[tokio::test]
async fn the_time_until_an_idle_instance_pauses_is_written_back_as_it_was_read_w09() {
    let write = |min: f64, max: f64, pause: Option<i32>| {
        mock!(aws_sdk_rds::Client::modify_db_cluster)
            .match_requests(move |request| {
                let range = request.serverless_v2_scaling_configuration().unwrap();
                is(request, min, max) && range.seconds_until_auto_pause() == pause
            })
            .then_output(|| ModifyDbClusterOutput::builder().build())
    };
    let restore = Wish::Restore {
        raised: acu(6.5),
        before: acu(4.0),
    };
    for (wish, before, after) in [(raise(acu(4.0), acu(6.5)), 4.0, 6.5), (restore, 6.5, 4.0)] {
        for (min, shown, sent) in [
            (0.0, Some(1_800), Some(1_800)),
            (0.0, None, None),
            // The API refuses it with a minimum above 0.
            (1.0, Some(1_800), None),
        ] {
            let rules = [
                look_with("available", min, before, shown),
                write(min, after, sent),
            ];
            let applied = done(wish, &rules.iter().collect::<Vec<_>>()).await;
            assert!(
                matches!(applied, Applied::Done(_)),
                "{min} {shown:?}: {applied:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_cluster_that_is_being_changed_is_waited_for_w06() {
    let rules = [
        look("modifying", 1.0, 4.0),
        look("available", 1.0, 4.0),
        busy_write(),
        look("available", 1.0, 4.0),
        write_of(1.0, 6.5),
    ];
    let applied = done(raise(acu(4.0), acu(6.5)), &rules.iter().collect::<Vec<_>>()).await;
    assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
}

#[tokio::test]
async fn a_cluster_that_stays_busy_is_a_failure_that_is_tried_again_w06() {
    for rules in [
        vec![
            look("backing-up", 1.0, 4.0),
            look("backing-up", 1.0, 4.0),
            look("backing-up", 1.0, 4.0),
        ],
        vec![
            look("available", 1.0, 4.0),
            busy_write(),
            look("available", 1.0, 4.0),
            busy_write(),
            look("available", 1.0, 4.0),
            busy_write(),
        ],
    ] {
        let applied = done(raise(acu(4.0), acu(6.5)), &rules.iter().collect::<Vec<_>>()).await;
        let Applied::Failed { error, says } = applied else {
            panic!("{applied:?}");
        };
        assert!(error.is_transient(), "{error:?}");
        assert_eq!(says, "nothing was changed");
    }
}

#[tokio::test]
async fn no_time_left_means_no_second_attempt() {
    let first = look("backing-up", 1.0, 4.0);
    let client = mock_client!(aws_sdk_rds, RuleMode::Sequential, [&first]);
    let short = Times {
        deadline: times().now + SignedDuration::from_secs(3),
        ..times()
    };
    let applied = set(&client, ID, raise(acu(4.0), acu(6.5)), &short, PAUSES).await;
    assert!(matches!(applied, Applied::Failed { .. }), "{applied:?}");
    assert_eq!(first.num_calls(), 1);
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated_w02() {
    let (first, write) = (look("available", 1.0, 4.0), denied_write());
    let applied = done(raise(acu(4.0), acu(6.5)), &[&first, &write]).await;
    let Applied::Failed { error, says } = applied else {
        panic!("{applied:?}");
    };
    assert!(
        !error.is_transient()
            && error
                .to_string()
                .contains("rds:ModifyDBCluster failed for `prod-a-aurora`")
    );
    assert_eq!(says, "nothing was changed");
}

#[tokio::test]
async fn a_cluster_that_vanished_or_stopped_is_left_w17_w11() {
    let gone = mock!(aws_sdk_rds::Client::describe_db_clusters).then_output(|| {
        DescribeDbClustersOutput::builder()
            .set_db_clusters(Some(Vec::new()))
            .build()
    });
    let applied = done(raise(acu(4.0), acu(6.5)), &[&gone]).await;
    assert!(
        matches!(&applied, Applied::Failed { error, .. } if !error.is_transient()),
        "{applied:?}"
    );
    let stopped = look("stopped", 1.0, 4.0);
    let applied = done(raise(acu(4.0), acu(6.5)), &[&stopped]).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("stopped")),
        "{applied:?}"
    );
}

#[tokio::test]
async fn taking_back_lowers_exactly_what_was_raised_and_nothing_else() {
    let restore = Wish::Restore {
        raised: acu(6.5),
        before: acu(4.0),
    };
    let (first, write) = (look("available", 1.0, 6.5), write_of(1.0, 4.0));
    assert!(matches!(done(restore, &[&first, &write]).await, Applied::Done(_)));
    let drifted = look("available", 1.0, 8.0);
    let applied = done(restore, &[&drifted]).await;
    assert!(
        matches!(&applied, Applied::Refused(says) if says.contains("somebody changed it, it stays")),
        "{applied:?}"
    );
    let back = look("available", 1.0, 4.0);
    assert!(matches!(done(restore, &[&back]).await, Applied::AlreadyDone(_)));
    let higher_minimum = look("available", 5.0, 6.5);
    assert!(matches!(
        done(restore, &[&higher_minimum]).await,
        Applied::Refused(_)
    ));
}
