//! The table of functions in the README is written from what the functions say of themselves: the description in `Cargo.toml`,
//! the program's way to serve, and `trigger.json`. `make docs` writes it.

use std::path::Path;

use serde_json::Value;

use super::trees::caught;
use super::{functions, obeyed, read_json, root, text};

const README: &str = "README.md";
const BEGIN: &str = "<!-- functions: written by `make docs` -->\n\n";
const END: &str = "\n<!-- functions: end -->\n";
const HEAD: &str = "| function | kind | what it does | triggers |\n|---|---|---|---|\n";
/// Set, the table is written and then looked at.
const WRITE: &str = "DAY2_WRITE_README";

const DAYS: [(&str, &str); 7] = [
    ("MON", "Monday"),
    ("TUE", "Tuesday"),
    ("WED", "Wednesday"),
    ("THU", "Thursday"),
    ("FRI", "Friday"),
    ("SAT", "Saturday"),
    ("SUN", "Sunday"),
];

/// When an expression of the Scheduler fires, in words; the expression itself where there are none for it.
fn when(expression: &str) -> String {
    let said = rate(expression).or_else(|| clock(expression));
    said.unwrap_or_else(|| format!("`{expression}`"))
}

fn inner<'a>(expression: &'a str, kind: &str) -> Option<Vec<&'a str>> {
    let fields = expression
        .strip_prefix(kind)?
        .strip_prefix('(')?
        .strip_suffix(')')?;
    Some(fields.split(' ').collect())
}

fn rate(expression: &str) -> Option<String> {
    match inner(expression, "rate")?.as_slice() {
        ["7", "days"] => Some("every week".to_owned()),
        ["1", unit] => Some(format!("every {unit}")),
        [count, unit] => Some(format!("every {count} {unit}")),
        _ => None,
    }
}

fn clock(expression: &str) -> Option<String> {
    let fields = inner(expression, "cron")?;
    let [minute, hour, of_month, "*", of_week, "*"] = fields.as_slice() else {
        return None;
    };
    let clock = format!(
        "{:02}:{:02}",
        hour.parse::<u8>().ok()?,
        minute.parse::<u8>().ok()?
    );
    match (*of_month, *of_week) {
        ("*", "?") => Some(clock),
        ("?", day) => {
            let (_, name) = DAYS.iter().find(|(short, _)| *short == day)?;
            Some(format!("{name} {clock}"))
        }
        _ => None,
    }
}

/// Who calls a function.
fn triggers(trigger: &Value) -> String {
    let mut all = Vec::new();
    let schedules = trigger["schedules"].as_array().into_iter().flatten();
    let expressions: Vec<&str> = schedules.filter_map(|one| one["cron"].as_str()).collect();
    if !expressions.is_empty() {
        let times: Vec<String> = expressions.iter().map(|one| when(one)).collect();
        let zone = expressions.iter().any(|one| one.starts_with("cron("));
        let zone = if zone { " in your zone" } else { "" };
        all.push(format!("Scheduler {}{zone}", times.join(", ")));
    }
    for pattern in trigger["event_patterns"].as_array().into_iter().flatten() {
        all.push(match pattern["detail-type"][0].as_str().unwrap_or_default() {
            "CloudWatch Alarm State Change" => "CloudWatch alarm".to_owned(),
            "GuardDuty Finding" => "GuardDuty finding".to_owned(),
            other => other.to_owned(),
        });
    }
    all.push(if all.is_empty() { "by hand only" } else { "by hand" }.to_owned());
    all.join("; ")
}

/// One row, or what a function does not say of itself.
fn row(root: &Path, name: &str) -> Result<String, String> {
    let own = root.join("functions").join(name);
    let manifest = text(&own.join("Cargo.toml"));
    let description = manifest
        .lines()
        .find_map(|line| line.strip_prefix("description = \"")?.strip_suffix(".\""))
        .filter(|words| !words.contains(['|', '"', '\\']));
    let description = description.ok_or_else(|| {
        format!("functions/{name}/Cargo.toml: give it a description, one sentence with a full stop and without `|`")
    })?;
    let program = text(&own.join("src/main.rs"));
    let kind = if program.contains("serve::<") {
        "check"
    } else if program.contains("serve_action::<") || program.contains("serve_app::<") {
        "action"
    } else {
        return Err(format!(
            "functions/{name}/src/main.rs serves neither a check nor an action"
        ));
    };
    let trigger = read_json(&own.join("trigger.json"))?;
    Ok(format!(
        "| [`{name}`](docs/functions/{name}.md) | {kind} | {description} | {} |\n",
        triggers(&trigger)
    ))
}

