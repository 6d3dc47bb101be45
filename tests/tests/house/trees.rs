//! Copies of this tree in which one thing is broken.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

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

thread_local! {
    /// The copy of this test, whole again, for the next fault: a test has a thread of its own, and some 2,000 files for each of
    /// 150 faults were most of the processor time of all laws together.
    static WHOLE: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// A copy of this tree in a temporary folder. When it is dropped, what was changed in it is put right for the next one.
pub(crate) struct Copy {
    /// `None` only while it is dropped.
    folder: Option<TempDir>,
    touched: RefCell<BTreeSet<String>>,
}

impl Copy {
    pub(crate) fn of_this_tree() -> Self {
        let folder = WHOLE.take().unwrap_or_else(|| {
            let folder = tempfile::tempdir().unwrap();
            let below = COPIED.iter().flat_map(|part| files_below(&root(), part));
            for path in below.chain(COPIED_FILES.map(str::to_owned)) {
                copy_file(folder.path(), &path);
            }
            folder
        });
        Self {
            folder: Some(folder),
            touched: RefCell::default(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    pub(super) fn write(&self, path: &str, text: &str) -> &Self {
        self.touched.borrow_mut().insert(path.to_owned());
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
        self.touched.borrow_mut().insert(path.to_owned());
        remove(&self.root().join(path));
        self
    }

    /// Replaces a text that must be there, so that a seeded fault cannot miss.
    pub(super) fn replace(&self, path: &str, from: &str, to: &str) -> &Self {
        let before = std::fs::read_to_string(self.root().join(path)).unwrap();
        assert!(before.contains(from), "{path} does not hold {from}");
        self.write(path, &before.replacen(from, to, 1))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // After a failure the copy is gone with the test.
        if std::thread::panicking() {
            return;
        }
        let Some(folder) = self.folder.take() else { return };
        for path in self.touched.borrow().iter() {
            let here = folder.path().join(path);
            if here.exists() {
                remove(&here);
            }
            let there = root().join(path);
            if there.is_dir() {
                for path in files_below(&root(), path) {
                    copy_file(folder.path(), &path);
                }
            } else if there.exists() {
                copy_file(folder.path(), path);
            }
            // A folder that only the fault had made.
            let mut above = here.parent();
            while let Some(empty) = above.filter(|above| std::fs::remove_dir(above).is_ok()) {
                above = empty.parent();
            }
        }
        WHOLE.set(Some(folder));
    }
}

/// Copies one file of this tree to the same place in another.
fn copy_file(folder: &Path, path: &str) {
    let to = folder.join(path);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(root().join(path), to).unwrap();
}

/// Removes a file, or a folder with what is in it.
fn remove(path: &Path) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
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

#[test]
fn a_copy_is_whole_again_after_each_fault() {
    let here = |copy: &Copy| {
        let parts = COPIED.iter().flat_map(|part| files_below(copy.root(), part));
        parts
            .map(|path| (std::fs::read(copy.root().join(&path)).unwrap(), path))
            .collect::<BTreeSet<_>>()
    };
    let copy = Copy::of_this_tree();
    let (before, folder) = (here(&copy), copy.root().to_path_buf());
    copy.write("functions/new/src/lib.rs", "")
        .append("README.md", "more")
        .remove("infra/versions.tf")
        .remove("events/scale-window")
        .write("events/scale-window/new.json", "{}");
    assert_ne!(here(&copy), before);
    drop(copy);
    let copy = Copy::of_this_tree();
    assert_eq!(copy.root(), folder, "another copy was made");
    assert_eq!(here(&copy), before);
    assert!(!copy.root().join("functions/new").exists());
    assert_eq!(
        std::fs::read(copy.root().join("README.md")).unwrap(),
        std::fs::read(root().join("README.md")).unwrap()
    );
}
