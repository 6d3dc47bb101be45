use day2_core::Verdict::{Fail, Pass, Unknown};
use day2_core::compare::Earlier;

use super::world::*;
use crate::facts::{Dumps, Facts};

fn of(facts: &mut Facts) -> &mut Dumps {
    facts.dumps[0].as_mut().unwrap()
}

#[test]
fn a_dump_must_be_young() {
    for (hours, verdict) in [(26, Pass), (27, Fail)] {
        let items = judged(|facts| of(facts).newest[0].at = hours_ago(hours));
        assert_eq!(item(&items, "BAK-031").verdict(), verdict, "{hours} h");
    }
    let none = judged(|facts| facts.dumps[0] = Ok(Dumps::default()));
    assert_eq!(item(&none, "BAK-031").verdict(), Fail);
    assert_eq!(item(&none, "BAK-032").verdict(), Unknown);
    let denied = judged(|facts| facts.dumps[0] = denied("s3:ListBucket"));
    let found: Vec<_> = complaints(&denied)
        .into_iter()
        .map(|(code, verdict, _)| (code, verdict))
        .collect();
    assert_eq!(
        found,
        [("BAK-031".to_owned(), Unknown), ("BAK-032".to_owned(), Unknown)]
    );
}

/// S3's `pg_restore --list latest.dump` reads a table of contents, and an applied Job that is finished runs no more (trap 13):
/// the file is there, and it is empty or half.
#[test]
fn an_empty_or_shrunken_dump_is_found_although_it_is_on_time() {
    for (bytes, verdict) in [(1_000, Pass), (720, Pass), (690, Fail), (0, Fail), (5_000, Pass)] {
        let items = judged(|facts| of(facts).newest[0].bytes = bytes);
        assert_eq!(item(&items, "BAK-032").verdict(), verdict, "{bytes} bytes");
        assert_eq!(item(&items, "BAK-031").verdict(), Pass);
    }
    let few = judged(|facts| of(facts).newest.truncate(3));
    only(&few, "BAK-032", Unknown, &["pg"]);
}

#[test]
fn a_dump_that_overwrites_the_last_one_is_compared_with_what_earlier_runs_saw() {
    let mut earlier = before();
    // Night after night one object, `pg/latest.dump`.
    for night in (0..5).rev() {
        let at = 9 + 24 * night;
        let bytes = if night == 0 { 100 } else { 1_000 };
        let (items, notes) = judged_after(
            &earlier,
            |_| {},
            |facts| {
                let mut one = dump("latest", at, bytes);
                one.key = "pg/latest.dump".to_owned();
                facts.dumps[0] = Ok(Dumps {
                    newest: vec![one],
                    count: 1,
                });
            },
        );
        let expected = match night {
            2..=4 => Unknown,
            0 => Fail,
            _ => Pass,
        };
        assert_eq!(item(&items, "BAK-032").verdict(), expected, "night {night}");
        earlier = Ok(Some(Earlier {
            at: hours_ago(24 * night),
            notes,
        }));
    }
}

#[test]
fn what_was_remembered_does_not_stand_in_for_a_dump_that_is_gone() {
    let (_, notes) = judged_after(&before(), |_| {}, |_| {});
    let earlier = Ok(Some(Earlier {
        at: hours_ago(24),
        notes,
    }));
    let (items, notes) = judged_after(&earlier, |_| {}, |facts| facts.dumps[0] = Ok(Dumps::default()));
    assert_eq!(item(&items, "BAK-031").verdict(), Fail);
    assert_eq!(item(&items, "BAK-032").verdict(), Unknown);
    assert!(
        notes.get("dump/pg").unwrap().contains("n0"),
        "and is still remembered"
    );
}
