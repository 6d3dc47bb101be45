use day2_core::settings::read;
use serde_json::{Value, json};

use super::BackupSettings;
use crate::assess::tests::world::document;

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = document();
    change(&mut document["function"]["targets"]["prod-a"]);
    match read::<BackupSettings>(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.as_slice().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_sound_document_has_no_mistake_and_sensible_limits() {
    assert_eq!(mistakes(|_| {}), Vec::<String>::new());
    let settings = read::<BackupSettings>(&document().to_string()).unwrap();
    let plan = &settings.function.targets["prod-a"];
    let database = plan.database.as_ref().unwrap();
    assert_eq!(
        (
            database.min_retention_days,
            database.max_restorable_lag_minutes,
            database.encryption
        ),
        (7, 15, true)
    );
    let velero = plan.velero.as_ref().unwrap();
    assert!((velero.item_drop_percent() - 20.0).abs() < 1e-9);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let found = mistakes(|plan| {
        plan["database"]["min_retention_days"] = json!("seven");
        plan["copies"][0]["region"] = json!("us-west-2b");
        plan["aws_backup"]["look_back_days"] = json!(-1);
        plan["velero"]["namespace"] = json!("velero");
        plan["dumps"][0]["bucket"] = json!("Dumps!");
        plan["restore_proof"]["declared"] = json!({"on": "yesterday", "by": "Ada"});
    });
    assert_eq!(found.len(), 6, "{found:#?}");
    for path in [
        "database.min_retention_days",
        "copies[0].region",
        "aws_backup.look_back_days",
        "velero.namespace",
        "dumps[0].bucket",
        "restore_proof.declared.on",
    ] {
        assert!(
            found.iter().any(|line| line.contains(path)),
            "{path} is not named in {found:#?}"
        );
    }
}

#[test]
fn each_rule_between_fields_has_its_own_message() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 19] = [
        (
            |plan| plan["database"]["max_snapshot_age_hours"] = json!(24),
            "fails every day around the backup window",
        ),
        (
            |plan| plan["database"]["backup_window"] = json!("2 am"),
            "is not a window",
        ),
        (
            |plan| plan["database"]["min_retention_days"] = json!(36),
            "is more than RDS can keep",
        ),
        (
            |plan| plan["copies"] = json!([]),
            "is neither declared nor left out in writing",
        ),
        (
            |plan| plan["not_checked"] = json!(["velero"]),
            "is declared and left out at once",
        ),
        (
            |plan| plan["copies"] = json!([{"region": "us-west-2"}, {"region": "us-west-2"}]),
            "is used by an earlier copy too",
        ),
        (
            |plan| plan["copies"][0]["role_arn"] = json!("arn:aws:sns:us-east-1:123456789012:x"),
            "is not the ARN of a role",
        ),
        (
            |plan| plan["copies"][0] = json!({"region": "us-west-2", "through": "copy_jobs", "role_arn": "arn:aws:iam::210987654321:role/copies"}),
            "is not assumed to read copy jobs",
        ),
        (
            |plan| plan["copies"][0] = json!({"region": "us-west-2", "account_id": "210987654321"}),
            "is used with copy jobs only",
        ),
        (
            |plan| {
                let copy =
                    json!({"region": "us-west-2", "through": "copy_jobs", "account_id": "210987654321"});
                plan["copies"] = json!([copy, copy]);
            },
            "is used by an earlier copy too",
        ),
        (
            |plan| plan["aws_backup"]["look_back_days"] = json!(31),
            "is not within 1 and 30",
        ),
        (
            |plan| plan["velero"]["compare_last"] = json!(2),
            "is not within 3 and 60",
        ),
        (
            |plan| plan["velero"]["grace_minutes"] = json!(0),
            "would fail always",
        ),
        (
            |plan| plan["dumps"][0]["min_bytes"] = json!(0),
            "would take an empty object for a dump",
        ),
        (
            |plan| plan["dumps"][0]["prefix"] = json!(""),
            "would look at the whole bucket",
        ),
        (|plan| plan["dumps"][0]["name"] = json!(""), "is empty"),
        (
            |plan| plan["restore_proof"] = json!({}),
            "names no place where a proof could be read",
        ),
        (
            |plan| plan["restore_proof"]["declared"] = json!({"on": "2026-11-01", "by": " "}),
            "names nobody",
        ),
        (
            |plan| plan["restore_proof"]["record"] = json!({"bucket": "drills", "key": "drills/"}),
            "is not the key of an object",
        ),
    ];
    for (change, words) in cases {
        let found = mistakes(change);
        assert!(
            found.iter().any(|line| line.contains(words)),
            "{words} is not said in {found:#?}"
        );
    }
}

#[test]
fn one_region_may_hold_copies_of_several_kinds_and_accounts() {
    let found = mistakes(|plan| {
        plan["copies"] = json!([
            {"region": "us-west-2"}, {"region": "us-west-2", "through": "aws_backup"},
            {"region": "us-west-2", "role_arn": "arn:aws:iam::210987654321:role/copies", "through": "aws_backup"},
            {"region": "us-west-2", "through": "copy_jobs"},
            {"region": "us-west-2", "through": "copy_jobs", "account_id": "210987654321"},
        ]);
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_part_left_out_in_writing_is_no_mistake() {
    assert_eq!(
        mistakes(|plan| {
            *plan = json!({"dumps": plan["dumps"], "not_checked": ["database", "copies", "aws_backup", "velero", "restore_proof"]});
        }),
        Vec::<String>::new()
    );
}
