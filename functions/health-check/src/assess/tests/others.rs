//! Storage, quotas, certificates, components.

use day2_core::Verdict;
use serde_json::{Value, json};

use super::world::{World, ago, deployment, put};

#[test]
fn an_api_server_that_is_unready_slow_or_silent_is_named() {
    let of = |ready: bool, failed: &[&str], milliseconds: u64| {
        World::well().answering(Ok(day2_kube::Readyz {
            ready,
            failed: failed.iter().map(|name| (*name).to_owned()).collect(),
            latency: std::time::Duration::from_millis(milliseconds),
        }))
    };
    of(true, &[], 2_000).is_well("within the two seconds that are allowed");
    let named = |world: World| {
        let (code, name, says) = world.only();
        assert_eq!(code, "HLT-101");
        (name, says)
    };
    assert_eq!(
        named(of(false, &["etcd"], 40)),
        ("/readyz".to_owned(), "not ready, 1 check failed: etcd".to_owned())
    );
    assert_eq!(
        named(of(true, &[], 2_001)),
        ("/readyz latency".to_owned(), "2001 ms".to_owned())
    );
    let both = of(false, &["etcd", "informer-sync"], 5_000);
    assert_eq!(both.named(), ["HLT-101 /readyz", "HLT-101 /readyz latency"]);
    let denied = day2_core::Unreadable::new("get /readyz", "prod-a", day2_core::Cause::Denied, "forbidden");
    let unread = World::well().answering(Err(denied)).item("HLT-101");
    assert_eq!(unread.verdict(), Verdict::Unknown);
}

#[test]
fn a_claim_that_waits_for_its_first_pod_is_no_trouble_and_one_that_a_pod_waits_for_is() {
    let claim = |annotations: Value| json!({"metadata": {"name": "data", "namespace": "shop", "creationTimestamp": ago(90), "annotations": annotations}, "spec": {"storageClassName": "gp3"}, "status": {"phase": "Pending"}});
    let class = |mode: &str| json!({"metadata": {"name": "gp3"}, "volumeBindingMode": mode});
    let world = |mode: &str, annotations: Value| {
        World::well()
            .with("persistentvolumeclaims", claim(annotations))
            .with("storageclasses", class(mode))
    };
    world("WaitForFirstConsumer", json!(null)).is_well("no pod uses it");
    let chosen = world(
        "WaitForFirstConsumer",
        json!({"volume.kubernetes.io/selected-node": "n1"}),
    );
    let (code, name, says) = chosen
        .with("events", json!({"involvedObject": {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"}, "reason": "ProvisioningFailed", "message": "UnauthorizedOperation", "lastTimestamp": ago(1)}))
        .only();
    assert_eq!(
        (code.as_str(), name.as_str()),
        ("HLT-141", "shop/PersistentVolumeClaim/data")
    );
    assert_eq!(says, "Pending for 90 min: UnauthorizedOperation");
    assert_eq!(
        world("Immediate", json!(null)).named(),
        ["HLT-141 shop/PersistentVolumeClaim/data"]
    );
    let unread = World::well()
        .with("persistentvolumeclaims", claim(json!(null)))
        .of("storageclasses", json!("forbidden"));
    assert_eq!(unread.item("HLT-141").verdict(), Verdict::Unknown);
}

#[test]
fn an_attachment_is_stuck_after_six_minutes_in_both_directions() {
    let one = |minutes: i64, attached: bool, more: Value| {
        let mut one = json!({"metadata": {"name": "csi-1", "creationTimestamp": ago(minutes)}, "spec": {"attacher": "ebs.csi.aws.com", "nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}}, "status": {"attached": attached}});
        for (key, value) in more.as_object().unwrap() {
            put(&mut one, &key.replace('.', "/"), value.clone());
        }
        one
    };
    let all = |attachment| World::well().with("volumeattachments", attachment);
    all(one(600, true, json!({}))).is_well("attached");
    all(one(5, false, json!({}))).is_well("on its way");
    let (code, name, says) = all(one(
        7,
        false,
        json!({"/status.attachError": {"message": "volume is in use"}}),
    ))
    .only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-142", "pv-1"));
    assert_eq!(
        says,
        "is not attached to node n1 for 7 min (VolumeAttachment csi-1): volume is in use"
    );
    let leaving = all(one(900, true, json!({"/metadata.deletionTimestamp": ago(30)})));
    assert_eq!(
        leaving.only().2,
        "does not come off node n1 for 30 min (VolumeAttachment csi-1)"
    );
}

#[test]
fn a_volume_in_a_zone_without_nodes_is_told_unless_nodes_are_made_on_demand() {
    let volume = |zone: &str| {
        json!({"metadata": {"name": "pv-1"}, "status": {"phase": "Bound"}, "spec": {"claimRef": {"namespace": "shop", "name": "data"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}]}]}}}})
    };
    World::well()
        .with("persistentvolumes", volume("us-east-1a"))
        .is_well("n1 is there");
    let other = World::well().with("persistentvolumes", volume("us-east-1c"));
    let (code, name, says) = other.only();
    assert_eq!((code.as_str(), name.as_str()), ("HLT-143", "zone us-east-1c"));
    assert!(says.contains("1 bound volume: shop/data"), "{says}");
    other
        .with("nodepools", json!({"metadata": {"name": "general"}}))
        .is_well("a node is made when a pod needs it");
}

#[test]
fn a_quota_is_told_from_eighty_percent_on() {
    let quota = |used: &str, hard: &str| json!({"metadata": {"name": "small", "namespace": "shop"}, "status": {"hard": {"requests.cpu": hard, "pods": "0"}, "used": {"requests.cpu": used, "pods": "0"}}});
    let (code, name, says) = World::well().with("resourcequotas", quota("3200m", "4")).only();
    assert_eq!(
        (code.as_str(), name.as_str(), says.as_str()),
        ("HLT-151", "shop/ResourceQuota/small requests.cpu", "80 % used")
    );
    World::well()
        .with("resourcequotas", quota("3199m", "4"))
        .is_well("79 %");
}

#[test]
fn a_certificate_is_judged_by_its_dates_although_it_is_ready() {
    let hours = |hours: i64| ago(-hours * 60);
    let one = |ready: &str, end: i64, renewal: i64, failed: i64| {
        json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(90_000)}, "spec": {"secretName": "web-tls"},
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Because", "lastTransitionTime": ago(500)}], "notAfter": hours(end), "renewalTime": hours(renewal), "failedIssuanceAttempts": failed, "lastFailureTime": ago(30)}})
    };
    for (what, certificate, code, says) in [
        ("fine", one("True", 60 * 24, 30 * 24, 0), None, ""),
        (
            "ends tomorrow, and its renewal is late",
            one("True", 24, -700, 0),
            Some("HLT-172"),
            "its renewal is 29 d late, 1 days left until its notAfter",
        ),
        (
            "ends in a week, and is renewed before",
            one("True", 7 * 24, 2 * 24, 0),
            None,
            "",
        ),
        (
            "has ended",
            one("True", -2, -300, 0),
            Some("HLT-172"),
            "ended 2 h ago",
        ),
        (
            "its renewal fails",
            one("True", 60 * 24, 30 * 24, 3),
            Some("HLT-171"),
            "valid, but its renewal fails, 3 failed attempts, the last 30 min ago",
        ),
        (
            "has ended, and cert-manager says so too",
            one("False", -2, -300, 0),
            Some("HLT-172"),
            "ended 2 h ago; cert-manager says: Because",
        ),
        (
            "its renewal fails and is late, told once",
            one("True", 5 * 24, -48, 3),
            Some("HLT-171"),
            "the last 30 min ago, 5 days left until its notAfter",
        ),
        (
            "never issued",
            json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(500)}, "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "no secret", "lastTransitionTime": ago(400)}]}}),
            Some("HLT-171"),
            "not Ready for 6 h: DoesNotExist no secret",
        ),
        (
            "just made",
            json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(5)}, "status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(5)}]}}),
            None,
            "",
        ),
    ] {
        let world = World::well().with("certificates", certificate);
        match code {
            None => world.is_well(what),
            Some(code) => {
                let (seen, name, words) = world.only();
                assert_eq!(
                    (seen.as_str(), name.as_str()),
                    (code, "shop/Certificate/web"),
                    "{what}"
                );
                assert!(words.contains(says), "{what}: {words}");
            }
        }
    }
}

