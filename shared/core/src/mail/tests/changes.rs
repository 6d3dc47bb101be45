//! What a mail says of the changes since the run before, word by word.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::compare::{Changes, Complaint};

/// The mail with every blank and line end as one blank.
fn flat(report: &Report) -> String {
    let body = mail_of(report).body;
    body.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fail(subject: &str, unseen: u32, since: Option<Timestamp>) -> Complaint {
    Complaint {
        code: "X-001".to_owned(),
        verdict: Verdict::Fail,
        title: "title".to_owned(),
        subject: subject.to_owned(),
        owner: None,
        unseen,
        since,
    }
}

/// Demands 15: a mail on recovery, with the duration.
#[test]
fn a_recovery_tells_how_long_it_stood() {
    let body = flat(&sample::recovered());
    for told in [
        "resolved SCW-021 Each group has its planned nodes, Ready: prod-a-workspace (reported for 71 h)",
        // One of them is a day older than the others.
        "resolved SCW-026 No pod waits for a node: coder/ws-ada-7d4f9, coder/ws-grace-1, coder/ws-linus-0 \
         (reported for up to 95 h)",
        // An item that names nothing.
        "resolved SCW-030 NAT gateways have ports to give (reported for 71 h)",
    ] {
        assert!(body.contains(told), "{told} is missing in\n{body}");
    }
}

#[test]
fn what_still_stands_tells_since_when_and_what_is_new_does_not() {
    let body = flat(&sample::failing());
    for told in [
        "new SCW-026 No pod waits for a node: coder/ws-grace-1, coder/ws-linus-0 new SCW-030",
        "still SCW-026 No pod waits for a node: coder/ws-ada-7d4f9 (reported since Thu 5 Mar 07:00) resolved",
        "resolved SCW-025 Daemonsets run on every node: ip-10-0-12-88.ec2.internal (reported for 24 h) ALL CHECKS",
    ] {
        assert!(body.contains(told), "{told} is missing in\n{body}");
    }
}

#[test]
fn a_since_is_told_where_it_is_known_and_nowhere_else() {
    let mut report = sample::failing();
    let now = report.run.started_at;
    let before = |seconds: i64| Some(now - SignedDuration::from_secs(seconds));
    let ago = |minutes: i64| before(minutes * 60);
    let (day, year) = (24 * 60, 365 * 24 * 60);
    for (still, resolved, told) in [
        (
            vec![fail("a", 0, ago(200))],
            vec![],
            "still X-001 title: a (reported since Fri 6 Mar 03:40) ALL",
        ),
        (
            vec![fail("a", 2, ago(year))],
            vec![],
            "still X-001 title: a (could not be looked at again, reported since Thu 6 Mar 2025 07:00) ALL",
        ),
        (
            vec![fail("a", 2, None)],
            vec![],
            "still X-001 title: a (could not be looked at again) ALL",
        ),
        (
            vec![
                fail("a", 0, ago(20)),
                fail("b", 0, ago(200)),
                fail("c", 0, ago(60)),
            ],
            vec![],
            "still X-001 title: a, b, c (reported since Fri 6 Mar 03:40 or later) ALL",
        ),
        (
            vec![],
            vec![fail("", 0, ago(200))],
            "resolved X-001 title (reported for 3 h 20 min) ALL",
        ),
        (
            vec![],
            vec![
                fail("a", 0, ago(20)),
                fail("b", 0, ago(200)),
                fail("c", 0, ago(60)),
            ],
            "resolved X-001 title: a, b, c (reported for up to 3 h 20 min) ALL",
        ),
        // Runs of the same time of day are a few seconds apart.
        (
            vec![],
            vec![
                fail("a", 0, before(day * 60 - 2)),
                fail("b", 0, before(day * 60 + 2)),
            ],
            "resolved X-001 title: a, b (reported for 24 h) ALL",
        ),
        // Those of which it is not known stand apart, so that nothing is said of them.
        (
            vec![],
            vec![fail("a", 0, None), fail("b", 0, ago(60)), fail("c", 0, None)],
            "resolved X-001 title: a, c resolved X-001 title: b (reported for 1 h) ALL",
        ),
    ] {
        report.changes = Changes {
            since: ago(5),
            still,
            resolved,
            ..Changes::default()
        };
        let body = flat(&report);
        assert!(body.contains(told), "{told} is missing in\n{body}");
    }
}
