//! `permissions.json` and the code say the same: what is called is granted, and what is granted is called.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::trees::caught;
use super::{functions, manifest_keys, obeyed, quoted, read_json, reads, shipped_code, text};

/// Whether a text is the name of an IAM action, `service:Operation`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, operation)| {
        !service.is_empty()
            && service
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && operation.starts_with(|c: char| c.is_ascii_uppercase())
            && operation.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// What `day2_aws::boot::for_target` calls at the first use of a configuration that it made. No name of it stands in our code.
const OF_TARGETS: &str = "sts:AssumeRole";

/// The actions that stand in a piece of code.
fn actions_in(code: &str) -> BTreeSet<String> {
    quoted(code)
        .filter(|text| is_action(text))
        .map(str::to_owned)
        .collect()
}

/// Whether a function works with the role of a target: it uses the configuration that the runner hands to `connect`, or asks for
/// one. Whoever does neither says so by a `_` before the name of the parameter.
fn works_with_roles_of_targets(code: &str) -> bool {
    code.contains("for_target(") || !code.contains("async fn connect(_")
}

/// The actions that the code of a function calls: its own, those of the shared crates it is built on, and those of the
/// modules of `day2-reads` that it names.
fn called(root: &Path, name: &str) -> BTreeSet<String> {
    let manifest = text(&root.join("functions").join(name).join("Cargo.toml"));
    let shared = manifest_keys(&manifest, "[dependencies]")
        .into_iter()
        .filter_map(|key| Some(format!("shared/{}/src", key.strip_prefix("day2-")?)));
    let mut actions = BTreeSet::new();
    for folder in shared.chain([format!("functions/{name}/src")]) {
        // The core calls nothing; actions in it are examples. The reads are charged one by one.
        if matches!(folder.as_str(), "shared/core/src" | reads::FOLDER) {
            continue;
        }
        for (_, code) in shipped_code(root, &folder) {
            actions.extend(actions_in(&code));
        }
    }
    let own = shipped_code(root, &format!("functions/{name}/src"));
    let own: String = own.into_iter().map(|(_, code)| code).collect();
    if works_with_roles_of_targets(&own) {
        actions.insert(OF_TARGETS.to_owned());
    }
    let modules = reads::modules(root);
    for module in reads::reached(root, name, &modules) {
        for code in modules.get(&module).into_iter().flatten() {
            actions.extend(actions_in(code));
        }
    }
    actions
}

/// The texts of a field that is a text or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(str::to_owned).into_iter();
    let many = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    one.chain(many).collect()
}

fn granted_is_called(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let file = format!("functions/{name}/permissions.json");
        let policy = match read_json(&root.join(&file)) {
            Ok(policy) => policy,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
        let granted: BTreeSet<String> = statements
            .iter()
            .flat_map(|statement| texts(&statement["Action"]))
            .collect();
        let called = called(root, &name);
        for action in granted.difference(&called) {
            wrong.push(format!(
                "{file} allows {action}, which no code calls; remove it, or, if AWS calls it on our behalf, move it to `implied` with the reason"
            ));
        }
        for action in called.difference(&granted) {
            wrong.push(format!(
                "{file} does not allow {action}, which the code calls; add a statement for it"
            ));
        }
        for statement in &statements {
            if statement["Effect"] != "Allow" {
                wrong.push(format!(
                    "{file}: write only what is allowed; a Deny belongs into a permissions boundary"
                ));
            }
            if statement.get("NotAction").is_some()
                || texts(&statement["Action"])
                    .iter()
                    .any(|action| action.contains('*'))
            {
                wrong.push(format!("{file}: name each action; {statement} grants by pattern"));
            }
        }
        for block in policy["implied"].as_array().into_iter().flatten() {
            if block["reason"].as_str().is_none_or(|reason| reason.len() < 20) {
                wrong.push(format!(
                    "{file}: a block of `implied` has no reason; say who calls it and why"
                ));
            }
        }
    }
    wrong
}

/// Every function stores its reports below a folder of its own and makes the index page anew, and nothing else in the
/// bucket of reports.
fn reports_and_index_are_stored(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let file = format!("functions/{name}/permissions.json");
        let policy = read_json(&root.join(&file)).unwrap_or_default();
        let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
        let stored: BTreeSet<String> = statements
            .iter()
            .filter(|statement| {
                texts(&statement["Action"])
                    .iter()
                    .any(|action| action == "s3:PutObject")
            })
            .flat_map(|statement| texts(&statement["Resource"]))
            .filter(|resource| resource.contains("report_bucket_arn"))
            .collect();
        let wanted = BTreeSet::from([
            format!("${{report_bucket_arn}}/reports/{name}/*"),
            "${report_bucket_arn}/reports/index.html".to_owned(),
        ]);
        if stored != wanted {
            wrong.push(format!(
                "{file}: let s3:PutObject write {wanted:?} in the bucket of reports, and nothing else; it has {stored:?}"
            ));
        }
    }
    wrong
}