#[test]
fn a_component_that_the_settings_name_and_the_cluster_lacks_is_a_failure_w25() {
    let seen = World::well().item("HLT-109");
    assert_eq!(seen.verdict(), Verdict::Pass);
    assert!(
        seen.seen
            .contains("not installed: karpenter, istio, keda, cert_manager"),
        "{}",
        seen.seen
    );
    assert!(
        seen.seen.contains("no objects of: HorizontalPodAutoscaler"),
        "{}",
        seen.seen
    );
    let expected = World::well().plan("installed", json!(["keda", "istio", "cert_manager", "karpenter"]));
    let names: Vec<String> = expected.named();
    assert_eq!(
        names,
        [
            "HLT-109 karpenter",
            "HLT-109 istio",
            "HLT-109 keda",
            "HLT-109 cert_manager"
        ]
    );
}

#[test]
fn what_an_installed_add_on_made_must_be_there_and_nothing_else_is_expected() {
    let seen = |world: &World| {
        let item = world.item("HLT-103");
        let names: Vec<String> = item.subjects.iter().map(|subject| subject.name.clone()).collect();
        (item.verdict(), names)
    };
    let well = World::well()
        .addon("coredns", "ACTIVE")
        .addon("of-a-vendor", "ACTIVE");
    assert_eq!(
        seen(&well),
        (Verdict::Pass, vec![]),
        "CoreDNS is there, and nothing is known of the other"
    );
    let bare = well
        .clone()
        .of("deployments", json!([deployment("shop", "web", 2)]));
    let bare = bare.with("deployments", deployment("kube-system", "other", 1));
    assert_eq!(
        seen(&bare),
        (Verdict::Fail, vec!["Deployment/coredns".to_owned()])
    );
    assert!(
        bare.item("HLT-103").subjects[0]
            .says
            .contains("the EKS add-on coredns is installed")
    );
    let elsewhere = bare.clone().with("deployments", deployment("dns", "coredns", 2));
    assert_eq!(
        seen(&elsewhere).0,
        Verdict::Pass,
        "add-ons may live in another namespace"
    );
    let daemon = World::well()
        .addon("vpc-cni", "DEGRADED")
        .addon("kube-proxy", "CREATING");
    assert_eq!(
        seen(&daemon),
        (Verdict::Fail, vec!["DaemonSet/aws-node".to_owned()]),
        "one is being made"
    );
    let unread = daemon.of("daemonsets", json!("forbidden"));
    assert_eq!(
        seen(&unread).0,
        Verdict::Unknown,
        "what could not be read lacks nothing"
    );
}
