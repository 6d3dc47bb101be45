//! Deliveries that say nothing new. In a storm one finding comes again and again: Lambda and EventBridge deliver at least once,
//! and by topics and accounts it comes by more than one road (`cases.md` D03, D09). This is what a sandbox remembers, so that the
//! second time costs one write instead of the whole look.
//!
//! Remembered is a finding, with all that is read of an event, after a whole look at it came to this: `GuardDuty` confirms it, the
//! pod that it names was there and is the one of the containment, and the run that contains it has **ended and said so**. An event
//! that differs in anything, `updatedAt` first, is looked at as if nothing were known. What holds without another look, and why:
//!
//! - *The finding is `GuardDuty`'s.* It confirmed these very words.
//! - *The work is done.* A claim that is published is never claimed again. While somebody is at work, or has died at it, nothing is
//!   remembered: then the next delivery must be able to take the work over.
//! - *The pod.* What `GuardDuty` saw happened before the event came, and the event had come before the pod was looked at. A pod that
//!   has taken the name since is another one, and nothing that this event says is about it.
//!
//! What may have changed meanwhile is not remembered but asked: whether the containment is still open, by the condition of the write
//! that counts the delivery. If a person has released it, whichever sandbox did the work, nothing is written, and everything is
//! looked at again.
//!
//! What is late: that the pod has gone, or was replaced, is told by the first look after [`HOLDS`]; the time counts from the look and
//! is not prolonged by what it answers. The memory is bounded, is of one process, and nothing is lost with it.

use std::collections::VecDeque;

use day2_core::trigger::Finding;
use jiff::{SignedDuration, Timestamp};

/// How long a look holds: longer than what repeats by itself within a storm, shorter than the first pause of a retry by Lambda (one
/// minute) and than any update of a finding (15 minutes at least).
/// Sources: AWS Lambda Developer Guide, "Error handling for asynchronous invocations"; Amazon `GuardDuty` User Guide, "Processing
/// `GuardDuty` findings with Amazon EventBridge".
pub const HOLDS: SignedDuration = SignedDuration::from_secs(30);

/// Most findings that are remembered, about 200 kB. The oldest give way.
const MOST: usize = 256;

/// What one sandbox remembers.
#[derive(Debug, Default)]
pub struct Repeats(VecDeque<Repeat>);

/// A finding whose pod is contained.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// As the event said it.
    pub finding: Finding,
    /// Id of the containment that it joined.
    pub containment: String,
    /// Lambda request id of the run that contained: its own redelivery is told that it is done, and does not join.
    pub worker: String,
    /// How many deliveries have joined, as far as this sandbox knows.
    pub noted: u64,
    /// When the event came that everything was looked at for: before the look.
    pub looked_at: Timestamp,
}

impl Repeats {
    /// What is known of exactly this finding, if a look at it still holds.
    #[must_use]
    pub fn find(&self, finding: &Finding, request_id: &str, now: Timestamp) -> Option<&Repeat> {
        let known = self.0.iter().find(|known| known.finding == *finding)?;
        let age = now.duration_since(known.looked_at);
        // A clock that was set back proves nothing.
        let holds = age >= SignedDuration::ZERO && age < HOLDS;
        (holds && known.worker != request_id).then_some(known)
    }

    /// Remembers a finding, instead of what was known of it.
    pub fn keep(&mut self, repeat: Repeat) {
        self.0.retain(|known| known.finding != repeat.finding);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(repeat);
    }

    /// The containment has so many joined deliveries by now.
    pub fn counted(&mut self, containment: &str, noted: u64) {
        for known in self.0.iter_mut().filter(|known| known.containment == containment) {
            known.noted = known.noted.max(noted);
        }
    }

    /// The containment is not open any more.
    pub fn forget(&mut self, containment: &str) {
        self.0.retain(|known| known.containment != containment);
    }
}

#[cfg(test)]
mod tests {
    use day2_core::trigger::Workload;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn finding(id: &str) -> Finding {
        Finding {
            id: id.to_owned(),
            kind: "CryptoCurrency:Runtime/BitcoinTool.B!DNS".to_owned(),
            severity: 8.0,
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            cluster_arn: Some(
                "arn:aws:eks:us-east-1:123456789012:cluster/prod-a"
                    .parse()
                    .unwrap(),
            ),
            workload: Some(Workload {
                namespace: "shop".parse().unwrap(),
                name: "web-1".parse().unwrap(),
                kind: Some("pods".to_owned()),
                uid: Some("u1".to_owned()),
            }),
            instance: None,
            sample: false,
            archived: false,
            count: Some(1),
            updated_at: Some(at(0)),
        }
    }

