//! Nothing names a partition: what runs in `aws` runs in `aws-us-gov` and `aws-cn` by construction.

use std::path::Path;

use super::trees::caught;
use super::{files_below, functions, is_kind, obeyed, shipped_code, text};

const BEGINS: &str = "arn:aws";
/// How a pattern accepts every partition.
const ANY: &str = "[a-z-]*:";

/// Whether a text holds an ARN of a partition that is written down.
fn names_a_partition(line: &str) -> bool {
    line.match_indices(BEGINS)
        .any(|(at, _)| !line[at + BEGINS.len()..].starts_with(ANY))
}

/// Lines of Terraform that make nothing: a remark, the words of a refusal, the words beside a variable.
fn only_tells(line: &str) -> bool {
    let line = line.trim_start();
    ["#", "//", "error_message", "description"]
        .iter()
        .any(|begin| line.starts_with(begin))
}

fn no_partition_is_written_down(root: &Path) -> Vec<String> {
    let terraform = files_below(root, "infra").into_iter().filter_map(|path| {
        let whole = is_kind(&path, "tf").then(|| text(&root.join(&path)))?;
        let makes: Vec<&str> = whole.lines().filter(|line| !only_tells(line)).collect();
        Some((path, makes.join("\n"), "write arn:${local.partition}:"))
    });
    let beside = functions(root).into_iter().flat_map(|name| {
        ["permissions.json", "trigger.json"].map(|file| {
            let path = format!("functions/{name}/{file}");
            let whole = text(&root.join(&path));
            (path, whole, "write a placeholder, which Terraform fills in")
        })
    });
    let code = ["functions", "shared"].into_iter().flat_map(|folder| {
        let instead = "make it of the region's or the deployment's partition";
        shipped_code(root, folder)
            .into_iter()
            .map(move |(path, code)| (path, code, instead))
    });
    terraform
        .chain(beside)
        .chain(code)
        .filter_map(|(path, whole, instead)| {
            let line = whole.lines().find(|line| names_a_partition(line))?.trim();
            Some(format!("{path} names a partition: {line}; {instead}"))
        })
        .collect()
}

#[test]
fn no_partition_is_written_down_where_something_is_made() {
    obeyed(no_partition_is_written_down);
}

#[test]
fn a_partition_that_is_written_down_is_found() {
    let law = no_partition_is_written_down;
    caught(law, "infra/topic.tf names a partition", |tree| {
        tree.replace("infra/topic.tf", "arn:${local.partition}:", "arn:aws:");
    });
    caught(
        law,
        "functions/doctor/permissions.json names a partition",
        |tree| {
            let placeholder = "\"${settings_object_arns}\"";
            tree.replace(
                "functions/doctor/permissions.json",
                placeholder,
                "\"arn:aws-cn:s3:::settings/*\"",
            );
        },
    );
    caught(law, "accept.rs names a partition", |tree| {
        tree.replace(
            "functions/threat-containment/src/accept.rs",
            "\"arn:{}:eks:",
            "\"arn:aws:eks:",
        );
    });
}
