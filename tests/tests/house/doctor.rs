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

const OF_THE_DOCTOR: [Fault; 11] = [
    (
        "infra/fn_doctor.tf",
        "      watchdog              = try(module.watchdog[0].examined, null)\n",
        "",
        "the doctor must examine every function that is deployed",
    ),
    (
        "infra/modules/ops-function/outputs.tf",
        "{ for name, schedule in local.schedules : name => schedule.expression }",
        "{}",
        "the doctor must be told what Terraform makes",
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
