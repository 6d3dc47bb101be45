//! `DOC-061`: the logs of the functions are kept as long as was set, and encrypted with the key of the deployment.

use day2_core::Item;

use super::Tally;
use crate::facts::Facts;
use crate::settings::DoctorSettings;

const KEPT: (&str, &str) = ("DOC-061", "every log is kept as it was set");

pub(super) fn are_kept(facts: &Facts, settings: &DoctorSettings) -> Option<Item> {
    const APPLY: &str = "run terraform apply, which sets it again";
    let mut tally = Tally::default();
    for (name, seen) in &facts.logs {
        let Some(function) = settings.functions.get(name) else {
            continue;
        };
        let wanted = function.log_group.retention_days;
        match seen {
            Err(why) => tally.unread(name, why, "its log group is gone", APPLY),
            Ok(logs) => {
                let mut wrong = Vec::new();
                match logs.retention_days {
                    Some(days) if days == wanted => {}
                    Some(days) => wrong.push(format!("its log is kept for {days} days, not {wanted}")),
                    None => wrong.push(format!("its log is kept for ever, not {wanted} days")),
                }
                if !logs.encrypted {
                    wrong.push("its log is not encrypted with a key of its own".to_owned());
                }
                if wrong.is_empty() {
                    tally.good();
                } else {
                    tally.bad(name, wrong.join(", "), APPLY);
                }
            }
        }
    }
    let remedy = "somebody changed or deleted a log group beside Terraform: see its plan, and apply it";
    tally.item_if_any(KEPT, "log groups", remedy)
}
