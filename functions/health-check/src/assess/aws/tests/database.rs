use day2_core::Verdict::{Fail, Unknown};
use day2_core::database::Parameter;
use day2_core::target::Engine;
use day2_reads::db_events::DbEvent;
use day2_reads::db_instances;
use day2_reads::db_maintenance::Maintenance;
use serde_json::json;

use super::world::{GIB, World, ago, denied, hours, instance, minutes, now};
use crate::facts::database::Storage;

#[test]
fn an_instance_that_does_not_serve_and_parameters_that_wait_are_named() {
    let mut world = World::healthy();
    let database = world.database().database.as_mut().unwrap();
    database.instances[1].described.as_mut().unwrap().status = "rebooting".into();
    database.instances[0].cluster_parameters = Some("pending-reboot".into());
    world.assert_only(&[("HLT-231", Fail)]);
    let named = world.named("HLT-231");
    assert!(named[0].1.contains("pending-reboot"), "{named:?}");
    assert_eq!(named[1], ("r".to_owned(), "is rebooting".to_owned()));
}

#[test]
fn parameters_of_the_instances_own_group_count_too_and_those_that_are_being_applied_do_not() {
    for (status, expected) in [
        ("pending-reboot", &[("HLT-231", Fail)][..]),
        ("applying", &[][..]),
    ] {
        let mut world = World::healthy();
        let described = world.database().database.as_mut().unwrap().instances[0]
            .described
            .as_mut()
            .unwrap();
        described.parameter_groups = vec![db_instances::ParameterGroup {
            name: "own".into(),
            status: Some(status.into()),
        }];
        world.assert_only(expected);
    }
}

#[test]
fn a_missing_reader_or_writer_and_a_broken_cluster_fail_w25() {
    let mut alone = World::healthy();
    alone.database().database.as_mut().unwrap().instances.pop();
    alone.assert_only(&[("HLT-231", Fail), ("HLT-233", Unknown)]);
    let mut headless = World::healthy();
    headless.database().database.as_mut().unwrap().instances[0].writer = false;
    headless.database().lag = Ok(vec![minutes("r", 20.0), minutes("w", 20.0)]);
    headless.assert_only(&[("HLT-231", Fail)]);
    let mut failing = World::healthy();
    failing.database().database.as_mut().unwrap().status = "failing-over".into();
    failing.assert_only(&[("HLT-231", Fail)]);
}

#[test]
fn connections_are_judged_for_each_instance_against_its_effective_maximum() {
    // 16 ACU accept 3360 connections: 80 % are 2688.
    let mut world = World::healthy();
    world.database().connections = Ok(vec![minutes("w", 2700.0), minutes("r", 100.0)]);
    world.assert_only(&[("HLT-232", Fail)]);
    let says = "2700 connections, 80 % of 3360";
    assert_eq!(world.named("HLT-232"), [("w".to_owned(), says.to_owned())]);
    world.database().connections = Ok(vec![minutes("w", 2680.0), minutes("r", 100.0)]);
    world.assert_only(&[]);
    // A person set it lower.
    world.database().database.as_mut().unwrap().parameter = Ok(Some(Parameter {
        name: "max_connections".into(),
        value: Some("1000".into()),
        source: "user".into(),
        apply_type: None,
    }));
    world.assert_only(&[("HLT-232", Fail)]);
}

#[test]
fn a_maximum_that_is_not_known_is_never_guessed() {
    let mut world = World::healthy();
    world.database().database.as_mut().unwrap().parameter = Err(denied("rds:DescribeDBClusterParameters"));
    world.assert_only(&[("HLT-232", Unknown)]);
    let mut declared = World::with(&json!({"database": {"max_connections": 5000}}));
    declared.database().database.as_mut().unwrap().parameter = Err(denied("rds:DescribeDBClusterParameters"));
    declared.assert_only(&[]);
}

#[test]
fn no_datapoints_and_datapoints_of_the_future_or_without_a_value_are_unknown_w25() {
    let mut world = World::healthy();
    world.database().connections = Ok(vec![minutes("r", 100.0)]);
    world.assert_only(&[("HLT-232", Unknown)]);
    let mut strange = minutes("r", 0.0);
    strange.points = vec![
        (ago(3), f64::NAN),
        (ago(2), f64::INFINITY),
        (ago(-5), 9999.0),
        (ago(1), 20.0),
    ];
    world.database().connections = Ok(vec![minutes("w", 400.0), minutes("r", 100.0)]);
    world.database().lag = Ok(vec![strange]);
    world.assert_only(&[("HLT-233", Unknown)]);
}

#[test]
fn a_reader_that_lags_is_named() {
    let mut world = World::healthy();
    world.database().lag = Ok(vec![minutes("r", 1500.0)]);
    world.assert_only(&[("HLT-233", Fail)]);
    assert_eq!(
        world.named("HLT-233"),
        [("r".to_owned(), "1500 ms behind".to_owned())]
    );
}