    fn repeat(finding: Finding, containment: &str, looked: i64) -> Repeat {
        Repeat {
            finding,
            containment: containment.to_owned(),
            worker: "first".to_owned(),
            noted: 1,
            looked_at: at(looked),
        }
    }

    #[test]
    fn a_look_holds_for_exactly_what_was_looked_at_d04_e10() {
        let mut known = Repeats::default();
        known.keep(repeat(finding("f"), "prod-a.1", 0));
        assert!(known.find(&finding("f"), "r", at(1)).is_some());
        let mut others = vec![finding("g")];
        let mut other = |change: fn(&mut Finding)| {
            let mut one = finding("f");
            change(&mut one);
            others.push(one);
        };
        other(|one| one.updated_at = Some(at(1)));
        other(|one| one.updated_at = None);
        other(|one| one.count = Some(2));
        other(|one| one.severity = 9.0);
        other(|one| one.severity = f64::NAN);
        other(|one| one.kind.push('!'));
        other(|one| one.archived = true);
        other(|one| one.sample = true);
        other(|one| one.workload = None);
        other(|one| one.workload.as_mut().unwrap().uid = Some("u2".to_owned()));
        other(|one| one.workload.as_mut().unwrap().uid = None);
        other(|one| one.workload.as_mut().unwrap().name = "web-2".parse().unwrap());
        other(|one| one.workload.as_mut().unwrap().namespace = "jobs".parse().unwrap());
        other(|one| one.account = "999988887777".parse().unwrap());
        other(|one| one.region = "eu-west-1".parse().unwrap());
        other(|one| one.cluster_arn = None);
        other(|one| one.instance = Some("i-1".to_owned()));
        for other in others {
            assert_eq!(known.find(&other, "r", at(1)), None, "{other:?}");
        }
    }

    #[test]
    fn a_look_is_not_prolonged_and_holds_for_nobody_whose_clock_was_set_back_k11_d16() {
        let mut known = Repeats::default();
        known.keep(repeat(finding("f"), "prod-a.1", 100));
        for (second, holds) in [
            (99, false),
            (100, true),
            (129, true),
            (130, false),
            (4_000, false),
        ] {
            let found = known.find(&finding("f"), "r", at(second)).is_some();
            assert_eq!(found, holds, "second {second}");
            known.counted("prod-a.1", 7);
        }
        // A new look does.
        known.keep(repeat(finding("f"), "prod-a.1", 130));
        assert!(known.find(&finding("f"), "r", at(150)).is_some());
    }

    #[test]
    fn the_run_that_contained_does_not_join_itself_d01() {
        let mut known = Repeats::default();
        known.keep(repeat(finding("f"), "prod-a.1", 0));
        assert_eq!(known.find(&finding("f"), "first", at(1)), None);
        assert!(known.find(&finding("f"), "second", at(1)).is_some());
    }

    #[test]
    fn what_is_released_is_forgotten_with_all_its_findings_and_nothing_else_is() {
        let mut known = Repeats::default();
        known.keep(repeat(finding("f"), "prod-a.1", 0));
        known.keep(repeat(finding("g"), "prod-a.1", 0));
        known.keep(repeat(finding("h"), "prod-a.2", 0));
        known.counted("prod-a.1", 25);
        known.counted("prod-a.1", 24);
        let noted = |known: &Repeats, id: &str| known.find(&finding(id), "r", at(1)).map(|one| one.noted);
        let all = [noted(&known, "f"), noted(&known, "g"), noted(&known, "h")];
        assert_eq!(all, [Some(25), Some(25), Some(1)]);
        known.forget("prod-a.1");
        let all = [noted(&known, "f"), noted(&known, "g"), noted(&known, "h")];
        assert_eq!(all, [None, None, Some(1)]);
    }

    #[test]
    fn a_storm_of_distinct_findings_fills_no_more_than_there_is_room_for_d09() {
        let mut known = Repeats::default();
        for number in 0..1_000 {
            known.keep(repeat(finding(&number.to_string()), "prod-a.1", 0));
        }
        assert_eq!(known.0.len(), MOST);
        assert!(known.find(&finding("999"), "r", at(1)).is_some());
        assert_eq!(known.find(&finding("0"), "r", at(1)), None);
    }
}
