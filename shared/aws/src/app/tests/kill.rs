//! The handler is killed before and after every call to the outside, while its calls overlap as they do with real services.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::*;
use crate::fixture::{Act, Killed, deliver};

/// A target reports, and another one's report is killed at this moment; `None` counts the moments.
async fn killed_at(moment: Option<usize>) -> World {
    let world = World::default();
    Box::pin(call(&world.app(&[]), &json!({ "targets": ["prod-b"] })))
        .await
        .unwrap();
    world.gate.kill_at(moment);
    let app = world.app(&[Act::Reads(1)]);
    let run = in_rounds(&world, Box::pin(deliver(&app, MORNING, "r-1")));
    let ended = AssertUnwindSafe(run).catch_unwind().await;
    let as_meant = match (moment, ended) {
        (None, Ok(answer)) => answer.is_ok(),
        (Some(_), Err(why)) => why.is::<Killed>(),
        _ => false,
    };
    assert!(as_meant, "killed at {moment:?}");
    world
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_a_right_page_and_the_next_report_mends_it_d12() {
    let moments = killed_at(None).await.gate.moments();
    assert!(moments >= 20, "only {moments} moments");
    for moment in 1..=moments {
        let world = killed_at(Some(moment)).await;
        names_stored_only(&world);
        never_goes_back(&world);
        let (mails, page) = (world.subjects().len(), last_index(&world));
        assert!(page.contains(&"prod-b morning".to_owned()), "killed at {moment}");
        if page.contains(&"prod-a morning".to_owned()) {
            assert_eq!(mails, 2, "killed at {moment}: on the page before it was mailed");
        }

        world.gate.kill_at(None);
        let again = deliver(&world.app(&[]), "2026-03-06T11:32:00Z", "r-1")
            .await
            .unwrap();
        let known = again["outcome"] == "already_published";
        assert_eq!(known, world.subjects().len() == mails, "killed at {moment}");
        assert!((2..=3).contains(&world.subjects().len()), "killed at {moment}");
        if !known {
            assert_eq!(
                last_index(&world),
                ["prod-a morning", "prod-b morning"],
                "killed at {moment}"
            );
        }
        let evening = json!({ "task": "evening", "targets": ["prod-b"] }).to_string();
        let later = invocation("2026-03-06T11:33:00Z", "later");
        let last = handle(&world.app(&[]), evening.as_bytes(), &later).await.unwrap();
        assert!(last.get("warnings").is_none(), "killed at {moment}: {last:#}");
        assert_eq!(
            last_index(&world),
            ["prod-a morning", "prod-b evening", "prod-b morning"],
            "killed at {moment}"
        );
        names_stored_only(&world);
    }
}
