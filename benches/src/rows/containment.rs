//! Row 6: from a finding to an isolated pod, cold and warm, and a storm of findings.

mod storm;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use day2_aws::boot;
use serde_json::{Value, json};

use super::titled;
use crate::folders;
use crate::peers::Peers;
use crate::replay::{ACCOUNT, CLUSTER, REGION, Replay, finding};
use crate::row::{Case, Goal, Metric, Row, Sample, Side};
use crate::runtime_api::RuntimeApi;
use crate::sandbox::{Launch, Sandbox};

/// Longest wait for a pod to be isolated.
const LIMIT: Duration = Duration::from_mins(1);
/// Exchanges that wait for each other from a finding to the isolated pod, in a warm sandbox: the pod (beside the journal and
/// GuardDuty), its replica set, its Deployment (beside the claim), the record, and label and policy together.
const WAVES: u32 = 5;
/// The key of the evidence; nothing of it is used.
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";

/// What both sides of the row need.
struct Stand {
    api: Rc<RuntimeApi>,
    peers: Peers,
}

/// The row.
///
/// # Errors
///
/// When a program is missing or cannot be started.
pub fn row(peers: &Peers, quick: bool) -> Result<Row> {
    let stand = Stand {
        api: Rc::new(RuntimeApi::start()?),
        peers: peers.clone(),
    };
    let mut row = titled(6);
    for (delay, goals) in [(0, vec![times(Metric::Wall, 5.0)]), (20, Vec::new())] {
        row.cases.push(stand.cold(delay, goals)?);
    }
    for delay in [0, 20, 50] {
        row.cases.push(stand.warm(delay)?);
    }
    for delay in [20, 50] {
        row.cases.push(stand.bound(delay)?);
    }
    row.cases.extend(stand.storms(quick)?);
    row.notes = vec![
        "Ours is the release binary of `threat-containment` in mode `auto`; the clock stops when the API server has both the label \
         and a policy that selects it, and the CPU of the cold case is that of the whole run."
            .to_owned(),
        "Day2 does more before that moment (it reads GuardDuty's own finding, asks who owns the pod, and writes a record with the \
         circuit breaker's counters first) and much more after it (fifteen pieces of evidence in a sealed chain, the node, a \
         proof of the quarantine, a report). The Python handler looks at the pod, labels it, and writes the policy."
            .to_owned(),
        format!(
            "The bound of the warm case is {WAVES} exchanges that wait for each other, each as long as the delay. Python has four \
             (idempotency, pod, label, policy), one after another: with a delay, the network decides, and it is not slower."
        ),
    ];
    row.notes.extend(storm::notes());
    Ok(row)
}

const fn times(metric: Metric, times: f64) -> Goal {
    Goal::TimesLess { metric, times }
}

impl Stand {
    fn ours(replay: &Replay) -> Result<Launch> {
        let function = json!({
            "mode": "auto", "settle_seconds": 0, "evidence": {"bucket": "bench-evidence", "key_arn": KEY},
            "breaker": {"max_per_hour": 100, "max_per_day": 500, "max_percent_of_replicas": 100},
            "targets": {CLUSTER: {"policy_agent": "declared"}},
        });
        let mut variables: BTreeMap<String, String> = replay.variables().into_iter().collect();
        variables.insert("DAY2_SETTINGS".to_owned(), replay.settings(&function).to_string());
        Ok(Launch {
            program: folders::built("threat-containment")?,
            arguments: Vec::new(),
            folder: folders::root(),
            variables,
            starved: None,
        })
    }

