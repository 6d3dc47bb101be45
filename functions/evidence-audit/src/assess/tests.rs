use day2_core::evidence::Fingerprint;
use day2_core::{Cause, Unreadable};
use jiff::SignedDuration;

use super::*;
use crate::facts::{Evidence, Lock, LockMode, Marker};
use crate::fixture::{Luck, audit, days_ago, fact, good, now, place, stored, utc};

fn judged(evidence: &Evidence) -> Vec<Item> {
    assess(&Ok(evidence.clone()), &place(), &audit(), &utc(), now())
}

/// The codes that are not a PASS, with their verdicts.
fn not_passed(evidence: &Evidence) -> Vec<(String, Verdict)> {
    let items = judged(evidence).into_iter();
    items
        .filter(|item| item.verdict() != Verdict::Pass)
        .map(|item| (item.code.clone(), item.verdict()))
        .collect()
}

/// What is wrong after `change`, by code and verdict; everything else is a PASS.
fn after(change: impl FnOnce(&mut Evidence)) -> Vec<(String, Verdict)> {
    let mut evidence = good();
    change(&mut evidence);
    not_passed(&evidence)
}

fn fails(codes: &[&str]) -> Vec<(String, Verdict)> {
    codes
        .iter()
        .map(|code| ((*code).to_owned(), Verdict::Fail))
        .collect()
}

fn says(evidence: &Evidence, code: &str) -> String {
    let item = judged(evidence)
        .into_iter()
        .find(|item| item.code == code)
        .unwrap();
    let subjects: Vec<String> = item
        .subjects
        .iter()
        .map(|one| format!("{} {}", one.name, one.says))
        .collect();
    format!("{} {}", item.seen, subjects.join("; "))
}

fn denied() -> Unreadable {
    Unreadable::new("s3:GetObjectVersion", "x", Cause::Denied, "no")
}

#[test]
fn sound_evidence_passes_with_everything_counted() {
    let items = judged(&good());
    let codes: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ITEMS.map(|(code, _)| code));
    assert_eq!(not_passed(&good()), []);
    let counts: Vec<u64> = items.iter().map(|item| item.population().examined).collect();
    // Two captures, two manifests, four artefacts (one also under a key that was given up), seven versions.
    assert_eq!(counts, [2, 2, 4, 4, 7, 7, 7, 2]);
}

#[test]
fn a_capture_that_was_interrupted_is_a_failure_and_one_under_way_is_unknown() {
    let interrupted = |minutes: i64| {
        let mut evidence = good();
        let at = now() - SignedDuration::from_mins(minutes);
        let mut open = stored("pod:77#1", at, Luck::Good, None).fact;
        open.manifests.clear();
        evidence.captures.insert(0, open);
        evidence
    };
    let old = not_passed(&interrupted(21));
    assert_eq!(old[0], ("EVA-001".to_owned(), Verdict::Fail));
    assert!(says(&interrupted(21), "EVA-001").contains("interrupted: 2 objects"));
    // What its objects should be, nobody knows.
    assert_eq!(
        old[1..],
        [
            ("EVA-003".to_owned(), Verdict::Unknown),
            ("EVA-005".to_owned(), Verdict::Unknown)
        ]
    );
    let young = not_passed(&interrupted(19));
    assert_eq!(young[0], ("EVA-001".to_owned(), Verdict::Unknown));
}

#[test]
fn a_changed_manifest_is_found() {
    let broken = after(|evidence| {
        let text = b"{}";
        let manifest = &mut evidence.captures[1].manifests[0];
        manifest.proof = Some(day2_core::evidence::verify(text));
        manifest.content = Some(Ok(crate::facts::Content {
            sha256: Fingerprint::of(text),
            bytes: 2,
            key_arn: None,
        }));
    });
    assert_eq!(broken[0], ("EVA-002".to_owned(), Verdict::Fail));
    let evidence = {
        let mut evidence = good();
        evidence.captures[1].manifests[0].content = Some(Ok(crate::facts::Content {
            sha256: Fingerprint::of(b"x"),
            bytes: 2,
            key_arn: None,
        }));
        evidence
    };
    assert!(
        says(&evidence, "EVA-002").contains("has another hash"),
        "{}",
        says(&evidence, "EVA-002")
    );
}

