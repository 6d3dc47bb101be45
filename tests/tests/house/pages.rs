//! Makefile, scripts and pages name only what exists.

use std::path::Path;

use super::trees::caught;
use super::{functions, names_in, obeyed, read_json, text};

fn commands_exist(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let makefile = text(&root.join("Makefile"));
    let recipes = makefile.lines().filter_map(|line| line.strip_prefix('\t'));
    for word in recipes
        .flat_map(str::split_whitespace)
        .filter_map(|word| word.strip_prefix('@').unwrap_or(word).strip_prefix("scripts/"))
    {
        if !word.is_empty() && !root.join("scripts").join(word).is_file() {
            wrong.push(format!("Makefile calls scripts/{word}, which does not exist"));
        }
    }
    for script in names_in(&root.join("scripts")) {
        let code = text(&root.join("scripts").join(&script));
        if super::is_kind(&script, "txt") {
            continue;
        }
        if !code.starts_with("#!/usr/bin/env bash\n# ") {
            wrong.push(format!(
                "scripts/{script}: begin with #!/usr/bin/env bash and a comment that says what it does"
            ));
        }
        if !code.contains("\nset -euo pipefail\n") && script != "prerequisites" {
            wrong.push(format!(
                "scripts/{script}: add `set -euo pipefail`, or failures go unseen"
            ));
        }
    }
    wrong
}

/// A page tells what a function may do and what it is told.
fn pages_are_complete(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in functions(root) {
        let page = format!("docs/functions/{name}.md");
        let told = text(&root.join(&page));
        let policy = read_json(&root.join(format!("functions/{name}/permissions.json"))).unwrap_or_default();
        for statement in policy["Statement"].as_array().into_iter().flatten() {
            for action in statement["Action"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|action| action.as_str())
            {
                if !told.contains(&format!("`{action}`")) {
                    wrong.push(format!(
                        "{page} does not say why the function may call `{action}`; add a row"
                    ));
                }
            }
        }
        for setting in settings(&text(&root.join(format!("functions/{name}/src/settings/mod.rs")))) {
            if !told.contains(&format!("`{setting}`")) && !told.contains(&format!(".{setting}`")) {
                wrong.push(format!(
                    "{page} does not explain the setting `{setting}`; add a row"
                ));
            }
        }
        let trigger = read_json(&root.join(format!("functions/{name}/trigger.json"))).unwrap_or_default();
        for schedule in trigger["schedules"].as_array().into_iter().flatten() {
            let cron = schedule["cron"].as_str().unwrap_or_default();
            if !told.contains(&format!("`{cron}`")) {
                wrong.push(format!("{page} does not tell the schedule `{cron}`; add it"));
            }
        }
    }
    wrong
}

/// Names of the public fields in a file of settings.
fn settings(code: &str) -> Vec<String> {
    code.lines()
        .filter_map(|line| {
            line.strip_prefix("    pub ")?
                .split_once(':')
                .map(|(name, _)| name.to_owned())
        })
        .filter(|name| !name.contains('('))
        .collect()
}

#[test]
fn every_command_of_the_makefile_exists_and_every_script_stops_at_failures() {
    obeyed(commands_exist);
}

#[test]
fn a_missing_or_careless_script_is_found() {
    caught(commands_exist, "Makefile calls scripts/package", |tree| {
        tree.remove("scripts/package");
    });
    caught(commands_exist, "scripts/new: begin with", |tree| {
        tree.write("scripts/new", "echo hello\n");
    });
    caught(commands_exist, "scripts/demo: add `set -euo pipefail`", |tree| {
        tree.replace("scripts/demo", "set -euo pipefail\n", "");
    });
}

#[test]
fn every_page_tells_permissions_settings_and_schedules() {
    obeyed(pages_are_complete);
}

#[test]
fn a_page_that_leaves_something_out_is_found() {
    caught(
        pages_are_complete,
        "does not say why the function may call `ec2:RunInstances`",
        |tree| {
            let file = "functions/scale-window/permissions.json";
            tree.replace(file, "\"ec2:DescribeInstances\"", "\"ec2:RunInstances\"");
        },
    );
    caught(
        pages_are_complete,
        "does not explain the setting `new_limit`",
        |tree| {
            tree.append(
                "functions/scale-window/src/settings/mod.rs",
                "\npub struct New {\n    pub new_limit: u32,\n}\n",
            );
        },
    );
    caught(
        pages_are_complete,
        "does not tell the schedule `cron(31 6",
        |tree| {
            tree.replace("functions/scale-window/trigger.json", "cron(30 6", "cron(31 6");
        },
    );
}