    fn theirs(&self, replay: &Replay) -> Launch {
        let mut variables: BTreeMap<String, String> = replay.variables().into_iter().collect();
        for (name, value) in [
            ("CLUSTER_NAME", CLUSTER.to_owned()),
            ("EVIDENCE_BUCKET", "bench-evidence".to_owned()),
            (
                "TOPIC_ARN",
                format!("arn:aws:sns:{REGION}:{ACCOUNT}:bench-reports"),
            ),
            ("IDEMPOTENCY_TABLE", "bench-idempotency".to_owned()),
            ("POWERTOOLS_SERVICE_NAME", "containment".to_owned()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        Launch {
            program: self.peers.python(),
            arguments: ["-m", "awslambdaric", "containment.handler"]
                .map(Into::into)
                .into(),
            folder: folders::peers(),
            variables,
            starved: None,
        }
    }

    /// Both sides' launches, each against a server of its own: what one isolated would be isolated for the other too.
    fn sides(&self, delay: u64) -> Result<[(Launch, Rc<Replay>); 2]> {
        let delay = Duration::from_millis(delay);
        let (own, other) = (Rc::new(Replay::start(delay)?), Rc::new(Replay::start(delay)?));
        Ok([(self.theirs(&other), other), (Self::ours(&own)?, own)])
    }

    fn cold(&self, delay: u64, goals: Vec<Goal>) -> Result<Case> {
        let [peer, ours] = self.sides(delay)?;
        let side = |name: &str, (launch, replay): (Launch, Rc<Replay>)| {
            let (api, mut number) = (Rc::clone(&self.api), 0);
            Side::new(name, move || {
                number += 1;
                replay.beside(|| cold_once(&api, &launch, &replay, number))
            })
        };
        Ok(Case {
            label: format!("cold, delay {delay} ms"),
            peer: side("Python", peer),
            ours: side("Day2", ours),
            same: crate::run::equal,
            goals,
        })
    }

    fn warm(&self, delay: u64) -> Result<Case> {
        let [peer, ours] = self.sides(delay)?;
        Ok(Case {
            label: format!("warm, delay {delay} ms"),
            peer: Self::warm_side("Python", peer),
            ours: Self::warm_side("Day2", ours),
            same: crate::run::equal,
            goals: Vec::new(),
        })
    }

    fn bound(&self, delay: u64) -> Result<Case> {
        let [_, ours] = self.sides(delay)?;
        let mut number = WARM_UP;
        let bound = Side::new(format!("{WAVES} exchanges"), move || {
            number += 1;
            Ok(Sample {
                wall: Duration::from_millis(delay) * WAVES,
                answer: isolated(number),
                ..Sample::default()
            })
        });
        Ok(Case {
            label: format!("warm against the bound, delay {delay} ms"),
            peer: bound,
            ours: Self::warm_side("Day2", ours),
            same: crate::run::equal,
            goals: vec![Goal::AtMostTimes {
                metric: Metric::Wall,
                times: 1.3,
            }],
        })
    }

    /// A sandbox that lives through all rounds.
    fn warm_side(name: &str, (launch, replay): (Launch, Rc<Replay>)) -> Side {
        // A runtime API of its own, because the sandboxes of both sides live at the same time.
        let mut running: Option<(Rc<RuntimeApi>, Sandbox)> = None;
        let mut number = WARM_UP;
        Side::new(name, move || {
            if running.is_none() {
                let api = Rc::new(RuntimeApi::start()?);
                let sandbox = Sandbox::start(&api, &launch)?;
                for warm in 1..=WARM_UP {
                    sandbox.invoke(&event(&id(1, warm)))?;
                    replay.next_isolated(LIMIT)?;
                }
                running = Some((api, sandbox));
            }
            let (_, sandbox) = running.as_ref().context("no sandbox")?;
            number += 1;
            replay.beside(|| {
                let began = boot::now();
                sandbox.invoke(&event(&id(1, number)))?;
                let done = replay.next_isolated(LIMIT)?;
                Ok(Sample {
                    wall: done.at.duration_since(began).try_into()?,
                    answer: json!({"isolated": done.uid}),
                    ..Sample::default()
                })
            })
        })
    }
}

/// Findings that warm a sandbox up.
const WARM_UP: u32 = 2;

/// An id of a finding: which of its pod's, and the pod's number.
fn id(which: u32, pod: u32) -> String {
    format!("{:016x}{which:08x}{pod:08x}", 0x3ac3_dd0f_1e9b_4d7f_u64)
}

/// The event of a finding, as EventBridge delivers it.
fn event(id: &str) -> Vec<u8> {
    let now = boot::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let event = json!({
        "version": "0", "id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty", "account": ACCOUNT, "time": now, "region": REGION, "resources": [],
        "detail": finding(id, &now),
    });
    event.to_string().into_bytes()
}

fn isolated(pod: u32) -> Value {
    json!({"isolated": crate::replay::suspect(pod).1})
}

/// Starts the process with its event waiting, and stops the clock when the pod is isolated.
fn cold_once(api: &Rc<RuntimeApi>, launch: &Launch, replay: &Replay, number: u32) -> Result<Sample> {
    let event = event(&id(1, number));
    let began = boot::now();
    let sandbox = Sandbox::start(api, launch)?;
    sandbox.invoke(&event)?;
    let done = replay.next_isolated(LIMIT)?;
    let (cpu, rss) = sandbox.end()?;
    Ok(Sample {
        wall: done.at.duration_since(began).try_into()?,
        cpu,
        peak_rss_bytes: Some(rss),
        answer: json!({"isolated": done.uid}),
        ..Sample::default()
    })
}
