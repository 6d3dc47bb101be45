//! Row 3: what a look at all nodes and pods of a cluster takes, and how it grows with the cluster.

use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::titled;
use crate::child;
use crate::folders;
use crate::lists::Scanned;
use crate::peers::{Peers, program};
use crate::row::{Case, Goal, Metric, Row, Sample, Side};
use crate::runtime_api::RuntimeApi;
use crate::sandbox::cold;

/// The morning's look at the cluster.
pub(super) const EVENT: &[u8] = br#"{"task":"morning","targets":["prod-a"]}"#;

/// Memory that a scan may take, in MB, whatever the size of the cluster.
const MOST_MEMORY: f64 = 40.0;

/// The look at an incident: the same, and what was changed in the last hour.
const TRIAGE: &[u8] = br#"{"task":"triage","targets":["prod-a"]}"#;

/// Longest time of a triage, in milliseconds.
const MOST_OF_A_TRIAGE: f64 = 60_000.0;

/// Pods of the largest real cluster. Lists are played beyond it; the smaller ones are played too, for the curve.
const LARGEST_REAL: usize = 50_000;

/// Pods of the largest cluster.
const LARGEST: usize = 150_000;

/// How long an answer is waited for at least where lists are played at the pace of a real API server. One needs more for a page
/// of 500 pods: fetching alone, 10 pages of pods and some of other kinds, takes 760 ms (case "5,000 pods, fetching alone").
const PAGE_OF_A_REAL_ONE: Duration = Duration::from_millis(50);

/// Row 3.
///
/// # Errors
///
/// When a program is missing or cannot be started.
pub fn row(peers: &Peers, quick: bool) -> Result<Row> {
    program("jq")?;
    let api = Rc::new(RuntimeApi::start()?);
    let mut row = titled(3);
    let sizes: &[usize] = if quick { &[5_000] } else { &[5_000, LARGEST_REAL] };
    for pods in sizes {
        let cluster = Rc::new(Scanned::real(*pods)?);
        let label = format!("{} pods", thousands(*pods));
        row.cases.push(Case {
            label: format!("{label}, Python client"),
            peer: python(&cluster, peers, &[]),
            ours: ours(&cluster, &api)?,
            same: same_counts,
            goals: less(10.0),
        });
        if !quick {
            row.cases.push(Case {
                label: format!("{label}, Python client without its models"),
                peer: python(&cluster, peers, &["--raw"]),
                ours: ours(&cluster, &api)?,
                same: same_counts,
                goals: Vec::new(),
            });
        }
        row.cases.push(Case {
            label: format!("{label}, kubectl + jq"),
            peer: kubectl_and_jq(&cluster),
            ours: ours(&cluster, &api)?,
            same: same_counts,
            goals: less(30.0),
        });
        row.cases
            .push(bound(format!("{label}, fetching alone"), &cluster, &api)?);
        row.cases
            .push(triage(format!("{label}, triage"), &cluster, &api)?);
    }
    let sizes: &[usize] = if quick {
        &[500, 5_000]
    } else {
        &[500, 5_000, LARGEST_REAL, LARGEST]
    };
    for pods in sizes {
        let cluster = Rc::new(Scanned::played(*pods, Duration::ZERO)?);
        row.cases.push(bound(
            format!("{} pods played, fetching alone", thousands(*pods)),
            &cluster,
            &api,
        )?);
    }
    let most = if quick { 5_000 } else { LARGEST };
    let cluster = Rc::new(Scanned::played(most, PAGE_OF_A_REAL_ONE)?);
    row.cases.push(bound(
        format!(
            "{} pods played at a real server's pace, fetching alone",
            thousands(most)
        ),
        &cluster,
        &api,
    )?);
    row.notes = NOTES.iter().map(|note| (*note).to_owned()).collect();
    Ok(row)
}

/// So many times less memory than a peer, and fifty times less processor time.
fn less(memory: f64) -> Vec<Goal> {
    let goal = |metric, times| Goal::TimesLess { metric, times };
    vec![goal(Metric::Rss, memory), goal(Metric::Cpu, 50.0)]
}