/// One RDS instance of 100 GiB, with so much free at last and so much more an hour before.
fn rds(world: &mut World, free_gib: f64, falling_gib: f64, limit_gib: Option<i64>) {
    let facts = world.database();
    let database = facts.database.as_mut().unwrap();
    database.kind = Engine::Rds;
    database.serverless = None;
    database.instances = vec![instance("w", true)];
    let described = database.instances[0].described.as_mut().unwrap();
    described.class = Some("db.r7g.large".into());
    described.cluster = None;
    described.storage = Some(db_instances::Storage {
        allocated_gib: 100,
        autoscaling_limit_gib: limit_gib,
    });
    facts.lag = Ok(Vec::new());
    facts.storage = Ok(Storage::Free(hours(free_gib * GIB, -falling_gib * GIB)));
}

/// The same with a read replica `r`, which is this much behind.
fn replicated(plan: &serde_json::Value, lag_ms: f64) -> World {
    let mut world = World::with(plan);
    rds(&mut world, 40.0, 0.0, None);
    let facts = world.database();
    let mut replica = instance("r", false);
    let described = replica.described.as_mut().unwrap();
    described.class = Some("db.r7g.large".into());
    described.cluster = None;
    described.replication.source = Some("w".into());
    facts.database.as_mut().unwrap().instances.push(replica);
    facts.lag = Ok(vec![minutes("r", lag_ms)]);
    world
}

/// Its instance of this number as it is described.
fn described(world: &mut World, number: usize) -> &mut db_instances::DbInstance {
    let database = world.database().database.as_mut().unwrap();
    database.instances[number].described.as_mut().unwrap()
}

#[test]
fn read_replicas_of_an_rds_instance_are_its_readers() {
    let one_reader = json!({"database": {"min_readers": 1}});
    let well = replicated(&one_reader, 900.0);
    well.assert_only(&[]);
    assert_eq!(well.item("HLT-231").seen, "1 writer, 1 reader");
    assert_eq!(well.item("HLT-233").seen, "at most 900 ms behind on 1 reader");
    let mut alone = replicated(&one_reader, 900.0);
    alone.database().database.as_mut().unwrap().instances.pop();
    alone.assert_only(&[("HLT-231", Fail), ("HLT-233", Unknown)]);

    let late = replicated(&json!({}), 1500.0);
    late.assert_only(&[("HLT-233", Fail)]);
    assert_eq!(
        late.named("HLT-233"),
        [("r".to_owned(), "1500 ms behind".to_owned())]
    );
    // Its newest lag is none, whatever it was before.
    let mut silent = replicated(&json!({}), 20.0);
    silent.database().lag.as_mut().unwrap()[0]
        .points
        .push((now(), -1000.0));
    silent.assert_only(&[("HLT-233", Unknown)]);
    let mut stands = replicated(&json!({}), 20.0);
    described(&mut stands, 1).replication.trouble = Some("error: WAL is gone".into());
    stands.assert_only(&[("HLT-233", Fail)]);
    let says = "does not follow: error: WAL is gone";
    assert_eq!(stands.named("HLT-233"), [("r".to_owned(), says.to_owned())]);
}

#[test]
fn an_idle_source_of_postgresql_makes_no_lag() {
    for (engine, lag_ms, expected) in [
        ("postgres", 300_000.0, &[][..]),
        ("postgres", 331_000.0, &[("HLT-233", Fail)][..]),
        ("mysql", 300_000.0, &[("HLT-233", Fail)][..]),
    ] {
        let mut world = replicated(&json!({}), lag_ms);
        world.database().database.as_mut().unwrap().engine = engine.into();
        world.assert_only(expected);
    }
}

#[test]
fn what_is_declared_for_an_instance_judges_no_replica_of_another_class() {
    let declared = json!({"database": {"max_connections": 5000}});
    let mut world = replicated(&declared, 20.0);
    described(&mut world, 0).class = Some("db.r7g.4xlarge".into());
    world.database().connections = Ok(vec![minutes("w", 100.0), minutes("r", 4_900.0)]);
    // The memory of a class that nobody knows tells no maximum either.
    described(&mut world, 1).class = Some("db.q9.large".into());
    world.assert_only(&[]);
    let seen = world.item("HLT-232").seen;
    assert!(
        seen.ends_with("not judged: r, whose class is another than that of what is declared"),
        "{seen}"
    );
    described(&mut world, 1).class = Some("db.r7g.4xlarge".into());
    world.assert_only(&[("HLT-232", Fail)]);
}

#[test]
fn an_instance_that_is_a_read_replica_itself_and_one_with_replicas_elsewhere_are_told_w28() {
    let mut declared = World::healthy();
    rds(&mut declared, 40.0, 0.0, None);
    declared.database().lag = Ok(vec![minutes("w", 1500.0)]);
    described(&mut declared, 0).replication.source = Some("arn:aws:rds:eu-west-1:123456789012:db:x".into());
    declared.assert_only(&[("HLT-233", Fail)]);

    let mut far = World::healthy();
    rds(&mut far, 40.0, 0.0, None);
    described(&mut far, 0).replication.elsewhere = vec!["arn:aws:rds:eu-west-1:123456789012:db:x".into()];
    far.assert_only(&[]);
    assert_eq!(
        far.item("HLT-231").seen,
        "1 writer, 0 readers; 1 read replica in another region, not looked at"
    );
}

