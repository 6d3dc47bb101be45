//! One name everywhere, and dependencies in one direction.

use std::path::Path;

use super::trees::caught;
use super::{functions, json_files, manifest_keys, names_in, obeyed, shipped_code, text};

/// Folder, crate, program, Terraform file, events and page carry the same name.
fn one_name_everywhere(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let names = functions(root);
    for name in &names {
        let snake = name.replace('-', "_");
        let folder = format!("functions/{name}");
        let mut need = |fine: bool, what: String| {
            if !fine {
                wrong.push(what);
            }
        };
        let manifest = text(&root.join(&folder).join("Cargo.toml"));
        let heading = format!("[package]\nname = \"{name}\"\n");
        need(
            manifest.starts_with(&heading) || manifest.contains(&format!("\n{heading}")),
            format!("{folder}/Cargo.toml: call the crate {name}, as its folder"),
        );
        for file in ["src/main.rs", "src/lib.rs", "trigger.json", "permissions.json"] {
            need(
                root.join(&folder).join(file).is_file(),
                format!("{folder} has no {file}; add it"),
            );
        }
        let code = shipped_code(root, &format!("{folder}/src"));
        need(
            code.iter().any(|(_, code)| code.contains(&format!("\"{name}\""))),
            format!("{folder}/src: the check's NAME must be \"{name}\""),
        );
        let terraform = text(&root.join(format!("infra/fn_{snake}.tf")));
        need(
            !terraform.is_empty(),
            format!("infra/fn_{snake}.tf is missing; add it with one call of modules/ops-function"),
        );
        need(
            terraform
                .lines()
                .any(|line| line.split_whitespace().eq(["name", "=", &format!("\"{name}\"")])),
            format!("infra/fn_{snake}.tf: pass name = \"{name}\" to modules/ops-function"),
        );
        need(
            !json_files(&root.join("events").join(name)).is_empty(),
            format!("{folder} has no events/{name}/*.json; add one sample"),
        );
        need(
            root.join(format!("docs/functions/{name}.md")).is_file(),
            format!("{folder} has no page; write docs/functions/{name}.md"),
        );
    }
    wrong.extend(left_over(root, &names));
    wrong
}

/// Pieces that carry the name of no function.
fn left_over(root: &Path, names: &[String]) -> Vec<String> {
    let mut pieces = Vec::new();
    for file in names_in(&root.join("infra")) {
        if let Some(name) = file.strip_prefix("fn_").and_then(|name| name.strip_suffix(".tf")) {
            pieces.push((format!("infra/{file}"), name.replace('_', "-")));
        }
    }
    // `guards` holds what the API server may be asked to refuse, by function too.
    for folder in ["infra/kubernetes", "infra/kubernetes/guards"] {
        for file in names_in(&root.join(folder)) {
            if file != "guards" {
                pieces.push((
                    format!("{folder}/{file}"),
                    file.trim_end_matches(".yaml").to_owned(),
                ));
            }
        }
    }
    for file in names_in(&root.join("docs/functions")) {
        pieces.push((
            format!("docs/functions/{file}"),
            file.trim_end_matches(".md").to_owned(),
        ));
    }
    for folder in names_in(&root.join("events")) {
        // `shapes` holds what any function may get.
        if folder != "shapes" && root.join("events").join(&folder).is_dir() {
            pieces.push((format!("events/{folder}"), folder));
        }
    }
    pieces
        .into_iter()
        .filter(|(_, name)| !names.contains(name))
        .map(|(piece, name)| format!("{piece}: there is no functions/{name}; rename it or remove it"))
        .collect()
}

/// Runtime, SDKs and clients: what would let the core do something instead of deciding it.
const IMPURE: [&str; 8] = [
    "aws-config",
    "aws-sdk",
    "tokio",
    "kube",
    "hyper",
    "futures",
    "lambda_runtime",
    "rustls",
];

