use super::*;
use crate::assess::max_connections::effective_maximum;
use crate::facts::DatabaseInstance;
use day2_core::database::{Acu, AcuRange};
use day2_core::{Cause, Unreadable};

fn instance(id: &str, writer: bool, status: &str) -> DatabaseInstance {
    DatabaseInstance {
        id: id.into(),
        status: Ok(status.into()),
        writer,
        parameters: Some("in-sync".into()),
        parameter_group: None,
        class: Some("db.serverless".into()),
        not_following: None,
    }
}

fn range(min: f64, max: f64) -> Option<AcuRange> {
    Some(AcuRange {
        min: Acu::exactly(min)?,
        max: Acu::exactly(max)?,
    })
}

fn database() -> Database {
    Database {
        status: "available".into(),
        engine: "aurora-postgresql".into(),
        parameter_groups: vec!["default.aurora-postgresql16".into()],
        serverless: range(1.0, 16.0),
        instances: vec![
            instance("w", true, "available"),
            instance("r", false, "available"),
        ],
    }
}

fn now() -> Timestamp {
    "2026-11-20T11:30:00Z".parse().unwrap()
}

fn series(resource: &str, value: f64) -> Series {
    let at = |minute: u8| format!("2026-11-20T11:{minute}:00Z").parse().unwrap();
    Series {
        resource: resource.into(),
        points: vec![(at(26), value), (at(27), value), (at(28), value)],
    }
}

#[test]
fn writer_and_reader_available_pass() {
    assert_eq!(instances(&Ok(database()), 1).verdict(), Verdict::Pass);
}

#[test]
fn a_missing_reader_a_missing_writer_and_a_changing_instance_fail() {
    let without_reader = Database {
        instances: vec![instance("w", true, "available")],
        ..database()
    };
    let without_writer = Database {
        instances: vec![
            instance("r", false, "available"),
            instance("s", false, "available"),
        ],
        ..database()
    };
    let changing = Database {
        instances: vec![
            instance("w", true, "modifying"),
            instance("r", false, "available"),
        ],
        ..database()
    };
    for seen in [without_reader, without_writer, changing] {
        assert_eq!(instances(&Ok(seen), 1).verdict(), Verdict::Fail);
    }
}

#[test]
fn an_instance_that_could_not_be_described_is_unknown_not_available_w28() {
    let mut seen = database();
    seen.instances[1].status = Err(Unreadable::new("rds:DescribeDBInstances", "r", Cause::Denied, ""));
    assert_eq!(instances(&Ok(seen.clone()), 1).verdict(), Verdict::Unknown);
    // Its class and its parameters are not known either.
    let why = effective_maximum(&seen, &DatabasePolicy::default()).unwrap_err();
    assert!(why.starts_with("r could not be read, "), "{why}");
    assert!(why.ends_with("declare database.max_connections"), "{why}");
}

#[test]
fn the_maximum_follows_the_rows_of_the_user_guide() {
    let maximum = |min, max| {
        let seen = Database {
            serverless: range(min, max),
            ..database()
        };
        effective_maximum(&seen, &DatabasePolicy::default()).map(|maximum| maximum.connections)
    };
    assert_eq!(maximum(1.0, 1.0), Ok(189));
    assert_eq!(maximum(1.0, 16.0), Ok(3360));
    assert_eq!(maximum(1.0, 64.0), Ok(5000));
    assert_eq!(
        maximum(0.5, 16.0),
        Ok(2000),
        "a minimum of 0.5 ACU caps the default"
    );
    assert_eq!(maximum(0.0, 4.0), Ok(823));
}

#[test]
fn connections_of_one_instance_above_the_share_fail_and_name_only_it() {
    let item = connections(
        &Ok(database()),
        &Ok(vec![series("w", 3000.0), series("r", 100.0)]),
        &DatabasePolicy::default(),
        &Limits::default(),
        now(),
    );
    assert_eq!(item.verdict(), Verdict::Fail);
    assert_eq!(
        item.subjects
            .iter()
            .map(|subject| &*subject.name)
            .collect::<Vec<_>>(),
        ["w"]
    );
}

#[test]
fn connections_without_datapoints_or_with_a_pending_reboot_are_unknown_w21() {
    let judge = |seen: Database, all: Vec<Series>| {
        connections(
            &Ok(seen),
            &Ok(all),
            &DatabasePolicy::default(),
            &Limits::default(),
            now(),
        )
        .verdict()
    };
    let both = || vec![series("w", 10.0), series("r", 10.0)];
    assert_eq!(judge(database(), both()), Verdict::Pass);
    assert_eq!(
        judge(
            database(),
            vec![
                series("w", 10.0),
                Series {
                    resource: "r".into(),
                    points: vec![]
                }
            ]
        ),
        Verdict::Unknown
    );
    assert_eq!(judge(database(), vec![]), Verdict::Unknown);
    let mut pending = database();
    pending.instances[0].parameters = Some("pending-reboot".into());
    assert_eq!(judge(pending, both()), Verdict::Unknown);
}

