//! What may not stand in code, how long a file may be, and that every test is run.

use std::path::Path;

use super::trees::caught;
use super::{files_below, functions, is_test_code, names_in, obeyed, shipped_code, text};

/// Words that never ship, and what to do instead.
const BANNED: [(&str, &str); 8] = [
    (
        "danger_accept_invalid",
        "trust the cluster's own CA; see shared/kube/src/tls.rs",
    ),
    (
        ".dangerous()",
        "trust the cluster's own CA; see shared/kube/src/tls.rs",
    ),
    (
        "#[allow(",
        "write #[expect(…, reason = \"…\")]: it complains when it is no longer needed",
    ),
    (
        "#![allow(",
        "write #[expect(…, reason = \"…\")] where it is needed",
    ),
    ("todo!(", "finish it, or leave it out"),
    ("unimplemented!(", "finish it, or leave it out"),
    ("env::set_var", "pass the value as an argument"),
    (
        "std::process::Command",
        "call the API: Lambda has no programs to start",
    ),
];

/// The one reader of the environment.
const READS_ENVIRONMENT: &str = "shared/aws/src/boot.rs";

fn nothing_banned_ships(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, code) in shipped_code(root, "shared")
        .into_iter()
        .chain(shipped_code(root, "functions"))
    {
        for (word, instead) in BANNED {
            if code.contains(word) {
                wrong.push(format!("{path} holds `{word}`; {instead}"));
            }
        }
        if (code.contains("env::var") || code.contains("env!("))
            && path != READS_ENVIRONMENT
            && !code.contains("CARGO_")
        {
            wrong.push(format!(
                "{path} reads the environment; take the value as an argument, {READS_ENVIRONMENT} reads it"
            ));
        }
    }
    wrong
}

/// Words in the name of a variable that make its value a secret.
const SECRET: [&str; 5] = ["PASSWORD", "SECRET", "TOKEN", "API_KEY", "PRIVATE_KEY"];

/// Lambda shows environment variables to everybody who may describe the function.
fn environments_hold_no_secrets(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in files_below(root, "infra")
        .into_iter()
        .filter(|path| super::is_kind(path, "tf"))
    {
        for line in text(&root.join(&path)).lines() {
            let Some((name, _)) = line.split_once('=') else {
                continue;
            };
            let name = name.trim().trim_matches('"');
            let is_variable = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            if is_variable && SECRET.iter().any(|word| name.contains(word)) {
                wrong.push(format!(
                    "{path}: the variable {name} looks like a secret; let the function read it at run time"
                ));
            }
        }
    }
    let boot = text(&root.join(READS_ENVIRONMENT));
    for name in super::quoted(&boot).filter(|name| SECRET.iter().any(|word| name.contains(word))) {
        wrong.push(format!(
            "{READS_ENVIRONMENT} reads {name}, which looks like a secret"
        ));
    }
    wrong
}

/// Lines of a file that ships, and of one that holds tests: a long list of cases is easier to read than long code.
const LONGEST: (usize, usize) = (400, 800);

fn files_are_short(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in ["functions", "shared", "infra"]
        .iter()
        .flat_map(|folder| files_below(root, folder))
    {
        if !["rs", "tf", "hcl", "json", "yaml"]
            .iter()
            .any(|kind| super::is_kind(&path, kind))
        {
            continue;
        }
        let limit = if is_test_code(&path) { LONGEST.1 } else { LONGEST.0 };
        // Tests at the end of a file are measured like those in a file of their own.
        let whole = text(&root.join(&path));
        let lines = match whole.split_once("\n#[cfg(test)]\nmod tests {\n") {
            Some((ships, tests)) if tests.lines().count() <= LONGEST.1 => ships.lines().count(),
            _ => whole.lines().count(),
        };
        if lines > limit {
            wrong.push(format!(
                "{path} has {lines} lines, more than {limit}; split it by subject (no `utils`)"
            ));
        }
    }
    wrong
}

fn every_test_is_run(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let main = text(&root.join("tests/tests/main.rs"));
    for entry in names_in(&root.join("tests/tests")) {
        let name = entry.trim_end_matches(".rs");
        if name != "main" && !main.lines().any(|line| line == format!("mod {name};")) {
            wrong.push(format!(
                "tests/tests/{entry} is never compiled; add `mod {name};` to tests/tests/main.rs"
            ));
        }
    }
    for path in ["functions", "shared", "tests"]
        .iter()
        .flat_map(|folder| files_below(root, folder))
    {
        // In two pieces, so that this file is not found.
        if super::is_kind(&path, "rs") && text(&root.join(&path)).contains(concat!("#[", "ignore")) {
            wrong.push(format!(
                "{path} skips a test; run it, or remove it and say why in the log"
            ));
        }
    }
    wrong
}