#[test]
fn a_read_replica_that_cannot_be_described_and_replicas_that_nobody_knows_are_unknown_w28() {
    let mut one = replicated(&json!({}), 20.0);
    let database = one.database().database.as_mut().unwrap();
    database.instances[1].described = Err(denied("rds:DescribeDBInstances"));
    one.assert_only(&[("HLT-231", Unknown), ("HLT-232", Unknown)]);

    let mut all = World::with(&json!({"database": {"min_readers": 1}}));
    rds(&mut all, 40.0, 0.0, None);
    let database = all.database().database.as_mut().unwrap();
    database.instances[0].described = Err(denied("rds:DescribeDBInstances"));
    all.assert_only(&[
        ("HLT-231", Unknown),
        ("HLT-232", Unknown),
        ("HLT-233", Unknown),
        ("HLT-234", Unknown),
    ]);
    let (name, says) = all.named("HLT-233").remove(0);
    assert_eq!(name, "w");
    assert!(says.starts_with("its read replicas are not known"), "{says}");
}

#[test]
fn storage_is_judged_by_what_is_left_and_by_when_it_is_full() {
    let rows = [
        ("room, no growth", 40.0, 0.0, None, None),
        ("little left", 10.0, 0.0, None, Some("90 % full")),
        (
            "room, but not for long",
            40.0,
            1.0,
            None,
            Some("60 % full, and full in 40 h"),
        ),
        ("slow growth", 40.0, 0.1, None, None),
        ("little left, but it grows by itself", 10.0, 0.0, Some(500), None),
        (
            "it should have grown by itself",
            3.0,
            0.0,
            Some(500),
            Some("3.0 % free, and autoscaling has not enlarged it"),
        ),
    ];
    for (row, free, falling, limit, expected) in rows {
        let mut world = World::healthy();
        rds(&mut world, free, falling, limit);
        match expected {
            None => world.assert_only(&[]),
            Some(says) => {
                world.assert_only(&[("HLT-234", Fail)]);
                assert_eq!(world.named("HLT-234")[0].1, says, "{row}");
            }
        }
        let codes: Vec<String> = world.items().into_iter().map(|item| item.code).collect();
        assert!(!codes.contains(&"HLT-233".to_owned()), "{row}: nobody could lag");
    }
}

#[test]
fn storage_without_datapoints_or_with_old_ones_is_unknown_w25() {
    let mut world = World::healthy();
    world.database().storage = Ok(Storage::Shared(Vec::new()));
    world.assert_only(&[("HLT-234", Unknown)]);
    world.database().storage = Ok(Storage::Shared(vec![(ago(400), 1.0)]));
    world.assert_only(&[("HLT-234", Unknown)]);
    assert!(world.named("HLT-234")[0].1.contains("400 min old"));
}

#[test]
fn maintenance_that_starts_by_itself_soon_is_named_in_local_time_and_what_waits_is_counted() {
    let waiting = |action: &str, days: i64| Maintenance {
        resource: format!("arn:aws:rds:us-east-1:123456789012:db:{action}"),
        action: action.into(),
        description: "an update".into(),
        auto_applied_after: None,
        forced_at: Some(now() + jiff::SignedDuration::from_hours(24 * days)),
        current_apply_at: None,
        opt_in: None,
    };
    let mut optional = waiting("db-upgrade", 1);
    optional.forced_at = None;
    let mut world = World::healthy();
    world.database().maintenance = Ok(vec![waiting("system-update", 3), waiting("later", 30), optional]);
    world.assert_only(&[("HLT-235", Fail)]);
    let says = "system-update from 2026-11-23 06:30 on, forced: an update";
    assert_eq!(
        world.named("HLT-235"),
        [("system-update".to_owned(), says.to_owned())]
    );
    assert_eq!(world.item("HLT-235").seen, "3 actions waiting");
}

fn event(minutes: i64, category: &str, message: &str) -> DbEvent {
    DbEvent {
        source: "w".into(),
        at: ago(minutes),
        categories: vec![category.into()],
        message: message.into(),
    }
}

#[test]
fn a_failover_in_the_night_is_told_and_a_backup_is_not() {
    let mut world = World::healthy();
    world.database().events[1].1 = Ok(vec![
        event(600, "backup", "Backing up DB instance"),
        event(400, "failover", "Started failover"),
        event(399, "availability", "DB instance restarted"),
    ]);
    world.assert_only(&[("HLT-236", Fail)]);
    let says = "6 h ago: DB instance restarted | 6 h ago: Started failover";
    assert_eq!(world.named("HLT-236"), [("w".to_owned(), says.to_owned())]);
    world.database().events[1].1 = Ok(vec![event(600, "backup", "Backing up DB instance")]);
    world.assert_only(&[]);
    assert!(world.item("HLT-236").seen.starts_with("1 event in the last 24 h"));
}
