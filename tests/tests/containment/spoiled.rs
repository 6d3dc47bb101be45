//! Every exchange of a run spoiled in several ways, and the event delivered again as Lambda does: whatever fails, nothing is
//! destroyed before its evidence is stored (`cases.md` W20, K29, K30), each pod once, nothing but this pod.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use day2_platform::faults::{Exchange, Fault, Mark, Rule};
use day2_platform::sandbox::{Outcome, Sandbox};
use tokio::sync::Mutex;

use super::id;
use super::kill::is_manifest;
use super::order::{destroys, objections};
use super::stand::{Lane, Mode, Stand, outcome_of};
use super::suspects::Run;

/// Runs until the journal is emptied, so that the circuit breaker stays closed.
const ROUND: usize = 24;

/// Time of a delivery. Less than usual, so that what fails for ever ends soon.
const TIME: Duration = Duration::from_secs(45);

/// How an exchange is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoil {
    /// Refused once, in a way that is not tried again.
    Denied,
    /// Out of order from then on.
    Down,
    /// Done, and the caller does not learn it.
    Lost,
    /// Taken by some proxy, which says 200 and stores nothing.
    Proxy,
    /// No answer at all, once.
    Silent,
}

impl Spoil {
    /// The ways that mean something for this exchange.
    fn of(call: &Exchange) -> &'static [Self] {
        if is_manifest(call) {
            &[Self::Denied, Self::Down, Self::Lost, Self::Proxy, Self::Silent]
        } else if call.call.changes() {
            &[Self::Denied, Self::Down, Self::Lost]
        } else {
            &[Self::Denied, Self::Down]
        }
    }
}

/// One exchange and what befalls it.
#[derive(Debug, Clone)]
struct Case {
    action: String,
    number: u64,
    manifest: bool,
    spoil: Spoil,
}

impl Case {
    fn rule(&self) -> Rule {
        let fault = match self.spoil {
            Spoil::Denied => Fault::named("AccessDenied", 403, "spoiled by a test"),
            Spoil::Down => Fault::Unavailable,
            Spoil::Lost => Fault::LoseAnswer,
            Spoil::Proxy => Fault::Html,
            Spoil::Silent => Fault::Hang,
        };
        let rule = Rule::new(&self.action, fault);
        let (rule, number) = if self.manifest {
            (rule.on("manifest"), 1)
        } else {
            (rule, self.number)
        };
        match self.spoil {
            Spoil::Down => rule.after(number.saturating_sub(1)),
            _ => rule.nth(number),
        }
    }
}

/// A case for every exchange up to the destruction and for each way. Artefacts of the evidence are stored alike, so that the
/// first and the manifest stand for them.
fn cases(calls: &[Exchange]) -> Vec<Case> {
    let mut numbers = BTreeMap::<String, u64>::new();
    let mut cases = Vec::new();
    for call in calls {
        let number = numbers.entry(call.action()).or_default();
        *number += 1;
        let manifest = is_manifest(call);
        if call.action() == "s3:PutObject" && *number > 1 && !manifest {
            continue;
        }
        cases.extend(Spoil::of(call).iter().map(|spoil| Case {
            action: call.action(),
            number: *number,
            manifest,
            spoil: *spoil,
        }));
        if destroys(call) {
            break;
        }
    }
    cases
}

/// What became of the pods.
#[derive(Debug, Default)]
struct Tally {
    spoiled: usize,
    ended: usize,
    spared: usize,
    again: usize,
}

