//! Whose older sessions are denied, and whose never.

use day2_core::{Cause, Unreadable};
use day2_kube::Listed;
use day2_kube::objects::ServiceAccount;
use day2_reads::pod_identities::ActsAs;
use serde_json::{Value, json};

use super::*;
use crate::settings::tests::settings_with;

const ID: &str = "prod-a.0f3a";
const ROLE: &str = "arn:aws:iam::123456789012:role/prod-a-checkout";
const OTHER: &str = "arn:aws:iam::123456789012:role/prod-a-catalogue";

fn pod(namespace: &str, started_as: Option<&str>) -> PodDetail {
    let env: Vec<Value> = started_as
        .map(|role| json!({"name": "AWS_ROLE_ARN", "value": role}))
        .into_iter()
        .collect();
    serde_json::from_value(json!({
        "metadata": {"namespace": namespace, "name": "checkout-1", "uid": "u-1"},
        "spec": {"serviceAccountName": "checkout", "containers": [{"name": "app", "image": "web:1", "env": env}]},
    }))
    .unwrap()
}

fn account(role: Option<&str>) -> ServiceAccount {
    let annotations = role.map_or(json!({}), |role| json!({"eks.amazonaws.com/role-arn": role}));
    serde_json::from_value(
        json!({"metadata": {"namespace": "shop", "name": "checkout", "uid": "a-1", "annotations": annotations}}),
    )
    .unwrap()
}

fn acts_as(namespace: &str, account: &str, role: &str) -> ActsAs {
    ActsAs {
        namespace: namespace.to_owned(),
        service_account: account.to_owned(),
        role_arn: role.to_owned(),
    }
}

/// The pod's account has the role by IRSA, and nobody else has.
fn facts(role: Option<&str>) -> WorkloadFacts {
    WorkloadFacts {
        autoscalers: Ok(Vec::new()),
        scaled_objects: Ok(None),
        account: Ok(Some(account(role))),
        pod_identity: Ok(Vec::new()),
        actors: Some(Ok(role
            .map(|role| acts_as("shop", "checkout", role))
            .into_iter()
            .collect())),
        siblings: Ok(Listed::whole(Vec::new())),
    }
}

fn unread() -> Unreadable {
    Unreadable::new("list", "prod-a", Cause::Denied, "no")
}

fn planned(pod: &PodDetail, facts: &WorkloadFacts, policy: &Value) -> Draft {
    let mut sessions = json!({"deny": true, "roles": [ROLE]});
    for (key, value) in policy.as_object().into_iter().flatten() {
        sessions[key] = value.clone();
    }
    let settings = settings_with(&json!({"sessions": sessions, "denied_namespaces": ["payments"]}));
    sessions_of(pod, facts, &settings)
}

fn sessions_of(
    pod: &PodDetail,
    facts: &WorkloadFacts,
    settings: &day2_core::settings::Settings<ThreatContainmentSettings>,
) -> Draft {
    sessions(pod, facts, &settings.function, &settings.targets[0], ID)
}

fn left_alone(draft: &Draft, why: &str) {
    assert!(draft.measures.is_empty(), "{why}: {:?}", draft.measures);
    let said: Vec<&str> = draft.skips.iter().map(|skip| skip.why.as_str()).collect();
    assert!(said.iter().any(|one| one.contains(why)), "{why}: {said:?}");
}

#[test]
fn the_pods_own_declared_role_gets_a_policy_of_the_containments_own_and_no_other_role_does() {
    let mut both = facts(Some(ROLE));
    both.pod_identity = Ok(vec![acts_as("shop", "checkout", OTHER)]);
    let draft = planned(&pod("shop", Some(ROLE)), &both, &json!({}));
    let [one] = &draft.measures[..] else {
        panic!("{:?}", draft.measures)
    };
    assert_eq!(
        one.measure,
        Measure::DenySessions {
            role: ROLE.to_owned(),
            policy: "day2-older-sessions-0f3a".to_owned(),
            issued_before: None,
        }
    );
    assert_eq!(
        one.resource,
        "policy day2-older-sessions-0f3a of role prod-a-checkout"
    );
    assert!(one.undo.contains("threat-release") && one.undo.contains(ID));
    // The role of EKS Pod Identity is its own too, and not declared.
    assert_eq!(draft.skips.len(), 1);
    assert!(draft.skips[0].resource.contains(OTHER) && draft.skips[0].why.contains("sessions.roles"));
    let declared = json!({"roles": [ROLE, OTHER]});
    assert_eq!(
        planned(&pod("shop", Some(ROLE)), &both, &declared).measures.len(),
        2
    );
}

