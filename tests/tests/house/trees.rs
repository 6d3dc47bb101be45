//! Copies of this tree in which one thing is broken.

use std::path::Path;

use super::{Law, files_below, root};

/// What the laws read.
const COPIED: [&str; 7] = [
    "functions",
    "shared",
    "infra",
    "events",
    "docs",
    "scripts",
    "tests/tests",
];
const COPIED_FILES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "Makefile", "README.md", "deny.toml"];

/// A copy of this tree in a temporary folder.
pub(crate) struct Copy(tempfile::TempDir);

impl Copy {
    pub(crate) fn of_this_tree() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let below = COPIED.iter().flat_map(|part| files_below(&root(), part));
        for path in below.chain(COPIED_FILES.map(str::to_owned)) {
            let to = folder.path().join(&path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(root().join(&path), to).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn write(&self, path: &str, text: &str) -> &Self {
        let to = self.root().join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text).unwrap();
        self
    }

    pub(super) fn append(&self, path: &str, text: &str) -> &Self {
        let before = std::fs::read_to_string(self.root().join(path)).unwrap();
        self.write(path, &format!("{before}{text}"))
    }

    pub(super) fn remove(&self, path: &str) -> &Self {
        let path = self.root().join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        self
    }

    /// Replaces a text that must be there, so that a seeded fault cannot miss.
    pub(super) fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let before = std::fs::read_to_string(self.root().join(path)).unwrap();
        assert!(before.contains(from), "{path} does not hold {from}");
        self.write(path, &before.replacen(from, to, 1))
    }
}

/// Breaks a copy of this tree and requires that `law` says so, with the words in `says`.
#[track_caller]
pub(super) fn caught(law: Law, says: &str, fault: impl Fn(&Copy)) {
    let copy = Copy::of_this_tree();
    fault(&copy);
    let violations = law(copy.root());
    assert!(
        violations.iter().any(|one| one.contains(says)),
        "nothing says {says:?}: {violations:#?}"
    );
}
