//! Deploying the product to the platform as its users do: Terraform for AWS, kubectl for the cluster.

pub mod belongings;
pub mod mailbox;
mod mirror;
pub mod reports;
pub mod site;
mod terraform;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::api::Api;
use crate::aws::{Emulator, package, python};
use crate::cluster::Cluster;
use crate::process::Spec;
use crate::world::World;

pub use mirror::{is_opentofu, plugin_folder};
pub use terraform::{Progress, Root, Terraform, program as terraform_program};

/// The functions that are deployed into any world; binaries of the workspace.
const FUNCTIONS: [&str; 11] = [
    "scale-window",
    "provisioning-latency",
    "connection-exhaustion",
    "lease-sweeper",
    "evidence-audit",
    "watchdog",
    "threat-containment",
    "threat-release",
    "health-check",
    "backup-verification",
    "doctor",
];
/// What is deployed where there is a second cluster for it to watch.
const OF_A_PAIR: &str = "ha-status";
/// Those that keep or read evidence, for which there must be a place.
const OF_EVIDENCE: [&str; 3] = ["evidence-audit", "threat-containment", "threat-release"];
const KUBECTL_LIMIT: Duration = Duration::from_mins(1);

/// A deployed function, as Terraform's output names it.
#[derive(Debug, Clone, Deserialize)]
pub struct Function {
    /// Name for `aws lambda invoke`.
    pub function_name: String,
    /// Role that it runs with.
    pub role_name: String,
    /// Its log group.
    pub log_group_name: String,
    /// Group of its schedules; `None` for a function that has none.
    pub schedule_group_name: Option<String>,
}

impl Function {
    /// Group of its schedules.
    ///
    /// # Errors
    ///
    /// When it has none.
    pub fn schedules(&self) -> Result<&str> {
        let group = self.schedule_group_name.as_deref();
        group.with_context(|| format!("{} has no schedule", self.function_name))
    }
}

/// What is to be deployed, and where.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The world's cluster.
    pub cluster: &'a Cluster,
    /// With a second one `ha-status` watches the two.
    pub second: Option<&'a Cluster>,
    /// Only these functions; none for all that any world has.
    pub only: Option<&'a [&'static str]>,
}

impl Scope<'_> {
    fn functions(&self) -> Vec<&'static str> {
        let mut functions = self.only.unwrap_or(&FUNCTIONS).to_vec();
        functions.extend(self.second.map(|_| OF_A_PAIR));
        functions
    }

    /// The variables of the root, without those of functions that are left out.
    fn variables(&self, world: &World) -> Value {
        let mut variables = world.tfvars(self.second.map(Cluster::endpoint));
        if let (Some(only), Some(all)) = (self.only, variables.as_object_mut()) {
            for name in FUNCTIONS.iter().filter(|name| !only.contains(name)) {
                all.insert(name.replace('-', "_"), Value::Null);
            }
        }
        variables
    }
}

/// What was deployed.
#[derive(Debug)]
pub struct Deployment {
    functions: Vec<&'static str>,
    /// Whether everything that any world has is deployed.
    whole: bool,
    terraform: Terraform,
    outputs: Value,
    /// Null where nothing that is deployed keeps any.
    evidence: Value,
    account: Api,
}