#[test]
fn a_manifest_of_another_capture_and_one_from_the_future_are_found() {
    let moved = after(|evidence| evidence.captures[0].prefix = "evidence/prod-a/pod/other/".to_owned());
    assert!(
        moved.contains(&("EVA-002".to_owned(), Verdict::Fail)),
        "{moved:?}"
    );
    let future = stored(
        "pod:77#1",
        now() + SignedDuration::from_hours(1),
        Luck::Good,
        None,
    );
    let found = after(|evidence| evidence.captures.push(future.fact));
    assert_eq!(found, fails(&["EVA-002"]));
}

#[test]
fn a_second_and_different_manifest_is_found_and_the_first_still_counts() {
    let forged = |evidence: &mut Evidence| {
        let at = evidence.captures[0].manifests[0].version.written_at + SignedDuration::from_mins(1);
        let mut other = stored("pod:0f3a#1", days_ago(3), Luck::Good, None)
            .fact
            .manifests
            .remove(0);
        other.version.key = other.version.key.replace("manifest-1", "manifest-2");
        other.version.id = "v-forged".to_owned();
        other.version.written_at = at;
        evidence.captures[0].manifests.push(other);
    };
    assert_eq!(after(forged), fails(&["EVA-002"]));
}

#[test]
fn the_same_manifest_written_twice_after_a_lost_answer_is_no_harm() {
    let twice = after(|evidence| {
        let mut again = evidence.captures[0].manifests[0].clone();
        again.version.key = again.version.key.replace("manifest-1", "manifest-2");
        again.version.id = "v-m2".to_owned();
        evidence.captures[0].manifests.push(again);
    });
    assert_eq!(twice, []);
}

#[test]
fn the_manifest_before_must_be_there_as_it_was() {
    let gone = after(|evidence| drop(evidence.captures.pop()));
    assert_eq!(gone, fails(&["EVA-002"]));
}

#[test]
fn other_bytes_and_another_key_are_found() {
    let change = |what: fn(&mut crate::facts::Content)| {
        after(|evidence| {
            let content = evidence.captures[0].artefacts[0].content.as_mut().unwrap();
            what(content.as_mut().unwrap());
        })
    };
    assert_eq!(
        change(|content| content.sha256 = Fingerprint::of(b"forged")),
        fails(&["EVA-003"])
    );
    assert_eq!(change(|content| content.bytes += 1), fails(&["EVA-003"]));
    assert_eq!(change(|content| content.key_arn = None), fails(&["EVA-003"]));
    let other = |content: &mut crate::facts::Content| {
        content.key_arn = Some("arn:aws:kms:us-east-1:1:key/x".to_owned());
    };
    assert_eq!(change(other), fails(&["EVA-003"]));
}

#[test]
fn what_is_gone_hidden_or_added_is_found() {
    let gone = after(|evidence| drop(evidence.captures[0].artefacts.remove(0)));
    assert_eq!(gone, fails(&["EVA-004"]));
    let hidden = after(|evidence| {
        let key = evidence.captures[0].artefacts[0].version.key.clone();
        evidence.captures[0].markers.push(Marker {
            key,
            id: "d-1".to_owned(),
        });
    });
    assert_eq!(hidden, fails(&["EVA-004"]));
    let written_over = after(|evidence| {
        let key = evidence.captures[0].artefacts[0].version.key.clone();
        let again = fact(&key, "v-other", b"forged", now());
        evidence.captures[0].artefacts.push(again);
    });
    assert_eq!(written_over, fails(&["EVA-005"]));
    let over_the_manifest = after(|evidence| {
        let mut again = evidence.captures[0].manifests[0].clone();
        again.version.id = "v-over".to_owned();
        evidence.captures[0].manifests.push(again);
    });
    assert_eq!(over_the_manifest, fails(&["EVA-005"]));
    let twice_given_up = after(|evidence| {
        let lost = evidence.captures[0]
            .artefacts
            .iter()
            .find(|one| one.version.id == "v-lost");
        let again = fact(&lost.unwrap().version.key.clone(), "v-lost-2", b"forged", now());
        evidence.captures[0].artefacts.push(again);
    });
    assert_eq!(twice_given_up, fails(&["EVA-005"]));
    let foreign = after(|evidence| evidence.foreign.push("evidence/prod-a/readme".to_owned()));
    assert_eq!(foreign, fails(&["EVA-005"]));
}

