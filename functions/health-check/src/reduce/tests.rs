//! What is kept does not grow with what is well.

use day2_kube::Reduce as _;
use day2_kube::objects::PodHealth;
use serde_json::json;

use super::pods::PodRules;
use crate::assess::tests::world::{now, pod, sick};
use crate::settings::Plan;

#[test]
fn of_healthy_pods_nothing_is_kept_but_the_load_of_their_nodes_k27() {
    let plan = Plan::default();
    let rules = PodRules::new(&plan, None, None, None, now());
    let healthy: PodHealth = serde_json::from_value(pod("web-5f-1", "shop", "n", "web")).unwrap();
    let mut sum = rules.empty();
    for page in 0..60 {
        let mut of_page = rules.empty();
        for number in 0..500 {
            let mut one = healthy.clone();
            one.node = Some(format!("n{}", (page * 500 + number) % 1000));
            rules.take(&mut of_page, one);
        }
        rules.join(&mut sum, of_page);
    }
    assert_eq!((sum.judged, sum.load.len()), (30_000, 1000));
    assert!(
        sum.load
            .values()
            .all(|load| load.pods == 30 && load.requests.cpu_milli == 3000)
    );
    assert!(sum.groups.is_empty() && sum.young.is_empty() && sum.restarts.is_empty());
}

#[test]
fn ten_thousand_broken_workloads_are_counted_and_half_of_them_named() {
    let plan = Plan::default();
    let rules = PodRules::new(&plan, None, None, None, now());
    let broken: PodHealth =
        serde_json::from_value(sick("p", &json!({"waiting": {"reason": "ImagePullBackOff"}}))).unwrap();
    let mut sum = rules.empty();
    for number in 0..10_000 {
        let mut one = broken.clone();
        one.owner = None;
        one.name = format!("p{number}");
        rules.take(&mut sum, one);
    }
    assert_eq!((sum.groups.len(), sum.unlisted), (5000, 5000));
}
