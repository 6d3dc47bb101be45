//! A report as `scale-window` gives it on a bad morning, for pictures and for tests of the renderings.

use day2_core::arn::Partition;
use day2_core::chart::{Bars, Chart, Loss, Stage, Waterfall};
use day2_core::compare::{Snapshot, compare};
use day2_core::item::{Item, Population};
use day2_core::links::{Place, Rendering};
use day2_core::observed::{Cause, Unreadable};
use day2_core::report::{PastRun, Report, Run};
use day2_core::verdict::Verdict::{self, Fail, Pass, Unknown};

/// The morning after the scale-out fell short: 3 of 11 failed, 1 unknown, compared with the day before.
pub(crate) fn failing() -> Report {
    let today = |code: &str| match code {
        "SCW-021" => Some(short_groups()),
        "SCW-022" => Some(failed_launches()),
        "SCW-026" => Some(waiting_pods(&[
            "coder/ws-ada-7d4f9",
            "coder/ws-grace-1",
            "coder/ws-linus-0",
        ])),
        "SCW-030" => Some(denied_ports()),
        _ => None,
    };
    let yesterday = |code: &str| match code {
        "SCW-025" => Some(
            judged(code, Fail, 18, 18, "17 of 18 nodes run every daemonset").subject(
                "ip-10-0-12-88.ec2.internal",
                "aws-node has 0 of 1 pods ready for 14 min",
            ),
        ),
        "SCW-026" => Some(waiting_pods(&["coder/ws-ada-7d4f9"])),
        _ => None,
    };
    let before = report("2026-03-05T12:00:00Z", yesterday);
    let mut report = report("2026-03-06T12:00:00Z", today);
    report.changes = compare(Some(&Snapshot::of(&before)), &report);
    report.charts = charts();
    report.history = history(&report.run);
    report
}

/// The morning after that: everything mended.
pub(crate) fn recovered() -> Report {
    let mut report = report("2026-03-09T11:00:00Z", |_| None);
    report.changes = compare(Some(&Snapshot::of(&failing())), &report);
    report.history = history(&report.run);
    report
}

/// Where the sample lies.
pub(crate) fn rendering(report: &Report) -> Rendering {
    Rendering {
        place: Place::of(report, Partition::Aws, "us-east-1", "day2-reports-123456789012"),
        not_stored: None,
        lambda: "day2-scale-window".to_owned(),
        lambda_region: "us-east-1".to_owned(),
    }
}

/// Code, title and what a healthy morning shows: examined, expected, words.
const CHECKS: [(&str, &str, u64, u64, &str); 11] = [
    (
        "SCW-021",
        "Each group has its planned nodes, Ready",
        18,
        18,
        "18 of 18 planned nodes are Ready",
    ),
    (
        "SCW-022",
        "Launches since 06:30 succeeded",
        10,
        1,
        "10 launches, all successful",
    ),
    (
        "SCW-023",
        "New nodes joined within 5 minutes",
        8,
        1,
        "slowest 3 min 41 s, median 1 min 52 s",
    ),
    (
        "SCW-024",
        "No node is cordoned or tainted",
        15,
        1,
        "15 nodes schedulable",
    ),
    (
        "SCW-025",
        "Daemonsets run on every node",
        15,
        1,
        "6 daemonsets, 90 of 90 pods ready",
    ),
    ("SCW-026", "No pod waits for a node", 212, 1, "212 pods placed"),
    (
        "SCW-027",
        "Control workloads are available across zones",
        4,
        4,
        "4 workloads, each on 3 zones",
    ),
    (
        "SCW-028",
        "Database instances are available",
        2,
        2,
        "writer and reader available, replica lag 18 ms",
    ),
    (
        "SCW-029",
        "Database connections are below the limit",
        10,
        1,
        "peak 412 of 5000, 8 %",
    ),
    (
        "SCW-030",
        "NAT gateways have ports to give",
        3,
        3,
        "no failed port allocation in 30 min",
    ),
    (
        "SCW-031",
        "No alarm is in ALARM or without data",
        27,
        1,
        "27 alarms, all OK",
    ),
];

fn report(at: &str, judge: impl Fn(&str) -> Option<Item>) -> Report {
    let at = time(at);
    let run = Run {
        function: "scale-window".to_owned(),
        task: "postscale".to_owned(),
        target: "prod-a".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: Some(at),
        occasion: None,
        started_at: at + jiff::SignedDuration::from_secs(2),
        request_id: "8f5d1c1e-3c0e-4d5e-9a53-6f0c0f0b7a11".to_owned(),
    };
    let items = CHECKS
        .iter()
        .map(|(code, _, examined, expected, seen)| {
            judge(code).unwrap_or_else(|| judged(code, Pass, *examined, *expected, seen))
        })
        .collect();
    Report::new(run, items, Vec::new())
}

fn time(at: &str) -> jiff::Timestamp {
    at.parse().unwrap_or_default()
}

fn title(code: &str) -> &'static str {
    CHECKS
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or("", |(_, title, ..)| title)
}

fn judged(code: &str, verdict: Verdict, examined: u64, expected_at_least: u64, seen: &str) -> Item {
    let population = Population {
        examined,
        expected_at_least,
    };
    Item::judge(code, title(code), verdict, population, seen)
}

