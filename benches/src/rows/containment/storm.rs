//! The storm of findings: one warm sandbox, the same few pods again and again, and the least that this can cost.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{Stand, event, id, times};
use crate::folders;
use crate::replay::Replay;
use crate::row::{Case, Metric, Sample, Side};
use crate::runtime_api::RuntimeApi;
use crate::sandbox::{Launch, Sandbox};

/// Findings of the storm.
const STORM: u32 = 1_000;
/// Pods that they are about.
const PODS: u32 = 10;
/// Distinct findings of each pod.
const FINDINGS_OF_A_POD: u32 = 10;

/// What a reader of the storm must know.
pub(super) fn notes() -> Vec<String> {
    vec![
        format!(
            "The storm is findings of {PODS} pods, ten findings of each pod, each delivered again and again to one warm sandbox. \
             Counted is the CPU of the process from the first finding to the last answer, and the pods that are isolated at the \
             end are the same. The breaker is set wide; `tests/tests/containment/storm.rs` shows what it holds back."
        ),
        "The least that a storm can cost on the product's own legs is `delivery`: the same runtime, SDK and TLS take the same events \
         and answer them, with one signed write for each (without the condition that ours has) or none, and nothing is read of \
         them. Its ratio is the part of ours that no better judgement could save; it is not a peer."
            .to_owned(),
    ]
}

impl Stand {
    /// The storm against the peer, and against what takes the events only.
    pub(super) fn storms(&self, quick: bool) -> Result<Vec<Case>> {
        let findings = if quick { STORM / 10 } else { STORM };
        Ok(vec![
            self.storm(findings),
            self.least(findings, 1)?,
            self.least(findings, 0)?,
        ])
    }

    fn storm(&self, findings: u32) -> Case {
        Case {
            label: format!("storm of {findings} findings"),
            peer: self.storm_side("Python", findings, |stand, replay| Ok(stand.theirs(replay))),
            ours: self.storm_side("Day2", findings, |_, replay| Self::ours(replay)),
            same: crate::run::equal,
            goals: vec![times(Metric::Cpu, 20.0)],
        }
    }

    fn storm_side(&self, name: &str, findings: u32, launch: fn(&Self, &Replay) -> Result<Launch>) -> Side {
        let stand = Self {
            api: Rc::clone(&self.api),
            peers: self.peers.clone(),
        };
        Side::new(name, move || {
            let replay = Replay::start(Duration::ZERO)?;
            storm_once(&stand.api, &launch(&stand, &replay)?, &replay, findings)
        })
    }

    /// The same storm against a function that only takes the events, with so many writes for each.
    fn least(&self, findings: u32, writes: u32) -> Result<Case> {
        let (api, program) = (Rc::clone(&self.api), folders::built("delivery")?);
        let least = move || {
            let replay = Replay::start(Duration::ZERO)?;
            let mut launch = Launch {
                program: program.clone(),
                arguments: vec![writes.to_string().into()],
                ..Self::ours(&replay)?
            };
            let settings = replay.settings(&json!({})).to_string();
            launch.variables.insert("DAY2_SETTINGS".to_owned(), settings);
            replay.beside(|| stormed(&api, &launch, findings))
        };
        let only = if writes == 0 { "no write" } else { "one write each" };
        Ok(Case {
            label: format!("storm of {findings} findings, {only} and nothing else"),
            peer: Side::new("delivery", least),
            ours: self.storm_side("Day2", findings, |_, replay| Self::ours(replay)),
            same: both_done,
            goals: Vec::new(),
        })
    }
}

/// All findings to one sandbox, one after another. What is delivered again is the same event, to the byte: one with another
/// `updatedAt` would be an update of the finding.
fn storm_once(api: &Rc<RuntimeApi>, launch: &Launch, replay: &Replay, findings: u32) -> Result<Sample> {
    let stormed = replay.beside(|| stormed(api, launch, findings))?;
    let mut pods: Vec<String> = replay
        .isolated_meanwhile()
        .into_iter()
        .map(|one| one.uid)
        .collect();
    pods.sort();
    ensure!(
        pods.len() == usize::try_from(PODS)?,
        "{} pods are isolated",
        pods.len()
    );
    Ok(Sample {
        answer: json!({"isolated": pods}),
        ..stormed
    })
}

/// One sandbox through the whole storm; the answer is the last event's.
fn stormed(api: &Rc<RuntimeApi>, launch: &Launch, findings: u32) -> Result<Sample> {
    let sandbox = Sandbox::start(api, launch)?;
    sandbox.ready()?;
    let distinct = (0..PODS * FINDINGS_OF_A_POD).map(|number| event(&id(number / PODS, number % PODS)));
    let distinct: Vec<Vec<u8>> = distinct.collect();
    let before = sandbox.usage()?;
    let began = Instant::now();
    let mut answer = Value::Null;
    for event in distinct.iter().cycle().take(usize::try_from(findings)?) {
        (answer, _) = sandbox.invoke(event)?;
    }
    let wall = began.elapsed();
    let after = sandbox.usage()?;
    let (_, rss) = sandbox.end()?;
    Ok(Sample {
        wall,
        cpu: after.cpu.saturating_sub(before.cpu),
        peak_rss_bytes: Some(rss),
        answer,
        ..Sample::default()
    })
}

/// Both went through: pods are isolated here, the writes made there.
fn both_done(ours: &Value, least: &Value) -> Result<()> {
    let pods = ours["isolated"].as_array().map_or(0, Vec::len);
    ensure!(pods == usize::try_from(PODS)?, "{pods} pods are isolated");
    ensure!(least["writes"].is_u64(), "no deliveries: {least}");
    Ok(())
}