/// `functions → shared`, never function to function, and the core stays pure.
fn dependencies_point_one_way(root: &Path) -> Vec<String> {
    let names = functions(root);
    let mut wrong = Vec::new();
    for name in &names {
        let manifest = text(&root.join("functions").join(name).join("Cargo.toml"));
        let sections = ["[dependencies]", "[dev-dependencies]"];
        for key in sections
            .iter()
            .flat_map(|section| manifest_keys(&manifest, section))
        {
            if names.contains(&key) || matches!(key.as_str(), "day2-tests" | "day2-platform") {
                wrong.push(format!(
                    "functions/{name} depends on {key}; move what both need to shared/, or let them talk by events"
                ));
            }
        }
    }
    for folder in names_in(&root.join("shared")) {
        let manifest = text(&root.join("shared").join(&folder).join("Cargo.toml"));
        let keys = manifest_keys(&manifest, "[dependencies]");
        if keys.is_empty() {
            wrong.push(format!(
                "shared/{folder}/Cargo.toml lists no [dependencies]; the law cannot judge it"
            ));
        }
        for key in keys {
            if names.contains(&key) {
                wrong.push(format!(
                    "shared/{folder} depends on the function {key}; turn the dependency round"
                ));
            }
            if folder == "core"
                && (key.starts_with("day2-") || IMPURE.iter().any(|word| key.starts_with(word)))
            {
                wrong.push(format!("shared/core depends on {key}; it must stay pure: move the code to shared/aws or shared/kube"));
            }
        }
    }
    wrong
}

#[test]
fn each_function_has_one_name_everywhere() {
    obeyed(one_name_everywhere);
}

#[test]
fn a_piece_that_is_missing_or_named_otherwise_is_found() {
    let law = one_name_everywhere;
    caught(law, "call the crate scale-window", |tree| {
        tree.replace(
            "functions/scale-window/Cargo.toml",
            "name = \"scale-window\"",
            "name = \"scaler\"",
        );
    });
    caught(law, "infra/fn_scale_window.tf is missing", |tree| {
        tree.remove("infra/fn_scale_window.tf");
    });
    caught(law, "pass name = \"scale-window\"", |tree| {
        tree.replace("infra/fn_scale_window.tf", "\"scale-window\"\n", "\"window\"\n");
    });
    caught(law, "add one sample", |tree| {
        tree.remove("events/scale-window");
    });
    caught(law, "write docs/functions/scale-window.md", |tree| {
        tree.remove("docs/functions/scale-window.md");
    });
    caught(law, "has no trigger.json", |tree| {
        tree.remove("functions/scale-window/trigger.json");
    });
    caught(law, "functions/new-check has no events/new-check", |tree| {
        tree.write(
            "functions/new-check/Cargo.toml",
            "[package]\nname = \"new-check\"\n",
        );
    });
    for piece in [
        "infra/fn_old.tf",
        "infra/kubernetes/old.yaml",
        "docs/functions/old.md",
        "events/old/manual.json",
    ] {
        caught(law, "there is no functions/old", |tree| {
            tree.write(piece, "{}");
        });
    }
}

#[test]
fn functions_depend_on_shared_crates_only_and_the_core_is_pure() {
    obeyed(dependencies_point_one_way);
}

#[test]
fn a_dependency_in_the_wrong_direction_is_found() {
    let law = dependencies_point_one_way;
    caught(law, "functions/other depends on scale-window", |tree| {
        tree.write(
            "functions/other/Cargo.toml",
            "[dependencies]\nscale-window = { path = \"../scale-window\" }\n",
        );
    });
    caught(law, "functions/scale-window depends on day2-platform", |tree| {
        let section = "[dev-dependencies]\n";
        tree.replace(
            "functions/scale-window/Cargo.toml",
            section,
            "[dev-dependencies]\nday2-platform.workspace = true\n",
        );
    });
    caught(law, "shared/kube depends on the function scale-window", |tree| {
        tree.replace(
            "shared/kube/Cargo.toml",
            "[dependencies]\n",
            "[dependencies]\nscale-window = \"1\"\n",
        );
    });
    caught(law, "shared/core depends on tokio", |tree| {
        tree.replace(
            "shared/core/Cargo.toml",
            "[dependencies]\n",
            "[dependencies]\ntokio.workspace = true\n",
        );
    });
}
