//! Reports as `provisioning-latency` gives them on a night without capacity, for pictures and for tests of the
//! renderings.

use day2_core::action::guard::{Guard, Refusal};
use day2_core::action::{
    ActionRecord, Effect, Mode, Outcome, Plan, PlanId, Skip, Step, StepResult, StepState, Undo,
};
use day2_core::arn::Partition;
use day2_core::item::{Item, Population};
use day2_core::links::{Place, Rendering};
use day2_core::report::{PastRun, Report, Run};
use day2_core::verdict::Verdict::{self, Fail, Pass};
use serde_json::{Value, json};

const FUNCTION: &str = "provisioning-latency";
const TARGET: &str = "prod-a";

/// Waits for somebody to approve it.
pub(crate) fn planned() -> Report {
    let mut report = report("P95 is 3 min 40 s, 12 nodes would help", Outcome::Planned);
    if let Some(record) = &mut report.action {
        record.approve_until = Some(time("2026-03-06T09:42:05Z"));
    }
    report
}

/// Approved, carried out, and seen to have helped.
pub(crate) fn applied() -> Report {
    let mut report = report("12 more nodes against a P95 of 3 min 40 s", Outcome::Applied);
    if let Some(record) = &mut report.action {
        record.approved_by = Some("5b0c6a1e-94d7-4c55-8e0b-2f9d2d1f7c3a".to_owned());
        record.results = vec![
            result(
                WORKSPACE,
                StepState::Applied,
                "desired capacity is 60, as asked",
                "0c4e1f7a9b2d4c6e8a1b3d5f7092a4c6",
            ),
            result(
                PROVISIONER,
                StepState::AlreadyDone,
                "6 replicas, set by the first delivery of this alarm",
                "7d1a9c3e5b70f2846a8c0e1d3f5b7294",
            ),
        ];
        record.effect = Some(Effect::Verified {
            says:
                "12 of 12 new nodes are Ready; the longest wait for a workspace fell from 3 min 40 s to 48 s"
                    .to_owned(),
        });
    }
    report
}

/// One step failed, and what was done did not help in the time given.
pub(crate) fn failed() -> Report {
    let mut report = report(
        "12 more nodes asked for, the provisioner not scaled",
        Outcome::Failed,
    );
    if let Some(record) = &mut report.action {
        record.mode = Mode::Auto;
        record.results = vec![
            result(
                WORKSPACE,
                StepState::Applied,
                "desired capacity is 60, as asked",
                "0c4e1f7a9b2d4c6e8a1b3d5f7092a4c6",
            ),
            StepResult {
                resource: PROVISIONER.to_owned(),
                state: StepState::Failed,
                says: "patch of deployments/scale: 403, deployments.apps \"coderd-provisioner\" is forbidden; nothing \
                       was changed"
                    .to_owned(),
                lease: None,
                expires_at: None,
            },
        ];
        record.effect = Some(Effect::NotVerified {
            says: "after 8 min 7 of 12 new nodes are Ready; the others have no address: see PRV-006"
                .to_owned(),
        });
    }
    report
}

/// A guard objects.
pub(crate) fn refused() -> Report {
    let mut report = report("the scale-down of 18:30 is too near", Outcome::Refused);
    if let Some(record) = &mut report.action {
        record.plan.refusals = vec![
            Refusal::new(
                Guard::Window,
                "the scheduled action workspace-down is due in 12 minutes, and nothing is done in the 30 before it",
                "function.schedule_margin_minutes",
            ),
            Refusal::new(
                Guard::Cap,
                "12 nodes are more than the 10 that one run may add",
                "safety.max_nodes, now 10",
            ),
        ];
    }
    report
}

/// Where the sample lies.
pub(crate) fn rendering(report: &Report) -> Rendering {
    Rendering {
        place: Place::of(report, Partition::Aws, "us-east-1", "day2-reports-123456789012"),
        not_stored: None,
        lambda: format!("day2-{FUNCTION}"),
        lambda_region: "us-east-1".to_owned(),
    }
}

const WORKSPACE: &str = "Auto Scaling group prod-a-workspace";
const PROVISIONER: &str = "deployment coder/coderd-provisioner";

fn report(says: &str, outcome: Outcome) -> Report {
    let at = time("2026-03-06T08:12:05Z");
    let run = Run {
        function: FUNCTION.to_owned(),
        task: "respond".to_owned(),
        target: TARGET.to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "alarm".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: None,
        occasion: Some("alarm:prod-a-provisioning-p95@2026-03-06T08:11:44.000Z".to_owned()),
        started_at: at,
        request_id: "c2b1f0de-7a65-4f3e-9d10-6e5a4b3c2d1e".to_owned(),
    };
    let plan = plan();
    let mut report = Report::new(run, items(), Vec::new());
    report.action = Some(ActionRecord {
        outcome,
        mode: Mode::Approve,
        says: says.to_owned(),
        plan_id: Some(plan.id(FUNCTION, TARGET)),
        plan,
        results: Vec::new(),
        lease: None,
        approve_until: None,
        effect: None,
        approved_by: None,
        pauses_until: None,
        held_back: None,
    });
    report.history = history();
    report
}

