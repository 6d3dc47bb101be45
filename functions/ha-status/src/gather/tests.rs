use day2_kube::Reduce as _;
use day2_kube::objects::{PodRoom, Resources};

use super::EachPod;
use crate::facts::Load;

#[test]
fn what_belongs_to_a_node_does_not_move_what_waits_is_counted_and_what_is_over_takes_nothing() {
    let pod = |of_node, placed, over| PodRoom {
        requests: Resources {
            cpu_milli: 100,
            memory_bytes: 1 << 20,
        },
        placed,
        of_node,
        over,
    };
    // Two pages.
    let mut sum = EachPod.empty();
    for page in [
        vec![pod(false, true, false), pod(false, true, true)],
        vec![pod(false, false, false), pod(true, true, false)],
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
    assert_eq!(
        (sum.moving, sum.of_nodes, sum.waiting_pods),
        (load(2), load(1), 1)
    );
}
