//! `health-check` as a process with its own rights, on the seeded world: every list of a real API server, then troubles, each
//! named once and gone when it is mended. One platform for all claims.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Role, Sandbox};
use day2_platform::world::plan::TARGET;
use serde_json::{Value, json};

const FUNCTION: &str = "health-check";
/// A look at a small cluster on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Code → names of its subjects, of the items with this verdict.
fn named(report: &Value, verdict: &str) -> BTreeMap<String, Vec<String>> {
    let items = report["items"].as_array().into_iter().flatten();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in items.filter(|item| item["verdict"] == verdict) {
        let subjects = item["subjects"].as_array().into_iter().flatten();
        let names = subjects.filter_map(|one| one["name"].as_str()).map(str::to_owned);
        let code = item["code"].as_str().unwrap_or_default().to_owned();
        found.entry(code).or_default().extend(names);
    }
    found
}

async fn look(sandbox: &mut Sandbox, task: &str) -> Result<Value> {
    let payload = json!({"task": task, "targets": [TARGET]}).to_string();
    let event = Event::new(payload).time_left(LIMIT);
    let answer = sandbox.invoke(event).await?.answer()?;
    let report = answer["reports"].get(0).cloned();
    report.with_context(|| format!("no report in {answer}"))
}

#[tokio::test]
async fn every_list_of_a_real_cluster_is_read_and_each_trouble_is_named_once_w28_k02() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start(&folder.path().join("platform")).await?;
    let world = platform.seed().await?;
    let ground = Ground::make(&platform.emulator, "day2").await?;
    let Role { credentials, .. } = ground
        .role(&platform.emulator, (&platform.cluster, TARGET), FUNCTION)
        .await?;
    let plan = json!({
        "not_checked": ["alarms", "security", "eks", "database", "endpoints", "volumes"],
        "workloads": {"grace_minutes": 0},
        "ownership": {"namespaces": {"coder": "workspaces"}, "platform": "platform"},
    });
    let settings = json!({"targets": BTreeMap::from([(TARGET, plan)])});
    let document = world.document(&ground.deployment(), &settings, platform.cluster.endpoint());
    let launch = Launch::new(
        FUNCTION,
        folder.path().join("sandbox"),
        &credentials,
        &platform.emulator.endpoint(),
    )?
    .settings(&document);
    let mut sandbox = Sandbox::start(&launch).await?;

    let before = look(&mut sandbox, "morning").await?;
    let unknown = named(&before, "UNKNOWN");
    ensure!(unknown.is_empty(), "unknown: {unknown:#?}");
    let codes: Vec<&str> = before["items"]
        .as_array()
        .context("no items")?
        .iter()
        .filter_map(|item| item["code"].as_str())
        .collect();
    for needed in [
        "HLT-101", "HLT-102", "HLT-103", "HLT-111", "HLT-114", "HLT-121", "HLT-122", "HLT-129",
    ] {
        ensure!(codes.contains(&needed), "{needed} is not among {codes:?}");
    }
    let at_first = named(&before, "FAIL");
    // Budgets of single workspaces can never be met, and nothing serves metrics to the autoscaler: both are so.
    let known = ["HLT-128", "HLT-129"];
    let other: Vec<&String> = at_first
        .keys()
        .filter(|code| !known.contains(&code.as_str()))
        .collect();
    ensure!(other.is_empty(), "the seeded world fails {at_first:#?}");

    world.image_pulls_fail(2).await?;
    world.workspaces_pending(1).await?;
    let broken = look(&mut sandbox, "triage").await?;
    let failed = named(&broken, "FAIL");
    let images = failed.get("HLT-122").context("no broken image")?;
    ensure!(
        images.len() == 2 && images.iter().all(|name| name.contains("/Deployment/ws-new-")),
        "{images:?}"
    );
    ensure!(
        failed.get("HLT-123").is_some_and(|pods| !pods.is_empty()),
        "{failed:#?}"
    );
    ensure!(
        failed.contains_key("HLT-191"),
        "what was just deployed is the change: {failed:#?}"
    );
    let words = broken.to_string();
    ensure!(words.contains("cannot pull"), "{words}");

    world.image_pulls_work().await?;
    world.no_workspaces_pending().await?;
    let after = named(&look(&mut sandbox, "morning").await?, "FAIL");
    ensure!(after == at_first, "after: {after:#?}");

    let role = format!("assumed-role/day2-{FUNCTION}/");
    let asked = platform
        .cluster
        .recorder()
        .calls_by(day2_platform::cluster::recorder::Mark::default(), |user| {
            user.contains(&role)
        })?;
    let written: Vec<_> = asked
        .iter()
        .filter(|call| !matches!(call.verb.as_str(), "list" | "get"))
        .collect();
    ensure!(
        !asked.is_empty() && written.is_empty(),
        "beyond reading: {written:#?}"
    );
    Ok(())
}