fn checks_are_documented_by_their_codes(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    // The runner's own items carry the function's prefix and a number from 900 on; the runner of an action has more.
    let numbers = |folder: &str| -> Vec<String> {
        let code: String = shipped_code(root, folder)
            .into_iter()
            .map(|(_, code)| code)
            .collect();
        super::quoted(&code)
            .filter(|text| {
                text.len() == 3 && text.starts_with('9') && text.bytes().all(|c| c.is_ascii_digit())
            })
            .map(str::to_owned)
            .collect()
    };
    let (every_runners, of_actions) = (numbers("shared/aws/src/app"), numbers("shared/aws/src/action"));
    for name in functions(root) {
        let code: String = shipped_code(root, &format!("functions/{name}/src"))
            .into_iter()
            .map(|(_, code)| code)
            .collect();
        let page = format!("docs/functions/{name}.md");
        let told = text(&root.join(&page));
        let Some(prefix) = code
            .split_once("const CODE: &'static str = \"")
            .and_then(|(_, rest)| rest.split('"').next())
        else {
            wrong.push(format!(
                "functions/{name}/src has no `const CODE: &'static str`; the laws cannot find its items"
            ));
            continue;
        };
        let codes = |text: &str| -> std::collections::BTreeSet<String> {
            text.match_indices(&format!("{prefix}-"))
                .filter_map(|(at, _)| text.get(at..at + prefix.len() + 4))
                .filter(|code| code.chars().rev().take(3).all(|c| c.is_ascii_digit()))
                .map(str::to_owned)
                .collect()
        };
        let mut reported = codes(&code);
        let acts = code.contains("impl Action for ");
        let runners = every_runners.iter().chain(of_actions.iter().filter(|_| acts));
        reported.extend(runners.map(|number| format!("{prefix}-{number}")));
        for item in reported.difference(&codes(&told)) {
            wrong.push(format!("{page} does not explain {item}; add a row"));
        }
        for item in codes(&told).difference(&reported) {
            wrong.push(format!(
                "{page} explains {item}, which no code reports; remove the row"
            ));
        }
    }
    wrong
}

#[test]
fn nothing_banned_ships_in_functions_and_shared_crates() {
    obeyed(nothing_banned_ships);
}

#[test]
fn a_banned_word_is_found() {
    for (word, _) in BANNED {
        caught(nothing_banned_ships, word, |tree| {
            tree.append("shared/kube/src/health.rs", &format!("\n{word}\n"));
            // What is only for tests is not looked at, so the fault has to stand in front of them.
            let text = std::fs::read_to_string(tree.root().join("shared/kube/src/health.rs")).unwrap();
            tree.write("shared/kube/src/health.rs", &format!("{word}\n{text}"));
        });
    }
    caught(nothing_banned_ships, "reads the environment", |tree| {
        tree.write(
            "shared/kube/src/new.rs",
            "fn home() { std::env::var_os(\"HOME\"); }\n",
        );
    });
}

#[test]
fn no_environment_variable_holds_a_secret() {
    obeyed(environments_hold_no_secrets);
}

#[test]
fn a_secret_in_an_environment_is_found() {
    caught(
        environments_hold_no_secrets,
        "DB_PASSWORD looks like a secret",
        |tree| {
            tree.append(
                "infra/settings.tf",
                "\nlocals {\n  x = {\n    DB_PASSWORD = var.password\n  }\n}\n",
            );
        },
    );
    caught(environments_hold_no_secrets, "reads DAY2_API_KEY", |tree| {
        tree.append(READS_ENVIRONMENT, "\nconst KEY: &str = \"DAY2_API_KEY\";\n");
    });
}

#[test]
fn files_stay_short() {
    obeyed(files_are_short);
}

#[test]
fn a_long_file_is_found() {
    caught(
        files_are_short,
        "infra/long.tf has 401 lines, more than 400",
        |tree| {
            tree.write("infra/long.tf", &"# line\n".repeat(401));
        },
    );
    caught(
        files_are_short,
        "shared/aws/src/journal/tests.rs has 801 lines",
        |tree| {
            tree.write("shared/aws/src/journal/tests.rs", &"// line\n".repeat(801));
        },
    );
}

#[test]
fn no_test_is_left_out_or_skipped() {
    obeyed(every_test_is_run);
}

#[test]
fn a_test_that_never_runs_is_found() {
    caught(
        every_test_is_run,
        "tests/tests/forgotten.rs is never compiled",
        |tree| {
            tree.write("tests/tests/forgotten.rs", "");
        },
    );
    caught(
        every_test_is_run,
        "shared/aws/src/later.rs skips a test",
        |tree| {
            tree.write(
                "shared/aws/src/later.rs",
                concat!("#[test]\n#[", "ignore]\nfn later() {}\n"),
            );
        },
    );
}

#[test]
fn every_code_of_an_item_is_explained_and_exists() {
    obeyed(checks_are_documented_by_their_codes);
}

#[test]
fn a_code_without_words_and_words_without_a_code_are_found() {
    let law = checks_are_documented_by_their_codes;
    caught(law, "does not explain SCW-009", |tree| {
        let page = std::fs::read_to_string(tree.root().join("docs/functions/scale-window.md")).unwrap();
        tree.write(
            "docs/functions/scale-window.md",
            &page.replace("SCW-009", "the gateways"),
        );
    });
    caught(law, "does not explain SCW-950", |tree| {
        tree.write("shared/aws/src/app/new.rs", "const NEW: &str = \"950\";\n");
    });
    caught(law, "does not explain PRV-960", |tree| {
        tree.write("shared/aws/src/action/new.rs", "const NEW: &str = \"960\";\n");
    });
    caught(law, "explains SCW-950, which no code reports", |tree| {
        tree.append("docs/functions/scale-window.md", "\nSCW-950\n");
    });
    caught(law, "explains SCW-998", |tree| {
        tree.append("docs/functions/scale-window.md", "\nSCW-998\n");
    });
}
