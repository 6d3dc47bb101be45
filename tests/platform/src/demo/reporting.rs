//! The morning report: ten things are broken for real, each is named once, with cause and owner, and nothing else; then they
//! are mended, and each is told as resolved. Alarms are left out: one that rang counts as history for hours.

use anyhow::{Result, ensure};

use super::console::Console;
use super::stage::Stage;
use crate::deploy::Deployment;
use crate::deploy::reports::Report;
use crate::world::morning::{Broken, Trouble};
use crate::world::plan::TARGET;

/// What breaks. One of each kind, in the order of the report.
const TEN: [Trouble; 10] = [
    Trouble::NodeNotReady,
    Trouble::ImageCannotBePulled,
    Trouble::KilledForMemory,
    Trouble::AutoscalerAtMaximum,
    Trouble::ClaimPending,
    Trouble::QuotaNearlyFull,
    Trouble::CertificateExpiring,
    Trouble::ScalingPaused,
    Trouble::HighFinding,
    Trouble::EndpointFails,
];
const FUNCTION: &str = "health-check";

/// Plays it.
pub(super) async fn morning_report(
    stage: &mut Stage<'_>,
    deployment: &Deployment,
    console: &Console,
) -> Result<()> {
    let health = deployment.function(FUNCTION)?;
    let schedules = health.schedules()?.to_owned();
    console.step(
        "an ordinary night: a job is done, a rollout is in its middle, a node was cordoned a moment ago",
    );
    let cordoned = stage.world.ordinary_life().await?;
    stage.world.workspaces_may_move().await?;
    let seen = stage.fire_and_wait(&schedules, "morning", FUNCTION).await?;
    console.mail(&seen);
    ensure!(
        seen.subject.contains(" PASS "),
        "a morning that is well is {}",
        seen.subject
    );

    console.step("ten things break");
    let mut broken = Vec::new();
    for trouble in TEN {
        let one = stage.world.begin(trouble).await?;
        console.note(&format!("{trouble:?}: {}, owned by {}", one.subject, one.owner));
        broken.push(one);
    }
    let seen = stage.fire_and_wait(&schedules, "morning", FUNCTION).await?;
    console.mail(&seen);
    let report = stage.bucket.latest(FUNCTION, TARGET, "morning").await?;
    names_each_once(&report, &broken)?;
    console.good("each of the ten is named once, with its cause and its owner, and nothing else");

    console.step("they are mended");
    for trouble in TEN {
        stage.world.end(trouble).await?;
    }
    let seen = stage.fire_and_wait(&schedules, "morning", FUNCTION).await?;
    console.mail(&seen);
    ensure!(
        seen.subject.contains(" PASS "),
        "after mending it is {}",
        seen.subject
    );
    let resolved = stage.bucket.latest(FUNCTION, TARGET, "morning").await?.resolved();
    ensure!(
        resolved == report.named("FAIL"),
        "resolved are {resolved:?}, and broken were {:?}",
        report.named("FAIL")
    );
    console.good("all ten are resolved");
    stage.world.ordinary_life_ends(&cordoned).await?;
    stage.world.workspaces_must_stay().await
}

/// Whether a text says this name, and not one that only begins with it.
fn is_named(text: &str, name: &str) -> bool {
    let goes_on = |next: char| next == '-' || next.is_ascii_alphanumeric();
    text.match_indices(name).any(|(at, found)| {
        !text
            .get(at + found.len()..)
            .is_some_and(|rest| rest.starts_with(goes_on))
    })
}

/// Every failed subject is one of these, and each of these is one failed subject that tells its cause.
fn names_each_once(report: &Report, broken: &[Broken]) -> Result<()> {
    let failed: Vec<_> = report
        .items
        .iter()
        .filter(|item| item.verdict != "PASS")
        .flat_map(|item| item.subjects.iter().map(move |subject| (item, subject)))
        .collect();
    let told = || {
        let lines = failed
            .iter()
            .map(|(item, subject)| format!("{} {}: {}", item.code, subject.name, subject.says));
        lines.collect::<Vec<_>>().join("\n  ")
    };
    for one in broken {
        let about: Vec<_> = failed
            .iter()
            .filter(|(_, subject)| {
                is_named(&subject.name, &one.subject) || is_named(&subject.says, &one.subject)
            })
            .collect();
        let [(item, subject)] = about.as_slice() else {
            anyhow::bail!("{} is named {} times:\n  {}", one.subject, about.len(), told());
        };
        let says = format!("{} {} {} {}", item.title, item.seen, subject.name, subject.says);
        ensure!(
            says.contains(one.cause),
            "{} is told without {}: {says}",
            one.subject,
            one.cause
        );
        ensure!(
            item.owner.as_deref() == Some(one.owner),
            "{} is told to {:?}, not to {}",
            one.subject,
            item.owner,
            one.owner
        );
    }
    ensure!(
        failed.len() == broken.len(),
        "{} subjects failed, not {}:\n  {}",
        failed.len(),
        broken.len(),
        told()
    );
    Ok(())
}
