//! The custom resource definitions of what runs in many clusters beside Kubernetes itself, taken from the projects' own Go
//! modules: nothing of them is kept in this repository. Only the definitions; no controller of theirs runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::folders::lock;
use crate::process::Spec;

/// `PolicyEndpoint`, which comes from no Go module: see the header of the file.
const POLICY_ENDPOINTS: &str = include_str!("../kwok/policy-endpoints.yaml");

/// The largest module, Velero, is 40 MB; a slow network gets the rest.
const DOWNLOAD_LIMIT: Duration = Duration::from_mins(10);

/// What can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// `keda.sh`: `ScaledObject`, `TriggerAuthentication`.
    Keda,
    /// `karpenter.sh`: `NodePool`, `NodeClaim`.
    Karpenter,
    /// `velero.io`: `BackupStorageLocation`, `Schedule`, `Backup`, `Restore`.
    Velero,
    /// `cert-manager.io`: `Certificate`, `CertificateRequest`.
    CertManager,
    /// `security.istio.io` and `networking.istio.io`: `PeerAuthentication`, `Sidecar`.
    Istio,
    /// `networking.k8s.aws`: `PolicyEndpoint` of the network policy controller of Amazon EKS.
    PolicyEndpoints,
}

/// A Go module at one version that Go 1.26.0 can download, and the files of it that hold definitions.
struct Source {
    module: &'static str,
    version: &'static str,
    /// Go's checksum of the module's content, as in a `go.sum`.
    sum: &'static str,
    files: &'static [&'static str],
    /// Names of the wanted definitions.
    definitions: &'static [&'static str],
}

impl Extension {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Keda,
        Self::Karpenter,
        Self::Velero,
        Self::CertManager,
        Self::Istio,
        Self::PolicyEndpoints,
    ];

    const fn source(self) -> Option<Source> {
        Some(match self {
            Self::Keda => Source {
                module: "github.com/kedacore/keda/v2",
                version: "v2.21.0",
                sum: "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
                files: &[
                    "config/crd/bases/keda.sh_scaledobjects.yaml",
                    "config/crd/bases/keda.sh_triggerauthentications.yaml",
                ],
                definitions: &["scaledobjects.keda.sh", "triggerauthentications.keda.sh"],
            },
            Self::Karpenter => Source {
                module: "sigs.k8s.io/karpenter",
                version: "v1.9.0",
                sum: "h1:95p6+9AaZ/eYD3hLPyvBDBquC3v8m09T2u/pB/3Qrqs=",
                files: &[
                    "pkg/apis/crds/karpenter.sh_nodeclaims.yaml",
                    "pkg/apis/crds/karpenter.sh_nodepools.yaml",
                ],
                definitions: &["nodeclaims.karpenter.sh", "nodepools.karpenter.sh"],
            },
            Self::Velero => Source {
                module: "github.com/vmware-tanzu/velero",
                version: "v1.18.3",
                sum: "h1:9uwN5yxTWQl9PsF5ljX4xiG+7VIq3I9mxOQ0DyyZ31A=",
                files: &[
                    "config/crd/v1/bases/velero.io_backups.yaml",
                    "config/crd/v1/bases/velero.io_backupstoragelocations.yaml",
                    "config/crd/v1/bases/velero.io_restores.yaml",
                    "config/crd/v1/bases/velero.io_schedules.yaml",
                ],
                definitions: &[
                    "backups.velero.io",
                    "backupstoragelocations.velero.io",
                    "restores.velero.io",
                    "schedules.velero.io",
                ],
            },
            Self::CertManager => Source {
                module: "github.com/cert-manager/cert-manager",
                version: "v1.21.2",
                sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
                files: &[
                    "deploy/crds/cert-manager.io_certificaterequests.yaml",
                    "deploy/crds/cert-manager.io_certificates.yaml",
                ],
                definitions: &[
                    "certificaterequests.cert-manager.io",
                    "certificates.cert-manager.io",
                ],
            },
            Self::Istio => Source {
                module: "istio.io/api",
                version: "v1.31.1",
                sum: "h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk=",
                files: &["kubernetes/customresourcedefinitions.gen.yaml"],
                definitions: &[
                    "peerauthentications.security.istio.io",
                    "sidecars.networking.istio.io",
                ],
            },
            Self::PolicyEndpoints => return None,
        })
    }

    /// Its definitions as JSON, downloaded through the Go module proxy first if the cache has none of this version.
    ///
    /// # Errors
    ///
    /// When Go is missing, the module cannot be downloaded or is not the pinned one, or misses a definition.
    pub(crate) async fn definitions(self) -> Result<Vec<Value>> {
        match self.source() {
            None => documents(POLICY_ENDPOINTS, "policyendpoints"),
            Some(source) => source.definitions(&crate::folders::cache()?, "go").await,
        }
    }
}