#[test]
fn a_version_without_a_lock_or_with_one_that_ended_is_found() {
    let with = |lock: Option<Lock>| after(|evidence| evidence.captures[0].artefacts[0].lock = Some(Ok(lock)));
    let lock = |until| {
        Some(Lock {
            mode: LockMode::Governance,
            until,
        })
    };
    assert_eq!(with(None), fails(&["EVA-006"]));
    assert_eq!(with(lock(now())), fails(&["EVA-006"]));
    let in_days = |days: i64| lock(now() + SignedDuration::from_hours(24 * days));
    assert_eq!(with(in_days(29)), fails(&["EVA-007"]));
    assert_eq!(with(in_days(30)), []);
    let strict = Audit {
        lock_mode: LockMode::Compliance,
        ..audit()
    };
    let items = assess(&Ok(good()), &place(), &strict, &utc(), now());
    assert_eq!(
        items[5].verdict(),
        Verdict::Fail,
        "governance is weaker than compliance"
    );
}

#[test]
fn a_recent_capture_with_gaps_is_told_and_an_old_one_only_counted_k30() {
    let recent = |days| {
        let mut evidence = good();
        evidence
            .captures
            .push(stored("pod:88#1", days_ago(days), Luck::Bad, None).fact);
        evidence
    };
    assert_eq!(not_passed(&recent(8)), fails(&["EVA-008"]));
    let told = says(&recent(8), "EVA-008");
    assert!(
        told.contains("log of container sidecar is lost: timed out"),
        "{told}"
    );
    assert!(told.contains("cut when the time was up"), "{told}");
    assert_eq!(not_passed(&recent(9)), []);
    assert!(says(&recent(9), "EVA-008").contains("1 older incomplete"));
}

#[test]
fn what_was_not_reached_or_not_readable_is_unknown_with_its_number_w28() {
    let late = |evidence: &mut Evidence| {
        for fact in &mut evidence.captures[1].artefacts {
            fact.content = None;
        }
    };
    let unknown = |codes: &[&str]| -> Vec<(String, Verdict)> {
        codes
            .iter()
            .map(|code| ((*code).to_owned(), Verdict::Unknown))
            .collect()
    };
    assert_eq!(after(late), unknown(&["EVA-003"]));
    let mut evidence = good();
    late(&mut evidence);
    assert!(
        says(&evidence, "EVA-003").contains("2 not reached"),
        "{}",
        says(&evidence, "EVA-003")
    );
    let denied = after(|evidence| evidence.captures[0].artefacts[0].content = Some(Err(denied())));
    assert_eq!(denied, unknown(&["EVA-003"]));
    let no_locks = after(|evidence| evidence.captures[0].artefacts[0].lock = Some(Err(self::denied())));
    assert_eq!(no_locks, unknown(&["EVA-006", "EVA-007"]));
    let no_manifest = after(|evidence| {
        evidence.captures[1].manifests[0].proof = None;
        evidence.captures[1].manifests[0].content = Some(Err(self::denied()));
    });
    assert!(
        no_manifest
            .iter()
            .all(|(_, verdict)| *verdict == Verdict::Unknown),
        "{no_manifest:?}"
    );
    assert!(
        no_manifest.iter().any(|(code, _)| code == "EVA-004"),
        "{no_manifest:?}"
    );
}

#[test]
fn no_evidence_and_an_unreadable_bucket_are_unknown_in_every_line_w25() {
    let nothing = Evidence {
        captures: Vec::new(),
        foreign: Vec::new(),
    };
    for facts in [Ok(nothing), Err(denied())] {
        let items = assess(&facts, &place(), &audit(), &utc(), now());
        assert_eq!(items.len(), ITEMS.len());
        assert!(items.iter().all(|item| item.verdict() == Verdict::Unknown));
    }
}

#[test]
fn a_self_check_without_evidence_is_not_a_pass() {
    assert_eq!(can_list("b", &Ok(())).verdict(), Verdict::Pass);
    assert_eq!(can_list("b", &Err(denied())).verdict(), Verdict::Unknown);
    assert_eq!(can_read(None).verdict(), Verdict::Unknown);
    assert_eq!(can_read(Some((Ok(()), Ok(())))).verdict(), Verdict::Pass);
    assert_eq!(
        can_read(Some((Err(denied()), Ok(())))).verdict(),
        Verdict::Unknown
    );
    assert_eq!(
        can_read(Some((Ok(()), Err(denied())))).verdict(),
        Verdict::Unknown
    );
}
