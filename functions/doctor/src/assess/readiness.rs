//! `DOC-801`: whether the doctor could work, asked by a self-check.

use day2_core::{Item, Verdict};

use super::population;
use crate::settings::DoctorSettings;

/// Whether it was told what to examine. Whether it may, shows an examination: each of its rights has a line of its own.
pub(crate) fn knows_what_to_examine(settings: &DoctorSettings) -> Item {
    let functions = settings.functions.len();
    let schedules: usize = settings.functions.values().map(|one| one.schedules.len()).sum();
    Item::judge(
        "DOC-801",
        "the doctor knows what to examine",
        Verdict::Pass,
        population(functions, 1),
        format!(
            "{functions} functions, {schedules} schedules, {} platforms",
            settings.platforms.len()
        ),
    )
    .remedy("deploy it with its Terraform module, which tells it what else is deployed")
}