#[test]
fn every_function_may_store_its_reports_and_the_index_and_nothing_else_o06() {
    obeyed(reports_and_index_are_stored);
}

#[test]
fn a_function_that_may_write_more_or_no_index_is_found() {
    const FILE: &str = "functions/scale-window/permissions.json";
    let law = reports_and_index_are_stored;
    for (from, to) in [
        (", \"${report_bucket_arn}/reports/index.html\"", ""),
        ("/reports/scale-window/*", "/reports/*"),
        ("/reports/scale-window/*", "/reports/ha-status/*"),
    ] {
        caught(
            law,
            "functions/scale-window/permissions.json: let s3:PutObject write",
            |tree| {
                tree.replace(FILE, from, to);
            },
        );
    }
}

#[test]
fn every_permission_is_used_and_every_call_is_permitted_o06() {
    obeyed(granted_is_called);
}

#[test]
fn a_permission_too_many_or_too_few_is_found_by_its_name() {
    const FILE: &str = "functions/scale-window/permissions.json";
    let law = granted_is_called;
    caught(
        law,
        "allows ec2:TerminateInstances, which no code calls",
        |tree| {
            tree.replace(
                FILE,
                "\"ec2:DescribeInstances\"",
                "\"ec2:DescribeInstances\", \"ec2:TerminateInstances\"",
            );
        },
    );
    caught(law, "does not allow ec2:DescribeNatGateways", |tree| {
        tree.replace(FILE, "\"ec2:DescribeNatGateways\",", "");
    });
    caught(law, "does not allow sts:AssumeRole", |tree| {
        tree.replace(FILE, "\"sts:AssumeRole\"", "");
    });
    caught(
        law,
        "watchdog/permissions.json does not allow sts:AssumeRole",
        |tree| {
            tree.replace(
                "functions/watchdog/src/check.rs",
                "_of_target: &SdkConfig",
                "aws: &SdkConfig",
            );
        },
    );
    caught(
        law,
        "lease-sweeper/permissions.json does not allow sts:AssumeRole",
        |tree| {
            tree.append(
                "functions/lease-sweeper/src/check.rs",
                "\nasync fn other() { boot::for_target(aws, target).await; }\n",
            );
        },
    );
    caught(
        law,
        "scale-window/permissions.json allows sts:AssumeRole",
        |tree| {
            tree.replace(
                "functions/scale-window/src/check.rs",
                "connect(aws:",
                "connect(_aws:",
            );
        },
    );
    caught(law, "does not allow ec2:RunInstances", |tree| {
        tree.append(
            "functions/scale-window/src/gather/database.rs",
            "\nconst ACTION: &str = \"ec2:RunInstances\";\n",
        );
    });
    caught(law, "name each action", |tree| {
        tree.replace(FILE, "\"ec2:DescribeInstances\"", "\"ec2:Describe*\"");
    });
    caught(law, "write only what is allowed", |tree| {
        tree.replace(FILE, "\"Effect\": \"Allow\"", "\"Effect\": \"Deny\"");
    });
    caught(law, "has no reason", |tree| {
        tree.replace(FILE, "\"reason\": \"Lambda writes", "\"why\": \"Lambda writes");
    });
    caught(law, "permissions.json", |tree| {
        tree.write(FILE, "{");
    });
}

#[test]
fn a_function_is_charged_with_the_modules_of_reads_that_it_names_and_with_no_others() {
    const CODE: &str = "functions/scale-window/src/gather/database.rs";
    let law = granted_is_called;
    for named in [
        "use day2_reads::node_groups;",
        "use day2_reads::{node_groups, subnets};",
        "use day2_reads::{\n    metric::{Series, Window},\n    node_groups::{self, NodeGroup},\n};",
        "type Group = day2_reads::node_groups::NodeGroup;",
    ] {
        caught(law, "does not allow eks:ListNodegroups", |tree| {
            tree.append(CODE, &format!("\n{named}\n"));
        });
    }
    caught(
        law,
        "allows rds:DescribeDBInstances, which no code calls",
        |tree| {
            tree.replace(
                CODE,
                "use day2_reads::db_instances::{self, DbInstance};",
                "use crate::elsewhere::{db_instances, DbInstance};",
            );
        },
    );
    // A module that needs another is charged with it.
    caught(law, "does not allow rds:DescribeDBParameters", |tree| {
        tree.append(
            "shared/reads/src/subnets.rs",
            "\nuse crate::db_parameters::named;\n",
        );
    });
    caught(law, "does not allow ec2:RunInstances", |tree| {
        tree.append(
            "shared/reads/src/alarms/rule.rs",
            "\nconst ACTION: &str = \"ec2:RunInstances\";\n",
        );
    });
}
