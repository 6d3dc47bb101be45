//! Terraform on a folder, with the provider mocked: nothing is applied and no credentials are read.

use std::path::{Path, PathBuf};
use std::process::Command;

use day2_platform::deploy::{is_opentofu, plugin_folder, terraform_program};
use tempfile::TempDir;

use crate::house::files_below;

/// What Terraform must be told and `OpenTofu` does by itself, and therefore does not know: that mocks act in the plan, too.
const MOCKED_IN_THE_PLAN: &str = "override_during = plan\n";

/// A folder that is initialised, with its working data elsewhere.
pub(crate) struct Terraform {
    program: PathBuf,
    folder: PathBuf,
    data: TempDir,
}

impl Terraform {
    /// Initialises a folder, which must not be that of this checkout: a lock file is written into it.
    pub(crate) fn init(folder: &Path) -> Self {
        let terraform = Self {
            program: terraform_program().unwrap(),
            folder: folder.to_owned(),
            data: tempfile::tempdir().unwrap(),
        };
        if is_opentofu(&terraform.program) {
            for file in files_below(folder, ".")
                .iter()
                .filter(|file| file.ends_with(".tftest.hcl"))
            {
                let file = folder.join(file);
                let text = std::fs::read_to_string(&file).unwrap();
                std::fs::write(&file, text.replace(MOCKED_IN_THE_PLAN, "")).unwrap();
            }
        }
        let mut arguments = vec!["init".to_owned(), "-input=false".into(), "-backend=false".into()];
        let mirror = plugin_folder(&terraform.program, terraform.data.path()).unwrap();
        arguments.extend(mirror.map(|mirror| format!("-plugin-dir={}", mirror.display())));
        let said = terraform.run(&arguments);
        assert!(said.contains("successfully"), "{said}");
        terraform
    }

    /// What Terraform says to these arguments, errors included; whether it fails is for the caller to read in it.
    pub(crate) fn run(&self, arguments: &[impl AsRef<std::ffi::OsStr>]) -> String {
        let done = Command::new(&self.program)
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