impl Deployment {
    /// Packs the binaries, applies Terraform and the manifests.
    ///
    /// # Errors
    ///
    /// Names the step and shows the last lines of its log.
    pub async fn apply(
        state: &Path,
        emulator: &Emulator,
        scope: &Scope<'_>,
        world: &World,
        progress: Progress,
    ) -> Result<Self> {
        let packages = state.join("packages");
        let functions = scope.functions();
        let keeps_evidence = functions.iter().any(|name| OF_EVIDENCE.contains(name));
        let place = async {
            if keeps_evidence {
                begin_evidence(state, emulator, &progress).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let ((), begun) = tokio::try_join!(pack(&functions, &packages), place)?;
        let (evidence_root, evidence) = begun.unzip();
        let evidence = evidence.unwrap_or(Value::Null);
        let terraform = Terraform::new(
            Root::Functions,
            &state.join("deploy"),
            &variables(emulator, scope.variables(world), &packages, &evidence)?,
            progress,
        )?;
        terraform.init().await?;
        let rest_of_evidence = async {
            match &evidence_root {
                Some(root) => root.apply().await,
                None => Ok(()),
            }
        };
        tokio::try_join!(rest_of_evidence, terraform.apply())?;
        let outputs = terraform.outputs().await?;
        for function in &functions {
            // A function that never talks to the cluster has no manifest.
            let manifest = repository().join(format!("infra/kubernetes/{function}.yaml"));
            if manifest.is_file() {
                kubectl_apply(scope.cluster, &manifest).await?;
            }
            if let Some(second) = scope.second.filter(|_| *function == OF_A_PAIR) {
                kubectl_apply(second, &manifest).await?;
            }
        }
        Ok(Self {
            functions,
            whole: scope.only.is_none(),
            terraform,
            outputs,
            evidence,
            account: emulator.api(),
        })
    }

    /// Whether a second plan would change something; the text says what.
    ///
    /// # Errors
    ///
    /// When the plan cannot be made.
    pub async fn pending_changes(&self) -> Result<Option<String>> {
        self.terraform.pending_changes().await
    }

    /// Removes what was deployed, and proves it: the account holds nothing of it any more, and the evidence is what it was.
    ///
    /// # Errors
    ///
    /// With the last lines of Terraform's log, or with what is left.
    pub async fn destroy(self) -> Result<()> {
        let before = belongings::belongings(&self.account).await?;
        if self.whole {
            belongings::complete(&before)?;
        }
        let kept = self.kept_evidence().await?;
        self.terraform.destroy().await?;
        belongings::gone(&belongings::belongings(&self.account).await?)?;
        let still = self.kept_evidence().await?;
        ensure!(kept == still, "the evidence was {kept:#}\nand is {still:#}");
        Ok(())
    }

    async fn kept_evidence(&self) -> Result<Value> {
        if self.evidence.is_null() {
            return Ok(Value::Null);
        }
        belongings::evidence(&self.account, &self.evidence).await
    }

    /// A deployed function.
    ///
    /// # Errors
    ///
    /// When Terraform's output does not name it.
    pub fn function(&self, name: &str) -> Result<Function> {
        let found = self.outputs.pointer(&format!("/functions/value/{name}")).cloned();
        let found = found.with_context(|| format!("the outputs name no function {name}"))?;
        serde_json::from_value(found).with_context(|| format!("the output of {name}"))
    }

    /// The names of the functions that were deployed.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.functions
    }

    /// The bucket of the evidence.
    ///
    /// # Errors
    ///
    /// When Terraform's output does not name it.
    pub fn evidence_bucket(&self) -> Result<&str> {
        let found = self.evidence.get("bucket").and_then(Value::as_str);
        found.context("infra/evidence names no bucket")
    }

    /// The settings document of each function, as Terraform wrote it.
    ///
    /// # Errors
    ///
    /// When Terraform's output is none.
    pub fn settings(&self) -> Result<BTreeMap<String, String>> {
        let documents = self
            .outputs
            .pointer("/settings/value")
            .context("Terraform has no output settings")?;
        serde_json::from_value(documents.clone()).context("the output settings is no map")
    }

    /// A text output, for example `topic_arn` or `report_bucket`.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub fn output(&self, name: &str) -> Result<&str> {
        let found = self
            .outputs
            .pointer(&format!("/{name}/value"))
            .and_then(Value::as_str);
        found.with_context(|| format!("Terraform has no output {name}"))
    }
}

