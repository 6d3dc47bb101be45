//! Kinds that a cluster may not know: "not served" is neither an error nor an empty list.

use day2_core::Cause;
use serde_json::json;

use super::server::{Reply, Seen, Server};
use super::{Hands, client};

/// As an API server answers a path that it does not serve.
fn no_such_path() -> Reply {
    Reply::Answer(404, Vec::new(), "404 page not found\n".to_owned())
}

fn group(versions: &[&str]) -> Reply {
    let versions: Vec<_> = versions
        .iter()
        .map(|version| json!({"version": version}))
        .collect();
    Reply::ok(json!({"kind": "APIGroup", "versions": versions}).to_string())
}

fn resources(names: &[&str]) -> Reply {
    let names: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    Reply::ok(json!({"kind": "APIResourceList", "resources": names}).to_string())
}

#[tokio::test]
async fn node_pools_are_listed_where_they_are_served_even_if_there_are_none() {
    let hands = Hands::new();
    let server = Server::start(|number, _| {
        let items = if number == 0 {
            r#"{"metadata":{"name":"default"}}"#
        } else {
            ""
        };
        Reply::ok(format!(r#"{{"metadata":{{}},"items":[{items}]}}"#))
    })
    .await;
    let client = client(&server, &hands).await;
    let pools = client.list_nodepools(hands.within(20)).await.unwrap().unwrap();
    assert_eq!(pools.complete().unwrap()[0].name, "default");
    let classes = client.list_nodeclasses(hands.within(20)).await.unwrap().unwrap();
    assert!(classes.complete().unwrap().is_empty());
    assert_eq!(server.seen()[0].path, "/apis/karpenter.sh/v1/nodepools?limit=500");
    assert_eq!(
        server.seen()[1].path,
        "/apis/eks.amazonaws.com/v1/nodeclasses?limit=500"
    );
}

#[tokio::test]
async fn a_group_that_is_not_served_is_an_answer() {
    let hands = Hands::new();
    let server = Server::start(|_, _| no_such_path()).await;
    let client = client(&server, &hands).await;
    assert_eq!(client.list_nodepools(hands.within(20)).await, Ok(None));
    assert_eq!(server.seen()[1].path, "/apis/karpenter.sh");
}

#[tokio::test]
async fn a_group_that_is_served_for_other_kinds_only_is_the_same_answer() {
    let hands = Hands::new();
    let script = |_: usize, seen: &Seen| match seen.path.as_str() {
        "/apis/eks.amazonaws.com" => group(&["v1alpha1"]),
        "/apis/eks.amazonaws.com/v1alpha1" => resources(&["nodediagnostics", "nodediagnostics/status"]),
        _ => no_such_path(),
    };
    let server = Server::start(script).await;
    let client = client(&server, &hands).await;
    assert_eq!(client.list_nodeclasses(hands.within(20)).await, Ok(None));
}

#[tokio::test]
async fn a_kind_that_is_served_in_another_version_only_is_unreadable_k26() {
    let hands = Hands::new();
    let script = |_: usize, seen: &Seen| match seen.path.as_str() {
        "/apis/karpenter.sh" => group(&["v1beta1"]),
        "/apis/karpenter.sh/v1beta1" => resources(&["nodeclaims", "nodepools"]),
        _ => no_such_path(),
    };
    let server = Server::start(script).await;
    let client = client(&server, &hands).await;
    let why = client.list_nodepools(hands.within(20)).await.unwrap_err();
    assert_eq!(why.cause, Cause::NotFound);
    assert!(
        why.detail
            .contains("serves nodepools of karpenter.sh as v1beta1, not as v1"),
        "{why}"
    );
}

#[tokio::test]
async fn what_hides_the_answer_is_unreadable_and_never_not_served() {
    let replies: [fn(&Seen) -> Reply; 4] = [
        |_| Reply::status(403, "nodepools.karpenter.sh is forbidden"),
        |_| Reply::Answer(404, Vec::new(), "<html>no such site</html>".to_owned()),
        |seen| {
            if seen.path == "/apis/karpenter.sh" {
                Reply::status(403, "forbidden")
            } else {
                no_such_path()
            }
        },
        |seen| {
            if seen.path == "/apis/karpenter.sh" {
                Reply::ok("{}")
            } else {
                no_such_path()
            }
        },
    ];
    for reply in replies {
        let hands = Hands::new();
        let server = Server::start(move |_, seen| reply(seen)).await;
        let client = client(&server, &hands).await;
        assert!(client.list_nodepools(hands.within(20)).await.is_err());
    }
}