#[test]
fn nothing_is_planned_or_said_unless_it_is_asked_for() {
    let draft = planned(&pod("shop", None), &facts(Some(ROLE)), &json!({"deny": false}));
    assert_eq!(draft, Draft::default());
}

#[test]
fn the_step_says_who_else_acts_as_the_role_and_that_healthy_pods_must_renew() {
    let mut shared = facts(Some(ROLE));
    if let Some(Ok(actors)) = &mut shared.actors {
        actors.push(acts_as("jobs", "report", ROLE));
        actors.push(acts_as("jobs", "other", OTHER));
    }
    let draft = planned(&pod("shop", None), &shared, &json!({}));
    let one = &draft.measures[0];
    assert!(
        one.after.contains("jobs/report act as it too") && !one.after.contains("jobs/other"),
        "{}",
        one.after
    );
    let words = super::super::words(&one.measure);
    assert!(
        words.disruptive
            && words
                .touches
                .contains("healthy pods of the role fail until they renew")
    );
}

#[test]
fn a_role_that_is_not_the_pods_own_is_never_touched() {
    let policy = json!({"roles": [ROLE, OTHER]});
    // Somebody has changed the account since the pod was started.
    let draft = planned(&pod("shop", Some(OTHER)), &facts(Some(ROLE)), &policy);
    left_alone(&draft, "the pod was started as");
    left_alone(&planned(&pod("shop", None), &facts(None), &policy), "no IAM role");
    for role in [
        "arn:aws:iam::999988887777:role/prod-a-checkout",
        "arn:aws:iam::999988887777:role/x/prod-a-checkout",
    ] {
        let draft = planned(
            &pod("shop", Some(role)),
            &facts(Some(role)),
            &json!({"roles": [role]}),
        );
        left_alone(&draft, "not in the account of the target");
    }
    let hostile = "arn:aws:iam::123456789012:role/x; rm -rf /";
    left_alone(
        &planned(&pod("shop", None), &facts(Some(hostile)), &policy),
        "no ARN of a role",
    );
}

#[test]
fn a_role_that_somebody_protected_acts_as_too_is_left_alone_unless_the_settings_say_so_k22() {
    let protecting = json!({"protected_service_accounts": ["jobs/report", "data/*"]});
    for (namespace, account, spared) in [
        ("jobs", "report", true),
        ("data", "anything", true),
        ("kube-system", "aws-node", true),
        ("payments", "api", true),
        ("jobs", "other", false),
    ] {
        let mut shared = facts(Some(ROLE));
        if let Some(Ok(actors)) = &mut shared.actors {
            actors.push(acts_as(namespace, account, ROLE));
        }
        let draft = planned(&pod("shop", None), &shared, &protecting);
        if spared {
            left_alone(&draft, &format!("{namespace}/{account} is protected"));
        }
        assert_eq!(draft.measures.is_empty(), spared, "{namespace}/{account}");
        let mut allowed = protecting.clone();
        allowed["may_touch_protected"] = json!(true);
        assert_eq!(planned(&pod("shop", None), &shared, &allowed).measures.len(), 1);
    }
    let own = json!({"protected_service_accounts": ["shop/checkout"]});
    left_alone(
        &planned(&pod("shop", None), &facts(Some(ROLE)), &own),
        "shop/checkout is protected",
    );
    // In a denied namespace nothing allows it.
    let allowed = json!({"may_touch_protected": true});
    let there = planned(&pod("payments", None), &facts(Some(ROLE)), &allowed);
    left_alone(&there, "no role is touched");
}

#[test]
fn what_could_not_be_read_is_not_taken_for_nobody_w28() {
    let mut blind = facts(Some(ROLE));
    blind.actors = Some(Err(unread()));
    left_alone(
        &planned(&pod("shop", None), &blind, &json!({})),
        "who else acts as it could not be read",
    );
    blind.actors = None;
    left_alone(&planned(&pod("shop", None), &blind, &json!({})), "was not read");
    let mut blind = facts(Some(ROLE));
    blind.pod_identity = Err(unread());
    left_alone(
        &planned(&pod("shop", None), &blind, &json!({})),
        "as which role the pod acts",
    );
    let mut blind = facts(Some(ROLE));
    blind.account = Err(unread());
    left_alone(
        &planned(&pod("shop", None), &blind, &json!({})),
        "as which role the pod acts",
    );
}