pub(super) async fn nothing_is_destroyed_before_its_evidence_is_stored_w20_k29_k30(
    stand: &mut Stand,
) -> Result<()> {
    let mut lanes = [lane(stand).await?, lane(stand).await?, lane(stand).await?];
    let (mut number, mut all) = (20_000, Vec::new());
    for (lane, sandbox) in &mut lanes {
        // A warm process asks less than a cold one.
        for _ in 0..2 {
            number += 1;
            let (calls, tally) = run(stand, (&*lane, &mut *sandbox), number, None).await?;
            ensure!(tally.ended == 1, "undisturbed, and not ended");
            all = cases(&calls);
        }
    }
    ensure!(all.len() > 60, "only {} cases", all.len());
    let (count, begun, mut tally) = (all.len(), Instant::now(), Tally::default());
    while !all.is_empty() {
        stand.nodes_as_before().await?;
        stand.journal.forget().await?;
        let round = all.split_off(all.len().saturating_sub(ROUND));
        let left = Mutex::new((round, number));
        number += u32::try_from(ROUND)?;
        let stand = &*stand;
        let [first, second, third] = &mut lanes;
        let sums = tokio::try_join!(
            work(stand, first, &left),
            work(stand, second, &left),
            work(stand, third, &left),
        )?;
        for sum in [sums.0, sums.1, sums.2] {
            add(&mut tally, &sum);
        }
    }
    eprintln!("{count} spoiled runs in {:?}: {tally:?}", begun.elapsed());
    ensure!(tally.spoiled * 10 >= count * 9, "{tally:?} of {count}");
    // Whatever is lost of the evidence spares the pod: both must have been seen, or the law was not tried.
    ensure!(
        tally.ended > count / 8 && tally.spared > count / 8,
        "{tally:?} of {count}"
    );
    stand.nodes_as_before().await?;
    stand.as_before().await
}

async fn lane(stand: &Stand) -> Result<(Lane, Sandbox)> {
    let lane = stand.lane().await?;
    let sandbox = Sandbox::start(&lane.launch(Mode::End)).await?;
    Ok((lane, sandbox))
}

fn add(sum: &mut Tally, one: &Tally) {
    sum.spoiled += one.spoiled;
    sum.ended += one.ended;
    sum.spared += one.spared;
    sum.again += one.again;
}

/// Takes cases until none is left.
async fn work(
    stand: &Stand,
    (lane, sandbox): &mut (Lane, Sandbox),
    left: &Mutex<(Vec<Case>, u32)>,
) -> Result<Tally> {
    let mut sum = Tally::default();
    loop {
        let (case, number) = {
            let mut queue = left.lock().await;
            let Some(case) = queue.0.pop() else { return Ok(sum) };
            queue.1 += 1;
            (case, queue.1)
        };
        let (_, tally) = run(stand, (&*lane, &mut *sandbox), number, Some(&case))
            .await
            .with_context(|| format!("{case:?}"))?;
        add(&mut sum, &tally);
    }
}

/// One finding on a new pod, delivered until the function answers, as Lambda does twice more.
async fn run(
    stand: &Stand,
    (lane, sandbox): (&Lane, &mut Sandbox),
    number: u32,
    case: Option<&Case>,
) -> Result<(Vec<Exchange>, Tally)> {
    let suspect = stand.suspect(number, Run::Alone).await?;
    let mark: Mark = lane.faults.mark();
    let event = stand.finding(&suspect.pod, &id(number)).await?.time_left(TIME);
    let rule = case.map(|case| lane.faults.add(case.rule()));
    let mut tally = Tally::default();
    let mut outcome = sandbox.invoke(event.clone()).await?;
    if let Some(rule) = rule {
        lane.faults.remove(rule);
    }
    for _ in 0..2 {
        if matches!(outcome, Outcome::Answer(_)) {
            break;
        }
        tally.again = 1;
        if matches!(outcome, Outcome::TimedOut | Outcome::Died(_)) {
            *sandbox = Sandbox::start(&lane.launch(Mode::End)).await?;
        }
        // Lambda waits longer than a claim lasts.
        stand.journal.let_claims_end().await?;
        outcome = sandbox.invoke(event.clone()).await?;
    }
    let answer = outcome.answer()?;
    ensure!(
        matches!(
            outcome_of(&answer),
            "applied" | "failed" | "refused" | "already_done"
        ),
        "{answer:#}"
    );
    let calls = lane.faults.since(mark);
    let wrong = objections(&calls, &suspect.pod);
    ensure!(wrong.is_empty(), "{wrong:#?}");
    let deleted = calls.iter().any(|call| destroys(call) && call.is_write());
    let lives = stand.lives(&suspect.pod).await?;
    ensure!(lives != deleted, "deleted {deleted}, and lives {lives}");
    tally.spoiled = usize::from(calls.iter().any(|call| call.fault.is_some()));
    tally.ended = usize::from(deleted);
    tally.spared = usize::from(!deleted);
    Ok((calls, tally))
}
