//! By which roads rights come at all (O05, O08): what [`super::role`] does not read, no law about it would notice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{add, after, all, caught, functions, list, obeyed, words};

/// Types that give rights to somebody, by the beginnings of their names.
const GRANTS: [&str; 3] = ["aws_iam_", "aws_eks_", "aws_kms_grant"];

/// Those that a deployment has: roles with policies of their own, and the entry of a role into a cluster under the group of
/// `infra/kubernetes`.
const ROADS: [&str; 3] = ["aws_eks_access_entry", "aws_iam_role", "aws_iam_role_policy"];

/// The function in whose module an address is.
fn owner<'a>(names: &'a BTreeSet<String>, address: &str) -> Option<&'a str> {
    let of_it = |name: &&String| address.starts_with(&format!("module.{}[0].", name.replace('-', "_")));
    names.iter().find(of_it).map(String::as_str)
}

fn rights_come_by_known_roads(plan: &Value) -> Vec<String> {
    let (mut wrong, names) = (Vec::new(), functions(plan));
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        let (address, kind) = (words(&change["address"]), words(&change["type"]));
        let grants = GRANTS.iter().any(|beginning| kind.starts_with(beginning));
        if change["mode"] != "data" && grants && !ROADS.contains(&kind) {
            wrong.push(format!(
                "{address} grants by a road that no law looks at; write it into permissions.json or rbac.yaml"
            ));
        }
    }
    for (address, role) in all(plan, "aws_iam_role") {
        for field in ["inline_policy", "managed_policy_arns"] {
            if role[field].as_array().is_some_and(|given| !given.is_empty()) {
                wrong.push(format!(
                    "{address} has rights by {field}; write them into permissions.json"
                ));
            }
        }
    }
    for (address, _) in all(plan, "aws_iam_role_policy") {
        if owner(&names, address).is_none() {
            wrong.push(format!("{address} is the policy of no function"));
        }
    }
    for (address, entry) in all(plan, "aws_eks_access_entry") {
        let own = owner(&names, address).map(|name| format!("day2:{name}"));
        let groups = list(&entry["kubernetes_groups"]);
        if own.is_none_or(|own| groups != [own.as_str()]) {
            wrong.push(format!(
                "{address} enters a cluster under {groups:?}, not the group of its function"
            ));
        }
    }
    wrong
}

#[test]
fn rights_come_by_the_policies_of_the_functions_and_by_no_other_road_o05_o08() {
    obeyed(rights_come_by_known_roads);
    let law = rights_come_by_known_roads;
    for kind in [
        "aws_eks_access_policy_association",
        "aws_eks_pod_identity_association",
        "aws_iam_policy",
        "aws_iam_policy_attachment",
        "aws_iam_role_policies_exclusive",
        "aws_iam_role_policy_attachment",
        "aws_iam_role_policy_attachments_exclusive",
        "aws_kms_grant",
    ] {
        let says = format!("{kind}.broken grants by a road");
        caught(law, &says, |plan| add(plan, kind, json!({})));
    }
    for role in ["function", "scheduler[0]"] {
        let role = format!("module.watchdog[0].aws_iam_role.{role}");
        let says = format!("{role} has rights by managed_policy_arns");
        caught(law, &says, |plan| {
            after(plan, &role)["managed_policy_arns"] =
                json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
        });
        let says = format!("{role} has rights by inline_policy");
        caught(law, &says, |plan| {
            after(plan, &role)["inline_policy"] = json!([{ "name": "more", "policy": "{}" }]);
        });
    }
    caught(
        law,
        "aws_iam_role_policy.broken is the policy of no function",
        |plan| add(plan, "aws_iam_role_policy", json!({})),
    );
    let entry = "module.scale_window[0].aws_eks_access_entry.this[\"prod-a\"]";
    for groups in [
        json!(["day2:threat-containment"]),
        json!(["day2:scale-window", "day2:threat-containment"]),
        json!([]),
    ] {
        caught(law, "not the group of its function", |plan| {
            after(plan, entry)["kubernetes_groups"] = groups.clone();
        });
    }
    caught(law, "aws_eks_access_entry.broken enters a cluster", |plan| {
        add(plan, "aws_eks_access_entry", json!({}));
    });
}
