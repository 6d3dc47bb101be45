//! All of it: emulator, cluster and world in one state folder.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::aws::control::ClusterPlace;
use crate::aws::{Emulator, Options, REGION};
use crate::cluster::{Cluster, ClusterOptions};
use crate::deploy::{Deployment, Progress, Scope};
use crate::example;
use crate::ports::Port;
use crate::world::World;
use crate::world::plan::{KUBERNETES_MINOR, Plan, TARGET};

/// Everything that runs lies in this folder of the state folder; it is emptied at each start.
const RUN: &str = "run";
/// What a shell needs to talk to the running platform.
const ENVIRONMENT: &str = "env";

/// A running platform. Dropping it ends every process of it.
#[derive(Debug)]
pub struct Platform {
    /// The cluster.
    pub cluster: Cluster,
    /// The AWS side.
    pub emulator: Emulator,
    state: State,
}

impl Platform {
    /// Starts emulator and cluster in a state folder, which it empties of an earlier platform first.
    ///
    /// # Errors
    ///
    /// When another platform runs in that folder, or a part does not start; nothing is left running.
    pub async fn start(state: &Path) -> Result<Self> {
        let state = State::take(state)?;
        let run = state.run();
        let port = Port::claim()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let emulator = Emulator::start(Options {
            state_dir: run.join("aws"),
            port,
        });
        let cluster = Cluster::start(ClusterOptions {
            state_dir: run.join("cluster"),
            sts_base: endpoint.clone(),
            eks_endpoint: endpoint,
            region: REGION.to_owned(),
            cluster_name: TARGET.to_owned(),
        });
        let (emulator, cluster) = tokio::try_join!(emulator, cluster)?;
        let platform = Self {
            cluster,
            emulator,
            state,
        };
        platform.write_environment()?;
        Ok(platform)
    }

    /// Starts another cluster beside the first, known to EKS by this name, with an API server of its own; empty. It is ended
    /// when it is dropped.
    ///
    /// # Errors
    ///
    /// When a part does not start, or there is one of that name already.
    pub async fn second_cluster(&self, name: &str) -> Result<Cluster> {
        let endpoint = self.emulator.endpoint();
        let cluster = Cluster::start(ClusterOptions {
            state_dir: self.state.run().join(format!("cluster-{name}")),
            sts_base: endpoint.clone(),
            eks_endpoint: endpoint,
            region: REGION.to_owned(),
            cluster_name: name.to_owned(),
        })
        .await?;
        let place = ClusterPlace {
            name: name.to_owned(),
            endpoint: cluster.endpoint().to_owned(),
            certificate_authority: STANDARD.encode(cluster.ca_pem()),
            authentication_mode: "API_AND_CONFIG_MAP".to_owned(),
            version: KUBERNETES_MINOR.to_owned(),
        };
        self.emulator.control().set_cluster(&place).await?;
        Ok(cluster)
    }

    /// Makes the world of the present moment.
    ///
    /// # Errors
    ///
    /// As [`World::seed`].
    pub async fn seed(&self) -> Result<World> {
        let plan = Plan::new(crate::clock::now())?;
        // Large, and callers keep their own futures small.
        let world = Box::pin(World::seed(&self.emulator, &self.cluster, plan)).await?;
        example::remember(&self.state.folder, world.facts())?;
        Ok(world)
    }

    /// Deploys the product.
    ///
    /// # Errors
    ///
    /// As [`Deployment::apply`].
    pub async fn deploy(&self, world: &World, progress: Progress) -> Result<Deployment> {
        self.deploy_scope(None, None, world, progress).await
    }

