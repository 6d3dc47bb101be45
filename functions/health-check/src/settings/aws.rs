//! Mistakes in the parts of a plan that look at AWS and at endpoints.

use day2_core::settings::Checker;

use super::{Group, Plan, alarms, database, eks, security, volumes};

pub(super) fn validate(plan: &Plan, at: &mut Checker<'_>) {
    at.field("alarms", |at| alarms::validate(&plan.alarms, at));
    at.field("security", |at| security::validate(&plan.security, at));
    at.field("eks", |at| eks::validate(&plan.eks, at));
    at.field("database", |at| database::validate(&plan.database, at));
    at.field("volumes", |at| volumes::validate(&plan.volumes, at));
    day2_probe::validate(at, &plan.probes);
    let looked_at = plan.looks_at(Group::Endpoints);
    at.require(
        !plan.probes.is_empty() || !looked_at,
        "probes",
        "[]",
        "declares no endpoint, and no other look shows whether users are served",
        "declare one, or add \"endpoints\" to not_checked",
    );
    at.require(
        plan.probes.is_empty() || looked_at,
        "not_checked",
        "endpoints",
        "is declared and left out at once",
        "keep one of the two",
    );
}
