//! Every single call of a run is refused once, while the calls overlap as they do with real services.

use super::*;
use crate::fixture::{Act, deliver};

/// What a run with one call refused came to.
struct Refused {
    call: String,
    answer: Result<Value, OpsError>,
    world: World,
}

/// A target has reported; then another one reports with the call of this number refused, counted from 1.
async fn refused(number: usize) -> Refused {
    let world = World::default();
    Box::pin(call(&world.app(&[]), &json!({ "targets": ["prod-b"] })))
        .await
        .unwrap();
    world.gate.fail_at(number);
    let app = world.app(&[Act::Reads(1)]);
    let answer = in_rounds(&world, Box::pin(deliver(&app, MORNING, "r-1"))).await;
    let call = world.gate.calls().get(number - 1).map(|(_, call)| call.clone());
    let call = call.unwrap_or_default();
    Refused { call, answer, world }
}

#[tokio::test]
async fn whichever_call_is_refused_the_page_never_costs_a_mail_or_a_record_and_is_right_in_the_end_w18() {
    let whole = refused(usize::MAX).await;
    let calls = whole.world.gate.calls().len();
    assert_eq!(last_index(&whole.world), ["prod-a morning", "prod-b morning"]);
    let mut met = BTreeSet::new();
    for number in 1..=calls {
        let Refused { call, answer, world } = refused(number).await;
        let told = format!("{number}: {call} was refused: {answer:#?}");
        met.insert(call.clone());
        let (mails, recorded) = (
            world.subjects().len(),
            world.table.lock().unwrap().of_kind("heartbeat").len(),
        );
        names_stored_only(&world);
        let both = ["prod-a morning", "prod-b morning"];
        match call.as_str() {
            "mail" | "store report" => {
                assert!(answer.is_err(), "{told}");
                assert_eq!(
                    (mails, recorded),
                    (if call == "mail" { 1 } else { 2 }, 1),
                    "{told}"
                );
                assert_eq!(last_index(&world), ["prod-b morning"], "{told}");
                assert_eq!(world.index_pages().len(), 1, "nothing new to show: {told}");
            }
            "record" => {
                assert!(answer.is_ok_and(|answer| answer.to_string().contains("not recorded")));
                assert_eq!((mails, recorded), (2, 1), "{told}");
                assert_eq!(
                    last_index(&world),
                    ["prod-b morning"],
                    "as the journal is: {told}"
                );
            }
            "update index" | "query board" | "store index" | "update publication" | "query run"
            | "query snapshot" => {
                assert!(answer.is_ok(), "{told}");
                assert_eq!((mails, recorded), (2, 2), "{told}");
                assert_eq!(last_index(&world), both, "{told}");
            }
            other => panic!("{other} is new here"),
        }
        // Whatever it was, the next one need not wait.
        let event = json!({ "task": "evening", "targets": ["prod-b"] }).to_string();
        let next = invocation("2026-03-06T11:30:30Z", "next");
        let next = handle(&world.app(&[]), event.as_bytes(), &next).await.unwrap();
        assert!(next.get("warnings").is_none(), "{told}: {next:#}");
        assert!(
            last_index(&world).contains(&"prod-b evening".to_owned()),
            "{told}"
        );
    }
    assert_eq!(met.len(), 9, "{met:?}");
}