    /// Deploys only these functions of the product.
    ///
    /// # Errors
    ///
    /// As [`Deployment::apply`].
    pub async fn deploy_only(
        &self,
        only: &[&'static str],
        world: &World,
        progress: Progress,
    ) -> Result<Deployment> {
        self.deploy_scope(None, Some(only), world, progress).await
    }

    /// Deploys the product, with the world's cluster and this one as a pair.
    ///
    /// # Errors
    ///
    /// As [`Deployment::apply`].
    pub async fn deploy_pair(
        &self,
        world: &World,
        second: &Cluster,
        progress: Progress,
    ) -> Result<Deployment> {
        self.deploy_scope(Some(second), None, world, progress).await
    }

    async fn deploy_scope(
        &self,
        second: Option<&Cluster>,
        only: Option<&[&'static str]>,
        world: &World,
        progress: Progress,
    ) -> Result<Deployment> {
        let scope = Scope {
            cluster: &self.cluster,
            second,
            only,
        };
        Deployment::apply(&self.state.run(), &self.emulator, &scope, world, progress).await
    }

    /// The folder given at the start.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state.folder
    }

    fn write_environment(&self) -> Result<()> {
        let mut variables = self.emulator.placement().shell_variables();
        variables.insert(
            "KUBECONFIG".to_owned(),
            self.cluster.admin_kubeconfig_path().display().to_string(),
        );
        // The one variable that tests/platform/terraform asks of its caller about the platform.
        variables.insert("TF_VAR_endpoint".to_owned(), self.emulator.endpoint());
        let mut text = String::new();
        for (name, value) in variables {
            let _ = writeln!(text, "export {name}={}", quoted(&value));
        }
        // kubectl of the cluster's own version, and the AWS CLI with which the platform was started.
        let kubectl = self.cluster.kubectl_path();
        for folder in [kubectl.parent().map(Path::to_owned), folder_of("aws")]
            .into_iter()
            .flatten()
        {
            let _ = writeln!(
                text,
                "export PATH={}:\"$PATH\"",
                quoted(&folder.display().to_string())
            );
        }
        std::fs::write(self.state.run().join(ENVIRONMENT), text).context("cannot write the environment file")
    }
}

/// The folder on the search path that holds this program.
fn folder_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join(program).is_file())
}

/// The `export` lines of the platform that runs in a state folder.
///
/// # Errors
///
/// When none runs there.
pub fn environment(state: &Path) -> Result<String> {
    running(state)?;
    let path = run_folder(state).join(ENVIRONMENT);
    std::fs::read_to_string(&path)
        .with_context(|| format!("the platform is still starting: no {}", path.display()))
}

/// An error with the way out when no platform runs in this state folder.
pub(crate) fn running(state: &Path) -> Result<()> {
    if File::open(state.join("lock")).is_ok_and(|lock| lock.try_lock_shared().is_err()) {
        return Ok(());
    }
    bail!(
        "no platform runs in {}; start one with `platform up`",
        state.display()
    );
}

/// Where the packages for this machine lie, for `infra/` to be applied to the platform of a state folder.
///
/// # Errors
///
/// When the current folder is not known.
pub fn packages(state: &Path) -> Result<PathBuf> {
    Ok(std::path::absolute(state)?.join("packages"))
}

/// Where the mails of the platform that runs in a state folder lie.
#[must_use]
pub fn mails(state: &Path) -> PathBuf {
    run_folder(state).join("mails")
}

/// The folder of a state folder that a running platform has for itself.
pub(crate) fn run_folder(state: &Path) -> PathBuf {
    state.join(RUN)
}

/// What a person types to look around.
#[must_use]
pub fn how_to_poke(state: &Path) -> String {
    let run = state.join(RUN);
    format!(
        ". {}\naws autoscaling describe-auto-scaling-groups --query 'AutoScalingGroups[].[AutoScalingGroupName,DesiredCapacity]'\n\
         kubectl get nodes -L node-group,topology.kubernetes.io/zone\nevery AWS call: {}",
        run.join(ENVIRONMENT).display(),
        run.join("aws/aws-calls.jsonl").display(),
    )
}

/// A shell word.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// The state folder, held by a lock that ends with the process.
#[derive(Debug)]
struct State {
    folder: PathBuf,
    _lock: File,
}

impl State {
    fn take(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        if lock.try_lock().is_err() {
            bail!(
                "a platform runs in {} already; end it, or choose another folder with --state",
                folder.display()
            );
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        let run = folder.join(RUN);
        if run.exists() {
            std::fs::remove_dir_all(&run).with_context(|| format!("cannot empty {}", run.display()))?;
        }
        std::fs::create_dir_all(&run)?;
        Ok(Self { folder, _lock: lock })
    }

    fn run(&self) -> PathBuf {
        self.folder.join(RUN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_folder_belongs_to_one_platform_and_is_emptied_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let first = State::take(folder.path()).unwrap();
        std::fs::write(first.run().join("left"), "").unwrap();
        let refused = State::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("--state"), "{refused}");
        drop(first);
        assert!(!State::take(folder.path()).unwrap().run().join("left").exists());
    }

    #[test]
    fn the_environment_of_no_platform_is_refused_with_the_way_to_start_one() {
        let folder = tempfile::tempdir().unwrap();
        let why = environment(folder.path()).unwrap_err().to_string();
        assert!(why.contains("platform up"), "{why}");
    }

    #[test]
    fn a_value_with_quotes_stays_one_shell_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