fn plan() -> Plan<Value> {
    let capacity = Step {
        change: json!({ "group": "prod-a-workspace", "desired": 60 }),
        resource: WORKSPACE.to_owned(),
        title: "Raise the desired capacity of workspace".to_owned(),
        before: "48 nodes".to_owned(),
        after: "60 nodes".to_owned(),
        precondition: "the desired capacity is still 48 and the maximum at least 60; it is never lowered"
            .to_owned(),
        undo: Undo::Lease {
            minutes: 150,
            words: "terminate what is empty of the 12 added nodes".to_owned(),
        },
        blast_radius: "12 nodes of m6i.2xlarge more, 25 %; nothing that runs is touched".to_owned(),
        disruptive: false,
        takes_seconds: 20,
    };
    let replicas = Step {
        change: json!({ "deployment": "coderd-provisioner", "replicas": 6 }),
        resource: PROVISIONER.to_owned(),
        title: "Scale the provisioner out".to_owned(),
        before: "4 replicas".to_owned(),
        after: "6 replicas".to_owned(),
        precondition: "no HorizontalPodAutoscaler owns it, and it still has 4 replicas".to_owned(),
        undo: Undo::Lease {
            minutes: 150,
            words: "4 replicas again, if nobody else changed them".to_owned(),
        },
        blast_radius: "2 pods more in coder".to_owned(),
        disruptive: false,
        takes_seconds: 15,
    };
    Plan {
        steps: vec![capacity, replicas],
        skips: vec![Skip {
            resource: "Auto Scaling group prod-a-system".to_owned(),
            why: "none of its nodes takes workspaces; no pod waits for it".to_owned(),
        }],
        refusals: Vec::new(),
    }
}

fn result(resource: &str, state: StepState, says: &str, lease: &str) -> StepResult {
    StepResult {
        resource: resource.to_owned(),
        state,
        says: says.to_owned(),
        lease: Some(lease.to_owned()),
        expires_at: Some(time("2026-03-06T10:42:30Z")),
    }
}

fn items() -> Vec<Item> {
    vec![
        judged(
            "PRV-001",
            "Workspaces start within 2 minutes",
            Fail,
            1,
            "P95 is 3 min 40 s over 15 min",
        )
        .threshold("P95 at most 2 min", "the alarm prod-a-provisioning-p95")
        .owner("platform"),
        judged(
            "PRV-002",
            "No workspace pod waits for a node",
            Fail,
            31,
            "9 of 31 pods wait: Insufficient cpu",
        )
        .remedy("The plan above adds the nodes; nothing to do beside that.")
        .owner("platform")
        .subject(
            "coder/ws-ada-7d4f9",
            "Pending for 6 min: 0/48 nodes are available: 48 Insufficient cpu.",
        ),
        judged(
            "PRV-003",
            "The provisioner keeps up",
            Pass,
            4,
            "4 of 4 replicas ready, queue of 2",
        ),
        judged(
            "PRV-004",
            "The subnets have addresses to give",
            Pass,
            3,
            "1,204 free in 3 subnets",
        ),
        judged(
            "PRV-005",
            "The vCPU quota has room",
            Pass,
            1,
            "384 of 640 vCPU used",
        ),
    ]
}

fn judged(code: &str, title: &str, verdict: Verdict, examined: u64, seen: &str) -> Item {
    let population = Population {
        examined,
        expected_at_least: 1,
    };
    Item::judge(code, title, verdict, population, seen)
}

fn history() -> Vec<PastRun> {
    let runs = [
        ("2026-02-26T14:03:11Z", Fail, Outcome::Applied),
        ("2026-03-02T19:40:52Z", Pass, Outcome::NothingToDo),
        ("2026-03-04T13:22:08Z", Fail, Outcome::Refused),
    ];
    runs.into_iter()
        .map(|(at, status, outcome)| PastRun {
            at: time(at),
            status,
            outcome: Some(outcome),
            plan_id: PlanId::parse(&"4f".repeat(32)),
            lease: None,
            silent: false,
            page: Some(format!(
                "reports/{FUNCTION}/{TARGET}/respond/{}-77aa.html",
                time(at).strftime("%Y/%m/%d/%H%M%SZ")
            )),
        })
        .collect()
}

fn time(at: &str) -> jiff::Timestamp {
    at.parse().unwrap_or_default()
}
