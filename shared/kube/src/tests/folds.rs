//! Lists reduced while they are read: each object counts once, whatever happens to the pages.

use day2_core::Cause;

use super::server::{Reply, Seen, Server, pods};
use super::{Hands, client};
use crate::objects::PodHealth;
use crate::{Folded, Reduce};

/// Sums the numbers in the names, so that an object that counts twice or not at all shows.
struct Numbers;

impl Reduce<PodHealth> for Numbers {
    type Sum = usize;

    fn empty(&self) -> usize {
        0
    }

    fn take(&self, sum: &mut usize, pod: PodHealth) {
        *sum += pod.name.trim_start_matches("pod-").parse::<usize>().unwrap();
    }

    fn join(&self, sum: &mut usize, page: usize) {
        *sum += page;
    }
}

/// Four pages of ten pods, by the number of the last character of the token.
fn page(seen: &Seen) -> Reply {
    let next = |token: &str| match token {
        "t1" => pods(10..20, Some("t2")),
        "t2" => pods(20..30, Some("t3")),
        "t3" => pods(30..40, None),
        _ => pods(0..10, Some("t1")),
    };
    Reply::ok(next(seen.path.rsplit("continue=").next().unwrap()))
}

async fn sum(server: &Server, hands: &Hands) -> Folded<usize> {
    let client = client(server, hands).await;
    client.list_pods_into(&Numbers, hands.within(20)).await.unwrap()
}

/// 0 + 1 + … + 39.
const ALL: usize = 780;

#[tokio::test]
async fn a_page_that_breaks_after_some_of_its_objects_counts_once_k07() {
    let hands = Hands::new();
    let server = Server::start(|number, seen| {
        if number == 2 {
            let whole = pods(20..30, Some("t3"));
            return Reply::Cut(whole[..whole.len() / 2].to_owned());
        }
        page(seen)
    })
    .await;
    let folded = sum(&server, &hands).await;
    assert_eq!((folded.sum, folded.read, folded.shortfall), (ALL, 40, None));
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn an_expired_token_begins_the_sum_again_and_a_third_one_leaves_a_part_k08() {
    let hands = Hands::new();
    let server = Server::start(|number, seen| match number {
        2 => Reply::status(410, "The provided continue parameter is too old"),
        _ => page(seen),
    })
    .await;
    let folded = sum(&server, &hands).await;
    assert_eq!((folded.sum, folded.read, folded.shortfall), (ALL, 40, None));

    let hands = Hands::new();
    let server = Server::start(|_, seen| {
        if seen.path.ends_with("t2") {
            return Reply::status(410, "The provided continue parameter is too old");
        }
        page(seen)
    })
    .await;
    let folded = sum(&server, &hands).await;
    assert_eq!((folded.sum, folded.read), (190, 20));
    let why = folded.shortfall.unwrap();
    assert_eq!(why.cause, Cause::Partial);
    assert!(why.detail.contains("only the first 20"), "{why}");
}

#[tokio::test]
async fn only_the_metadata_of_config_maps_is_asked_for() {
    struct Names;
    impl Reduce<crate::objects::Trace> for Names {
        type Sum = Vec<String>;
        fn empty(&self) -> Vec<String> {
            Vec::new()
        }
        fn take(&self, sum: &mut Vec<String>, one: crate::objects::Trace) {
            sum.push(format!(
                "{} {:?}",
                one.name,
                one.changes.into_iter().map(|(_, by)| by).next()
            ));
        }
        fn join(&self, sum: &mut Vec<String>, page: Vec<String>) {
            sum.extend(page);
        }
    }
    let hands = Hands::new();
    let server = Server::start(|_, _| {
        Reply::ok(
            r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[
            {"metadata":{"name":"web","namespace":"shop","managedFields":[
                {"manager":"helm","time":"2026-03-29T05:00:00Z"},
                {"manager":"kubectl-edit","time":"2026-03-29T05:30:00Z"},
                {"manager":"controller","subresource":"status","time":"2026-03-29T05:40:00Z"}]}}]}"#,
        )
    })
    .await;
    let client = client(&server, &hands).await;
    let folded = client
        .list_config_maps_into(&Names, hands.within(20))
        .await
        .unwrap();
    assert_eq!(folded.sum, ["web Some(\"kubectl-edit\")"]);
    let seen = server.seen();
    assert_eq!(seen[0].path, "/api/v1/configmaps?limit=500");
    assert_eq!(
        seen[0].accept,
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    );
}
