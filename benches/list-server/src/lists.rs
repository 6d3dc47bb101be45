//! Pages of a list (source: Kubernetes, "Kubernetes API Concepts", "Retrieving large results sets in chunks").

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::world::{LISTS, List, OF_TRIAGE, World};

/// Bytes that are made before they are sent on.
const PIECE: usize = 64 * 1024;

/// An answer, made while it is sent.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Media type.
    pub content_type: &'static str,
    /// Body.
    pub body: Body,
}

/// A body.
#[derive(Debug)]
pub enum Body {
    /// Known as a whole.
    Whole(Option<Bytes>),
    /// A page of a list.
    Page(Page),
}

/// A page that is made piece by piece.
#[derive(Debug)]
pub struct Page {
    world: Arc<World>,
    list: List,
    next: usize,
    end: usize,
    head: Option<String>,
    ended: bool,
}

impl Answer {
    /// JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    /// A text.
    #[must_use]
    pub fn text(status: u16, content_type: &'static str, text: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type,
            body: Body::Whole(Some(text.into())),
        }
    }
}

impl Body {
    /// The next piece; none at the end.
    pub fn piece(&mut self) -> Option<Bytes> {
        match self {
            Self::Whole(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()),
            Self::Page(page) => page.piece(),
        }
    }
}

impl Page {
    fn piece(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut out = Vec::with_capacity(PIECE + 8 * 1024);
        if let Some(head) = self.head.take() {
            out.extend_from_slice(head.as_bytes());
        } else if self.next < self.end {
            out.push(b',');
        }
        let first = self.next;
        while self.next < self.end && out.len() < PIECE {
            if self.next > first {
                out.push(b',');
            }
            self.world.write(self.list, self.next, &mut out);
            self.next += 1;
        }
        if self.next >= self.end {
            out.extend_from_slice(b"]}\n");
            self.ended = true;
        }
        Some(out.into())
    }
}

/// The lists of one cluster.
#[derive(Debug)]
pub struct Lists {
    world: Arc<World>,
    /// The continuation that is refused as too old, counted from one; zero for none.
    expires: usize,
    continued: AtomicUsize,
}

impl Lists {
    /// Lists of a cluster; the continuation of this number is refused as too old.
    #[must_use]
    pub fn new(world: World, expires: usize) -> Self {
        Self {
            world: Arc::new(world),
            expires,
            continued: AtomicUsize::new(0),
        }
    }

    /// Answers a GET of a path with its query.
    #[must_use]
    pub fn answer(&self, target: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let found = LISTS
            .iter()
            .chain(&OF_TRIAGE)
            .find(|(_, known, ..)| *known == path);
        let Some((list, path, kind, _)) = found else {
            return other(path);
        };
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .next()
        };
        let count = self.world.count(*list);
        let limit = value("limit")
            .and_then(|limit| limit.parse().ok())
            .filter(|limit| *limit > 0)
            .unwrap_or(count.max(1));
        let start = match value("continue").filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => {
                let number = self.continued.fetch_add(1, Ordering::Relaxed) + 1;
                match start_of(token) {
                    Some(start) if number != self.expires => start,
                    _ => return expired(),
                }
            }
        };
        let end = count.min(start + limit);
        let metadata = if end < count {
            json!({"resourceVersion": "812345678", "continue": token(end), "remainingItemCount": count - end})
        } else {
            json!({"resourceVersion": "812345678"})
        };
        let version = path
            .trim_start_matches("/apis/")
            .trim_start_matches("/api/")
            .rsplit_once('/')
            .map_or("v1", |(version, _)| version);
        Answer {
            status: 200,
            content_type: "application/json",
            body: Body::Page(Page {
                world: Arc::clone(&self.world),
                list: *list,
                next: start,
                end,
                head: Some(format!(
                    "{{\"kind\":\"{kind}List\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":["
                )),
                ended: false,
            }),
        }
    }
}

/// The form of the API server's own token.
fn token(start: usize) -> String {
    let inner = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":812345678,\"start\":\"{start}\"}}");
    BASE64_STANDARD.encode(inner)
}

