use day2_kube::objects::{PodRoom, Resources};

use super::demand;
use crate::facts::Load;

#[test]
fn what_belongs_to_a_node_does_not_move_and_what_waits_is_counted() {
    let pod = |of_node, placed| PodRoom {
        requests: Resources {
            cpu_milli: 100,
            memory_bytes: 1 << 20,
        },
        placed,
        of_node,
        over: false,
    };
    let sum = demand(&[pod(false, true), pod(false, false), pod(true, true)]);
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
