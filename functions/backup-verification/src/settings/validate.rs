//! Mistakes that show only when fields are seen together.

use day2_core::settings::{Checker, Validate};

use super::{BackupSettings, DatabasePolicy, DumpPolicy, Part, Plan, ProofPolicy, Through};
use crate::assess::window::Window;

impl Validate for BackupSettings {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            !self.targets.is_empty(),
            "targets",
            "{}",
            "plans nothing",
            "add a plan for each target",
        );
        at.field("targets", |at| {
            for (target, plan) in self.targets.iter() {
                at.target_named(target, target);
                at.field(target, |at| plan_of(plan, at));
            }
        });
    }
}

fn plan_of(plan: &Plan, at: &mut Checker<'_>) {
    left_out(plan, at);
    if let Some(policy) = &plan.database {
        at.field("database", |at| database(policy, at));
    }
    at.each("copies", &plan.copies, |at, copy| {
        positive(at, &[("max_age_hours", copy.max_age_hours)]);
        if let Some(role) = &copy.role_arn {
            let is_role = role.service() == "iam" && role.resource().starts_with("role/");
            at.require(
                is_role && role.partition() == copy.region.partition(),
                "role_arn",
                role,
                "is not the ARN of a role in the partition of the region",
                "write arn:…:iam::ACCOUNT:role/NAME",
            );
            at.require(
                copy.through != Through::CopyJobs,
                "role_arn",
                role,
                "is not assumed to read copy jobs, which are at home",
                "write account_id, or through = aws_backup to look into the other account",
            );
        }
        if let Some(account) = &copy.account_id {
            at.require(
                copy.through == Through::CopyJobs,
                "account_id",
                account,
                "is used with copy jobs only",
                "name a role of that account in role_arn",
            );
        }
    });
    at.unique(
        "copies",
        "region",
        "copy",
        plan.copies.iter().map(|copy| {
            let role = copy.role_arn.as_ref().map_or("", |role| role.as_str());
            let account = copy.account_id.as_ref().map_or("", |account| account.as_str());
            format!("{} {role}{account} {:?}", copy.region, copy.through)
        }),
    );
    if let Some(policy) = &plan.aws_backup {
        at.field("aws_backup", |at| {
            positive(at, &[("max_age_hours", policy.max_age_hours)]);
            at.require(
                (1..=30).contains(&policy.look_back_days),
                "look_back_days",
                policy.look_back_days,
                "is not within 1 and 30",
                "AWS Backup keeps jobs for 30 days",
            );
        });
    }
    if let Some(policy) = &plan.velero {
        at.field("velero", |at| {
            positive(
                at,
                &[
                    ("grace_minutes", policy.grace_minutes),
                    ("max_age_hours", policy.max_age_hours),
                    ("look_back_days", policy.look_back_days),
                    ("max_validation_age_minutes", policy.max_validation_age_minutes),
                ],
            );
            enough_to_compare(at, policy.compare_last);
        });
    }
    at.unique("dumps", "name", "dump", plan.dumps.iter().map(|dump| &dump.name));
    at.each("dumps", &plan.dumps, dump);
    if let Some(policy) = &plan.restore_proof {
        at.field("restore_proof", |at| proof(policy, at));
    }
}

fn database(policy: &DatabasePolicy, at: &mut Checker<'_>) {
    positive(
        at,
        &[
            ("min_retention_days", policy.min_retention_days),
            ("max_restorable_lag_minutes", policy.max_restorable_lag_minutes),
        ],
    );
    at.require(
        policy.min_retention_days <= 35,
        "min_retention_days",
        policy.min_retention_days,
        "is more than RDS can keep",
        "write 1 to 35; AWS Backup keeps longer",
    );
    if let Some(hours) = policy.max_snapshot_age_hours {
        at.require(
            hours >= 25,
            "max_snapshot_age_hours",
            hours,
            "fails every day around the backup window",
            "leave it out, or write 26 to 30 for daily snapshots",
        );
    }
    if let Some(window) = &policy.backup_window {
        at.require(
            Window::parse(window).is_some(),
            "backup_window",
            window,
            "is not a window",
            "write hh:mm-hh:mm in UTC as RDS does, for example \"02:00-02:30\"",
        );
    }
}

fn dump(at: &mut Checker<'_>, dump: &DumpPolicy) {
    at.require(
        !dump.name.is_empty(),
        "name",
        "\"\"",
        "is empty",
        "name the dump for the report",
    );
    positive(at, &[("max_age_hours", dump.max_age_hours)]);
    at.require(
        dump.min_bytes > 0,
        "min_bytes",
        dump.min_bytes,
        "would take an empty object for a dump",
        "write at least 1",
    );
    at.require(
        !dump.prefix.is_empty() && !dump.prefix.starts_with('/'),
        "prefix",
        &dump.prefix,
        "would look at the whole bucket, or at nothing",
        "write how the keys begin, for example pg/prod/",
    );
    enough_to_compare(at, dump.compare_last);
}

fn proof(policy: &ProofPolicy, at: &mut Checker<'_>) {
    positive(at, &[("max_age_days", policy.max_age_days)]);
    let named = policy.aws_backup || policy.velero || policy.record.is_some() || policy.declared.is_some();
    at.require(
        named,
        "",
        "{}",
        "names no place where a proof could be read",
        "add aws_backup, velero, record or declared",
    );
    if let Some(declared) = &policy.declared {
        at.field("declared", |at| {
            at.require(
                !declared.by.trim().is_empty(),
                "by",
                "\"\"",
                "names nobody",
                "write who did the drill and answers for it",
            );
        });
    }
    if let Some(record) = &policy.record {
        at.field("record", |at| {
            at.require(
                !record.key.is_empty() && !record.key.ends_with('/'),
                "key",
                &record.key,
                "is not the key of an object",
                "write the whole key, for example drills/prod-a.json",
            );
        });
    }
}

fn positive(at: &mut Checker<'_>, fields: &[(&str, u32)]) {
    for (field, value) in fields {
        at.require(*value > 0, field, value, "would fail always", "write at least 1");
    }
}

fn enough_to_compare(at: &mut Checker<'_>, last: u32) {
    at.require(
        (3..=60).contains(&last),
        "compare_last",
        last,
        "is not within 3 and 60",
        "a median needs at least 3; 7 is a week of daily backups",
    );
}

/// Each part is either declared or left out in writing.
fn left_out(plan: &Plan, at: &mut Checker<'_>) {
    let declared = [
        (Part::Database, plan.database.is_some()),
        (Part::Copies, !plan.copies.is_empty()),
        (Part::AwsBackup, plan.aws_backup.is_some()),
        (Part::Velero, plan.velero.is_some()),
        (Part::Dumps, !plan.dumps.is_empty()),
        (Part::RestoreProof, plan.restore_proof.is_some()),
    ];
    for (part, declared) in declared {
        let word = part.word();
        let left_out = plan.not_checked.contains(&part);
        at.require(
            declared || left_out,
            "not_checked",
            word,
            "is neither declared nor left out in writing",
            format!("declare it, or add \"{word}\" to not_checked"),
        );
        at.require(
            !(declared && left_out),
            "not_checked",
            word,
            "is declared and left out at once",
            "keep one of the two",
        );
    }
}
