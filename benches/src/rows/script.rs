//! Row 4: the daily checklist of an operations guide, as it is written there, against `health-check`.

use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::scan::{not_ready, number, ours};
use super::titled;
use crate::child;
use crate::folders;
use crate::lists::Scanned;
use crate::peers::{Peers, program};
use crate::row::{Case, Goal, Metric, Row, Side};
use crate::runtime_api::RuntimeApi;

/// Pods of the cluster.
const PODS: usize = 5_000;

/// Row 4.
///
/// # Errors
///
/// When a program is missing or cannot be started.
pub fn row(_peers: &Peers, _quick: bool) -> Result<Row> {
    program("jq")?;
    let api = Rc::new(RuntimeApi::start()?);
    let cluster = Rc::new(Scanned::real(PODS)?);
    let held = Rc::clone(&cluster);
    let mut row = titled(4);
    row.cases.push(Case {
        label: "5,000 pods".to_owned(),
        peer: Side::new("morning.sh", move || {
            let mut command = Command::new(folders::peers().join("scan/morning.sh"));
            held.surround(&mut command)?;
            held.beside(|| child::run(&mut command))
        }),
        ours: ours(&cluster, &api)?,
        same: same_troubles,
        goals: vec![Goal::TimesLess {
            metric: Metric::Cpu,
            times: 20.0,
        }],
    });
    row.notes = vec![
        "`benches/peers/scan/morning.sh` is the script of the guide word for word, on the real API server, with kubectl's \
         discovery kept from run to run as on a person's machine. What is compared: the rows that it prints of nodes that \
         are not Ready and of pods that do not run. It asks for every pod twice, and for events once; `health-check` \
         asks once for each."
            .to_owned(),
    ];
    Ok(row)
}

/// The rows of the script's first two sections, and the same things in the report.
fn same_troubles(ours: &Value, peer: &Value) -> Result<()> {
    let text = peer.as_str().context("the script printed no text")?;
    let nodes = section(text, "1. Cluster Status")
        .filter(|line| line.contains(" NotReady "))
        .count();
    // kubectl prints a head, which the script leaves in.
    let pods = section(text, "2. Pod Health")
        .filter(|line| !line.starts_with("NAMESPACE"))
        .count();
    let own = |code: &str| number(ours, code, 0).with_context(|| format!("{code} has no number"));
    let troubled = own("HLT-122")? + own("HLT-123")?;
    ensure!(
        not_ready(ours) == u64::try_from(nodes).ok(),
        "nodes not Ready: {:?} here, {nodes} there",
        not_ready(ours)
    );
    ensure!(
        u64::try_from(pods).ok() == Some(troubled),
        "pods that do not run: {troubled} here, {pods} there"
    );
    Ok(())
}

/// The lines below a heading, until the next one.
fn section<'t>(text: &'t str, head: &'t str) -> impl Iterator<Item = &'t str> {
    let heading = |line: &&str| line.starts_with(|one: char| one.is_ascii_digit()) && line.contains(". ");
    text.lines()
        .skip_while(move |line| !line.starts_with(head))
        .skip(1)
        .take_while(move |line| !heading(line))
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PRINTED: &str = "=== Daily Health Check ===\n\n1. Cluster Status\nKubernetes control plane is running\n\nTo further debug\nNAME STATUS\na   Ready   <none>\nb   NotReady   <none>\n\n2. Pod Health (Non-Running Pods)\nNAMESPACE NAME\nx   app-1   0/1   CrashLoopBackOff\nx   app-2   0/1   Pending\n\n3. Recent";

    #[test]
    fn what_the_script_prints_is_counted_without_its_heads() {
        let report = |starts_not: u32| {
            json!({"items": [
                {"code": "HLT-111", "seen": "1 of 2 nodes Ready"},
                {"code": "HLT-122", "seen": format!("{starts_not} of 9 pods not, in 1 workload")},
                {"code": "HLT-123", "seen": "1 of 9 pods not, in 1 workload"},
            ]})
        };
        same_troubles(&report(1), &json!(PRINTED)).unwrap();
        assert!(same_troubles(&report(2), &json!(PRINTED)).is_err());
    }
}
