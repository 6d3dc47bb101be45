//! Containments in the table in memory.

use day2_core::containment::{ContainedPod, Measure, MeasureState, Taken};

use super::*;
use crate::fixture::{MORNING, World, at};

fn containment(uid: &str) -> Containment {
    Containment {
        id: Containment::id_of("prod-a", uid, 1),
        target: "prod-a".to_owned(),
        pod: ContainedPod {
            uid: uid.to_owned(),
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            node: Some("node-1".to_owned()),
            owner: None,
        },
        generation: 1,
        finding: "123456789012/us-east-1/f1".to_owned(),
        finding_type: "CryptoCurrency:Runtime/BitcoinTool.B!DNS".to_owned(),
        opened_at: at(MORNING),
        request_id: "r1".to_owned(),
        measures: vec![Taken {
            resource: "pod shop/web-1".to_owned(),
            measure: Measure::Label {
                value: uid.to_owned(),
            },
            before: "no label".to_owned(),
            after: "labelled".to_owned(),
            undo: "remove it".to_owned(),
            state: MeasureState::Pending,
            says: String::new(),
            changed_at: None,
        }],
        evidence: Vec::new(),
        state: ContainmentState::Open,
        released_at: None,
        noted: 0,
        joined: Vec::new(),
        version: 0,
    }
}

fn breaker(window: &str, most: u32) -> Breaker {
    Breaker {
        window: window.to_owned(),
        most,
        says: format!("{most} in {window}"),
    }
}

async fn open(journal: &Journal, uid: &str, breakers: &[Breaker]) -> Opened {
    let containment = containment(uid);
    let opened = journal.open_containment(&containment, breakers, at(MORNING));
    opened.await.unwrap()
}

#[tokio::test]
async fn a_pod_is_contained_once_and_every_other_delivery_finds_what_the_first_began_d02_d03() {
    let journal = World::default().journal();
    let Opened::New(first) = open(&journal, "u1", &[]).await else {
        panic!("not opened")
    };
    assert_eq!(first.version, 1);
    let Opened::Known(second) = open(&journal, "u1", &[]).await else {
        panic!("opened twice")
    };
    assert_eq!(second, first);
    assert_eq!(journal.containments("prod-a").await.unwrap(), [first]);
    assert_eq!(journal.containments("prod-b").await.unwrap(), []);
}

#[tokio::test]
async fn no_more_are_opened_than_a_breaker_allows_and_a_known_one_counts_once_d10() {
    let journal = World::default().journal();
    let breakers = [breaker("hour 11", 2), breaker("day 6", 10)];
    for uid in ["u1", "u1", "u2", "u2", "u1"] {
        assert!(!matches!(
            open(&journal, uid, &breakers).await,
            Opened::Tripped { .. }
        ));
    }
    let says = "2 in hour 11".to_owned();
    assert_eq!(open(&journal, "u3", &breakers).await, Opened::Tripped { says });
    assert_eq!(journal.containments("prod-a").await.unwrap().len(), 2);
    // What tripped in one window has not counted in the other.
    let next = [breaker("hour 12", 2), breaker("day 6", 3)];
    assert!(matches!(open(&journal, "u3", &next).await, Opened::New(_)));
    let says = "3 in day 6".to_owned();
    assert_eq!(open(&journal, "u4", &next).await, Opened::Tripped { says });
}

#[tokio::test]
async fn who_has_not_seen_the_last_version_writes_nothing_d14() {
    let journal = World::default().journal();
    open(&journal, "u1", &[]).await;
    let id = containment("u1").id;
    let mut frozen = journal.containment(&id).await.unwrap().unwrap();
    let mut other = frozen.clone();
    other.mark("pod shop/web-1", MeasureState::Active, "added", at(MORNING));
    assert!(journal.save_containment(&mut other, at(MORNING)).await.unwrap());
    // The same write again is a call whose answer was lost.
    let mut repeated = other.clone();
    repeated.version = 1;
    assert!(
        journal
            .save_containment(&mut repeated, at(MORNING))
            .await
            .unwrap()
    );
    frozen.mark("pod shop/web-1", MeasureState::Failed, "no", at(MORNING));
    assert!(!journal.save_containment(&mut frozen, at(MORNING)).await.unwrap());
    assert_eq!(journal.containment(&id).await.unwrap().unwrap(), other);
}

