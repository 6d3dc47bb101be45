//! Logs: bytes as they are, bounded, kept when they break off.

use day2_core::names::{DnsLabel, DnsName};
use day2_core::{Cause, Observed};

use super::server::{Ca, Ending, Reply, Server};
use super::{Hands, client};
use crate::{ContainerLog, LogBytes, LogEnd, LogQuery};

fn label(text: &str) -> DnsLabel {
    text.parse().unwrap()
}

async fn server(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    // HTTP/1.1, where what was sent before a break has arrived before it.
    let identity = Ca::named("kubernetes").issue(&["127.0.0.1"], 2099);
    Server::start_as(&identity, &[b"http/1.1"], move |number, _| reply(number)).await
}

async fn read_within(
    server: &Server,
    limit_bytes: usize,
    previous: bool,
    seconds: i64,
) -> Observed<ContainerLog> {
    let hands = Hands::new();
    let client = client(server, &hands).await;
    let (namespace, container) = (label("shop"), label("main"));
    let pod: DnsName = "web-1".parse().unwrap();
    let query = LogQuery {
        namespace: &namespace,
        pod: &pod,
        container: &container,
        previous,
        limit_bytes,
        tail_lines: None,
    };
    client.container_log(&query, hands.within(seconds)).await
}

async fn read(server: &Server, limit_bytes: usize) -> LogBytes {
    match read_within(server, limit_bytes, false, 20).await.unwrap() {
        ContainerLog::Read(log) => log,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bytes_are_kept_as_they_came_also_what_is_no_utf8_k28() {
    let server = server(|_| {
        Reply::Pieces(
            vec![b"caf\xc3".to_vec(), b"\xa9 \xff\x00\x1b[2J\n".to_vec()],
            Ending::Whole,
        )
    })
    .await;
    let log = read(&server, 1000).await;
    assert_eq!(&log.bytes[..], b"caf\xc3\xa9 \xff\x00\x1b[2J\n");
    assert_eq!(log.end, LogEnd::Whole);
    assert_eq!(
        server.seen()[0].path,
        "/api/v1/namespaces/shop/pods/web-1/log?container=main&limitBytes=1000"
    );
}

#[tokio::test]
async fn an_endless_line_ends_at_the_limit_whatever_the_server_sends_k28() {
    let server = server(|_| Reply::Pieces(vec![vec![b'x'; 4096]; 64], Ending::Stall)).await;
    let log = read(&server, 10_000).await;
    assert_eq!((log.bytes.len(), log.end), (10_000, LogEnd::Bytes));
    assert!(log.bytes.iter().all(|byte| *byte == b'x'));
}

#[tokio::test]
async fn a_log_cut_by_a_reset_is_kept_and_marked_and_not_begun_again_k30() {
    let server = server(|_| Reply::Pieces(vec![b"first\n".to_vec(), b"sec".to_vec()], Ending::Cut)).await;
    let log = read(&server, 1000).await;
    assert_eq!(&log.bytes[..], b"first\nsec");
    assert!(matches!(log.end, LogEnd::Broken(_)), "{log:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_reset_before_the_first_byte_is_tried_again() {
    let server = server(|number| match number {
        0 => Reply::Break,
        1 => Reply::Pieces(Vec::new(), Ending::Cut),
        _ => Reply::ok("whole\n"),
    })
    .await;
    let log = read(&server, 1000).await;
    assert_eq!((&log.bytes[..], log.end), (&b"whole\n"[..], LogEnd::Whole));
}

#[tokio::test]
async fn what_came_before_the_time_was_up_is_kept_and_marked_k30() {
    let server = server(|_| Reply::Pieces(vec![b"so far\n".to_vec()], Ending::Stall)).await;
    let log = read(&server, 1000).await;
    assert_eq!((&log.bytes[..], log.end), (&b"so far\n"[..], LogEnd::Time));
}

#[tokio::test]
async fn no_previous_container_and_one_that_never_started_are_answers_k28() {
    for words in [
        "previous terminated container \"main\" in pod \"web-1\" not found",
        "container \"main\" in pod \"web-1\" is waiting to start: ContainerCreating",
    ] {
        let server = server(move |_| Reply::refusal(400, "BadRequest", words)).await;
        let log = read_within(&server, 1000, true, 20).await;
        assert_eq!(log, Ok(ContainerLog::NotThere(words.to_owned())));
        assert!(server.seen()[0].path.ends_with("&previous=true"));
        assert_eq!(server.seen().len(), 1);
    }
    let server = server(|_| Reply::refusal(404, "NotFound", "pods \"web-1\" not found")).await;
    assert_eq!(
        read_within(&server, 1000, false, 20).await,
        Ok(ContainerLog::PodGone)
    );
}

#[tokio::test]
async fn a_log_that_may_not_be_read_is_an_error_with_its_name_k02() {
    let server = server(|_| Reply::refusal(403, "Forbidden", "cannot get resource \"pods/log\"")).await;
    let why = read_within(&server, 1000, true, 20).await.unwrap_err();
    assert_eq!(why.cause, Cause::Denied);
    assert_eq!(why.operation, "get pods/log shop/web-1 main (previous)");
    assert_eq!(server.seen().len(), 1);
}
