//! `{"task":"self-check"}`: could the function work? Publishes nothing and records nothing.
//!
//! Whether the topic takes mail and the bucket takes objects is not tried: SNS and S3 have no harmless call that
//! needs only the permissions of a run (`sns:Publish`, `s3:PutObject`), and a check shall not need more. The first
//! failed publication is a failed invocation, which is alarmed.

use day2_core::item::Population;
use day2_core::settings::Settings;
use day2_core::target::Target;
use day2_core::{Item, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::budget::unanswered;
use super::run::LOOK;
use super::{App, Edge, Invocation, PUBLISH_RESERVE, Watch};
use crate::check::{Check, Moment};
use crate::error::OpsError;

/// Item of the runner: settings.
const SETTINGS: &str = "910";
/// Item of the runner: journal.
const JOURNAL: &str = "911";
/// Item of the runner: clock.
const CLOCK: &str = "912";

/// Largest difference between our clock and AWS's. Requests are refused at five minutes; windows and leases of
/// minutes need less. Source: AWS General Reference, "Signing AWS API requests", request timestamp.
pub const MOST_SKEW: SignedDuration = SignedDuration::from_secs(30);

const ONE: Population = Population {
    examined: 1,
    expected_at_least: 1,
};

impl<C: Check> App<C> {
    pub(super) async fn self_check(&self, invocation: &Invocation) -> Result<Value, OpsError> {
        let look = async |target: &Target, at| {
            let ctx = self.ctx(target).await;
            C::self_check(&ctx, &self.settings, target, at).await
        };
        let proof = prove(&self.edge, (C::NAME, C::CODE), &self.settings, invocation, look).await;
        Ok(json!({ "self_check": proof }))
    }
}

/// What a function proves of itself and of each target; `look` asks the function.
pub async fn prove<F>(
    edge: &Edge,
    (name, prefix): (&str, &str),
    settings: &Settings<F>,
    invocation: &Invocation,
    look: impl AsyncFn(&Target, Moment) -> Vec<Item>,
) -> Map<String, Value> {
    let watch = Watch::start(invocation.now);
    let own = own_items(edge, prefix, settings, &watch).await;
    let end = invocation
        .deadline
        .checked_sub(PUBLISH_RESERVE)
        .unwrap_or(invocation.now);
    let mut targets = Vec::with_capacity(settings.targets.len());
    let mut verdicts: Vec<Verdict> = own.iter().map(Item::verdict).collect();
    for target in &settings.targets {
        let at = Moment {
            now: watch.now(),
            deadline: end,
        };
        let items = tokio::time::timeout(watch.until(end), look(target, at))
            .await
            .unwrap_or_else(|_| {
                let why = unanswered("self-check", target.name.as_str());
                let code = format!("{prefix}-{LOOK}");
                vec![Item::unreadable(&code, "The target was looked at", 1, &why)]
            });
        let status = Verdict::worst(items.iter().map(Item::verdict));
        verdicts.push(status);
        targets.push(json!({ "target": target.name.as_str(), "status": status, "items": items }));
    }
    let status = Verdict::worst(verdicts);
    tracing::info!(function = name, status = status.word(), "self-check done");
    Map::from_iter([
        ("function".to_owned(), json!(name)),
        ("status".to_owned(), json!(status)),
        ("items".to_owned(), json!(own)),
        ("targets".to_owned(), json!(targets)),
    ])
}

/// What every function proves of itself: settings, journal, clock.
async fn own_items<F>(edge: &Edge, prefix: &str, settings: &Settings<F>, watch: &Watch) -> Vec<Item> {
    let mut items = vec![settings_item(&format!("{prefix}-{SETTINGS}"), settings)];
    items.extend(journal_items(edge, prefix, watch).await);
    items
}

/// Bad settings never get here: they fail every invocation with the list of mistakes.
fn settings_item<F>(code: &str, settings: &Settings<F>) -> Item {
    let targets = settings.targets.len();
    let seen = format!("{targets} targets, zone {}", settings.deployment.zone.name());
    Item::judge(code, "The settings are readable", Verdict::Pass, ONE, seen)
}

async fn journal_items(edge: &Edge, prefix: &str, watch: &Watch) -> [Item; 2] {
    let table = edge.journal.table();
    let titles = ["The journal can be read", "The clock agrees with that of AWS"];
    let [journal, clock] = [format!("{prefix}-{JOURNAL}"), format!("{prefix}-{CLOCK}")];
    match edge.journal.probe().await {
        Ok(theirs) => {
            let item = Item::judge(
                &journal,
                titles[0],
                Verdict::Pass,
                ONE,
                format!("table {table} answers"),
            );
            [item, clock_item(&clock, titles[1], watch.now(), theirs)]
        }
        Err(error) => {
            let why = error.to_unreadable("dynamodb:Query", table);
            let remedy =
                "allow dynamodb:Query, PutItem and UpdateItem on the journal table, and see that it exists";
            [
                Item::unreadable(&journal, titles[0], 1, &why).remedy(remedy),
                Item::unreadable(&clock, titles[1], 1, &why)
                    .remedy("mend the journal first: its answer tells the time"),
            ]
        }
    }
}

fn clock_item(code: &str, title: &str, ours: Timestamp, theirs: Option<Timestamp>) -> Item {
    let limit = format!("at most {} s", MOST_SKEW.as_secs());
    let judged = |verdict, population, seen: String| {
        Item::judge(code, title, verdict, population, seen)
            .threshold(&*limit, "requests signed more than 5 minutes off are refused")
            .remedy("nothing of yours sets this clock: invoke again, and tell AWS support if it stays")
    };
    let Some(theirs) = theirs else {
        let nothing = Population {
            examined: 0,
            expected_at_least: 1,
        };
        return judged(Verdict::Unknown, nothing, "the answer carries no date".to_owned());
    };
    let off = ours.duration_since(theirs);
    let verdict = if off.abs() <= MOST_SKEW {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    judged(verdict, ONE, format!("{} s apart", off.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MORNING;

    #[test]
    fn a_clock_that_is_further_off_than_the_limit_fails_and_one_without_a_comparison_is_unknown_w25() {
        let theirs: Timestamp = MORNING.parse().unwrap();
        let rows = [
            (0, Verdict::Pass),
            (30, Verdict::Pass),
            (-30, Verdict::Pass),
            (31, Verdict::Fail),
            (-31, Verdict::Fail),
            (300, Verdict::Fail),
        ];
        for (seconds, verdict) in rows {
            let ours = theirs + SignedDuration::from_secs(seconds);
            let item = clock_item("X-912", "the clock agrees", ours, Some(theirs));
            assert_eq!(item.verdict(), verdict, "{seconds} s");
            assert_eq!(item.seen, format!("{seconds} s apart"));
            assert_eq!(item.remedy.is_some(), verdict == Verdict::Fail, "{seconds} s");
            let limit = item.threshold.unwrap().limit;
            assert_eq!(limit, "at most 30 s");
        }
        let item = clock_item("X-912", "the clock agrees", theirs, None);
        assert_eq!(
            (item.verdict(), item.population().examined),
            (Verdict::Unknown, 0)
        );
        assert!(item.seen.contains("no date") && item.remedy.is_some());
    }
}