#[tokio::test]
async fn findings_that_join_are_counted_without_end_and_listed_to_a_number_d09() {
    let world = World::default();
    let journal = world.journal();
    open(&journal, "u1", &[]).await;
    let id = containment("u1").id;
    let (mut noted, before) = (0, world.table.lock().unwrap().calls);
    for number in 0..30 {
        // Each comes twice.
        for _ in 0..2 {
            let joined = journal
                .join_containment(&id, &format!("f{number:02}"), noted)
                .await;
            assert_eq!(joined.unwrap(), Some(noted + 1));
            noted += 1;
        }
    }
    // One write each, also when the list is full.
    assert_eq!(world.table.lock().unwrap().calls - before, 60);
    let mut known = journal.containment(&id).await.unwrap().unwrap();
    assert_eq!((known.noted, known.joined.len()), (60, MAX_FINDINGS / 2));
    // Who does not know that the list is full learns it.
    assert_eq!(journal.join_containment(&id, "f31", 0).await.unwrap(), Some(61));
    known = journal.containment(&id).await.unwrap().unwrap();
    assert_eq!((known.noted, known.joined.len()), (61, MAX_FINDINGS / 2));
    // Joining is no version: the run that works may go on.
    assert!(journal.save_containment(&mut known, at(MORNING)).await.unwrap());
    let unknown = journal.join_containment("prod-a.unknown", "f", 0).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn nothing_joins_what_is_released_d04() {
    let journal = World::default().journal();
    open(&journal, "u1", &[]).await;
    let id = containment("u1").id;
    assert_eq!(journal.join_containment(&id, "f1", 0).await.unwrap(), Some(1));
    let mut known = journal.containment(&id).await.unwrap().unwrap();
    known.state = ContainmentState::Released;
    known.released_at = Some(at(MORNING));
    assert!(journal.save_containment(&mut known, at(MORNING)).await.unwrap());
    for noted in [1, 20] {
        assert_eq!(journal.join_containment(&id, "f2", noted).await.unwrap(), None);
    }
    let seen = journal.containment(&id).await.unwrap().unwrap();
    assert_eq!((seen.noted, seen.joined), (1, vec!["f1".to_owned()]));
}

#[tokio::test]
async fn one_containment_is_read_without_the_others_and_with_the_tables_time_d16() {
    let world = World::default();
    let journal = world.journal();
    open(&journal, "u1", &[]).await;
    let id = containment("u1").id;
    // What stands in the row of another pod cannot be read.
    let mut spoiled = row(&containment("u2")).unwrap();
    spoiled.insert("body".to_owned(), text("{"));
    let key = |name: &str| read_text(&spoiled, name).unwrap().to_owned();
    let key = (key("pk"), key("sk"));
    world.table.lock().unwrap().rows.insert(key, spoiled);
    assert!(journal.containments("prod-a").await.is_err());
    let before = world.table.lock().unwrap().calls;
    assert_eq!(journal.containment_now(&id).await.unwrap().0.unwrap().id, id);
    assert_eq!(world.table.lock().unwrap().calls - before, 1);
    world.table.lock().unwrap().clock = Some(at(MORNING));
    let (none, now) = journal.containment_now("prod-a.unknown").await.unwrap();
    assert_eq!((none, now), (None, Some(at(MORNING))));
    assert_eq!(
        journal.containment_now("no id").await.unwrap(),
        (None, None),
        "nothing to ask for"
    );
}

#[tokio::test]
async fn a_transaction_that_met_another_one_is_sent_again_and_then_comes_again_d09() {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    let conflict = || {
        let reason = CancellationReason::builder().code("TransactionConflict").build();
        let cancelled = TransactionCanceledException::builder()
            .cancellation_reasons(reason)
            .build();
        TransactWriteItemsError::TransactionCanceledException(cancelled)
    };
    for (conflicts, opened) in [(3, true), (100, false)] {
        let rule = mock!(aws_sdk_dynamodb::Client::transact_write_items)
            .sequence()
            .error(conflict)
            .times(conflicts)
            .output(|| TransactWriteItemsOutput::builder().build())
            .build();
        let journal = Journal::new(mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, [&rule]), "t");
        let containment = containment("u1");
        let done = journal.open_containment(&containment, &[], at(MORNING)).await;
        match done {
            Ok(Opened::New(_)) => assert!(opened),
            Err(error) => assert!(!opened && error.is_transient(), "{error:?}"),
            other => panic!("{other:?}"),
        }
    }
}
