use day2_core::Verdict::{Fail, Unknown};
use serde_json::json;

use super::world::{World, ago, hours, volume};

#[test]
fn a_full_volume_and_one_that_fills_are_named_and_the_others_are_not() {
    let mut world = World::healthy();
    world.facts.volumes = Some(Ok(vec![
        volume("shop", "data-0", 90.0, 0.0),
        volume("shop", "data-1", 60.0, 2.0),
        volume("pay", "data-0", 60.0, 0.1),
    ]));
    world.assert_only(&[("HLT-251", Fail)]);
    let named = world.named("HLT-251");
    assert_eq!(
        named,
        [
            (
                "shop/data-0".to_owned(),
                "90 % full: 90.0 GiB of 100.0 GiB".to_owned()
            ),
            (
                "shop/data-1".to_owned(),
                "60 % full, and full in 20 h: 60.0 GiB of 100.0 GiB".to_owned()
            ),
        ]
    );
}

#[test]
fn a_finding_about_a_volume_goes_to_the_team_of_its_namespace() {
    let mut world =
        World::with(&json!({"ownership": {"namespaces": {"shop": "web"}, "platform": "platform"}}));
    world.facts.volumes = Some(Ok(vec![
        volume("shop", "data-0", 90.0, 0.0),
        volume("pay", "data-0", 95.0, 0.0),
    ]));
    let owners: Vec<_> = world
        .items()
        .into_iter()
        .filter(|item| item.code == "HLT-251")
        .map(|item| (item.owner.unwrap(), item.subjects.len()))
        .collect();
    assert_eq!(owners, [("platform".to_owned(), 1), ("web".to_owned(), 1)]);
}

#[test]
fn a_volume_that_swings_does_not_fill() {
    let mut swings = volume("shop", "logs", 50.0, 0.0);
    for (index, (_, used)) in swings.used.iter_mut().enumerate() {
        *used *= if index % 2 == 0 { 0.5 } else { 1.0 };
    }
    let mut world = World::healthy();
    world.facts.volumes = Some(Ok(vec![swings]));
    world.assert_only(&[]);
}

#[test]
fn no_volume_no_datapoints_and_old_datapoints_are_unknown_w25() {
    let mut world = World::healthy();
    world.facts.volumes = Some(Ok(Vec::new()));
    world.assert_only(&[("HLT-251", Unknown)]);
    assert!(
        world
            .item("HLT-251")
            .seen
            .contains("kubelet_volume_stats_used_bytes")
    );

    let mut silent = volume("shop", "data-0", 40.0, 0.0);
    silent.used.clear();
    let mut old = volume("shop", "data-1", 40.0, 0.0);
    old.used = vec![(ago(400), 1.0)];
    let mut unbounded = volume("shop", "data-2", 40.0, 0.0);
    unbounded.capacity.clear();
    for broken in [silent, old, unbounded] {
        let name = format!("{}/{}", broken.namespace, broken.claim);
        world.facts.volumes = Some(Ok(vec![broken, volume("pay", "data-0", 10.0, 0.0)]));
        world.assert_only(&[("HLT-251", Unknown)]);
        assert_eq!(world.named("HLT-251")[0].0, name);
    }
}

#[test]
fn a_volume_of_this_morning_is_judged_by_its_space_and_its_growth_is_said_to_be_unknown() {
    let mut young = volume("shop", "data-0", 40.0, 0.0);
    young.used = hours(1e9, 1e8).split_off(21);
    let mut world = World::healthy();
    world.facts.volumes = Some(Ok(vec![young]));
    world.assert_only(&[]);
    assert!(
        world
            .item("HLT-251")
            .seen
            .ends_with("growth of 1 volume not known yet")
    );
}
