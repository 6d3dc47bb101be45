//! An example of `infra/examples` with the addresses of a running platform in the place of a user's own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::platform::{packages, run_folder, running};
use crate::world::tfvars::Facts;

/// What the world of a running platform is told by, beside its environment.
const FILE: &str = "facts.json";
/// What the examples say, which every user replaces.
const CLUSTER: &str = "{ name = \"prod-a\" }";
const VPC: &str = "vpc-0123456789abcdef0";
const PROBE: &str = "https://coder.example.com/healthz";
const PACKAGES: &str = "\"../target/lambda\" # where `make package` leaves the zip files; relative to infra/";

/// Writes down what [`fitted`] needs to know.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn remember(state: &Path, facts: &Facts) -> Result<()> {
    let path = file(state);
    std::fs::write(&path, serde_json::to_vec_pretty(facts)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The text of an example, to be applied to the platform that runs in this state folder.
///
/// # Errors
///
/// When none runs there, it has no world, or the file is no example for one cluster `prod-a`.
pub fn fitted(state: &Path, example: &Path) -> Result<String> {
    running(state)?;
    let text =
        std::fs::read_to_string(example).with_context(|| format!("cannot read {}", example.display()))?;
    let facts = std::fs::read(file(state))
        .context("the platform has no world yet; wait for it, or make it with `platform seed`")?;
    let own = Own {
        facts: serde_json::from_slice(&facts)?,
        packages: packages(state)?,
        architecture: std::env::consts::ARCH,
    };
    own.fit(&text)
        .with_context(|| format!("{} does not fit the platform", example.display()))
}

/// What this platform has in the place of a user's own.
struct Own {
    facts: Facts,
    packages: PathBuf,
    architecture: &'static str,
}

impl Own {
    fn fit(&self, text: &str) -> Result<String> {
        for place in [CLUSTER, PACKAGES] {
            ensure!(text.matches(place).count() == 1, "it must say once: {place}");
        }
        let Facts {
            cluster_endpoint,
            vpc,
            probe_url,
        } = &self.facts;
        let cluster = format!("{{ name = \"prod-a\", endpoint = \"{cluster_endpoint}\" }}");
        let packages = format!("\"{}\"", self.packages.display());
        let own = text
            .replace(CLUSTER, &cluster)
            .replace(PACKAGES, &packages)
            .replace(VPC, vpc)
            .replace(PROBE, probe_url);
        // The functions run as processes of this machine.
        let architecture = match self.architecture {
            "aarch64" => "arm64",
            other => other,
        };
        Ok(format!("architecture        = \"{architecture}\"\n{own}"))
    }
}

fn file(state: &Path) -> PathBuf {
    run_folder(state).join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        Own {
            facts: Facts {
                cluster_endpoint: "https://127.0.0.1:6443".to_owned(),
                vpc: "vpc-1".to_owned(),
                probe_url: "http://127.0.0.1:8080/healthz".to_owned(),
            },
            packages: PathBuf::from("/state/packages"),
            architecture: "x86_64",
        }
    }

    #[test]
    fn the_examples_of_one_cluster_fit() {
        for name in ["single-cluster", "starter"] {
            let path = crate::deploy::repository().join(format!("infra/examples/{name}/terraform.tfvars"));
            let fitted = own().fit(&std::fs::read_to_string(path).unwrap()).unwrap();
            for wanted in [
                "architecture        = \"x86_64\"\n",
                "{ name = \"prod-a\", endpoint = \"https://127.0.0.1:6443\" }",
                "\"vpc-1\"",
                "\"/state/packages\"\n",
            ] {
                assert!(fitted.contains(wanted), "{name}: {wanted}\n{fitted}");
            }
            assert!(!fitted.contains(VPC) && !fitted.contains(PROBE), "{fitted}");
        }
    }

    #[test]
    fn what_names_no_cluster_or_several_is_refused() {
        let why = own().fit("targets = []").unwrap_err().to_string();
        assert!(why.contains(CLUSTER), "{why}");
        let twice = format!("{CLUSTER}{CLUSTER}{PACKAGES}");
        assert!(own().fit(&twice).is_err());
    }
}
