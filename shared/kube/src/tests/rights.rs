//! What a cluster grants, asked of it: what it denies fails, and what it does not answer is unknown, each by its verb.

use day2_core::{Item, Verdict};

use super::server::{Reply, Server};
use super::{Hands, client};

/// Asks to list nodes and pods; of pods the server says this.
async fn asked(of_pods: fn() -> Reply) -> Item {
    let hands = Hands::new();
    let server = Server::start(move |_, seen| {
        if seen.body["spec"]["resourceAttributes"]["resource"] == "pods" {
            of_pods()
        } else {
            review(true)
        }
    })
    .await;
    let client = client(&server, &hands).await;
    let rights = client
        .may_list(&[("", "nodes"), ("", "pods")], hands.within(20))
        .await;
    rights.item("X-802", "the cluster grants it")
}

fn review(allowed: bool) -> Reply {
    Reply::Answer(
        201,
        Vec::new(),
        format!(r#"{{"status":{{"allowed":{allowed}}}}}"#),
    )
}

/// What is answered, what it means, and what is named.
type Row = (fn() -> Reply, Verdict, &'static [&'static str]);

#[tokio::test]
async fn a_verb_that_is_denied_fails_by_its_name_and_one_that_is_not_answered_is_unknown_w28() {
    let rows: [Row; 4] = [
        (|| review(true), Verdict::Pass, &[]),
        (|| review(false), Verdict::Fail, &["list pods"]),
        (
            || Reply::status(403, "forbidden"),
            Verdict::Unknown,
            &["list pods"],
        ),
        // An answer without a word.
        (|| Reply::ok("{}"), Verdict::Unknown, &["list pods"]),
    ];
    for (of_pods, verdict, named) in rows {
        let item = asked(of_pods).await;
        let names: Vec<&str> = item.subjects.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((item.verdict(), names.as_slice()), (verdict, named), "{item:?}");
    }
}