fn short_groups() -> Item {
    judged(
        "SCW-021",
        Fail,
        15,
        18,
        "15 of 18 planned nodes are Ready; one of three groups is short",
    )
    .threshold(
        "all planned nodes, 30 min after 06:30",
        "target prod-a, node_groups[].expected_nodes",
    )
    .remedy(
        "Launch in the zones that have capacity: raise the desired capacity of prod-a-workspace by 2 \
             (maximum 50), or add an instance type to its launch template. The third instance never joined: \
             read its console output, then terminate it so that the group replaces it.",
    )
    .owner("platform")
    .subject(
        "prod-a-workspace",
        "10 planned, 8 launched, 7 Ready; us-east-1c has 1 of 4",
    )
}

fn failed_launches() -> Item {
    judged("SCW-022", Fail, 10, 1, "2 of 10 launches failed, for one reason")
        .threshold("no failed or cancelled launch", "function.max_failed_launches = 0")
        .remedy(
            "us-east-1c has no m6i.2xlarge to give. Add m6a.2xlarge or m5.2xlarge to the mixed instances policy; \
             until then the other two zones carry the load.",
        )
        .owner("platform")
        .subject(
            "prod-a-workspace",
            "2 × InsufficientInstanceCapacity: We currently do not have sufficient m6i.2xlarge capacity in the \
             Availability Zone you requested (us-east-1c).",
        )
}

fn waiting_pods(names: &[&str]) -> Item {
    let seen = format!(
        "{} of 212 pods wait for a node, the longest for 19 min",
        names.len()
    );
    judged("SCW-026", Fail, 212, 1, &seen)
        .threshold(
            "no pod Pending for more than 5 min",
            "function.max_pending_minutes",
        )
        .remedy("They fit once prod-a-workspace has its planned nodes (SCW-021); nothing to do beside that.")
        .subjects(names.iter().zip([19, 11, 6]).map(|(name, minutes)| {
            let says = format!("Pending for {minutes} min: 0/15 nodes are available: 15 Insufficient cpu.");
            ((*name).to_owned(), says)
        }))
}

fn denied_ports() -> Item {
    let why = Unreadable::new(
        "cloudwatch:GetMetricData",
        "AWS/NATGateway ErrorPortAllocation",
        Cause::Denied,
        "User: arn:aws:sts::123456789012:assumed-role/day2-scale-window/day2-scale-window is not authorized to \
         perform: cloudwatch:GetMetricData because no identity-based policy allows it",
    );
    Item::unreadable("SCW-030", title("SCW-030"), 3, &why)
        .threshold(
            "no failed port allocation in 30 min",
            "function.nat.window_minutes",
        )
        .remedy(
            "Allow cloudwatch:GetMetricData for the role day2-scale-window; `terraform apply` restores it.",
        )
}

fn charts() -> Vec<Chart> {
    let loss = |count, reason: &str| Loss {
        count,
        reason: reason.to_owned(),
    };
    let stage = |label: &str, count, losses| Stage {
        label: label.to_owned(),
        count,
        losses,
    };
    let waterfall = Waterfall {
        title: "From planned to usable: prod-a-workspace".to_owned(),
        unit: "nodes".to_owned(),
        stages: vec![
            stage("Planned", Some(10), vec![]),
            stage(
                "Launched",
                Some(8),
                vec![loss(2, "InsufficientInstanceCapacity in us-east-1c")],
            ),
            stage("Joined the cluster", None, vec![]),
            stage(
                "Ready",
                Some(7),
                vec![loss(1, "i-0f3a9c1d2e4b5a678 never joined; running for 24 min")],
            ),
            stage("Pods placed", Some(7), vec![]),
        ],
    };
    let bars = Bars {
        title: "Launch to Ready, new nodes".to_owned(),
        unit: "nodes".to_owned(),
        bars: [
            ("under 1 min", 1.0),
            ("1 to 2 min", 4.0),
            ("2 to 3 min", 1.0),
            ("3 to 5 min", 1.0),
            ("over 5 min", 0.0),
        ]
        .map(|(label, value)| (label.to_owned(), value))
        .to_vec(),
    };
    vec![Chart::Waterfall(waterfall), Chart::Bars(bars)]
}

/// Working days before `run`, oldest first.
fn history(run: &Run) -> Vec<PastRun> {
    let days = [
        ("2026-02-23T12:00:02Z", Pass),
        ("2026-02-24T12:00:02Z", Pass),
        ("2026-02-25T12:00:02Z", Fail),
        ("2026-02-26T12:00:02Z", Pass),
        ("2026-02-27T12:00:02Z", Pass),
        ("2026-03-02T12:00:02Z", Pass),
        ("2026-03-03T12:00:02Z", Unknown),
        ("2026-03-04T12:00:02Z", Pass),
        ("2026-03-05T12:00:02Z", Fail),
        ("2026-03-06T12:00:02Z", Fail),
    ];
    days.iter()
        .map(|(at, status)| {
            let at = time(at);
            let day = at.strftime("%Y/%m/%d").to_string();
            let page = format!("reports/scale-window/prod-a/postscale/{day}/120000Z-5a3f.html");
            PastRun {
                at,
                status: *status,
                outcome: None,
                plan_id: None,
                lease: None,
                silent: false,
                page: Some(page),
            }
        })
        .filter(|past| past.at < run.started_at)
        .collect()
}
