//! Pages: complete, in order, without repetition, or marked as partial.

use day2_core::Cause;

use super::server::{Reply, Seen, Server, pods};
use super::{Hands, client};
use crate::objects::Pod;
use crate::{ClusterClient, ListQuery};

/// The value of `continue` in a request, empty for the first page.
fn token(seen: &Seen) -> String {
    let query = seen.path.split_once('?').unwrap().1;
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .filter(|(name, _)| name == "continue")
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// Four pages of ten pods.
fn page(seen: &Seen) -> Reply {
    Reply::ok(match token(seen).as_str() {
        "" => pods(0..10, Some("t/1+=")),
        "t/1+=" => pods(10..20, Some("t2")),
        "t2" => pods(20..30, Some("t3")),
        "t3" => pods(30..40, None),
        other => panic!("no such token: {other}"),
    })
}

async fn names(client: &ClusterClient, hands: &Hands) -> Vec<String> {
    let listed = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    listed
        .complete()
        .unwrap()
        .into_iter()
        .map(|pod| pod.name)
        .collect()
}

fn forty() -> Vec<String> {
    (0..40).map(|number| format!("pod-{number}")).collect()
}

#[tokio::test]
async fn all_pages_are_read_once_and_in_order() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| page(seen)).await;
    assert_eq!(names(&client(&server, &hands).await, &hands).await, forty());
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].path, "/api/v1/pods?limit=500");
    assert_eq!(seen[1].path, "/api/v1/pods?limit=500&continue=t%2F1%2B%3D");
}

#[tokio::test]
async fn a_page_that_breaks_in_the_middle_is_read_again_k07() {
    for broken in [
        // The body is torn inside an element, after whole elements have been seen.
        |whole: &str| Reply::Cut(whole[..whole.len() / 2].to_owned()),
        // The connection breaks before any answer.
        |_: &str| Reply::Break,
        // Something in between ends the body early without an HTTP error.
        |whole: &str| Reply::ok(&whole[..whole.len() / 2]),
        |_: &str| Reply::status(500, "etcdserver: request timed out"),
        |_: &str| Reply::status(503, "apiserver is shutting down"),
    ] {
        let hands = Hands::new();
        let server = Server::start(move |number, seen| {
            if number == 2 {
                broken(&pods(20..30, Some("t3")))
            } else {
                page(seen)
            }
        })
        .await;
        assert_eq!(names(&client(&server, &hands).await, &hands).await, forty());
        assert_eq!(server.seen().len(), 5);
    }
}

#[tokio::test]
async fn the_next_page_is_asked_for_while_the_present_one_is_still_coming() {
    let hands = Hands::new();
    // The first answer stops in the middle: whatever is asked for meanwhile was not waiting for its end.
    let server = Server::start(|number, seen| match number {
        0 => Reply::Stall(pods(0..10, Some("t/1+="))[..200].to_owned()),
        _ => page(seen),
    })
    .await;
    assert_eq!(names(&client(&server, &hands).await, &hands).await, forty());
    let asked: Vec<String> = server.seen().iter().map(token).collect();
    // The page that stopped is read again, and what was asked for behind it with it.
    assert_eq!(asked, ["", "t/1+=", "", "t/1+=", "t2", "t3"]);
}

#[tokio::test]
async fn what_was_asked_for_ahead_and_fails_is_asked_for_again_k07() {
    for failed in [
        || Reply::Break,
        || Reply::Silence,
        || Reply::status(429, "too many requests"),
    ] {
        let hands = Hands::new();
        let server = Server::start(move |number, seen| if number == 1 { failed() } else { page(seen) }).await;
        assert_eq!(names(&client(&server, &hands).await, &hands).await, forty());
    }
}

#[tokio::test]
async fn what_nobody_reads_yet_leaves_half_of_the_connection_to_what_is_read() {
    let hands = Hands::new();
    // All first pages stop in the middle, so that no answer behind them is read.
    let server = Server::start(|number, seen| match number {
        0..8 => Reply::Stall(pods(0..10, Some("t/1+="))[..200].to_owned()),
        _ => page(seen),
    })
    .await;
    let client = client(&server, &hands).await;
    let lists = (0..8).map(|number| {
        let (client, hands) = (&client, &hands);
        async move {
            let query = ListQuery::all().in_namespace(format!("n{number}"));
            client.list_pods(&query, hands.within(20)).await.unwrap()
        }
    });
    for listed in futures::future::join_all(lists).await {
        assert_eq!(listed.complete().unwrap().len(), 40);
    }
    let asked: Vec<String> = server.seen().iter().map(token).collect();
    let ahead = asked[8..].iter().take_while(|token| !token.is_empty());
    assert_eq!(ahead.count(), 2, "{asked:?}");
}

