//! The journal against the table in memory, and against answers that no table gives.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use day2_core::compare::Snapshot;
use day2_core::item::Population;
use day2_core::report::Report;
use day2_core::{Item, Verdict};

use super::*;
use crate::error::OpsError;
use crate::fixture::{MORNING, World, at, http_error};

fn run_at(scheduled: Option<&str>, started: &str) -> Run {
    Run {
        function: "dummy".to_owned(),
        task: "morning".to_owned(),
        target: "prod-a".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: scheduled.map(at),
        occasion: None,
        started_at: at(started),
        request_id: format!("r-{started}"),
    }
}

fn report(run: Run, verdict: Verdict) -> Report {
    let one = Population {
        examined: 1,
        expected_at_least: 1,
    };
    Report::new(
        run,
        vec![Item::judge("DUM-001", "t", verdict, one, "seen").subject("node-1", "is dark")],
        vec![],
    )
}

async fn claim(journal: &Journal, run: &Run, owner: &str, now: &str) -> Claim {
    let until = at(now).checked_add(SignedDuration::from_secs(65)).unwrap();
    journal.claim(run, owner, at(now), until).await.unwrap()
}

async fn record(journal: &Journal, held: Option<&Held>, report: &Report) -> Recorded {
    let snapshot = Snapshot::of(report);
    let at = report.run.started_at;
    let done = Finished {
        report,
        snapshot: &snapshot,
        page: "reports/x.html",
        history_days: 14,
        mailed: true,
        at,
    };
    journal.record(held, done).await.unwrap()
}

#[tokio::test]
async fn a_claim_belongs_to_one_owner_until_its_lease_ends_d02_d14() {
    let journal = World::default().journal();
    let run = run_at(Some(MORNING), MORNING);
    assert!(matches!(
        claim(&journal, &run, "a", MORNING).await,
        Claim::Ours(_)
    ));
    // The SDK asks again when the first answer was lost.
    assert!(matches!(
        claim(&journal, &run, "a", MORNING).await,
        Claim::Ours(_)
    ));
    let until = at("2026-03-06T11:31:05Z");
    assert_eq!(
        claim(&journal, &run, "b", "2026-03-06T11:31:04Z").await,
        Claim::InProgress { until }
    );
    assert!(matches!(
        claim(&journal, &run, "b", "2026-03-06T11:31:05Z").await,
        Claim::Ours(_)
    ));
}

#[tokio::test]
async fn a_claim_given_back_is_free_at_once_and_remembers_the_mail_w18() {
    let journal = World::default().journal();
    let run = run_at(Some(MORNING), MORNING);
    let Claim::Ours(held) = claim(&journal, &run, "a", MORNING).await else {
        panic!()
    };
    assert_eq!(held.already_mailed, None);
    journal.release(&held, Some("abc")).await.unwrap();
    let Claim::Ours(held) = claim(&journal, &run, "b", MORNING).await else {
        panic!()
    };
    assert_eq!(held.already_mailed.as_deref(), Some("abc"));
    // Giving back without a word about the mail does not forget it.
    journal.release(&held, None).await.unwrap();
    let Claim::Ours(held) = claim(&journal, &run, "c", MORNING).await else {
        panic!()
    };
    assert_eq!(held.already_mailed.as_deref(), Some("abc"));
}

#[tokio::test]
async fn what_was_taken_over_is_neither_given_back_nor_recorded_by_the_old_owner_d14() {
    let journal = World::default().journal();
    let run = run_at(Some(MORNING), MORNING);
    let Claim::Ours(old) = claim(&journal, &run, "a", MORNING).await else {
        panic!()
    };
    let Claim::Ours(new) = claim(&journal, &run, "b", "2026-03-06T11:40:00Z").await else {
        panic!()
    };
    assert!(journal.release(&old, None).await.is_err());
    let report = report(run, Verdict::Pass);
    assert_eq!(record(&journal, Some(&old), &report).await, Recorded::TakenOver);
    assert_eq!(record(&journal, Some(&new), &report).await, Recorded::Yes);
    assert_eq!(
        record(&journal, Some(&new), &report).await,
        Recorded::Yes,
        "a repeated call is the same record"
    );
}

