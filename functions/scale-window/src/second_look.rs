//! Nodes join when they join: what is not complete at the first look gets a second one before anybody is woken
//! (`cases.md` T05). The report says that there were two.

use std::time::Duration;

use day2_core::chart::Chart;
use day2_core::{Item, Verdict};
use day2_reads::times::Times;
use jiff::SignedDuration;

use crate::settings::Limits;

/// Lines that nodes on their way can still mend.
const MAY_SETTLE: [&str; 8] = [
    "SCW-016", "SCW-101", "SCW-102", "SCW-104", "SCW-105", "SCW-106", "SCW-107", "SCW-108",
];

/// A shorter pause would show the same world again.
const SHORTEST: Duration = Duration::from_secs(1);

/// Looks, and where something may still settle waits by `rest` and looks again. The pause is at most half of the time that is left, so
/// that the second look has its time, and the targets of the same call after it theirs.
pub(crate) async fn unless_settled(
    times: &Times,
    limits: &Limits,
    rest: impl AsyncFn(Duration),
    look: impl AsyncFn(Times) -> (Vec<Item>, Vec<Chart>),
) -> (Vec<Item>, Vec<Chart>) {
    let began = (times.clock)();
    let (items, charts) = look(times.clone()).await;
    if limits.second_look_seconds == 0 || !items.iter().any(may_settle) {
        return (items, charts);
    }
    let took = (times.clock)().duration_since(began);
    let Some(pause) = pause(limits, took, times.left()) else {
        return (items.into_iter().map(no_time).collect(), charts);
    };
    rest(pause).await;
    let apart = (times.clock)().duration_since(began).max(SignedDuration::ZERO);
    // The moment that the first look judged by, and what has passed since: the two looks agree about the clock.
    let now = times.now.saturating_add(apart).unwrap_or(times.now);
    let (second, charts) = look(Times { now, ..times.clone() }).await;
    (told(&items, second, apart), charts)
}

/// How long to wait before the second look; `None` when it would not be done in time.
fn pause(limits: &Limits, took: SignedDuration, left: Duration) -> Option<Duration> {
    let wanted = Duration::from_secs(u64::from(limits.second_look_seconds));
    // As long as the first look took, and once more for a slow answer.
    let look = took.unsigned_abs().saturating_mul(2).max(SHORTEST);
    let pause = wanted.min(left / 2).min(left.saturating_sub(look));
    (pause >= SHORTEST).then_some(pause)
}

fn may_settle(item: &Item) -> bool {
    item.verdict() != Verdict::Pass && MAY_SETTLE.contains(&item.code.as_str())
}

/// The lines of the second look. Those that the first complained of say that this is the second, and what the first said.
fn told(first: &[Item], second: Vec<Item>, apart: SignedDuration) -> Vec<Item> {
    let seconds = apart.as_secs();
    second
        .into_iter()
        .map(|mut item| {
            let before = first.iter().find(|one| one.code == item.code).map(Item::verdict);
            match (before, item.verdict()) {
                (Some(Verdict::Pass), Verdict::Pass) | (None, _) => {}
                (Some(before), now) if before == now => {
                    item.seen = format!("{}; looked twice, {seconds} s apart", item.seen);
                }
                (Some(before), _) => {
                    item.seen = format!("{}; {seconds} s before, the first look said {before}", item.seen);
                }
            }
            item
        })
        .collect()
}

/// Of a look that stays the only one because the time is short.
fn no_time(mut item: Item) -> Item {
    if may_settle(&item) {
        item.seen = format!("{}; there was no time for a second look", item.seen);
    }
    item
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use day2_core::item::Population;
    use jiff::Timestamp;

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn item(code: &str, verdict: Verdict) -> Item {
        let all = Population {
            examined: 4,
            expected_at_least: 4,
        };
        Item::judge(code, "title", verdict, all, "3 of 4")
    }

    fn limits(seconds: u32) -> Limits {
        Limits {
            second_look_seconds: seconds,
            ..Limits::default()
        }
    }

    /// What comes of looks that see these verdicts of one line one after the other; and at which seconds there was a look.
    async fn looks(code: &str, verdicts: &[Verdict], limits: &Limits, left: i64) -> (Vec<Item>, Vec<i64>) {
        let start: Timestamp = NOW.parse().unwrap();
        let passed = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&passed);
        let times = Times {
            now: start,
            deadline: start + SignedDuration::from_secs(left),
            clock: Arc::new(move || start + SignedDuration::from_secs(clock.load(Ordering::SeqCst))),
        };
        let looked = RefCell::new(Vec::new());
        let rest = async |pause: Duration| {
            let seconds = i64::try_from(pause.as_secs()).unwrap();
            passed.fetch_add(seconds, Ordering::SeqCst);
        };
        let (items, _) = unless_settled(&times, limits, rest, async |times: Times| {
            let number = looked.borrow().len();
            looked
                .borrow_mut()
                .push(times.now.duration_since(start).as_secs());
            let neighbour = item("SCW-012", Verdict::Pass);
            (vec![item(code, verdicts[number]), neighbour], Vec::new())
        })
        .await;
        assert_eq!(
            items[1],
            item("SCW-012", Verdict::Pass),
            "the neighbour is as it was"
        );
        (items, looked.into_inner())
    }

    #[tokio::test]
    async fn nodes_that_are_late_get_a_second_look_and_nobody_is_woken_t05() {
        use Verdict::{Fail, Pass};
        let (items, looked) = looks("SCW-101", &[Fail, Pass], &limits(45), 110).await;
        assert_eq!(looked, [0, 45]);
        assert_eq!(items[0].verdict(), Pass);
        assert_eq!(items[0].seen, "3 of 4; 45 s before, the first look said FAIL");
    }

    #[tokio::test]
    async fn what_fails_at_both_looks_fails_and_says_that_there_were_two_t05() {
        use Verdict::Fail;
        let (items, looked) = looks("SCW-101", &[Fail, Fail], &limits(45), 110).await;
        assert_eq!(looked, [0, 45]);
        assert_eq!(items[0].verdict(), Fail);
        assert_eq!(items[0].seen, "3 of 4; looked twice, 45 s apart");
    }

    #[tokio::test]
    async fn what_is_well_or_cannot_mend_itself_is_looked_at_once_t05() {
        use Verdict::{Fail, Pass};
        for (code, verdict, seconds) in [
            ("SCW-101", Pass, 45),
            // The settings of a group do not change by waiting.
            ("SCW-011", Fail, 45),
            ("SCW-101", Fail, 0),
        ] {
            let (items, looked) = looks(code, &[verdict], &limits(seconds), 110).await;
            assert_eq!((looked, items[0].clone()), (vec![0], item(code, verdict)));
        }
    }

    #[tokio::test]
    async fn the_pause_leaves_half_of_the_time_and_none_is_made_without_time_t05() {
        use Verdict::Fail;
        let (_, looked) = looks("SCW-104", &[Fail, Fail], &limits(45), 60).await;
        assert_eq!(looked, [0, 30]);
        let (items, looked) = looks("SCW-104", &[Fail], &limits(45), 1).await;
        assert_eq!(looked, [0]);
        assert_eq!(items[0].verdict(), Fail);
        assert_eq!(items[0].seen, "3 of 4; there was no time for a second look");
    }
}