#[tokio::test]
async fn an_expired_token_begins_the_list_again_and_drops_what_was_read_k08() {
    let hands = Hands::new();
    let server = Server::start(|number, seen| match number {
        2 | 5 => Reply::status(410, "The provided continue parameter is too old"),
        _ => page(seen),
    })
    .await;
    assert_eq!(names(&client(&server, &hands).await, &hands).await, forty());
    // 0 1 (410) | 0 1 (410) | 0 1 2 3
    assert_eq!(server.seen().len(), 10);
}

#[tokio::test]
async fn a_third_expiry_gives_a_part_that_says_so_k08() {
    let hands = Hands::new();
    let server = Server::start(|_, seen| match token(seen).as_str() {
        "t2" => Reply::status(410, "The provided continue parameter is too old"),
        _ => page(seen),
    })
    .await;
    let client = client(&server, &hands).await;
    let listed = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 9);
    assert_eq!(listed.items().len(), 20);
    let why = listed.complete().unwrap_err();
    assert_eq!(why.cause, Cause::Partial);
    assert_eq!(why.operation, "list pods");
    assert!(why.detail.contains("only the first 20"), "{why}");
}

#[tokio::test]
async fn a_later_page_that_stays_unreadable_gives_a_part_with_its_reason() {
    let hands = Hands::new();
    let server = Server::start(|number, seen| match number {
        0 => page(seen),
        _ => Reply::status(403, "pods is forbidden"),
    })
    .await;
    let client = client(&server, &hands).await;
    let listed = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    assert_eq!(listed.items().len(), 10);
    assert_eq!(listed.shortfall().unwrap().cause, Cause::Denied);
}

#[tokio::test]
async fn a_server_that_repeats_a_token_is_not_followed_for_ever() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok(pods(0..10, Some("again")))).await;
    let client = client(&server, &hands).await;
    let listed = client
        .list_pods(&ListQuery::all(), hands.within(20))
        .await
        .unwrap();
    assert_eq!(listed.shortfall().unwrap().cause, Cause::Malformed);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_is_not_a_list_is_unreadable_and_not_empty() {
    for body in [
        "<html>sign in</html>",
        r#"{"kind":"Status","status":"Success"}"#,
        r#"{"items":[{"metadata":7}]}"#,
    ] {
        let hands = Hands::new();
        let server = Server::start(move |_, _| Reply::ok(body)).await;
        let client = client(&server, &hands).await;
        let why = client
            .list_pods(&ListQuery::all(), hands.within(20))
            .await
            .unwrap_err();
        assert_eq!(why.cause, Cause::Malformed, "{why}");
        assert_eq!(server.seen().len(), 1, "asking again would not help");
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_limit_is_read_whole_and_only_what_is_kept_stays_k09() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok(pods(0..20_000, None))).await;
    let client = client(&server, &hands).await;
    let keep = |pod: Pod| pod.name.ends_with("00").then_some(pod.uid.len());
    let listed = client
        .list_map::<Pod, _>(&ListQuery::all(), hands.within(60), keep)
        .await
        .unwrap();
    assert_eq!(listed.complete().unwrap().len(), 199);
}

#[tokio::test]
async fn selectors_and_namespaces_become_part_of_the_query_and_never_of_the_path() {
    let hands = Hands::new();
    let server = Server::start(|_, _| Reply::ok(pods(0..1, None))).await;
    let client = client(&server, &hands).await;
    let query = ListQuery::all()
        .in_namespace("kube-system")
        .labelled("a in (b,c)&limit=1")
        .with_fields("spec.nodeName=ip-10-0-0-1");
    client.list_pods(&query, hands.within(20)).await.unwrap();
    assert_eq!(
        server.seen()[0].path,
        "/api/v1/namespaces/kube-system/pods?limit=500&labelSelector=a+in+%28b%2Cc%29%26limit%3D1\
         &fieldSelector=spec.nodeName%3Dip-10-0-0-1"
    );
    for namespace in ["../../etc", "a/b", "", "A", "a?b", "%2e", "-a", "a\0"] {
        let refused = client
            .list_pods(&ListQuery::all().in_namespace(namespace), hands.within(20))
            .await;
        assert!(refused.is_err(), "{namespace:?}");
    }
    assert_eq!(server.seen().len(), 1);
}
