//! No secret stands in the tree (O12).

use std::path::Path;

use super::trees::caught;
use super::{files_below, is_kind, obeyed, shipped_code, text};

/// What of a text looks like a secret, in words.
pub(crate) fn secrets_in(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let is_key = |rest: &str| {
        let key: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        key.len() == 16 && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    for prefix in ["AKIA", "ASIA"] {
        if text.split(prefix).skip(1).any(is_key) {
            found.push("an access key");
        }
    }
    if text.contains("PRIVATE KEY-----") {
        found.push("a private key");
    }
    if text.contains("k8s-aws-v1.aHR0cHM6") {
        found.push("a token of a cluster");
    }
    let lower = text.replace('\\', "").to_ascii_lowercase();
    for name in [
        "password",
        "secret_access_key",
        "client_secret",
        "api_key",
        "auth_token",
    ] {
        // A value beside the name, in JSON.
        let valued = |rest: &str| {
            rest.trim_start().strip_prefix(':').is_some_and(|value| {
                value.trim_start().starts_with('"') && !value.trim_start().starts_with("\"\"")
            })
        };
        if lower.split(&format!("\"{name}\"")).skip(1).any(valued) {
            found.push("a password");
        }
    }
    found
}

/// What ships or is shown to people; tests make keys of their own.
const SHIPPED: [&str; 6] = ["functions", "shared", "infra", "events", "docs", "scripts"];

fn no_secret_stands_in_the_tree(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for folder in SHIPPED {
        let others = files_below(root, folder).into_iter();
        let others = others.filter(|path| !is_kind(path, "rs"));
        let read = others.map(|path| {
            let whole = text(&root.join(&path));
            (path, whole)
        });
        for (path, whole) in read.chain(shipped_code(root, folder)) {
            for secret in secrets_in(&whole) {
                wrong.push(format!(
                    "{path} holds {secret}; take it out, and change it where it was in force"
                ));
            }
        }
    }
    wrong
}

#[test]
fn no_secret_stands_in_what_ships_o12() {
    obeyed(no_secret_stands_in_the_tree);
}

#[test]
fn a_secret_in_the_tree_is_found() {
    let law = no_secret_stands_in_the_tree;
    // In pieces, so that nobody's scanner finds this file.
    caught(
        law,
        "infra/examples/fleet/terraform.tfvars holds an access key",
        |tree| {
            tree.append(
                "infra/examples/fleet/terraform.tfvars",
                &format!("# {}{}\n", "AKIA", "IOSFODNN7EXAMPLE"),
            );
        },
    );
    caught(law, "holds a private key", |tree| {
        tree.append("docs/security.md", "-----BEGIN EC PRIVATE KEY-----\n");
    });
    caught(law, "holds a password", |tree| {
        tree.write("events/scale-window/manual-x.json", "{\"password\": \"hunter2\"}");
    });
}
