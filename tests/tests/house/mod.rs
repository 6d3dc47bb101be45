//! The laws of the house: what holds for the whole tree and no compiler checks.
//!
//! A law is a function from the root of a tree to its violations, each an instruction. Every law is applied to this
//! tree and, to show that it can fail, to a copy in which one thing is broken.

mod access;
mod code;
mod dashboard;
mod doctor;
mod events;
mod infra;
mod names;
mod pages;
mod partitions;
mod permissions;
mod prerequisites;
mod readme;
mod reads;
mod roles;
mod secrets;
pub(crate) mod trees;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) use secrets::secrets_in;

/// One law.
type Law = fn(&Path) -> Vec<String>;

/// The root of this checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[track_caller]
fn obeyed(law: Law) {
    let violations = law(&root());
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Names in a folder, sorted; none when there is no such folder.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The `*.json` files in a folder.
pub(crate) fn json_files(folder: &Path) -> Vec<String> {
    let mut names = names_in(folder);
    names.retain(|name| is_kind(name, "json"));
    names
}

/// The functions, by the names of their folders.
pub(crate) fn functions(root: &Path) -> Vec<String> {
    let mut names = names_in(&root.join("functions"));
    names.retain(|name| root.join("functions").join(name).is_dir());
    names
}

/// Text of a file; empty when there is none, which every law then reports in its own words.
pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A JSON file, or what is wrong with it.
pub(crate) fn read_json(path: &Path) -> Result<Value, String> {
    serde_json::from_str(&text(path)).map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether a path ends with this extension.
pub(crate) fn is_kind(path: &str, kind: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == kind)
}

/// All files below a folder, as paths relative to `root` with `/`.
pub(crate) fn files_below(root: &Path, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in names_in(&root.join(folder)) {
        let path = format!("{folder}/{name}");
        if root.join(&path).is_dir() {
            found.extend(files_below(root, &path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Whether a Rust file holds tests or what only tests use.
pub(crate) fn is_test_code(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| {
        matches!(part, "tests" | "tests.rs" | "fixture" | "fixture.rs" | "examples")
            || part.ends_with("_tests.rs")
    })
}

/// Rust files below a folder with what ships of them: no test modules, no comment lines.
fn shipped_code(root: &Path, folder: &str) -> Vec<(String, String)> {
    files_below(root, folder)
        .into_iter()
        .filter(|path| is_kind(path, "rs") && !is_test_code(path))
        .map(|path| {
            let whole = text(&root.join(&path));
            let mut lines = whole.lines().peekable();
            let mut kept = String::new();
            while let Some(line) = lines.next() {
                let inline_tests = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
                if line == "#[cfg(test)]" && lines.peek().is_some_and(inline_tests) {
                    break;
                }
                if !line.trim_start().starts_with("//") {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
            (path, kept)
        })
        .collect()
}

/// What stands in double quotes, roughly: escapes are not understood, which no law needs.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// The keys of one section of a manifest.
fn manifest_keys(manifest: &str, section: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != section)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#'))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .map(str::to_owned)
        .collect()
}