const NOTES: &[&str] = &[
    "The answer that is compared: nodes that are not Ready, pods that do not start, pods without a node, workloads restarted \
     in the last 24 hours. Day2's side is `health-check` as Lambda starts it, with every group that looks into the cluster and none \
     that looks at AWS: it reads fourteen more lists, judges some fifty lines, and stores and mails a report. The peers read nodes and pods only.",
    "Real: etcd and the API server of the local platform with no controller, so that nothing changes meanwhile. Played: \
     `list-server`, which makes pods and nodes of 5 kB each while it sends them and takes no time to find them; a real API \
     server is some ten times slower, so that the ratio to fetching alone is at its hardest there, and tells the cost of \
     reading alone. Played at a real server's pace: each answer is waited for 50 ms, which is less than a page of 500 pods takes \
     on the real one. The goal is judged at both.",
    "Fetching alone is `fetch-pages`: the same lists in the same order over the same transport, of which nothing is read but \
     the token of the next page. It is the other side of the wall goal, not a peer, and its memory is not known below that of \
     `bench`, which starts it. It asks for a page when the one before \
     has come whole; `health-check` asks as soon as it knows the token.",
    "Triage is `health-check` with the task `triage`: the same lists, and the metadata of replica sets, Deployments, DaemonSets and \
     config maps once more, for what was changed in the last hour. Here that is everything, because the cluster was filled just before. \
     Its other side is fetching the lists of the morning alone.",
    "kubectl keeps the whole list, and jq once more; the largest of their processes is counted, not their sum.",
];

/// Against fetching the same pages and reading nothing.
fn bound(label: String, cluster: &Rc<Scanned>, api: &Rc<RuntimeApi>) -> Result<Case> {
    let held = Rc::clone(cluster);
    let goals = vec![
        Goal::AtMost {
            metric: Metric::Rss,
            value: MOST_MEMORY,
        },
        Goal::AtMostTimes {
            metric: Metric::Wall,
            times: 1.3,
        },
    ];
    Ok(Case {
        label,
        peer: Side::new("fetch-pages", move || {
            let mut fetcher = held.fetcher()?;
            held.beside(|| child::run(&mut fetcher))
        }),
        ours: ours(cluster, api)?,
        same: both_read,
        goals,
    })
}

/// Against fetching the pages of the morning, of which the triage reads some once more.
fn triage(label: String, cluster: &Rc<Scanned>, api: &Rc<RuntimeApi>) -> Result<Case> {
    let most = |metric, value| Goal::AtMost { metric, value };
    Ok(Case {
        ours: asked(cluster, api, TRIAGE)?,
        goals: vec![
            most(Metric::Rss, MOST_MEMORY),
            most(Metric::Wall, MOST_OF_A_TRIAGE),
        ],
        ..bound(label, cluster, api)?
    })
}

pub(super) fn ours(cluster: &Rc<Scanned>, api: &Rc<RuntimeApi>) -> Result<Side> {
    asked(cluster, api, EVENT)
}

fn asked(cluster: &Rc<Scanned>, api: &Rc<RuntimeApi>, event: &'static [u8]) -> Result<Side> {
    let (held, api, launch) = (Rc::clone(cluster), Rc::clone(api), cluster.launch()?);
    Ok(Side::new("Day2", move || {
        let sample = held.beside(|| cold(&api, &launch, event))?;
        let report = sample.answer.pointer("/reports/0").cloned();
        Ok(Sample {
            answer: report.context("no report")?,
            ..sample
        })
    }))
}

fn python(cluster: &Rc<Scanned>, peers: &Peers, arguments: &'static [&'static str]) -> Side {
    let (held, python) = (Rc::clone(cluster), peers.python());
    Side::new("Python client", move || {
        let mut command = Command::new(&python);
        command
            .arg(folders::peers().join("scan/scan.py"))
            .arg(held.kubeconfig())
            .args(arguments);
        held.beside(|| child::run(&mut command))
    })
}

