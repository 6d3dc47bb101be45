//! What Terraform tells the doctor, and that its tests would notice if it did not.

use std::path::Path;

use super::infra::{Fault, noticed};
use super::trees::caught;
use super::{functions, obeyed, text};

const FILE: &str = "infra/fn_doctor.tf";

fn the_doctor_knows_every_function(root: &Path) -> Vec<String> {
    let told = text(&root.join(FILE));
    functions(root)
        .into_iter()
        .filter(|name| !told.contains(&format!("try(module.{}[0].examined, null)", name.replace('-', "_"))))
        .map(|name| {
            let module = name.replace('-', "_");
            format!("{FILE}: add {name} = try(module.{module}[0].examined, null) to doctor_examined, or nobody proves that {name} could work")
        })
        .collect()
}

#[test]
fn every_function_is_examined() {
    obeyed(the_doctor_knows_every_function);
}

#[test]
fn a_function_that_the_doctor_forgets_is_found() {
    caught(
        the_doctor_knows_every_function,
        "add ha-status = try(module.ha_status[0]",
        |tree| {
            tree.replace(FILE, "try(module.ha_status[0].examined, null)", "null");
        },
    );
}

/// What has a `rbac.yaml` enters clusters; the doctor may look at the access entries of these (`doctor_entering_names`).
fn whoever_enters_clusters_has_its_verbs(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let file = format!("infra/fn_{}.tf", name.replace('-', "_"));
        let enters = text(&root.join(&file)).contains("access_entry_clusters ");
        if enters != root.join("functions").join(&name).join("rbac.yaml").is_file() {
            wrong.push(format!(
                "{file}: access_entry_clusters stands there exactly where functions/{name}/rbac.yaml exists"
            ));
        }
    }
    wrong
}

#[test]
fn the_doctor_may_look_at_every_access_entry_that_is_made() {
    let law = whoever_enters_clusters_has_its_verbs;
    obeyed(law);
    caught(law, "infra/fn_ha_status.tf: access_entry_clusters", |tree| {
        tree.remove("functions/ha-status/rbac.yaml");
    });
    caught(law, "infra/fn_watchdog.tf: access_entry_clusters", |tree| {
        tree.append("infra/fn_watchdog.tf", "# access_entry_clusters = []\n");
    });
}

const OF_THE_DOCTOR: [Fault; 13] = [
    (
        "infra/fn_doctor.tf",
        "      watchdog              = try(module.watchdog[0].examined, null)\n",
        "",
        "the doctor must examine every function that is deployed",
    ),
    (
        "infra/modules/ops-function/outputs.tf",
        "name => schedule.input }",
        "name => \"{}\" }",
        "the doctor must be told what Terraform makes",
    ),
    (
        "infra/fn_doctor.tf",
        "{ actions = [\"sqs:SendMessage\"], resources = [local.failure_queue_arn] },",
        "",
        "the doctor must know the role that the schedules of a function call it with",
    ),
    (
        "infra/modules/ops-function/outputs.tf",
        "[for arn in sort(var.alarm_topic_arns) : { principal",
        "[for arn in sort(var.calling_alarm_arns) : { principal",
        "the doctor must know every rule that calls a function",
    ),
    (
        "infra/fn_doctor.tf",
        "sha256(document) if",
        "sha256(key) if",
        "the doctor must know the hash of every settings document",
    ),
    (
        "infra/fn_doctor.tf",
        "values = flatten([values]) }",
        "values = [] }",
        "the doctor must simulate exactly the statements of a role",
    ),
    (
        "infra/fn_doctor.tf",
        "sort(flatten([for function in values(local.actions) : tolist(function.alarm_arns)]))",
        "[]",
        "the doctor must know the alarms that call functions",
    ),
    (
        "infra/fn_doctor.tf",
        "        aws_cloudwatch_metric_alarm.watchdog[*].alarm_name,\n",
        "",
        "the doctor must know every alarm about Day2 itself",
    ),
    (
        "infra/fn_doctor.tf",
        "[for name in keys(local.platforms) : local.settings_targets[name]]",
        "[]",
        "the doctor must look at every platform",
    ),
    (
        "infra/operations.tf",
        "if startswith(arn,",
        "if !startswith(arn,",
        "the doctor must look at the topics of this account and region",
    ),
    (
        "infra/permissions.tf",
        "concat(keys(local.settings_large_of_the_rest), [\"doctor\"])",
        "keys(local.settings_large_of_the_rest)",
        "the doctor must find its settings",
    ),
    (
        "infra/fn_doctor.tf",
        "but = [\"evidence-audit\"] }",
        "but = [] }",
        "O05: what no role may do must be proven",
    ),
    (
        "infra/fn_watchdog.tf",
        "for name, function in local.reporting_functions :",
        "for name, function in local.working_functions :",
        "O03: the watchdog must tell when the doctor is silent",
    ),
];

#[test]
fn each_assertion_about_the_doctor_notices_its_fault() {
    noticed(&OF_THE_DOCTOR, "infra", "doctor.tftest.hcl", "");
}