impl Source {
    async fn definitions(&self, cache: &Path, go: &str) -> Result<Vec<Value>> {
        let kept = cache.join(self.file_name());
        if !kept.is_file() {
            let _lock = lock(
                &kept.with_extension("lock"),
                "downloads custom resource definitions",
            )
            .await?;
            if !kept.is_file() {
                let text = self.download(cache, go).await?;
                // It appears complete or not at all.
                let new = kept.with_extension("new");
                std::fs::write(&new, text).with_context(|| format!("cannot write {}", new.display()))?;
                std::fs::rename(&new, &kept).context("cannot move the definitions into place")?;
            }
        }
        let text =
            std::fs::read_to_string(&kept).with_context(|| format!("cannot read {}", kept.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Named after all that decides its content.
    fn file_name(&self) -> String {
        let mut digest = Sha256::new().chain_update(self.sum);
        for part in self.files.iter().chain(self.definitions) {
            digest.update(part);
        }
        let mut name = "definitions-".to_owned();
        for byte in digest.finalize().iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name + ".json"
    }

    async fn download(&self, cache: &Path, go: &str) -> Result<String> {
        let work = tempfile::tempdir_in(cache)?;
        let what = format!("{}@{}", self.module, self.version);
        let log = work.path().join("download.json");
        // In a folder without go.mod, so that only this module is looked at, not what it depends on.
        let mut get = Spec::new("go mod download", go, &log)
            .args(["mod", "download", "-json", &what])
            .env("GOWORK", "off")
            .env("GOFLAGS", "-mod=mod")
            .folder(work.path())
            .start()?;
        let status = get.finished(DOWNLOAD_LIMIT).await?;
        ensure!(
            status == 0,
            "{what} cannot be downloaded (go ended with status {status}){}",
            get.tail()
        );
        // What go says before and after the document, for example of a download, is in the same file.
        let told = std::fs::read_to_string(&log)?;
        let told = told.find("\n{").map_or(told.as_str(), |at| told.split_at(at).1);
        let mut told = serde_json::Deserializer::from_str(told).into_iter::<Value>();
        let told = told
            .next()
            .context("nothing")
            .and_then(|value| Ok(value?))
            .with_context(|| format!("what go says of {what}"))?;
        let text = |member: &str| told.get(member).and_then(Value::as_str).unwrap_or_default();
        ensure!(
            text("Sum") == self.sum,
            "{what} has the checksum {}, not the pinned {}",
            text("Sum"),
            self.sum
        );
        let mut found = Vec::new();
        for file in self.files {
            let path = PathBuf::from(text("Dir")).join(file);
            let yaml =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.extend(documents(&yaml, file)?);
        }
        found.retain(|one| self.definitions.contains(&name(one)));
        for wanted in self.definitions {
            ensure!(
                found.iter().any(|one| name(one) == *wanted),
                "{what} has no definition of {wanted}"
            );
        }
        Ok(serde_json::to_string(&found)?)
    }
}

/// The definitions of a YAML stream.
fn documents(yaml: &str, what: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(yaml) {
        let value = Value::deserialize(document).with_context(|| format!("{what} is no YAML"))?;
        if value.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition") {
            all.push(value);
        }
    }
    Ok(all)
}

/// The name of an object, the empty string when it has none.
pub(crate) fn name(object: &Value) -> &str {
    object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_our_own_is_the_one_it_claims_to_be() {
        let all = documents(POLICY_ENDPOINTS, "policyendpoints").unwrap();
        assert_eq!(
            all.iter().map(name).collect::<Vec<_>>(),
            ["policyendpoints.networking.k8s.aws"]
        );
    }

    #[test]
    fn a_change_of_version_or_of_the_wanted_definitions_is_never_served_from_an_older_download() {
        let source = |sum, definitions| Source {
            module: "example.com/a",
            version: "v1.0.0",
            sum,
            files: &["a.yaml"],
            definitions,
        };
        let names = [
            source("h1:a=", &["a"]).file_name(),
            source("h1:b=", &["a"]).file_name(),
            source("h1:a=", &["a", "b"]).file_name(),
        ];
        assert!(names[0] != names[1] && names[0] != names[2], "{names:?}");
    }

    #[tokio::test]
    async fn a_module_of_another_content_is_refused_and_leaves_nothing() {
        use std::os::unix::fs::PermissionsExt as _;
        let cache = tempfile::tempdir().unwrap();
        let go = cache.path().join("fake-go");
        std::fs::write(
            &go,
            "#!/bin/sh\necho '{\"Sum\": \"h1:other=\", \"Dir\": \"/\"}'\n",
        )
        .unwrap();
        std::fs::set_permissions(&go, std::fs::Permissions::from_mode(0o755)).unwrap();
        let source = Extension::Keda.source().unwrap();
        let error = source
            .definitions(cache.path(), go.to_str().unwrap())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("h1:other="), "{error:#}");
        assert!(!cache.path().join(source.file_name()).exists());
    }
}
