use day2_core::Verdict::{Fail, Unknown};
use serde_json::json;

use super::world::{GIB, World, ago, hours, volume};
use crate::facts::volumes::Volume;

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
fn no_volume_no_datapoints_and_no_capacity_are_unknown_w25() {
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
    let mut unbounded = volume("shop", "data-2", 40.0, 0.0);
    unbounded.capacity.clear();
    for broken in [silent, unbounded] {
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

/// A volume of 100 GiB that was last reported so many minutes ago, when so much of it was in use.
fn last_seen(claim: &str, minutes: i64, used_gib: f64) -> Volume {
    let mut one = volume("shop", claim, used_gib, 0.0);
    one.used = vec![(ago(minutes), used_gib * GIB)];
    one
}

#[test]
fn a_volume_that_was_unmounted_in_the_night_is_told_with_its_space_and_hides_none_of_the_others() {
    let mut world = World::healthy();
    let fresh = volume("pay", "data-0", 10.0, 0.0);
    // Mounted until 03:05, looked at by 06:04: the hour carries its begin.
    world.facts.volumes = Some(Ok(vec![last_seen("data-0", 184, 57.0), fresh.clone()]));
    world.assert_only(&[]);
    let item = world.item("HLT-251");
    assert_eq!(item.population().examined, 1);
    assert_eq!(
        item.seen,
        "1 volume, the fullest 10 %; not mounted now, by their datapoints, and not judged: 1 volume, \
         the fullest when last seen: shop/data-0 57 % 3 h ago"
    );

    let mut all: Vec<Volume> = [("a", 10.0), ("b", 68.0), ("c", 20.0), ("d", 30.0)]
        .into_iter()
        .map(|(claim, used)| last_seen(claim, 200, used))
        .collect();
    all.extend([fresh, volume("pay", "data-1", 90.0, 0.0)]);
    world.facts.volumes = Some(Ok(all));
    world.assert_only(&[("HLT-251", Fail)]);
    let named: Vec<String> = world.named("HLT-251").into_iter().map(|one| one.0).collect();
    assert_eq!(named, ["pay/data-1"]);
    let seen = world.item("HLT-251").seen;
    let told = "4 volumes, the fullest when last seen: \
                shop/b 68 % 3 h ago, shop/d 30 % 3 h ago, shop/c 20 % 3 h ago";
    assert!(seen.ends_with(told), "{seen}");
}

#[test]
fn a_volume_that_was_full_when_it_was_last_seen_or_of_unknown_size_is_no_unmounted_one_w25() {
    let mut unbounded = last_seen("data-0", 184, 1.0);
    unbounded.capacity.clear();
    for silent in [last_seen("data-0", 184, 97.0), unbounded] {
        let mut world = World::healthy();
        world.facts.volumes = Some(Ok(vec![silent, volume("pay", "data-0", 10.0, 0.0)]));
        world.assert_only(&[("HLT-251", Unknown)]);
        assert_eq!(world.named("HLT-251")[0].0, "shop/data-0");
    }
}

#[test]
fn where_no_volume_is_reported_any_more_nobody_knows_and_each_is_named_w25() {
    let mut world = World::healthy();
    world.facts.volumes = Some(Ok(vec![
        last_seen("data-0", 184, 97.0),
        last_seen("data-1", 400, 10.0),
    ]));
    world.assert_only(&[("HLT-251", Unknown)]);
    let old = |name: &str, minutes: i64| {
        let says = format!("the newest datapoint is {minutes} min old");
        (format!("shop/{name}"), says)
    };
    assert_eq!(world.named("HLT-251"), [old("data-0", 184), old("data-1", 400)]);
    assert_eq!(world.item("HLT-251").population().examined, 0);
}
