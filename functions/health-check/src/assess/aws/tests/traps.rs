//! What the runbooks' own commands would have said, and what we say. Traps 1, 18, 19, 20 and 22 of the runbooks as they
//! concern AWS; those about pods and nodes are tested with the groups of the cluster.

use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::{Cause, Unreadable, Verdict};

use super::world::{
    World, ago, alarm, answered, coverage, detector, finding, hub_finding, transition, volume,
};

struct Trap {
    /// The command of the runbook.
    command: &'static str,
    /// What its output would have been read as.
    theirs: Verdict,
    /// The world in which it was run.
    world: fn(&mut World),
    /// Our line about the same question, and its verdict.
    ours: (&'static str, Verdict),
}

const TRAPS: [Trap; 13] = [
    Trap {
        command: "aws cloudwatch describe-alarms --state-value ALARM (no alarm exists at all): prints nothing (trap 1)",
        theirs: Pass,
        world: |world| world.alarms().alarms = Ok(Vec::new()),
        ours: ("HLT-201", Unknown),
    },
    Trap {
        command: "aws cloudwatch describe-alarms --state-value ALARM (the alarm lost its metric): prints nothing (trap 1)",
        theirs: Pass,
        world: |world| {
            world.alarms().alarms = Ok(vec![alarm("db-cpu", "INSUFFICIENT_DATA")]);
        },
        ours: ("HLT-202", Fail),
    },
    Trap {
        command: "\"no critical alerts in the last 8 h\", answered with the present state (trap 18)",
        theirs: Pass,
        world: |world| {
            world.alarms().history = Ok(vec![
                transition("db-cpu", 100, "OK"),
                transition("db-cpu", 160, "ALARM"),
            ]);
        },
        ours: ("HLT-203", Fail),
    },
    Trap {
        command: "aws guardduty list-findings (an archived finding and an example): prints two ids",
        theirs: Fail,
        world: |world| {
            let (mut archived, mut sample) = (finding("1", "a", "T"), finding("2", "b", "T"));
            archived.archived = true;
            sample.sample = true;
            world.security().findings = Ok(vec![archived, sample]);
        },
        ours: ("HLT-211", Pass),
    },
    Trap {
        command: "aws guardduty list-findings --finding-criteria … (no agent reports): prints [] (trap 1)",
        theirs: Pass,
        world: |world| {
            world.security().runtime.as_mut().unwrap().cluster = Ok(vec![coverage("UNHEALTHY")]);
        },
        ours: ("HLT-212", Unknown),
    },
    Trap {
        command: "aws guardduty list-findings (the detector is suspended): prints [] (trap 1)",
        theirs: Pass,
        world: |world| world.security().detectors = Ok(vec![detector("DISABLED")]),
        ours: ("HLT-211", Unknown),
    },
    Trap {
        command: "aws securityhub get-findings --max-items 10 (ten suppressed ones come first): prints ten (trap 19)",
        theirs: Fail,
        world: |world| {
            let suppressed = (0..10).map(|number| {
                let mut one = hub_finding(&number.to_string(), "CRITICAL", 90);
                one.workflow = "SUPPRESSED".into();
                one
            });
            world.hub().open = Ok(suppressed.collect());
        },
        ours: ("HLT-213", Pass),
    },
    Trap {
        command: "aws eks describe-cluster --query cluster.status (a subnet is gone): prints ACTIVE (trap 18)",
        theirs: Pass,
        world: |world| {
            world.eks().cluster.as_mut().unwrap().issues = vec![("Ec2SubnetNotFound".into(), "gone".into())];
        },
        ours: ("HLT-221", Fail),
    },
    Trap {
        command: "kubectl get pods -n kube-system (the add-on cannot be described): prints running pods (trap 20)",
        theirs: Pass,
        world: |world| {
            let why = Unreadable::new("eks:DescribeAddon", "vpc-cni", Cause::TimedOut, "");
            world.eks().addons = Ok(vec![("vpc-cni".into(), Err(why))]);
        },
        ours: ("HLT-222", Unknown),
    },
    Trap {
        command: "get-metric-statistics … DatabaseConnections (no datapoint comes): prints \"Datapoints\": [] (trap 1)",
        theirs: Pass,
        world: |world| world.database().connections = Ok(Vec::new()),
        ours: ("HLT-232", Unknown),
    },
    Trap {
        command: "curl -s https://shop.example/healthz | jq . (HTTP 500 with a JSON body): exits with 0",
        theirs: Pass,
        world: |world| world.facts.endpoints = Some(vec![answered(500, "2027-02-01")]),
        ours: ("HLT-241", Fail),
    },
    Trap {
        command: "kubectl get certificates | grep -v True (Ready, and the server did not reload): prints nothing (trap 18)",
        theirs: Pass,
        world: |world| world.facts.endpoints = Some(vec![answered(200, "2026-11-21")]),
        ours: ("HLT-242", Fail),
    },
    Trap {
        command: "kubectl get pvc (the volume is full): prints Bound 100Gi",
        theirs: Pass,
        world: |world| {
            world.facts.volumes = Some(Ok(vec![volume("shop", "data-0", 99.0, 0.0)]));
        },
        ours: ("HLT-251", Fail),
    },
];

#[test]
fn what_the_runbook_would_have_said_is_not_what_is_true() {
    for trap in &TRAPS {
        let mut world = World::healthy();
        (trap.world)(&mut world);
        let (code, verdict) = trap.ours;
        assert_eq!(world.verdict(code), verdict, "{}", trap.command);
        assert_ne!(trap.theirs, verdict, "{} is no trap", trap.command);
    }
}

#[test]
fn a_failed_update_of_an_hour_ago_is_told_although_the_cluster_is_active_again() {
    use crate::facts::aws_changes::{Change, Source};
    let mut world = World::healthy();
    world.facts.changes.as_mut().unwrap().sources = vec![Source {
        name: "updates of cluster prod-a".into(),
        changes: Ok(vec![Change {
            at: ago(40),
            what: "cluster prod-a".into(),
            says: "VersionUpdate, Failed; Version 1.35, SubnetNotFound: gone".into(),
            failed: true,
        }]),
    }];
    assert_eq!(world.verdict("HLT-221"), Pass);
    assert!(
        world
            .item("HLT-261")
            .seen
            .contains("FAILED cluster prod-a, 40 min ago: VersionUpdate, Failed")
    );
}