#[test]
fn a_provisioned_cluster_without_a_declared_maximum_is_unknown() {
    let seen = Database {
        serverless: None,
        ..database()
    };
    let all = Ok(vec![series("w", 10.0), series("r", 10.0)]);
    let item = connections(
        &Ok(seen),
        &all,
        &DatabasePolicy::default(),
        &Limits::default(),
        now(),
    );
    assert_eq!(item.verdict(), Verdict::Unknown);
    assert!(item.seen.contains("database.max_connections"));
    assert!(item.threshold.is_some() && item.remedy.is_some(), "{item:#?}");
}

/// An RDS instance of this engine with a read replica.
fn rds(engine: &str) -> Database {
    let of_class = |id, writer, class: &str| DatabaseInstance {
        class: Some(class.into()),
        ..instance(id, writer, "available")
    };
    Database {
        engine: engine.into(),
        serverless: None,
        instances: vec![
            of_class("w", true, "db.r6g.4xlarge"),
            of_class("r", false, "db.t4g.medium"),
        ],
        ..database()
    }
}

fn lag_of(database: Database, lag: f64) -> Item {
    replica_lag(
        &Ok(database),
        &Ok(vec![series("r", lag)]),
        &DatabasePolicy::default(),
        0,
        &Limits::default(),
        now(),
    )
}

#[test]
fn a_replica_of_an_idle_postgresql_is_not_behind_and_one_of_mysql_is_held_to_the_limit() {
    assert_eq!(lag_of(rds("postgres"), 300_000.0).verdict(), Verdict::Pass);
    assert_eq!(lag_of(rds("postgres"), 331_000.0).verdict(), Verdict::Fail);
    assert_eq!(lag_of(rds("mysql"), 300_000.0).verdict(), Verdict::Fail);
}

#[test]
fn a_replica_that_does_not_replicate_is_never_up_to_date() {
    let silent = lag_of(rds("mysql"), -1_000.0);
    assert_eq!(silent.verdict(), Verdict::Unknown, "{silent:#?}");
    // It follows again, and what it told meanwhile does not count.
    let mut resumed = series("r", 900_000.0);
    resumed.points[0].1 = -1_000.0;
    let resumed = replica_lag(
        &Ok(rds("mysql")),
        &Ok(vec![resumed]),
        &DatabasePolicy::default(),
        0,
        &Limits::default(),
        now(),
    );
    assert_eq!(resumed.verdict(), Verdict::Fail, "{resumed:#?}");
    let mut stands = rds("mysql");
    stands.instances[1].not_following = Some("error: duplicate key".into());
    let stands = lag_of(stands, 0.0);
    assert_eq!(stands.verdict(), Verdict::Fail);
    assert_eq!(stands.subjects[0].says, "does not follow: error: duplicate key");
}

#[test]
fn the_maximum_that_is_declared_for_an_instance_judges_no_replica_of_another_class() {
    let policy = DatabasePolicy {
        max_connections: Some(5_000),
        ..DatabasePolicy::default()
    };
    let judge = |database| {
        connections(
            &Ok(database),
            &Ok(vec![series("w", 100.0), series("r", 4_900.0)]),
            &policy,
            &Limits::default(),
            now(),
        )
    };
    let apart = judge(rds("postgres"));
    assert_eq!(apart.verdict(), Verdict::Pass);
    assert_eq!(
        apart.seen,
        "at most 100 of 5000 connections on one instance; not judged: r, whose class is db.t4g.medium"
    );
    let mut alike = rds("postgres");
    alike.instances[1].class = Some("db.r6g.4xlarge".into());
    assert_eq!(judge(alike).verdict(), Verdict::Fail);
}

#[test]
fn lag_above_the_limit_fails() {
    let judge = |lag| {
        replica_lag(
            &Ok(database()),
            &Ok(vec![series("r", lag)]),
            &DatabasePolicy::default(),
            1,
            &Limits::default(),
            now(),
        )
        .verdict()
    };
    assert_eq!(judge(20.0), Verdict::Pass);
    assert_eq!(judge(1001.0), Verdict::Fail);
}

#[test]
fn a_backup_in_the_morning_serves_and_a_plain_instance_needs_no_reader() {
    let mut seen = database();
    seen.status = "backing-up".into();
    seen.instances[0].status = Ok("backing-up".into());
    assert_eq!(super::instances(&Ok(seen), 1).verdict(), Verdict::Pass);
    let plain = Database {
        instances: vec![instance("w", true, "available")],
        ..database()
    };
    assert_eq!(super::instances(&Ok(plain), 0).verdict(), Verdict::Pass);
}

#[test]
fn the_maximum_is_not_guessed_for_provisioned_members_or_custom_parameters() {
    let mut provisioned = database();
    provisioned.instances[1].class = Some("db.r7g.large".into());
    let custom = Database {
        parameter_groups: vec!["prod-a-pg16".into()],
        ..database()
    };
    for seen in [provisioned, custom] {
        assert!(effective_maximum(&seen, &DatabasePolicy::default()).is_err());
        let declared = DatabasePolicy {
            max_connections: Some(500),
            ..DatabasePolicy::default()
        };
        assert_eq!(
            effective_maximum(&seen, &declared).map(|maximum| maximum.connections),
            Ok(500)
        );
    }
}
