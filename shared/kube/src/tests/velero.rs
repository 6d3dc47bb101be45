//! Velero's kinds as its API server sends them, and a cluster that does not know them.

use serde_json::json;

use super::server::{Reply, Server};
use super::{Hands, client};
use crate::objects::Coverage;

#[tokio::test]
async fn backups_of_all_namespaces_are_read_with_what_is_left_out_of_the_answer_k26() {
    let hands = Hands::new();
    let server = Server::start(|_, _| {
        let done = json!({
            "metadata": {"namespace": "velero", "name": "daily-1", "labels": {"velero.io/schedule-name": "daily"},
                         "creationTimestamp": "2026-11-20T02:00:00Z"},
            "spec": {"includedNamespaces": ["shop"], "storageLocation": "default", "ttl": "720h0m0s"},
            "status": {"version": 1, "phase": "PartiallyFailed", "startTimestamp": "2026-11-20T02:00:05Z",
                       "completionTimestamp": "2026-11-20T02:07:05Z", "expiration": "2026-12-20T02:00:05Z",
                       "progress": {"totalItems": 120, "itemsBackedUp": 118}, "errors": 2, "warnings": 1,
                       "validationErrors": null, "hookStatus": {}}
        });
        // Not taken up yet: no status at all.
        let new = json!({"metadata": {"namespace": "velero", "name": "by-hand"}, "spec": {}});
        Reply::ok(json!({"metadata": {}, "items": [done, new]}).to_string())
    })
    .await;
    let client = client(&server, &hands).await;
    let listed = client.list_backups(hands.within(20)).await.unwrap().unwrap();
    let all = listed.complete().unwrap();
    assert_eq!(server.seen()[0].path, "/apis/velero.io/v1/backups?limit=500");
    let one = &all[0];
    assert_eq!(
        (one.schedule.as_deref(), one.phase.as_str()),
        (Some("daily"), "PartiallyFailed")
    );
    assert_eq!(
        (one.items, one.items_total, one.errors, one.warnings),
        (Some(118), Some(120), 2, 1)
    );
    assert_eq!(one.scope.covers("other"), Coverage::No);
    assert_eq!(
        (all[1].phase.as_str(), all[1].items, all[1].schedule.as_deref()),
        ("", None, None)
    );
}

#[tokio::test]
async fn schedules_locations_and_restores_are_read_by_their_own_paths() {
    let hands = Hands::new();
    let server = Server::start(|number, _| {
        let item = match number {
            0 => json!({"metadata": {"name": "default"}, "spec": {"default": true, "accessMode": "ReadOnly", "objectStorage": {"bucket": "b"}},
                        "status": {"phase": "Unavailable", "message": "no such bucket", "lastValidationTime": "2026-11-20T02:00:00Z"}}),
            1 => json!({"metadata": {"name": "daily"}, "spec": {"schedule": "0 2 * * *", "paused": true, "template": {"labelSelector": {"matchLabels": {"a": "b"}}}},
                        "status": {"phase": "FailedValidation", "validationErrors": ["invalid schedule"]}}),
            _ => json!({"metadata": {"name": "drill"}, "spec": {"backupName": "daily-1", "namespaceMapping": {"shop": "drill"}},
                        "status": {"phase": "Completed", "progress": {"totalItems": 9, "itemsRestored": 9}}}),
        };
        Reply::ok(json!({"metadata": {}, "items": [item]}).to_string())
    })
    .await;
    let client = client(&server, &hands).await;
    let deadline = hands.within(20);
    let locations = client
        .list_backup_storage_locations(deadline)
        .await
        .unwrap()
        .unwrap()
        .complete()
        .unwrap();
    assert_eq!(
        (
            locations[0].phase.as_str(),
            locations[0].read_only,
            locations[0].default
        ),
        ("Unavailable", true, true)
    );
    let schedules = client
        .list_schedules(deadline)
        .await
        .unwrap()
        .unwrap()
        .complete()
        .unwrap();
    assert!(schedules[0].paused && schedules[0].cron == "0 2 * * *");
    assert_eq!(schedules[0].validation_errors, ["invalid schedule"]);
    assert_eq!(
        schedules[0].scope.covers("shop"),
        Coverage::Part(vec!["labelSelector"])
    );
    let restores = client
        .list_restores(deadline)
        .await
        .unwrap()
        .unwrap()
        .complete()
        .unwrap();
    assert_eq!((restores[0].elsewhere, restores[0].items), (true, Some(9)));
    let paths: Vec<String> = server.seen().iter().map(|seen| seen.path.clone()).collect();
    let kinds = ["backupstoragelocations", "schedules", "restores"];
    assert_eq!(
        paths,
        kinds.map(|kind| format!("/apis/velero.io/v1/{kind}?limit=500"))
    );
}

#[tokio::test]
async fn a_cluster_without_velero_says_so_and_gives_no_empty_list() {
    let hands = Hands::new();
    let server =
        Server::start(|_, _| Reply::Answer(404, Vec::new(), "404 page not found\n".to_owned())).await;
    let client = client(&server, &hands).await;
    assert_eq!(client.list_schedules(hands.within(20)).await, Ok(None));
}