fn kubectl_and_jq(cluster: &Rc<Scanned>) -> Side {
    let held = Rc::clone(cluster);
    Side::new("kubectl + jq", move || {
        let mut command = Command::new(folders::peers().join("scan/scan.sh"));
        held.surround(&mut command)?;
        held.beside(|| child::run(&mut command))
    })
}

/// `5000` as `5,000`.
fn thousands(number: usize) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", number / 1_000, number % 1_000)
}

fn both_read(ours: &Value, peer: &Value) -> Result<()> {
    let bytes = peer.get("bytes").and_then(Value::as_u64).unwrap_or_default();
    ensure!(bytes > 0, "nothing was fetched: {peer}");
    for code in ["HLT-111", "HLT-122"] {
        ensure!(number(ours, code, 0).is_some(), "{code} has no number in {ours}");
    }
    Ok(())
}

/// The counts of the peers, and where they stand in the report.
pub(super) fn same_counts(ours: &Value, peer: &Value) -> Result<()> {
    let count = |name: &str| peer.get(name).and_then(Value::as_u64);
    let nodes = peer
        .get("nodes_not_ready")
        .and_then(Value::as_array)
        .map(Vec::len);
    let found = [
        (
            "nodes not Ready",
            "HLT-111",
            not_ready(ours),
            nodes.and_then(|nodes| u64::try_from(nodes).ok()),
        ),
        (
            "pods that do not start",
            "HLT-122",
            number(ours, "HLT-122", 0),
            count("pods_that_do_not_start"),
        ),
        (
            "pods without a node",
            "HLT-123",
            number(ours, "HLT-123", 0),
            count("pods_without_a_node"),
        ),
        (
            "workloads restarted",
            "HLT-127",
            number(ours, "HLT-127", 0),
            count("workloads_restarted"),
        ),
    ];
    for (what, code, own, theirs) in found {
        ensure!(
            own.is_some() && own == theirs,
            "{what}: {own:?} here, {theirs:?} there; the line says: {}",
            item(ours, code).map_or_else(|| "nothing".to_owned(), Value::to_string)
        );
    }
    Ok(())
}

/// Of `165 of 167 nodes Ready` the difference.
pub(super) fn not_ready(report: &Value) -> Option<u64> {
    number(report, "HLT-111", 1)?.checked_sub(number(report, "HLT-111", 0)?)
}

fn item<'r>(report: &'r Value, code: &str) -> Option<&'r Value> {
    let mut items = report.get("items")?.as_array()?.iter();
    items.find(|item| item.get("code").and_then(Value::as_str) == Some(code))
}

/// The number at this place among the numbers of what a line has seen.
pub(super) fn number(report: &Value, code: &str, at: usize) -> Option<u64> {
    let seen = item(report, code)?.get("seen")?.as_str()?.replace(',', "");
    seen.split(|one: char| !one.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .nth(at)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(starts_not: &str) -> Value {
        json!({"items": [
            {"code": "HLT-111", "seen": "165 of 167 nodes Ready"},
            {"code": "HLT-122", "seen": starts_not},
            {"code": "HLT-123", "seen": "3 of 5000 pods not, in 3 workloads"},
            {"code": "HLT-127", "seen": "12 workloads restarted in 24 h, of 5000 pods"},
        ]})
    }

    #[test]
    fn an_answer_is_the_same_when_every_count_is() {
        let peer = json!({
            "nodes_not_ready": ["a", "b"], "pods_that_do_not_start": 9, "pods_without_a_node": 3, "workloads_restarted": 12,
        });
        same_counts(&report("9 of 5000 pods not, in 9 workloads"), &peer).unwrap();
        let why = same_counts(&report("8 of 5000 pods not, in 8 workloads"), &peer).unwrap_err();
        assert!(why.to_string().starts_with("pods that do not start"), "{why}");
        assert!(same_counts(&json!({}), &peer).is_err());
    }
}