fn start_of(token: &str) -> Option<usize> {
    // The padding is all that a query has to escape.
    let token = token.replace("%3D", "=").replace("%3d", "=");
    let inner = BASE64_STANDARD.decode(token).ok()?;
    let inner: Value = serde_json::from_slice(&inner).ok()?;
    inner.get("start")?.as_str()?.parse().ok()
}

fn expired() -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Expired", "code": 410,
        "message": "The provided continue parameter is too old to display a consistent list result.",
    });
    Answer::json(410, &status)
}

/// What is no list: health, version, and the discovery that kubectl starts with.
fn other(path: &str) -> Answer {
    match path {
        "/readyz" | "/livez" => return Answer::text(200, "text/plain; charset=utf-8", "ok"),
        "/version" => {
            let version = json!({"major": "1", "minor": "33", "gitVersion": "v1.33.5-eks-113cf36", "platform": "linux/amd64"});
            return Answer::json(200, &version);
        }
        "/api" => return Answer::json(200, &json!({"kind": "APIVersions", "versions": ["v1"]})),
        _ => {}
    }
    let groups = [
        "apps/v1",
        "batch/v1",
        "autoscaling/v2",
        "policy/v1",
        "storage.k8s.io/v1",
    ];
    if path == "/apis" {
        let groups: Vec<Value> = groups
            .iter()
            .filter_map(|one| one.split_once('/'))
            .map(|(name, version)| {
                let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
                json!({"name": name, "versions": [version], "preferredVersion": version})
            })
            .collect();
        return Answer::json(
            200,
            &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
        );
    }
    let resources: Vec<Value> = LISTS
        .iter()
        .filter_map(|(_, list, kind, namespaced)| {
            let (folder, name) = list.rsplit_once('/')?;
            let found = json!({"name": name, "singularName": kind.to_lowercase(), "kind": kind, "namespaced": namespaced, "verbs": ["list"]});
            (folder == path).then_some(found)
        })
        .collect();
    if resources.is_empty() {
        return Answer::text(404, "text/plain; charset=utf-8", "404 page not found\n");
    }
    let version = path.trim_start_matches("/apis/").trim_start_matches("/api/");
    Answer::json(
        200,
        &json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(pods: usize, expires: usize) -> Lists {
        let world = World::new(pods, "2026-03-06T11:00:00Z".parse().unwrap()).unwrap();
        Lists::new(world, expires)
    }

    fn read(mut answer: Answer) -> Value {
        let mut bytes = Vec::new();
        while let Some(piece) = answer.body.piece() {
            bytes.extend_from_slice(&piece);
        }
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn pages_make_up_the_list_and_each_object_comes_once() {
        let lists = lists(1_234, 0);
        let (mut target, mut names) = ("/api/v1/pods?limit=500".to_owned(), Vec::new());
        loop {
            let page = read(lists.answer(&target));
            let items = page["items"].as_array().unwrap();
            names.extend(
                items
                    .iter()
                    .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()),
            );
            let Some(token) = page["metadata"]["continue"].as_str() else {
                break;
            };
            target = format!("/api/v1/pods?limit=500&continue={}", token.replace('=', "%3D"));
        }
        assert_eq!(names.len(), 1_234);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 1_234);
        let whole = read(lists.answer("/api/v1/pods"));
        assert_eq!(whole["items"].as_array().unwrap().len(), 1_234);
        assert!(whole["metadata"]["continue"].is_null());
    }

    #[test]
    fn one_continuation_expires_and_an_unknown_path_is_not_found() {
        let lists = lists(2_000, 1);
        let target = format!("/api/v1/pods?limit=500&continue={}", token(500));
        assert_eq!(lists.answer(&target).status, 410);
        assert_eq!(lists.answer(&target).status, 200);
        assert_eq!(lists.answer("/apis/keda.sh/v1alpha1/scaledobjects").status, 404);
        assert_eq!(
            read(lists.answer("/apis/apps/v1/statefulsets"))["items"],
            json!([])
        );
    }
}
