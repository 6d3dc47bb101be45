//! Cordons: ours, theirs, and those that changed hands.

use http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{Hands, client};
use crate::change::{CORDON_ANNOTATION, Change, Cordon, Cordoned, Uncordoned};

const OURS: Cordon<'_> = Cordon {
    node: "ip-10-0-0-1.ec2.internal",
    uid: Some("u1"),
    owner: "threat-containment:f1",
};

/// A node: cordoned, annotated with this owner, its field last set by these managers.
fn node(cordoned: bool, owner: Option<&str>, managers: &[&str]) -> Value {
    let annotations = owner.map_or(
        json!({"other": "stays"}),
        |owner| json!({CORDON_ANNOTATION: owner}),
    );
    let mut managed =
        vec![json!({"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {}}})];
    for manager in managers {
        managed.push(json!({"manager": manager, "operation": "Update",
            "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}));
    }
    json!({
        "metadata": {"name": OURS.node, "uid": "u1", "resourceVersion": "7", "annotations": annotations,
            "managedFields": managed},
        "spec": if cordoned { json!({"unschedulable": true}) } else { json!({}) },
    })
}

async fn server(there: Value) -> Server {
    Server::start(move |_, _| Reply::ok(there.to_string())).await
}

fn patches(server: &Server) -> Vec<Seen> {
    let mut seen = server.seen();
    seen.retain(|seen| seen.method == Method::PATCH);
    seen
}

#[tokio::test]
async fn a_node_is_cordoned_and_marked_in_one_patch() {
    let hands = Hands::new();
    let server = server(node(false, None, &[])).await;
    let client = client(&server, &hands).await;
    let expected = Cordoned {
        ours: true,
        owner: Some(OURS.owner.to_owned()),
    };
    assert_eq!(
        client.cordon(&OURS, hands.within(20)).await,
        Change::Applied(expected)
    );
    let sent = patches(&server);
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].path,
        "/api/v1/nodes/ip-10-0-0-1.ec2.internal?fieldManager=day2"
    );
    assert_eq!(sent[0].content_type, "application/merge-patch+json");
    let wanted = json!({
        "metadata": {"resourceVersion": "7", "annotations": {"day2.dev/cordon": "threat-containment:f1"}},
        "spec": {"unschedulable": true},
    });
    assert_eq!(sent[0].body, wanted);
}

#[tokio::test]
async fn a_cordoned_node_is_left_as_it_is_and_its_owner_is_told_k25() {
    for (owner, managers, ours, told) in [
        (None, &["kubectl-cordon"][..], false, None),
        (None, &[][..], false, None),
        (Some(OURS.owner), &["day2"][..], true, Some(OURS.owner)),
        (Some(OURS.owner), &[][..], true, Some(OURS.owner)),
        (Some("other:x"), &["day2"][..], false, Some("other:x")),
        // Lifted by a person and set again by a person: the annotation is old.
        (Some(OURS.owner), &["kubectl-cordon"][..], false, None),
        (Some(OURS.owner), &["day2", "argocd"][..], false, None),
    ] {
        let hands = Hands::new();
        let server = server(node(true, owner, managers)).await;
        let outcome = client(&server, &hands)
            .await
            .cordon(&OURS, hands.within(20))
            .await;
        let expected = Cordoned {
            ours,
            owner: told.map(str::to_owned),
        };
        assert_eq!(outcome, Change::AlreadyDone(expected), "{owner:?} {managers:?}");
        assert!(patches(&server).is_empty());
    }
}

#[tokio::test]
async fn only_our_own_cordon_is_lifted_k25() {
    for (owner, managers, words) in [
        (None, &["kubectl-cordon"][..], "set by somebody else"),
        (None, &[][..], "set by somebody else"),
        (Some("other:x"), &["day2"][..], "the cordon is `other:x`'s"),
        (Some(OURS.owner), &["kubectl-cordon"][..], "set by somebody else"),
        (Some(OURS.owner), &["day2", "argocd"][..], "set by somebody else"),
    ] {
        let hands = Hands::new();
        let server = server(node(true, owner, managers)).await;
        let outcome = client(&server, &hands)
            .await
            .uncordon(&OURS, hands.within(20))
            .await;
        assert!(
            matches!(&outcome, Change::Refused(why) if why.contains(words)),
            "{outcome:?}"
        );
        assert!(patches(&server).is_empty());
    }
}

#[tokio::test]
async fn our_cordon_and_its_mark_go_together() {
    // Also from a node that takes pods already: the mark must not claim the next cordon.
    for cordoned in [true, false] {
        let hands = Hands::new();
        let server = server(node(cordoned, Some(OURS.owner), &["day2"])).await;
        let outcome = client(&server, &hands)
            .await
            .uncordon(&OURS, hands.within(20))
            .await;
        let expected = Uncordoned {
            was_schedulable: !cordoned,
        };
        assert_eq!(outcome, Change::Applied(expected));
        let wanted = json!({
            "metadata": {"resourceVersion": "7", "annotations": {"day2.dev/cordon": null}},
            "spec": {"unschedulable": null},
        });
        assert_eq!(patches(&server)[0].body, wanted);
    }
}

#[tokio::test]
async fn a_node_that_takes_pods_and_is_not_marked_by_us_is_left_as_it_is() {
    for owner in [None, Some("other:x")] {
        let hands = Hands::new();
        let server = server(node(false, owner, &[])).await;
        let outcome = client(&server, &hands)
            .await
            .uncordon(&OURS, hands.within(20))
            .await;
        let expected = Uncordoned {
            was_schedulable: true,
        };
        assert_eq!(outcome, Change::AlreadyDone(expected));
        assert!(patches(&server).is_empty());
    }
}

#[tokio::test]
async fn another_node_of_the_same_name_and_a_nameless_owner_are_refused() {
    for (uid, owner) in [(Some("u2"), OURS.owner), (None, "")] {
        let hands = Hands::new();
        let server = server(node(false, None, &[])).await;
        let client = client(&server, &hands).await;
        let cordon = Cordon { uid, owner, ..OURS };
        assert!(matches!(
            client.cordon(&cordon, hands.within(20)).await,
            Change::Refused(_)
        ));
        assert!(matches!(
            client.uncordon(&cordon, hands.within(20)).await,
            Change::Refused(_)
        ));
        assert!(patches(&server).is_empty());
    }
}

#[tokio::test]
async fn a_person_who_cordons_while_our_answer_is_lost_keeps_their_cordon_k25() {
    let hands = Hands::new();
    let server = Server::start(|number, _| match number {
        0 => Reply::ok(node(false, None, &[]).to_string()),
        1 => Reply::Break,
        _ => Reply::ok(node(true, None, &["kubectl-cordon"]).to_string()),
    })
    .await;
    let outcome = client(&server, &hands)
        .await
        .cordon(&OURS, hands.within(20))
        .await;
    assert!(matches!(outcome, Change::Unknown(_)), "{outcome:?}");
    assert_eq!(patches(&server).len(), 1);
}
