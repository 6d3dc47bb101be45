//! What a mail about an alarm said, and whether another one would say anything new (`cases.md` D08).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Outcome, PlanId};
use crate::report::Report;
use crate::trigger::Alarm;
use crate::verdict::Verdict;

/// What the mail of one run said, or would say, about the alarm that called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When the run began.
    pub at: Timestamp,
    /// ARN of the alarm.
    pub alarm: String,
    /// What came of the run.
    pub outcome: Outcome,
    /// Its plan, where it had one.
    pub plan_id: Option<PlanId>,
    /// Code and verdict of each line that was no `PASS`, the guards that objected, and whether it can be approved. Not what they were about: the names of
    /// pods are others at every look.
    pub concerns: BTreeSet<String>,
}

impl Said {
    /// What the mail of `report` says; `None` where no alarm called, or where it is no action's.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let action = report.action.as_ref()?;
        let key = report.run.occasion.as_deref();
        let alarm = key
            .filter(|_| report.run.trigger == "alarm")
            .and_then(Alarm::arn_in)?;
        let lines = report
            .items
            .iter()
            .filter(|item| item.verdict() != Verdict::Pass)
            .map(|item| format!("{} {}", item.code, item.verdict()));
        let guards = action
            .plan
            .refusals
            .iter()
            .map(|refusal| refusal.guard.words().to_owned());
        // The mode may have changed since a mail that had no line to approve it by.
        let approvable = action.approve_until.map(|_| "to approve".to_owned());
        Some(Self {
            at: report.run.started_at,
            alarm: alarm.to_owned(),
            outcome: action.outcome,
            plan_id: action.plan_id.clone(),
            concerns: lines.chain(guards).chain(approvable).collect(),
        })
    }

    /// The newest of `mailed` after which this need not be mailed: in the `minutes` before, and since the run of `changed_at` that last
    /// changed something, all of it was said about the same alarm. `None` when it says something new; a change always does.
    ///
    /// After a change the same words mean something else: a plan that was approved and carried out, and is due again.
    ///
    /// An alarm that was calm again when it was looked at is news only where nothing else was told of it: that it rings and is
    /// calm again is what flapping is.
    #[must_use]
    pub fn repeated<'a>(
        &self,
        mailed: &'a [Self],
        minutes: u32,
        changed_at: Option<Timestamp>,
    ) -> Option<&'a Self> {
        let for_long = SignedDuration::from_mins(i64::from(minutes));
        let recent = mailed.iter().filter(|one| {
            one.alarm == self.alarm
                && self.at.duration_since(one.at) < for_long
                && changed_at.is_none_or(|changed_at| one.at >= changed_at)
        });
        let same: Vec<&Self> = match self.outcome {
            Outcome::NothingToDo if self.concerns.is_empty() => {
                recent.filter(|one| one.outcome != Outcome::Suppressed).collect()
            }
            Outcome::Planned | Outcome::Refused | Outcome::NothingToDo => recent
                .filter(|one| one.outcome == self.outcome && one.plan_id == self.plan_id)
                .collect(),
            Outcome::Applied
            | Outcome::Suppressed
            | Outcome::InProgress
            | Outcome::Reverted
            | Outcome::Failed => return None,
        };
        let known: BTreeSet<&String> = same.iter().flat_map(|one| &one.concerns).collect();
        let newest = same.into_iter().max_by_key(|one| one.at)?;
        self.concerns
            .iter()
            .all(|concern| known.contains(concern))
            .then_some(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALARM: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-level";

    fn said(minute: i64, outcome: Outcome, concerns: &[&str]) -> Said {
        Said {
            at: Timestamp::from_second(1_772_796_600 + minute * 60).unwrap(),
            alarm: ALARM.to_owned(),
            outcome,
            plan_id: None,
            concerns: concerns.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    fn planned(minute: i64, plan: &str) -> Said {
        Said {
            plan_id: PlanId::parse(&plan.repeat(64)),
            ..said(minute, Outcome::Planned, &["ACT-001 FAIL"])
        }
    }

    #[test]
    fn the_same_word_about_the_same_alarm_is_mailed_once_in_the_time_d08() {
        let mailed = [planned(0, "a"), planned(10, "b")];
        assert_eq!(planned(59, "a").repeated(&mailed, 60, None), Some(&mailed[0]));
        assert_eq!(
            planned(60, "a").repeated(&mailed, 60, None),
            None,
            "the hour is over"
        );
        assert_eq!(
            planned(15, "a").repeated(&mailed, 15, None),
            None,
            "the time is over"
        );
        assert_eq!(planned(69, "b").repeated(&mailed, 60, None), Some(&mailed[1]));
        assert_eq!(planned(1, "a").repeated(&[], 60, None), None);
    }

    #[test]
    fn a_plan_that_is_due_again_after_it_was_carried_out_is_mailed_again() {
        let mailed = [planned(0, "a"), said(5, Outcome::Applied, &["ACT-001 FAIL"])];
        let changed = Some(mailed[1].at);
        assert_eq!(planned(10, "a").repeated(&mailed, 60, changed), None);
        let calm = said(10, Outcome::NothingToDo, &[]);
        assert_eq!(calm.repeated(&mailed, 60, changed), Some(&mailed[1]));
    }

    #[test]
    fn whatever_is_new_is_mailed_d08() {
        let first = said(0, Outcome::Refused, &["ACT-001 FAIL", "cap"]);
        let mailed = [first.clone(), planned(0, "a")];
        let other_alarm = Said {
            alarm: format!("{ALARM}-2"),
            ..first.clone()
        };
        for (what, new) in [
            ("another alarm", other_alarm),
            ("another plan", planned(1, "b")),
            (
                "another guard",
                said(1, Outcome::Refused, &["ACT-001 FAIL", "event"]),
            ),
            (
                "one line more",
                said(1, Outcome::Refused, &["ACT-001 FAIL", "ACT-002 FAIL", "cap"]),
            ),
            (
                "not known any more",
                said(1, Outcome::Refused, &["ACT-001 UNKNOWN", "cap"]),
            ),
            (
                "another outcome",
                said(1, Outcome::NothingToDo, &["ACT-001 FAIL"]),
            ),
            ("a change", said(1, Outcome::Applied, &[])),
            ("a failure", said(1, Outcome::Failed, &["ACT-001 FAIL"])),
        ] {
            assert_eq!(new.repeated(&mailed, 60, None), None, "{what}");
        }
        let fewer = said(1, Outcome::Refused, &["cap"]);
        assert_eq!(fewer.repeated(&mailed, 60, None), Some(&mailed[0]), "nothing new");
    }

    #[test]
    fn what_two_mails_said_is_known_by_both() {
        let mailed = [
            said(0, Outcome::NothingToDo, &["ACT-001 FAIL"]),
            said(5, Outcome::NothingToDo, &["ACT-002 UNKNOWN"]),
        ];
        let both = said(6, Outcome::NothingToDo, &["ACT-001 FAIL", "ACT-002 UNKNOWN"]);
        assert_eq!(both.repeated(&mailed, 60, None), Some(&mailed[1]));
    }

    #[test]
    fn that_an_alarm_is_calm_again_is_news_only_where_nothing_was_told_of_it() {
        let calm = said(1, Outcome::NothingToDo, &[]);
        for told in [Outcome::Planned, Outcome::Applied, Outcome::NothingToDo] {
            let mailed = [said(0, told, &["ACT-001 FAIL"])];
            assert_eq!(calm.repeated(&mailed, 60, None), Some(&mailed[0]), "{told}");
        }
        assert_eq!(calm.repeated(&[], 60, None), None);
        // Of that event nothing was looked at.
        let mailed = [said(0, Outcome::Suppressed, &["freshness"])];
        assert_eq!(calm.repeated(&mailed, 60, None), None);
        let rings = said(2, Outcome::NothingToDo, &["ACT-001 FAIL"]);
        assert_eq!(rings.repeated(&[calm], 60, None), None, "it rings by now");
    }
}
