//! The table of functions in the README says what is there, and when it runs.

use std::path::Path;

use super::trees::caught;
use super::{functions, obeyed, read_json, text};

/// How the table may say when a schedule fires.
fn said(cron: &str) -> Vec<String> {
    let clock = cron.strip_prefix("cron(").and_then(|rest| {
        let mut fields = rest.split(' ');
        let (minute, hour) = (
            fields.next()?.parse::<u8>().ok()?,
            fields.next()?.parse::<u8>().ok()?,
        );
        Some(format!("{hour:02}:{minute:02}"))
    });
    let words: &[&str] = match cron {
        "rate(5 minutes)" => &["every 5 minutes", "every five minutes"],
        "rate(30 minutes)" => &["every half hour"],
        "rate(1 hour)" => &["every hour"],
        "rate(1 day)" => &["every day"],
        "rate(7 days)" => &["every week"],
        _ => &[],
    };
    let mut said: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    said.extend(clock);
    if said.is_empty() {
        said.push(cron.to_owned());
    }
    said
}

fn table_is_true(root: &Path) -> Vec<String> {
    let readme = text(&root.join("README.md"));
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .filter(|line| line.starts_with("| [`"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let names = functions(root);
    let mut wrong = Vec::new();
    for row in &rows {
        let known = names
            .iter()
            .any(|name| row[1] == format!("[`{name}`](docs/functions/{name}.md)"));
        if !known {
            wrong.push(format!(
                "README.md has a row for {}, which is no function with its page",
                row[1]
            ));
        }
    }
    for name in names {
        let cell = format!("[`{name}`](docs/functions/{name}.md)");
        let own: Vec<&Vec<&str>> = rows.iter().filter(|row| row[1] == cell).collect();
        let [row] = own.as_slice() else {
            wrong.push(format!(
                "README.md needs one row for {name} in the table of functions, and has {}",
                own.len()
            ));
            continue;
        };
        if row.len() != 6 || !["check", "action"].contains(&row[2]) || row[3].is_empty() {
            wrong.push(format!(
                "README.md: the row of {name} needs its kind (check or action), what it does, its triggers"
            ));
            continue;
        }
        let trigger = read_json(&root.join(format!("functions/{name}/trigger.json"))).unwrap_or_default();
        let schedules = trigger["schedules"].as_array().cloned().unwrap_or_default();
        if schedules.is_empty() == row[4].contains("Scheduler") {
            wrong.push(format!(
                "README.md: the row of {name} must say Scheduler where trigger.json has schedules, and nowhere else"
            ));
        }
        for cron in schedules.iter().filter_map(|schedule| schedule["cron"].as_str()) {
            if !said(cron).iter().any(|word| row[4].contains(word)) {
                wrong.push(format!(
                    "README.md: the row of {name} does not say {} for {cron}",
                    said(cron).join(" or ")
                ));
            }
        }
        let listens = trigger["event_patterns"]
            .as_array()
            .is_some_and(|patterns| !patterns.is_empty());
        if listens && !["alarm", "finding"].iter().any(|word| row[4].contains(word)) {
            wrong.push(format!(
                "README.md: the row of {name} does not say which event calls it"
            ));
        }
        if !row[4].contains("by hand") {
            wrong.push(format!(
                "README.md: the row of {name} does not say that it can be called by hand"
            ));
        }
    }
    wrong
}

#[test]
fn the_table_of_functions_is_true() {
    obeyed(table_is_true);
}

#[test]
fn a_wrong_row_is_found() {
    let law = table_is_true;
    let seed = |from: &str, to: &str, says: &str| {
        caught(law, says, |tree| {
            tree.replace("README.md", from, to);
        });
    };
    seed(
        "07:00, 18:30",
        "18:30",
        "the row of scale-window does not say 07:00 for cron(0 7 * * ? *)",
    );
    seed(
        "every half hour",
        "now and then",
        "the row of watchdog does not say every half hour",
    );
    seed(
        "| [`watchdog`]",
        "| [`dog`]",
        "one row for watchdog in the table of functions, and has 0",
    );
    seed("| [`watchdog`]", "| [`dog`]", "has a row for [`dog`]");
    seed(
        "| by hand, and by approval only |",
        "| Scheduler; by hand |",
        "the row of threat-release must say Scheduler where",
    );
    seed(
        "| GuardDuty finding; by hand |",
        "| by hand |",
        "the row of threat-containment does not say which event",
    );
    seed(
        "| GuardDuty finding; by hand |",
        "| GuardDuty finding |",
        "does not say that it can be called by hand",
    );
    seed(
        "(docs/functions/watchdog.md) | check |",
        "(docs/functions/watchdog.md) | dog |",
        "the row of watchdog needs its kind",
    );
}
