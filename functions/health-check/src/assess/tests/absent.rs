//! What is mended by deleting it is resolved, and what nobody could look at is not: of every kind that a cluster may have
//! nothing of.

use day2_core::compare::{Changes, Snapshot};
use day2_core::report::{Report, Run};
use serde_json::{Value, json};

use super::world::{World, ago, now, pod};

/// The list, its group, something broken in it, and the line that tells.
struct Kind {
    list: &'static str,
    group: &'static str,
    code: &'static str,
    broken: Value,
}

fn named(more: &Value) -> Value {
    let mut one = json!({"metadata": {"name": "only", "namespace": "shop", "creationTimestamp": ago(900)}});
    for (key, value) in more.as_object().unwrap() {
        one[key] = value.clone();
    }
    one
}

/// One row for each line that is left out where nothing of its kind exists.
fn kinds() -> Vec<Kind> {
    let kind = |list, group, code, broken| Kind {
        list,
        group,
        code,
        broken: named(&broken),
    };
    let condition = |kind: &str, status: &str, reason: &str| json!([{"type": kind, "status": status, "reason": reason, "lastTransitionTime": ago(500)}]);
    vec![
        kind(
            "nodeclaims",
            "nodes",
            "HLT-115",
            json!({"status": {"conditions": condition("Launched", "False", "InsufficientCapacity")}}),
        ),
        kind(
            "nodepools",
            "nodes",
            "HLT-116",
            json!({"spec": {"limits": {"cpu": "10"}}, "status": {"resources": {"cpu": "10"}}}),
        ),
        kind(
            "horizontalpodautoscalers",
            "workloads",
            "HLT-128",
            json!({"spec": {"minReplicas": 1, "maxReplicas": 4}, "status": {"currentReplicas": 1, "conditions": condition("ScalingActive", "False", "FailedGetResourceMetric")}}),
        ),
        kind(
            "poddisruptionbudgets",
            "workloads",
            "HLT-129",
            json!({"spec": {"minAvailable": 2}, "status": {"expectedPods": 2, "desiredHealthy": 2, "currentHealthy": 2, "disruptionsAllowed": 0}}),
        ),
        kind(
            "jobs",
            "workloads",
            "HLT-131",
            json!({"status": {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": ago(60)}]}}),
        ),
        kind(
            "cronjobs",
            "workloads",
            "HLT-131",
            json!({"spec": {"schedule": "0 2 * * *"}, "status": {"lastScheduleTime": ago(540), "lastSuccessfulTime": ago(1970)}}),
        ),
        kind(
            "persistentvolumeclaims",
            "storage",
            "HLT-141",
            json!({"status": {"phase": "Lost"}}),
        ),
        kind(
            "volumeattachments",
            "storage",
            "HLT-142",
            json!({"spec": {"attacher": "ebs.csi.aws.com", "nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}}, "status": {"attached": false}}),
        ),
        kind(
            "persistentvolumes",
            "storage",
            "HLT-144",
            json!({"status": {"phase": "Failed", "message": "cannot be deleted"}}),
        ),
        kind(
            "resourcequotas",
            "quotas",
            "HLT-151",
            json!({"status": {"hard": {"pods": "10"}, "used": {"pods": "10"}}}),
        ),
        kind(
            "scaledobjects",
            "scaling",
            "HLT-166",
            json!({"spec": {"scaleTargetRef": {"name": "worker"}}, "status": {"conditions": condition("Ready", "False", "TriggerError")}}),
        ),
        kind(
            "scaledobjects",
            "scaling",
            "HLT-167",
            json!({"spec": {"scaleTargetRef": {"name": "worker"}}, "status": {"conditions": [
                {"type": "Ready", "status": "True"}, {"type": "Paused", "status": "True"}]}}),
        ),
        kind(
            "certificates",
            "certificates",
            "HLT-171",
            json!({"status": {"conditions": condition("Ready", "False", "DoesNotExist")}}),
        ),
        kind(
            "certificates",
            "certificates",
            "HLT-172",
            json!({"status": {"conditions": condition("Ready", "True", "Ready"), "notAfter": ago(60)}}),
        ),
    ]
}

fn report(world: &World) -> Report {
    let judged = world.judged();
    let run = Run {
        function: "health-check".to_owned(),
        task: "morning".to_owned(),
        target: "prod-a".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        trigger: "schedule".to_owned(),
        zone: "America/New_York".to_owned(),
        scheduled_at: None,
        occasion: None,
        started_at: now(),
        request_id: "r".to_owned(),
    };
    let mut report = Report::new(run, judged.items, Vec::new());
    report.absent = judged.absent;
    report
}

/// What changed under this code between a run and the next.
fn changes(code: &str, before: &World, after: &World) -> (Vec<String>, Vec<String>) {
    let before = report(before).compared_with(None);
    let Changes { still, resolved, .. } = report(after).compared_with(Some(&Snapshot::of(&before))).changes;
    let of = |all: Vec<day2_core::compare::Complaint>| {
        let mine = all.into_iter().filter(|one| one.code == code);
        mine.map(|one| one.subject).collect()
    };
    (still_and(of(still)), of(resolved))
}

/// The subjects, without the line as a whole (`could not be read` is a complaint of its own).
fn still_and(subjects: Vec<String>) -> Vec<String> {
    subjects
        .into_iter()
        .filter(|name| !name.is_empty() && !name.starts_with("list "))
        .collect()
}

#[test]
fn of_each_kind_what_was_broken_is_resolved_when_the_last_of_it_is_gone_and_only_then_w25_w28() {
    for Kind {
        list,
        group,
        code,
        broken,
    } in kinds()
    {
        let before = World::well().with(list, broken);
        let subjects: Vec<String> = before
            .item(code)
            .subjects
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(subjects.len(), 1, "{code}");
        let (none, all) = (Vec::new(), subjects.clone());

        let gone = World::well().of(list, json!([]));
        assert!(gone.judged().absent.iter().any(|absent| absent == code), "{code}");
        assert_eq!(
            changes(code, &before, &gone),
            (none.clone(), all.clone()),
            "{code}: deleted"
        );

        let unread = World::well().of(list, json!("forbidden"));
        assert!(
            unread.judged().absent.iter().all(|absent| absent != code),
            "{code}"
        );
        assert_eq!(
            changes(code, &before, &unread),
            (all.clone(), none.clone()),
            "{code}: unreadable"
        );

        let off = World::well().plan("not_checked", json!([group]));
        assert!(off.judged().absent.iter().all(|absent| absent != code), "{code}");
        assert_eq!(changes(code, &before, &off), (all, none), "{code}: switched off");
    }
}

#[test]
fn a_kind_that_the_cluster_does_not_know_any_more_has_no_objects() {
    for Kind {
        list, code, broken, ..
    } in kinds()
        .into_iter()
        .filter(|kind| ["nodeclaims", "nodepools", "scaledobjects", "certificates"].contains(&kind.list))
    {
        let before = World::well().with(list, broken);
        // The well world serves none of these.
        let (still, resolved) = changes(code, &before, &World::well());
        assert_eq!((still.len(), resolved.len()), (0, 1), "{code}");
    }
}

#[test]
fn a_proxy_is_missed_only_as_long_as_somebody_asks_for_the_mesh() {
    let namespace = |labels: Value| json!({"metadata": {"name": "pay", "labels": labels}});
    let world = |labels| {
        World::well()
            .with("namespaces", namespace(labels))
            .with("pods", pod("meshed-1", "pay", "n1", "meshed"))
    };
    let before = world(json!({"istio-injection": "enabled"}));
    let (still, resolved) = changes("HLT-161", &before, &world(json!({})));
    assert_eq!((still.len(), resolved.len()), (0, 1), "nobody asks any more");
    let unread = World::well().of("namespaces", json!("forbidden"));
    let (still, resolved) = changes("HLT-161", &before, &unread);
    assert_eq!((still.len(), resolved.len()), (1, 0), "nobody knows who asks");
}

#[test]
fn every_line_that_may_be_left_out_has_a_row_here() {
    let judged = World::well().judged();
    let rows: Vec<&str> = kinds().iter().map(|kind| kind.code).collect();
    for code in judged.absent {
        // The zones of volumes, which a volume without a zone leaves out, and the mesh, whose rows are above.
        let known = rows.contains(&code.as_str()) || ["HLT-143", "HLT-161"].contains(&code.as_str());
        assert!(known, "{code} is left out, and nobody tests that it is resolved");
    }
}
