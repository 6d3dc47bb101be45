//! What the runbooks' own commands would have said, and what we say. Traps 1, 18, 19 and 20 of the runbooks as they concern AWS;
//! those about pods and nodes are tested with the groups of the cluster. What a command prints is taken from the same facts.

use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::{Cause, Unreadable, Verdict};

use super::world::{
    World, ago, alarm, answered, coverage, detector, finding, hub_finding, insight, transition, volume,
};

struct Trap {
    /// The command of the runbook.
    command: &'static str,
    /// What its output is read as.
    theirs: fn(&World) -> Verdict,
    /// The world in which it was run.
    world: fn(&mut World),
    /// Our line about the same question, and its verdict.
    ours: (&'static str, Verdict),
}

/// Output that lists what is wrong, and is empty where nothing is.
const fn read(lines: usize) -> Verdict {
    if lines == 0 { Pass } else { Fail }
}

/// `describe-alarms --state-value ALARM`: alarms of metrics alone, in that state now (API `DescribeAlarms`).
fn ringing(world: &World) -> Verdict {
    let alarms = world.facts.alarms.as_ref().unwrap().alarms.as_ref().unwrap();
    read(alarms.iter().filter(|alarm| alarm.state == "ALARM").count())
}

/// `list-findings` without criteria: every id there is.
fn findings(world: &World) -> Verdict {
    read(
        world
            .facts
            .security
            .as_ref()
            .unwrap()
            .findings
            .as_ref()
            .unwrap()
            .len(),
    )
}

/// `list-insights --filter statuses=ERROR`.
fn insights_in_error(world: &World) -> Verdict {
    let insights = world.facts.eks.as_ref().unwrap().insights.as_ref().unwrap();
    read(
        insights
            .iter()
            .filter(|(insight, _)| insight.status == "ERROR")
            .count(),
    )
}

/// `get-metric-statistics` of connections, above a number that somebody remembers.
fn connections(world: &World) -> Verdict {
    let series = world
        .facts
        .database
        .as_ref()
        .unwrap()
        .connections
        .as_ref()
        .unwrap();
    let points = series.iter().flat_map(|one| &one.points);
    read(points.filter(|(_, value)| *value > 1600.0).count())
}

const TRAPS: [Trap; 17] = [
    Trap {
        command: "aws cloudwatch describe-alarms --state-value ALARM (no alarm exists at all): prints nothing (trap 1)",
        theirs: ringing,
        world: |world| world.alarms().alarms = Ok(Vec::new()),
        ours: ("HLT-201", Unknown),
    },
    Trap {
        command: "aws cloudwatch describe-alarms --state-value ALARM (the alarm lost its metric): prints nothing (trap 1)",
        theirs: ringing,
        world: |world| {
            world.alarms().alarms = Ok(vec![alarm("db-cpu", "INSUFFICIENT_DATA")]);
        },
        ours: ("HLT-202", Fail),
    },
    Trap {
        command: "\"no critical alerts in the last 8 h\", answered with the present state (trap 18)",
        theirs: ringing,
        world: |world| {
            world.alarms().history = Ok(vec![
                transition("db-cpu", 100, "ALARM", "OK"),
                transition("db-cpu", 160, "OK", "ALARM"),
            ]);
        },
        ours: ("HLT-203", Fail),
    },
    Trap {
        command: "the same, of an alarm that rang already in the evening and stopped before the morning (trap 18)",
        theirs: ringing,
        world: |world| world.alarms().history = Ok(vec![transition("db-cpu", 30, "ALARM", "OK")]),
        ours: ("HLT-203", Fail),
    },
    Trap {
        command: "aws guardduty list-findings (an archived finding and an example): prints two ids",
        theirs: findings,
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
        theirs: findings,
        world: |world| {
            world.security().runtime.as_mut().unwrap().cluster = Ok(vec![coverage("UNHEALTHY")]);
        },
        ours: ("HLT-212", Unknown),
    },
    Trap {
        command: "aws guardduty list-findings (the detector is suspended): prints [] (trap 1)",
        theirs: findings,
        world: |world| world.security().detectors = Ok(vec![detector("DISABLED")]),
        ours: ("HLT-211", Unknown),
    },
    Trap {
        command: "aws securityhub get-findings --max-items 10 (ten suppressed ones come first): prints ten (trap 19)",
        theirs: |world| {
            let open = world.facts.security.as_ref().unwrap().hub.as_ref().unwrap();
            read(open.open.as_ref().unwrap().iter().take(10).count())
        },
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
        theirs: |world| {
            let cluster = world.facts.eks.as_ref().unwrap().cluster.as_ref().unwrap();
            read(usize::from(cluster.status != "ACTIVE"))
        },
        world: |world| {
            world.eks().cluster.as_mut().unwrap().issues = vec![("Ec2SubnetNotFound".into(), "gone".into())];
        },
        ours: ("HLT-221", Fail),
    },
    Trap {
        command: "kubectl get pods -n kube-system (the add-on cannot be described): prints running pods (trap 20)",
        theirs: |_| read(without(&["aws-node-5f 2/2 Running"], "Running")),
        world: |world| {
            let why = Unreadable::new("eks:DescribeAddon", "vpc-cni", Cause::TimedOut, "");
            world.eks().addons = Ok(vec![("vpc-cni".into(), Err(why))]);
        },
        ours: ("HLT-222", Unknown),
    },
    Trap {
        command: "get-metric-statistics … DatabaseConnections (no datapoint comes): prints \"Datapoints\": [] (trap 1)",
        theirs: connections,
        world: |world| world.database().connections = Ok(Vec::new()),
        ours: ("HLT-232", Unknown),
    },
    Trap {
        command: "curl -s https://shop.example/healthz | jq . (HTTP 500 with a JSON body): exits with 0",
        theirs: |world| {
            let answer = world.facts.endpoints.as_ref().unwrap()[0].answer.as_ref();
            read(usize::from(answer.is_err() || answer.unwrap().json.is_err()))
        },
        world: |world| world.facts.endpoints = Some(vec![answered(500, "2027-02-01")]),
        ours: ("HLT-241", Fail),
    },
    Trap {
        command: "kubectl get certificates | grep -v True (Ready, and the server did not reload): prints nothing (trap 18)",
        theirs: |_| read(without(&["web-tls True web-tls 80d"], "True")),
        world: |world| world.facts.endpoints = Some(vec![answered(200, "2026-11-21")]),
        ours: ("HLT-242", Fail),
    },
    Trap {
        command: "kubectl get pvc (the volume is full): prints Bound 100Gi",
        theirs: |_| read(without(&["data-0 Bound pvc-1 100Gi"], "Bound")),
        world: |world| {
            world.facts.volumes = Some(Ok(vec![volume("shop", "data-0", 99.0, 0.0)]));
        },
        ours: ("HLT-251", Fail),
    },
    Trap {
        command: "aws eks list-insights --filter statuses=ERROR (EKS has not looked for two days): prints [] (trap 18)",
        theirs: insights_in_error,
        world: |world| {
            let mut stale = insight("Kubelet version skew", "PASSING");
            stale.refreshed_at = Some(ago(60 * 49));
            world.eks().insights = Ok(vec![(stale, None)]);
        },
        ours: ("HLT-224", Unknown),
    },
    Trap {
        command: "aws eks list-insights --filter statuses=ERROR (EKS could not judge): prints [] (trap 18)",
        theirs: insights_in_error,
        world: |world| world.eks().insights = Ok(vec![(insight("Add-ons", "UNKNOWN"), None)]),
        ours: ("HLT-224", Unknown),
    },
    Trap {
        command: "aws eks list-insights --filter statuses=ERROR (the next version is at stake): prints [] (trap 18)",
        theirs: insights_in_error,
        world: |world| world.eks().insights = Ok(vec![(insight("Deprecated APIs", "WARNING"), None)]),
        ours: ("HLT-224", Fail),
    },
];

/// `| grep -v WORD`.
fn without(lines: &[&str], word: &str) -> usize {
    lines.iter().filter(|line| !line.contains(word)).count()
}

#[test]
fn trap_1_18_19_20_what_the_runbook_would_have_said_is_not_what_is_true_w25() {
    for trap in &TRAPS {
        let mut world = World::healthy();
        (trap.world)(&mut world);
        let (code, verdict) = trap.ours;
        assert_eq!(world.verdict(code), verdict, "{}", trap.command);
        assert_ne!((trap.theirs)(&world), verdict, "{} is no trap", trap.command);
    }
}

/// EKS looks 30 days back, so that an insight about APIs stays red after it is mended (trap 18). Nobody can know that it is, so
/// that it stays a failure, with its age and with that limit said.
#[test]
fn trap_18_an_insight_that_may_be_mended_says_how_old_it_is_and_how_far_eks_looks_back() {
    for (status, days, says) in [
        ("ERROR", 2, "ERROR for 2 d, about version 1.35"),
        ("ERROR", 29, "ERROR for 29 d, about version 1.35"),
        ("WARNING", 40, "WARNING for 40 d, about version 1.35"),
    ] {
        let mut world = World::healthy();
        let mut one = insight("Deprecated APIs", status);
        one.since = Some(ago(1440 * days));
        world.eks().insights = Ok(vec![(one, None)]);
        world.assert_only(&[("HLT-224", Fail)]);
        let told = world.named("HLT-224").remove(0).1;
        assert!(told.starts_with(says), "{told}");
        let remedy = world.item("HLT-224").remedy.unwrap();
        assert!(remedy.contains("up to 30 days after it is mended"), "{remedy}");
    }
}