#[tokio::test]
async fn a_publication_is_one_per_function_task_target_and_scheduled_time_t03() {
    let journal = World::default().journal();
    let run = run_at(Some(MORNING), MORNING);
    let report = report(run.clone(), Verdict::Pass);
    let Claim::Ours(held) = claim(&journal, &run, "a", MORNING).await else {
        panic!()
    };
    record(&journal, Some(&held), &report).await;
    let done = claim(&journal, &run, "b", "2026-03-06T12:30:00Z").await;
    assert_eq!(done, Claim::AlreadyDone { report_id: report.id });

    let others: [fn(&mut Run); 4] = [
        |run| run.target = "prod-b".to_owned(),
        |run| run.task = "evening".to_owned(),
        |run| run.function = "other".to_owned(),
        |run| run.scheduled_at = Some(at("2026-03-07T11:30:00Z")),
    ];
    for change in others {
        let mut other = run.clone();
        change(&mut other);
        assert!(
            matches!(claim(&journal, &other, "b", MORNING).await, Claim::Ours(_)),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn without_a_scheduled_time_the_request_id_is_the_occasion() {
    let journal = World::default().journal();
    let mut run = run_at(None, MORNING);
    claim(&journal, &run, "a", MORNING).await;
    assert!(matches!(
        claim(&journal, &run, "b", MORNING).await,
        Claim::InProgress { .. }
    ));
    run.request_id = "another".to_owned();
    assert!(matches!(
        claim(&journal, &run, "b", MORNING).await,
        Claim::Ours(_)
    ));
}

#[tokio::test]
async fn history_is_the_last_days_oldest_first_over_several_pages_w05() {
    let world = World::default();
    let journal = world.journal();
    let first = at("2026-02-01T00:00:00Z");
    let step = SignedDuration::from_hours(1);
    for hour in 0..800 {
        let started = first
            .checked_add(step.checked_mul(hour).unwrap())
            .unwrap()
            .to_string();
        record(
            &journal,
            None,
            &report(run_at(Some(&started), &started), Verdict::Pass),
        )
        .await;
    }
    let now = run_at(Some(MORNING), MORNING);
    let past = journal.past(&now, "this", 14).await.unwrap();
    // 14 days of 24 runs, up to the last one 800 hours after the first.
    assert_eq!(past.runs.first().unwrap().at, at("2026-02-20T12:00:00Z"));
    assert_eq!(past.runs.last().unwrap().at, at("2026-03-06T07:00:00Z"));
    assert_eq!(past.runs.len(), 332);
    assert!(past.runs.is_sorted_by_key(|run| run.at));
    assert_eq!(past.previous.unwrap().at, at("2026-03-06T07:00:00Z"));
    let longer = journal.past(&now, "this", 90).await.unwrap();
    assert_eq!(longer.runs.len(), MAX_RUNS);
    assert_eq!(
        longer.runs.last().unwrap().at,
        at("2026-03-06T07:00:00Z"),
        "the newest are kept"
    );
}

#[tokio::test]
async fn a_run_is_not_compared_with_its_own_earlier_delivery_t03() {
    let journal = World::default().journal();
    let before = report(
        run_at(Some("2026-03-05T11:30:00Z"), "2026-03-05T11:30:09.5Z"),
        Verdict::Fail,
    );
    let own = report(run_at(Some(MORNING), MORNING), Verdict::Pass);
    record(&journal, None, &before).await;
    record(&journal, None, &own).await;
    let past = journal.past(&own.run, &own.id, 14).await.unwrap();
    assert_eq!(past.runs.len(), 1);
    assert_eq!(past.previous.unwrap().status, Verdict::Fail);
}

#[test]
fn times_sort_as_text_whatever_their_fraction() {
    let times = [
        "2026-03-06T11:30:00Z",
        "2026-03-06T11:30:00.000001Z",
        "2026-03-06T11:30:00.5Z",
        "2026-03-06T11:30:01Z",
    ];
    let keys: Vec<String> = times.into_iter().map(|time| sort_key(at(time))).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert!(keys.iter().all(|key| key.len() == 24));
}

fn answering(status: u16, body: &'static str) -> Journal {
    let query = mock!(Client::query).then_http_response(move || http_error(status, body));
    let update = mock!(Client::update_item).then_http_response(move || http_error(status, body));
    let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let client = mock_client!(
        aws_sdk_dynamodb,
        RuleMode::MatchAny,
        [&query, &update],
        |config| config.retry_config(quick.clone())
    );
    Journal::new(client, "day2-journal")
}

#[tokio::test]
async fn an_answer_without_a_list_is_no_empty_history_w04() {
    let run = run_at(Some(MORNING), MORNING);
    for body in [
        "",
        "{}",
        "<html>Sign in</html>",
        "{\"Items\":[{\"pk\":{\"S\":\"x\"}}],\"Count\":1}",
    ] {
        let error = answering(200, body).past(&run, "this", 14).await.unwrap_err();
        assert!(error.is_transient(), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_journal_that_denies_says_which_action_on_which_table_w28() {
    let run = run_at(Some(MORNING), MORNING);
    let denied = answering(
        400,
        "{\"__type\":\"AccessDeniedException\",\"message\":\"User is not authorized\"}",
    );
    let error = denied
        .claim(&run, "a", at(MORNING), at(MORNING))
        .await
        .unwrap_err();
    assert!(!error.is_transient());
    let words = crate::error::chain(&error);
    assert!(
        words
            .starts_with("dynamodb:UpdateItem failed for `day2-journal`: AccessDeniedException: User is not"),
        "{words}"
    );
    assert!(matches!(
        error,
        OpsError::Aws {
            cause: day2_core::Cause::Denied,
            ..
        }
    ));
}

#[tokio::test]
async fn a_page_key_that_comes_again_ends_the_reading_w05() {
    let query = mock!(Client::query).then_output(|| {
        let row = Attributes::from([("pk".to_owned(), text("run#x")), ("sk".to_owned(), text("same"))]);
        QueryOutput::builder()
            .set_items(Some(vec![]))
            .set_last_evaluated_key(Some(row))
            .build()
    });
    let journal = Journal::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&query]),
        "day2-journal",
    );
    let error = journal
        .past(&run_at(Some(MORNING), MORNING), "this", 14)
        .await
        .unwrap_err();
    assert!(
        crate::error::chain(&error).contains("same page token"),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_date_of_the_answer_is_the_tables_clock_d16() {
    let query = mock!(Client::query).then_http_response(|| {
        let mut answer = http_error(200, "{\"Items\":[],\"Count\":0,\"ScannedCount\":0}");
        answer
            .headers_mut()
            .insert("date", "Fri, 06 Mar 2026 11:30:07 GMT");
        answer
    });
    let journal = Journal::new(
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&query]),
        "day2-journal",
    );
    assert_eq!(journal.probe().await.unwrap(), Some(at("2026-03-06T11:30:07Z")));
}

#[tokio::test]
async fn a_report_by_hand_and_a_day_of_rest_do_not_hide_that_a_schedule_is_silent_o03() {
    let journal = World::default().journal();
    let friday = run_at(Some(MORNING), MORNING);
    record(&journal, None, &report(friday.clone(), Verdict::Fail)).await;
    let saturday = run_at(Some("2026-03-07T11:30:00Z"), "2026-03-07T11:30:01Z");
    journal
        .heartbeat(&saturday, RESTS, at("2026-03-07T11:30:02Z"))
        .await
        .unwrap();
    let by_hand = Run {
        trigger: "manual".to_owned(),
        ..run_at(None, "2026-03-08T09:00:00Z")
    };
    record(&journal, None, &report(by_hand, Verdict::Pass)).await;
    let other = Run {
        target: "prod-b".to_owned(),
        ..friday
    };
    record(&journal, None, &report(other, Verdict::Pass)).await;

    let signs = journal.signs("dummy", "prod-a", "morning").await.unwrap();
    let beat = |at_: &str, scheduled: Option<&str>, outcome: &str| {
        Some(Beat {
            at: at(at_),
            scheduled_at: scheduled.map(at),
            outcome: outcome.to_owned(),
        })
    };
    assert_eq!(signs.last, beat(MORNING, Some(MORNING), "FAIL"));
    assert_eq!(signs.by_hand, beat("2026-03-08T09:00:00Z", None, "PASS"));
    let rest = beat("2026-03-07T11:30:02Z", Some("2026-03-07T11:30:00Z"), RESTS);
    assert_eq!(signs.rest, rest);
    assert_eq!(signs.begun, None, "what is published has ended");
    let never = journal.signs("dummy", "prod-c", "morning").await.unwrap();
    assert_eq!(never, Signs::default());
}

#[tokio::test]
async fn a_run_that_has_begun_is_known_also_beside_a_later_call_by_hand() {
    let journal = World::default().journal();
    let run = run_at(Some(MORNING), MORNING);
    claim(&journal, &run, "a", MORNING).await;
    claim(
        &journal,
        &run_at(None, "2026-03-06T12:00:00Z"),
        "b",
        "2026-03-06T12:00:00Z",
    )
    .await;
    let signs = journal.signs("dummy", "prod-a", "morning").await.unwrap();
    let begun = Begun {
        scheduled_at: at(MORNING),
        until: at("2026-03-06T11:31:05Z"),
    };
    assert_eq!(signs.begun, Some(begun));
}

#[tokio::test]
async fn a_schedule_is_watched_since_it_was_first_seen_on_its_present_terms() {
    let journal = World::default().journal();
    let terms = |pairs: &[(&str, &str)]| {
        let owned = |(name, on): &(&str, &str)| ((*name).to_owned(), (*on).to_owned());
        pairs
            .iter()
            .map(owned)
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let since = async |pairs: &[(&str, &str)], now: &str| {
        let seen = journal.watched_since(&terms(pairs), at(now)).await.unwrap();
        seen.into_values().map(|at| at.to_string()).collect::<Vec<_>>()
    };
    let (monday, tuesday, friday) = (
        "2026-03-02T00:00:00Z",
        "2026-03-03T00:00:00Z",
        "2026-03-06T00:00:00Z",
    );
    assert_eq!(
        since(&[("a", "daily"), ("b", "daily")], monday).await,
        [monday, monday]
    );
    assert_eq!(
        since(&[("a", "daily"), ("b", "weekly")], tuesday).await,
        [monday, tuesday]
    );
    assert_eq!(since(&[("b", "weekly")], friday).await, [tuesday], "b stays");
    assert_eq!(
        since(&[("a", "daily"), ("b", "weekly")], friday).await,
        [friday, tuesday],
        "a begins anew"
    );
}

#[tokio::test]
async fn signs_that_cannot_be_read_are_an_error_and_never_silence_w04() {
    let cut = mock!(Client::query).then_output(|| QueryOutput::builder().build());
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&cut]);
    let journal = Journal::new(client, "day2-journal");
    assert!(journal.signs("dummy", "prod-a", "morning").await.is_err());
    let none = std::collections::BTreeMap::new();
    assert!(journal.watched_since(&none, at(MORNING)).await.is_err());

    let torn = mock!(Client::query).then_output(|| {
        let row = Attributes::from([("pk".to_owned(), text("x")), ("sk".to_owned(), text("last"))]);
        QueryOutput::builder().items(row).build()
    });
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, [&torn]);
    let journal = Journal::new(client, "day2-journal");
    assert!(journal.signs("dummy", "prod-a", "morning").await.is_err());
}

#[tokio::test]
async fn a_storm_that_was_read_is_marked_as_told_and_one_that_did_not_come_is_none_d08() {
    let world = World::default();
    let journal = world.journal();
    // A begin within a second, and an alarm with a sign that stands between the parts of a key.
    let (what, later) = ("actor, alarm a#b", at("2026-03-06T13:00:00Z"));
    let time = (at("2026-03-06T11:30:00.123Z"), at("2026-03-06T12:30:00.123Z"));
    journal.noticed(what, "prod-a", time, at(MORNING)).await.unwrap();
    assert!(journal.storms("prod-a").await.unwrap().is_empty());

    let first = journal.suppress(what, "prod-a", time).await.unwrap();
    assert_eq!((first.count, first.noticed), (1, true));
    let storms = journal.storms("prod-a").await.unwrap();
    let seen: Vec<_> = storms
        .iter()
        .map(|storm| (storm.function.as_str(), storm.suppressed))
        .collect();
    assert_eq!(seen, [(what, 1)]);
    journal.digested(&storms[0], later).await.unwrap();
    assert!(journal.storms("prod-a").await.unwrap().is_empty());
    assert_eq!(world.table.lock().unwrap().of_kind("storm").len(), 1);
    // What only said the same is counted apart.
    journal.repeated(what, "prod-a", time).await.unwrap();
    journal.repeated("actor", "prod-a", time).await.unwrap();
    let storms = journal.storms("prod-a").await.unwrap();
    let seen: Vec<_> = storms
        .iter()
        .map(|storm| (storm.function.as_str(), storm.suppressed, storm.repeats))
        .collect();
    assert_eq!(seen, [("actor", 0, 1)], "the other row is told");
}
