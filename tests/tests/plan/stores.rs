//! Where things are kept: closed, versioned, encrypted, not for ever; and no secret among them (O10, O12).

use serde_json::{Value, json};

use super::{add, after, all, caught, obeyed, remove, words};

/// What belongs to one bucket: `aws_s3_bucket_versioning.reports` to `aws_s3_bucket.reports`.
fn part<'a>(plan: &'a Value, bucket: &str, kind: &str) -> &'a Value {
    let address = bucket.replacen("aws_s3_bucket", kind, 1);
    let found = all(plan, kind)
        .into_iter()
        .find(|(one, _)| *one == address || one.strip_suffix("[0]") == Some(&address));
    found.map_or(&Value::Null, |(_, one)| one)
}

fn stores_are_closed(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let buckets = all(plan, "aws_s3_bucket");
    must(
        buckets.len() >= 2,
        "the buckets of reports and trail are not planned".to_owned(),
    );
    for (bucket, settings) in buckets {
        let public = part(plan, bucket, "aws_s3_bucket_public_access_block");
        let blocks = [
            "block_public_acls",
            "block_public_policy",
            "ignore_public_acls",
            "restrict_public_buckets",
        ];
        must(
            blocks.iter().all(|block| public[block] == true),
            format!("{bucket} may become public"),
        );
        let versioning = part(plan, bucket, "aws_s3_bucket_versioning");
        must(
            versioning["versioning_configuration"][0]["status"] == "Enabled",
            format!("{bucket} keeps no versions"),
        );
        let encryption = part(plan, bucket, "aws_s3_bucket_server_side_encryption_configuration");
        must(
            encryption["rule"][0]["apply_server_side_encryption_by_default"].is_array(),
            format!("{bucket} says nothing of encryption"),
        );
        let owner = part(plan, bucket, "aws_s3_bucket_ownership_controls");
        must(
            owner["rule"][0]["object_ownership"] == "BucketOwnerEnforced",
            format!("{bucket} knows access control lists"),
        );
        let lifecycle = part(plan, bucket, "aws_s3_bucket_lifecycle_configuration");
        let rules = lifecycle["rule"].as_array().cloned().unwrap_or_default();
        let has = |what: &str| {
            rules
                .iter()
                .any(|rule| rule["status"] == "Enabled" && rule[what][0].is_object())
        };
        must(
            has("expiration")
                && has("noncurrent_version_expiration")
                && has("abort_incomplete_multipart_upload"),
            format!("{bucket} keeps something for ever"),
        );
        must(
            settings["force_destroy"] != true,
            format!("{bucket} is destroyed with what is in it"),
        );
    }
    for (table, settings) in all(plan, "aws_dynamodb_table") {
        must(
            settings["point_in_time_recovery"][0]["enabled"] == true
                && settings["server_side_encryption"][0]["enabled"] == true
                && settings["deletion_protection_enabled"] == true,
            format!("{table} can be lost"),
        );
    }
    for (topic, settings) in all(plan, "aws_sns_topic") {
        must(
            words(&settings["kms_master_key_id"]).contains(":key/"),
            format!("{topic} is not encrypted with the deployment's key"),
        );
    }
    for (queue, settings) in all(plan, "aws_sqs_queue") {
        must(
            settings["sqs_managed_sse_enabled"] == true,
            format!("{queue} is not encrypted"),
        );
    }
    wrong
}

#[test]
fn what_is_kept_is_closed_versioned_and_encrypted_o10() {
    obeyed(stores_are_closed);
    let law = stores_are_closed;
    caught(law, "aws_s3_bucket.reports may become public", |plan| {
        after(plan, "aws_s3_bucket_public_access_block.reports")["ignore_public_acls"] = json!(false);
    });
    caught(law, "aws_s3_bucket.trail[0] keeps no versions", |plan| {
        remove(plan, "aws_s3_bucket_versioning.trail");
    });
    caught(law, "aws_s3_bucket.reports says nothing of encryption", |plan| {
        remove(plan, "aws_s3_bucket_server_side_encryption_configuration.reports");
    });
    caught(law, "aws_s3_bucket.reports knows access control lists", |plan| {
        after(plan, "aws_s3_bucket_ownership_controls.reports")["rule"][0]["object_ownership"] =
            json!("ObjectWriter");
    });
    caught(law, "aws_s3_bucket.trail[0] keeps something for ever", |plan| {
        after(plan, "aws_s3_bucket_lifecycle_configuration.trail[0]")["rule"][0]["status"] =
            json!("Disabled");
    });
    caught(law, "aws_s3_bucket.reports is destroyed", |plan| {
        after(plan, "aws_s3_bucket.reports")["force_destroy"] = json!(true);
    });
    caught(law, "aws_dynamodb_table.journal can be lost", |plan| {
        after(plan, "aws_dynamodb_table.journal")["deletion_protection_enabled"] = json!(false);
    });
    caught(law, "aws_sns_topic.operations[0] is not encrypted", |plan| {
        after(plan, "aws_sns_topic.operations[0]")["kms_master_key_id"] = json!("alias/aws/sns");
    });
    caught(law, "aws_sqs_queue.failures is not encrypted", |plan| {
        after(plan, "aws_sqs_queue.failures")["sqs_managed_sse_enabled"] = json!(false);
    });
}

/// Resources whose state would hold a secret.
const SECRET_IN_STATE: [&str; 8] = [
    "aws_iam_access_key",
    "aws_iam_user_login_profile",
    "aws_secretsmanager_secret_version",
    "aws_ssm_parameter",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_key_pair",
    "aws_eks_cluster_auth",
];

fn nothing_secret_is_planned(plan: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        if SECRET_IN_STATE.contains(&words(&change["type"])) {
            wrong.push(format!(
                "{} puts a secret into the state",
                words(&change["address"])
            ));
        }
        for secret in crate::house::secrets_in(&change["change"]["after"].to_string()) {
            wrong.push(format!("{} holds {secret}", words(&change["address"])));
        }
    }
    for (address, function) in all(plan, "aws_lambda_function") {
        let variables = function["environment"][0]["variables"].as_object();
        for name in variables.into_iter().flat_map(serde_json::Map::keys) {
            if !["DAY2_SETTINGS", "DAY2_SETTINGS_SHA256"].contains(&name.as_str()) {
                wrong.push(format!(
                    "{address} has the variable {name}; settings are one document, and no secret"
                ));
            }
        }
    }
    wrong
}

#[test]
fn no_secret_is_in_an_environment_or_in_the_state_o12() {
    obeyed(nothing_secret_is_planned);
    let law = nothing_secret_is_planned;
    let function = "module.ha_status[0].aws_lambda_function.this";
    caught(law, "has the variable TOKEN", |plan| {
        after(plan, function)["environment"][0]["variables"]["TOKEN"] = json!("x");
    });
    caught(law, "holds an access key", |plan| {
        // In two pieces, so that this file is not found itself.
        let settings = format!("{{\"key\":\"{}{}\"}}", "AKIA", "IOSFODNN7EXAMPLE");
        after(plan, function)["environment"][0]["variables"]["DAY2_SETTINGS"] = json!(settings);
    });
    caught(law, "holds a password", |plan| {
        let settings = "{\"database\":{\"password\":\"hunter2\"}}";
        after(plan, function)["environment"][0]["variables"]["DAY2_SETTINGS"] = json!(settings);
    });
    caught(law, "puts a secret into the state", |plan| {
        add(plan, "aws_secretsmanager_secret_version", json!({}));
    });
}
