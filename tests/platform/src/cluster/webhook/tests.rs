//! The whole webhook over its socket, with a loopback server that plays STS and EKS.

use std::sync::{Arc, Mutex as StdMutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/ops/day2-scale-window";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/day2-scale-window/scale-window";

/// Plays AWS: its STS accepts signature `good` for cluster `prod-a`, its EKS has one access entry.
fn aws(request: &Request) -> Response {
    if request.target.starts_with("/?") {
        let good = request.target.ends_with("X-Amz-Signature=good")
            && request.header("x-k8s-aws-id") == Some("prod-a")
            && request.header("host") == Some("sts.us-east-1.amazonaws.com");
        let arn = if request.target.contains("STRANGER") {
            SESSION.replace("day2-scale-window", "stranger")
        } else {
            SESSION.to_owned()
        };
        return if good {
            Response {
                status: 200,
                content_type: "text/xml",
                body: format!("<Arn>{arn}</Arn><UserId>AROAX:s</UserId>"),
            }
        } else {
            Response {
                status: 403,
                content_type: "text/xml",
                body: "<Code>SignatureDoesNotMatch</Code>".to_owned(),
            }
        };
    }
    let path = request.target.split('?').next().unwrap();
    if path == "/clusters/prod-a/access-entries" {
        Response::json(json!({"accessEntries": ["arn:aws:iam::123456789012:role/other", ROLE]}).to_string())
    } else if path
        == format!(
            "/clusters/prod-a/access-entries/{}",
            ROLE.replace(':', "%3A").replace('/', "%2F")
        )
    {
        let entry = json!({"principalArn": ROLE, "username": "", "kubernetesGroups": ["day2:scale-window"]});
        Response::json(json!({"accessEntry": entry}).to_string())
    } else {
        Response::plain(404, path.to_owned())
    }
}

struct World {
    webhook: Webhook,
    asked: Arc<StdMutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(cluster: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(StdMutex::new(Vec::new()));
        let record = asked.clone();
        tokio::task::spawn_local(http::serve(listener, async move |request: Request| {
            record.lock().unwrap().push(request.target.clone());
            aws(&request)
        }));
        Self::at(cluster, base, asked)
    }

    fn at(cluster: &str, base: String, asked: Arc<StdMutex<Vec<String>>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let webhook = Webhook::start(Settings {
            sts_base: base.clone(),
            eks_endpoint: base,
            region: "us-east-1".to_owned(),
            cluster_name: cluster.to_owned(),
            log: folder.path().join("log"),
        })
        .unwrap();
        Self {
            webhook,
            asked,
            _folder: folder,
        }
    }

    async fn review(&self, url: &str) -> Value {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {}, "spec": {"token": token},
        })
        .to_string();
        let mut stream = tokio::net::TcpStream::connect(self.webhook.address())
            .await
            .unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let review: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert!(
            review["spec"]["token"].is_null(),
            "the token must not travel back"
        );
        review["status"].clone()
    }

    async fn refusal(&self, url: &str) -> String {
        let status = self.review(url).await;
        assert_eq!(status["authenticated"], json!(false), "{status}");
        status["error"].as_str().unwrap().to_owned()
    }
}

/// A URL as a caller presigns it now.
fn url(host: &str, key: &str, age: jiff::SignedDuration, signature: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the server under test reads the clock")]
    let date = (Timestamp::now() - age).strftime("%Y%m%dT%H%M%SZ").to_string();
    format!(
        "https://{host}/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={key}%2F20260302%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=60\
         &X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature={signature}"
    )
}

const HOST: &str = "sts.us-east-1.amazonaws.com";
const FRESH: jiff::SignedDuration = jiff::SignedDuration::ZERO;

async fn local<T>(test: impl Future<Output = T>) -> T {
    tokio::task::LocalSet::new().run_until(test).await
}

#[tokio::test]
async fn a_good_token_becomes_user_and_groups_of_the_access_entry_and_eks_is_asked_once() {
    local(async {
        let world = World::new("prod-a").await;
        let status = world.review(&url(HOST, "ASIAX", FRESH, "good")).await;
        assert_eq!(status["authenticated"], json!(true), "{status}");
        assert_eq!(status["user"]["username"], json!(SESSION));
        assert_eq!(status["user"]["groups"], json!(["day2:scale-window"]));
        assert_eq!(status["user"]["extra"]["accessKeyId"], json!(["ASIAX"]));
        assert_eq!(
            status["user"]["extra"]["canonicalArn"],
            json!(["arn:aws:iam::123456789012:role/day2-scale-window"])
        );
        world.review(&url(HOST, "ASIAX", FRESH, "good")).await;
        let asked = world.asked.lock().unwrap().clone();
        let lists = asked
            .iter()
            .filter(|path| path.split('?').next() == Some("/clusters/prod-a/access-entries"))
            .count();
        assert_eq!(lists, 1, "{asked:?}");
    })
    .await;
}

#[tokio::test]
async fn a_changed_signature_is_refused_by_sts() {
    local(async {
        let world = World::new("prod-a").await;
        let said = world.refusal(&url(HOST, "ASIAX", FRESH, "gooe")).await;
        assert!(said.contains("403 SignatureDoesNotMatch"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_token_for_another_cluster_is_refused_because_our_own_name_is_sent() {
    local(async {
        let world = World::new("prod-b").await;
        let said = world.refusal(&url(HOST, "ASIAX", FRESH, "good")).await;
        assert!(said.contains("SignatureDoesNotMatch"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn an_old_token_and_a_foreign_host_are_refused_and_nobody_is_asked() {
    local(async {
        let world = World::new("prod-a").await;
        let old = world
            .refusal(&url(HOST, "ASIAX", jiff::SignedDuration::from_mins(16), "good"))
            .await;
        assert!(old.contains("older than 15 minutes"), "{old}");
        let foreign = world.refusal(&url("evil.example", "ASIAX", FRESH, "good")).await;
        assert!(foreign.contains("`evil.example` is no STS"), "{foreign}");
        assert!(world.asked.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_role_without_access_entry_is_refused() {
    local(async {
        let world = World::new("prod-a").await;
        let said = world.refusal(&url(HOST, "STRANGER", FRESH, "good")).await;
        assert!(
            said.contains("no access entry for arn:aws:iam::123456789012:role/stranger"),
            "{said}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_sts_that_does_not_answer_refuses_instead_of_letting_in() {
    local(async {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", nobody.local_addr().unwrap());
        drop(nobody);
        let world = World::at("prod-a", base.clone(), Arc::default());
        let said = world.refusal(&url(HOST, "ASIAX", FRESH, "good")).await;
        assert!(said.contains(&format!("no STS at {base}")), "{said}");
    })
    .await;
}
