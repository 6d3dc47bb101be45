//! The provider on machines that cannot reach a registry.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Registries below whose names the two programs look for `hashicorp/aws`.
const OF_TERRAFORM: &str = "registry.terraform.io";
const OF_OPENTOFU: &str = "registry.opentofu.org";

/// The folder for `-plugin-dir` of this program: `TF_PLUGIN_DIR`. For `OpenTofu`, where the mirror has only the name of
/// Terraform's registry, a folder of links with the other name, made in `scratch`. None where the registry itself is to be
/// asked.
///
/// # Errors
///
/// When the links cannot be made.
pub fn plugin_folder(program: &Path, scratch: &Path) -> Result<Option<PathBuf>> {
    let named = std::env::var_os("TF_PLUGIN_DIR").filter(|folder| !folder.is_empty());
    let Some(mirror) = named.map(PathBuf::from) else {
        return Ok(None);
    };
    let (theirs, wanted) = (mirror.join(OF_TERRAFORM), mirror.join(OF_OPENTOFU));
    if !is_opentofu(program) || wanted.is_dir() || !theirs.is_dir() {
        return Ok(Some(mirror));
    }
    let made = scratch.join("providers");
    linked(&theirs.canonicalize()?, &made.join(OF_OPENTOFU))?;
    Ok(Some(made))
}

/// Whether a program is `OpenTofu`, by its name.
#[must_use]
pub fn is_opentofu(program: &Path) -> bool {
    program.file_stem().is_some_and(|name| name == "tofu")
}

/// Folders as they are, files as links. A search for providers does not follow links to folders above a package.
fn linked(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (there, here) = (entry.path(), to.join(entry.file_name()));
        if there.is_dir() {
            linked(&there, &here)?;
        } else if !here.exists() {
            symlink(&there, &here).with_context(|| format!("cannot link {}", here.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_the_folders_of_the_mirror_and_lead_to_its_files() {
        let (mirror, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let package = "hashicorp/aws/5.100.0/linux_amd64";
        std::fs::create_dir_all(mirror.path().join(package)).unwrap();
        let binary = format!("{package}/terraform-provider-aws_v5.100.0_x5");
        std::fs::write(mirror.path().join(&binary), "binary").unwrap();
        let to = scratch.path().join("providers");
        // A second time nothing is in the way.
        for _ in 0..2 {
            linked(mirror.path(), &to).unwrap();
        }
        assert!(to.join(package).symlink_metadata().unwrap().is_dir());
        assert!(to.join(&binary).is_symlink());
        assert_eq!(std::fs::read_to_string(to.join(&binary)).unwrap(), "binary");
    }

    #[test]
    fn the_name_tells_the_program() {
        assert!(is_opentofu(Path::new("/usr/bin/tofu")));
        assert!(!is_opentofu(Path::new("/usr/bin/terraform")));
    }
}
