//! Many findings over few pods: each pod once, no more than the breaker allows, and few mails (`cases.md` D09, D10).

use anyhow::{Result, ensure};
use day2_platform::sandbox::Sandbox;

use super::id;
use super::stand::{Mode, Stand, outcome_of};

/// Findings per pod.
const FINDINGS: u32 = 13;

pub(super) async fn forty_findings_over_few_pods_d09_d10(stand: &mut Stand) -> Result<()> {
    let mut pods = stand.miner.others.clone();
    pods.insert(0, stand.miner.pod.clone());
    let mark = stand.faults.mark();
    let mut sandboxes = Vec::new();
    for _ in 0..3 {
        sandboxes.push(Sandbox::start(&stand.launch(Mode::Few)).await?);
    }
    let mut words = Vec::new();
    for round in 0..FINDINGS {
        let mut pending = Vec::new();
        for (index, sandbox) in sandboxes.iter_mut().enumerate() {
            let pod = &pods[index % pods.len()];
            let number = 1_000 + round * 3 + u32::try_from(index)?;
            let event = stand.finding(pod, &id(number)).await?;
            pending.push(sandbox.send(event)?);
        }
        for (sandbox, pending) in sandboxes.iter_mut().zip(pending) {
            let answer = sandbox.outcome(pending).await?.answer()?;
            words.push(outcome_of(&answer).to_owned());
        }
    }
    let policies = stand.accepted(mark, "kubernetes:create networkpolicies");
    ensure!(policies == 2, "{policies} pods were cut off: {words:?}");
    let labels = stand.accepted(mark, "kubernetes:patch pods");
    ensure!(labels == 3, "{labels} pods were labelled");
    let mails = stand.accepted(mark, "sns:Publish");
    ensure!(
        (3..=4).contains(&mails),
        "{mails} mails for {} findings",
        words.len()
    );
    ensure!(
        words.iter().filter(|word| *word == "suppressed").count() > 30,
        "{words:?}"
    );
    stand.as_before().await
}
