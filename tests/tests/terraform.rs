//! Terraform on a folder, with the provider mocked: nothing is applied and no credentials are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder that is initialised, with its working data elsewhere.
pub(crate) struct Terraform {
    folder: PathBuf,
    data: TempDir,
}

impl Terraform {
    /// Initialises a folder, which must not be that of this checkout: a lock file is written into it.
    pub(crate) fn init(folder: &Path) -> Self {
        let terraform = Self {
            folder: folder.to_owned(),
            data: tempfile::tempdir().unwrap(),
        };
        let mut arguments = vec!["init".to_owned(), "-input=false".into(), "-backend=false".into()];
        arguments.extend(plugin_dir().map(|mirror| format!("-plugin-dir={mirror}")));
        let said = terraform.run(&arguments);
        assert!(said.contains("successfully"), "{said}");
        terraform
    }

    /// What Terraform says to these arguments, errors included; whether it fails is for the caller to read in it.
    pub(crate) fn run(&self, arguments: &[impl AsRef<std::ffi::OsStr>]) -> String {
        let program = if Command::new("terraform").arg("version").output().is_ok() {
            "terraform"
        } else {
            "tofu"
        };
        let done = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .env("TF_DATA_DIR", self.data.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("CHECKPOINT_DISABLE", "1")
            // The provider's schemas stay in memory; walking over them again and again is a third of the time.
            .env("GOGC", "400")
            .output()
            .unwrap();
        String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
    }
}

/// Where the provider lies on machines that cannot reach the registry, as in `scripts/infra-test`.
#[expect(
    clippy::disallowed_methods,
    reason = "it says where programs are, not what is tested"
)]
fn plugin_dir() -> Option<String> {
    std::env::var("TF_PLUGIN_DIR").ok()
}
