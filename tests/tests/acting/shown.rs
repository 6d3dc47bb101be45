//! What is shown before it is done, by the functions that an alarm calls.

use anyhow::{Context as _, Result, ensure};
use day2_platform::clock;
use day2_platform::sandbox::{Event, Launch, Outcome, Sandbox};
use serde_json::Value;

use super::stand::{LONG, Stand, came_to, slow};
use crate::dry_run::{differences, steps};
use crate::house::{json_files, root, text};

/// When the alarm of every sample changed its state.
const CHANGED: &str = "2026-06-02T11:53:08.431+0000";

/// Observed first, then done: the plan of both is the same, and only the second changes anything.
pub(super) async fn what_observe_shows_is_what_auto_does_o11(
    stand: &mut Stand,
    acting: &mut Sandbox,
) -> Result<()> {
    stand.as_before().await?;
    let shown = observed_o11(stand, &stand.observing_provisioning, slow()?).await?;
    let done = stand.deliver(acting, slow()?).await?;
    is_what_was_done_o11(&shown, done)
}

/// The answer that shows the plan of one measure, which is not carried out.
pub(super) async fn observed_o11(stand: &Stand, launch: &Launch, event: Event) -> Result<Value> {
    let mark = stand.faults.mark();
    let mut observing = Sandbox::start(launch).await?;
    let shown = observing.invoke(event).await?.answer()?;
    ensure!(shown["outcome"] == "planned", "{shown:#}");
    stand.nothing_was_changed(mark)?;
    Ok(shown)
}

/// What was shown was carried out, and nothing else.
pub(super) fn is_what_was_done_o11(shown: &Value, done: Outcome) -> Result<()> {
    ensure!(came_to(done.clone())? == "applied", "{done:?}");
    let differences = differences(shown, &done.answer()?)?;
    ensure!(
        steps(shown)?.len() == 1 && differences.is_empty(),
        "{differences:#?}"
    );
    Ok(())
}

/// Every sample of a function, as it is and, where its alarm is meant, with the name of an alarm that rings at this moment:
/// the whole of the function runs, and nothing is changed.
pub(super) async fn in_observe_no_sample_changes_anything_o11(
    stand: &Stand,
    launch: &Launch,
    (function, named, ringing): (&str, &str, &str),
) -> Result<()> {
    stand.journal.forget().await?;
    let folder = root().join("events").join(function);
    let samples = json_files(&folder);
    ensure!(samples.len() >= 10, "only {samples:?}");
    let mut sandbox = Sandbox::start(launch).await?;
    let mark = stand.faults.mark();
    let (mut words, mut planned) = (Vec::new(), 0);
    for name in &samples {
        let sample = text(&folder.join(name));
        let mut events = vec![sample.clone()];
        if sample.contains(named) {
            let now = clock::now().strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string();
            events.push(sample.replace(named, ringing).replace(CHANGED, &now));
        }
        for event in events {
            let word = match sandbox.invoke(Event::new(event).time_left(LONG)).await? {
                Outcome::Answer(answer) => answer["outcome"].as_str().unwrap_or("answered").to_owned(),
                Outcome::Error { kind, .. } => kind,
                other => anyhow::bail!("{name}: {other:?}"),
            };
            planned += usize::from(word == "planned");
            words.push(format!("{name}: {word}"));
        }
    }
    stand
        .nothing_was_changed(mark)
        .with_context(|| format!("{words:#?}"))?;
    // All three roads of the alarm, and the calls by hand.
    ensure!(planned >= 4, "only {planned} came to a plan: {words:#?}");
    ensure!(
        stand.journal.leases().await?.is_empty(),
        "a change is remembered: {words:#?}"
    );
    Ok(())
}