/// Packs the binaries of these functions for this machine, as `<function>.zip` in this folder, which it makes.
///
/// # Errors
///
/// As [`binary`], or when a package cannot be written.
pub async fn pack(functions: &[impl AsRef<str>], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let python = python::ensure().await?;
    for function in functions {
        let function = function.as_ref();
        let package = folder.join(format!("{function}.zip"));
        package::pack(&python, &binary(function)?, &package).await?;
    }
    Ok(())
}

/// Names of all functions of the checkout.
///
/// # Errors
///
/// When its folder `functions` cannot be read.
pub fn functions() -> Result<Vec<String>> {
    let folder = repository().join("functions");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort();
    Ok(names)
}

/// Makes bucket and key of the evidence, which is all that the functions' root must know of it: the variable `evidence`. The rest
/// is applied beside that root, because the provider looks for most of a minute whether a lifecycle rule stays as it is.
async fn begin_evidence(
    state: &Path,
    emulator: &Emulator,
    progress: &Progress,
) -> Result<(Terraform, Value)> {
    let variables = json!({"endpoint": emulator.endpoint()});
    let folder = state.join("deploy-evidence");
    let terraform = Terraform::new(Root::Evidence, &folder, &variables, progress.clone())?;
    terraform.init().await?;
    terraform
        .apply_only(&[
            "module.evidence.aws_s3_bucket.this",
            "module.evidence.aws_kms_key.this",
        ])
        .await?;
    let outputs = terraform.outputs().await?;
    let evidence = outputs.pointer("/evidence/value").cloned();
    let evidence = evidence.context("infra/evidence has no output evidence")?;
    Ok((terraform, evidence))
}

fn variables(emulator: &Emulator, mut variables: Value, packages: &Path, evidence: &Value) -> Result<Value> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let own = json!({"endpoint": emulator.endpoint(), "package_dir": packages, "architecture": architecture,
                     "evidence": evidence});
    let (Some(all), Value::Object(own)) = (variables.as_object_mut(), own) else {
        bail!("the variables are no object");
    };
    all.extend(own);
    Ok(variables)
}

/// The folder of the checkout.
#[must_use]
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// The binary of a function that was built together with the running program: beside it, or beside its folder `deps`.
///
/// # Errors
///
/// When there is none, or when it is older than its sources; says how to build it.
pub fn binary(function: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("where this program lies")?;
    let found = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(function))
        .find(|path| path.is_file());
    let found = found.with_context(|| format!("{function} is not built; {BUILD}"))?;
    if let Some(newer) = newer_source(&found)? {
        bail!("{function} is older than {newer}; {BUILD}");
    }
    Ok(found)
}

/// `cargo test` alone does not build the program of a function again.
const BUILD: &str = "build everything with `cargo build --workspace --all-targets`";

/// A source of this binary that was changed after it was built. Cargo lists the sources beside the binary, in a file for
/// `make`.
fn newer_source(binary: &Path) -> Result<Option<String>> {
    let built = binary.metadata().and_then(|file| file.modified())?;
    let list = binary.with_extension("d");
    let rule = std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let sources = rule
        .split_once(": ")
        .map(|(_, sources)| sources)
        .unwrap_or_default();
    let changed = |source: &&str| {
        std::fs::metadata(source)
            .and_then(|file| file.modified())
            .is_ok_and(|changed| changed > built)
    };
    Ok(sources.split_whitespace().find(changed).map(str::to_owned))
}

/// Applies a manifest as the cluster's admin.
pub(crate) async fn kubectl_apply(cluster: &Cluster, manifest: &Path) -> Result<()> {
    let mut kubectl = Spec::new(
        "kubectl apply",
        cluster.kubectl_path(),
        cluster.logs().join("kubectl.log"),
    )
    .arg("--kubeconfig")
    .arg(cluster.admin_kubeconfig_path())
    .args(["apply", "-f"])
    .arg(manifest)
    .clean_env()
    .start()?;
    let status = kubectl.finished(KUBECTL_LIMIT).await?;
    ensure!(
        status == 0,
        "{} was not applied{}",
        manifest.display(),
        kubectl.tail()
    );
    Ok(())
}
