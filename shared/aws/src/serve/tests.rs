use lambda_runtime::tower::ServiceExt as _;

use super::*;

async fn handed_over(body: &[u8]) -> String {
    let (parts, ()) = http::Response::new(()).into_parts();
    let event = LambdaInvocation {
        parts,
        body: body.to_vec().into(),
        context: lambda_runtime::Context::default(),
    };
    let echo = service_fn(|event: LambdaInvocation| async move { Ok::<_, Error>(event.body) });
    let body = Verbatim.layer(echo).oneshot(event).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn the_handler_gets_the_very_words_of_the_event_e20() {
    for text in [
        "{}",
        "",
        "{\"a\": 1, \"a\": 2}",
        "not json",
        "\"text\"",
        "{\"x\":\"\\u003c\"}",
        " [1,\n2] ",
    ] {
        assert_eq!(handed_over(text.as_bytes()).await, text);
    }
    assert_eq!(handed_over(b"\xff{}").await, "\u{fffd}{}");
}
