use std::collections::BTreeMap;

use day2_kube::Reduce as _;
use day2_kube::objects::{PodRoom, Resources};

use super::EachPod;
use crate::facts::{Demand, Load, OnNode};

#[test]
fn pods_are_summed_by_node_what_belongs_to_one_does_not_move_and_what_is_over_takes_nothing() {
    let pod = |of_node, node: Option<&str>, over| PodRoom {
        requests: Resources {
            cpu_milli: 100,
            memory_bytes: 1 << 20,
        },
        node: node.map(str::to_owned),
        of_node,
        over,
    };
    // Two pages.
    let mut sum = EachPod.empty();
    for page in [
        vec![
            pod(false, Some("a"), false),
            pod(false, Some("a"), true),
            pod(false, Some("b"), false),
        ],
        vec![
            pod(false, Some("a"), false),
            pod(true, Some("a"), false),
            pod(false, None, false),
            // Of a DaemonSet whose node has no room for it: no other node takes it.
            pod(true, None, false),
        ],
    ] {
        let mut of_page = EachPod.empty();
        for pod in page {
            EachPod.take(&mut of_page, pod);
        }
        EachPod.join(&mut sum, of_page);
    }
    let load = |count: i64| Load {
        cpu_milli: 100 * count,
        memory_bytes: (1 << 20) * count,
        pods: count,
    };
    let on = |moving, of_node| OnNode {
        moving: load(moving),
        of_node: load(of_node),
    };
    let expected = Demand {
        on: BTreeMap::from([("a".to_owned(), on(2, 1)), ("b".to_owned(), on(1, 0))]),
        waiting: load(1),
    };
    assert_eq!(sum, expected);
}
