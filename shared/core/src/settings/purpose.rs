//! What each required field of the shared document is for, said when it is missing.

/// Path without indexes, and the purpose.
const PURPOSES: &[(&str, &str)] = &[
    ("deployment", "who runs the functions and where reports go"),
    ("targets", "the list of platforms to look at"),
    (
        "function",
        "the settings of this function; {} takes every default",
    ),
    (
        "deployment.name",
        "the short name of this deployment, for example \"day2-prod\"",
    ),
    (
        "deployment.zone",
        "the IANA zone in which schedules, working days and report times are meant",
    ),
    ("deployment.partition", "one of aws, aws-us-gov, aws-cn"),
    ("deployment.topic_arn", "the SNS topic that mails reports"),
    ("deployment.report_bucket", "the S3 bucket that keeps reports"),
    (
        "deployment.journal_table",
        "the DynamoDB table that remembers runs",
    ),
    ("calendar.holidays.date", "the day as YYYY-MM-DD"),
    ("calendar.holidays.name", "what the day is called in reports"),
    ("calendar.exceptions.date", "the day as YYYY-MM-DD"),
    (
        "calendar.exceptions.runs",
        "true when the day is worked, false when it is not",
    ),
    ("calendar.exceptions.why", "the reason, shown in reports"),
    (
        "targets.name",
        "the short name of the target in schedules, subjects and paths",
    ),
    ("targets.account_id", "the 12 digits of the account that owns it"),
    ("targets.region", "the region it runs in, for example us-east-1"),
    ("targets.cluster.name", "the name of the EKS cluster"),
    ("targets.database.engine", "aurora or rds"),
    (
        "targets.database.id",
        "the cluster identifier (aurora) or instance identifier (rds)",
    ),
    ("targets.node_groups.name", "the name used in reports and plans"),
    (
        "targets.node_groups.auto_scaling_group",
        "the Auto Scaling group behind the node group",
    ),
    (
        "targets.node_groups.selector",
        "the node labels that its nodes carry, for example {\"role\": \"worker\"}",
    ),
];

/// The purpose of the field at `path`, if it is a shared one.
pub(super) fn of(path: &str) -> Option<&'static str> {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for character in path.chars() {
        match character {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => plain.push(character),
            _ => {}
        }
    }
    PURPOSES
        .iter()
        .find(|(known, _)| *known == plain)
        .map(|(_, purpose)| *purpose)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_path_into_a_list_finds_its_purpose() {
        assert!(of("targets[3].node_groups[0].selector").is_some_and(|what| what.contains("labels")));
        assert_eq!(of("function.limit"), None);
    }
}
