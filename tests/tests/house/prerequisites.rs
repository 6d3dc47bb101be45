//! `scripts/prerequisites`: whatever is missing is named at once, with the way to get it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::root;

/// What the script says where only these folders hold programs, and whether it is content.
fn said(path: &str) -> (String, bool) {
    let output = Command::new("/bin/bash")
        .arg(root().join("scripts/prerequisites"))
        .env("PATH", path)
        .output()
        .unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.success())
}

/// A program that only says which version it is.
fn put(folder: &Path, name: &str, says: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn everything_that_is_missing_is_named_at_once_with_the_way_to_get_it() {
    let empty = tempfile::tempdir().unwrap();
    let (says, content) = said(empty.path().to_str().unwrap());
    assert!(!content, "{says}");
    for name in [
        "cargo",
        "go",
        "git",
        "cc",
        "python3",
        "ps",
        "flock",
        "timeout",
        "sha256sum",
        "terraform or tofu",
    ] {
        let line = says
            .split("missing: ")
            .find(|line| line.starts_with(&format!("{name} (")));
        let way = line
            .and_then(|line| line.split_once('\n'))
            .map(|(_, way)| way.trim());
        assert!(
            way.is_some_and(
                |way| way.starts_with("https://") || way.starts_with("your system's package manager")
            ),
            "{name}: {says}"
        );
    }
}

#[test]
fn what_is_too_old_is_named_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    // Beside what compares the versions.
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    for (tool, says, named) in [
        (
            "terraform",
            "Terraform v1.10.5",
            Some("too old: terraform 1.10.5, 1.11 or newer"),
        ),
        ("terraform", "Terraform v1.11.0", None),
        ("tofu", "OpenTofu v1.9.1", Some("too old: tofu 1.9.1")),
        (
            "tofu",
            "not a version",
            Some("too old: tofu of an unknown version"),
        ),
        (
            "cargo",
            "cargo 1.75.0 (1d8b05cdd 2023-11-20)",
            Some("cargo 1.75.0 (1d8b05cdd 2023-11-20)"),
        ),
        ("go", "go1.22.1", Some("too old: go1.22.1")),
    ] {
        put(folder.path(), tool, says);
        let (all, _) = said(&path);
        std::fs::remove_file(folder.path().join(tool)).unwrap();
        match named {
            Some(named) => assert!(all.contains(named), "{tool} {says}: {all}"),
            None => assert!(!all.contains(&format!("too old: {tool}")), "{tool} {says}: {all}"),
        }
    }
}