/// The README as it should be. Rows keep their order, which is that of a reader; what is new comes last.
fn written(root: &Path) -> Result<String, Vec<String>> {
    let readme = text(&root.join(README));
    let parts = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let Some((before, (table, after))) = parts else {
        return Err(vec![format!(
            "{README} has no place for the table of functions, between {BEGIN:?} and {END:?}"
        )]);
    };
    let mut names = functions(root);
    names.sort_by_key(|name| table.find(&format!("[`{name}`]")).unwrap_or(usize::MAX));
    let (mut rows, mut wrong) = (String::new(), Vec::new());
    for name in names {
        match row(root, &name) {
            Ok(row) => rows.push_str(&row),
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() {
        Ok(format!("{before}{BEGIN}{HEAD}{rows}{END}{after}"))
    } else {
        Err(wrong)
    }
}

fn table_is_what_the_functions_say(root: &Path) -> Vec<String> {
    let readme = text(&root.join(README));
    match written(root) {
        Err(wrong) => wrong,
        Ok(wanted) if wanted == readme => Vec::new(),
        Ok(wanted) => {
            let missing = wanted.lines().find(|line| !readme.contains(line));
            vec![format!(
                "the table of functions in {README} is not what the functions say; run `make docs`. It should have: {}",
                missing.unwrap_or("fewer rows")
            )]
        }
    }
}

#[test]
fn the_table_of_functions_is_what_the_functions_say() {
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(root().join(README), written(&root()).unwrap()).unwrap();
    }
    obeyed(table_is_what_the_functions_say);
}

#[test]
fn a_table_that_is_not_what_the_functions_say_is_found() {
    let law = table_is_what_the_functions_say;
    let seed = |file: &str, from: &str, to: &str, says: &str| {
        caught(law, says, |tree| {
            tree.replace(file, from, to);
        });
    };
    seed(
        "functions/scale-window/trigger.json",
        "cron(0 7 * * ? *)",
        "cron(15 7 ? * TUE *)",
        "Scheduler 06:30, Tuesday 07:15, 18:30 in your zone; by hand |",
    );
    seed(
        "functions/watchdog/trigger.json",
        "rate(30 minutes)",
        "rate(1 hour)",
        "Scheduler every hour; by hand |",
    );
    seed(
        "functions/threat-containment/trigger.json",
        "GuardDuty Finding",
        "Security Hub Finding",
        "Security Hub Finding; by hand |",
    );
    seed(
        "functions/watchdog/src/main.rs",
        "serve::<",
        "serve_action::<",
        "(docs/functions/watchdog.md) | action |",
    );
    seed(
        "functions/watchdog/src/main.rs",
        "serve::<",
        "run::<",
        "functions/watchdog/src/main.rs serves neither",
    );
    seed(
        "functions/watchdog/Cargo.toml",
        "description = \"",
        "description = \"Barks; ",
        "| check | Barks; ",
    );
    seed(
        "functions/watchdog/Cargo.toml",
        "description",
        "about",
        "functions/watchdog/Cargo.toml: give it a description",
    );
    seed(README, "| by hand only |", "| by hand |", "| by hand only |");
    seed(
        README,
        "[`watchdog`]",
        "[`dog`]",
        "[`watchdog`](docs/functions/watchdog.md) |",
    );
    seed(README, "<!-- functions: end -->", "", "no place for the table");
    caught(law, "fewer rows", |tree| {
        tree.replace(README, END, &format!("| one | too | many | rows |\n{END}"));
    });
    caught(law, "functions/watchdog/Cargo.toml: give it", |tree| {
        tree.remove("functions/watchdog/Cargo.toml");
    });
}

#[test]
fn an_expression_that_has_no_words_is_shown_as_it_is() {
    for (expression, words) in [
        ("cron(5 6 * * ? *)", "06:05"),
        ("cron(0 8 ? * FRI *)", "Friday 08:00"),
        ("rate(5 minutes)", "every 5 minutes"),
        ("rate(1 day)", "every day"),
        ("rate(7 days)", "every week"),
        ("cron(0 8 ? * MON-FRI *)", "`cron(0 8 ? * MON-FRI *)`"),
        ("cron(0 8 1 * ? *)", "`cron(0 8 1 * ? *)`"),
        ("cron(0/5 8 * * ? *)", "`cron(0/5 8 * * ? *)`"),
        ("at(2026-11-21T12:00:00)", "`at(2026-11-21T12:00:00)`"),
    ] {
        assert_eq!(when(expression), words);
    }
}
