//! The guard that the API server itself keeps over threat-containment (infra/kubernetes/guards), on a real API server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use day2_platform::cluster::{Cluster, ClusterOptions};
use day2_platform::wait::wait_until;

/// Where nobody listens: nothing here comes in with a token of EKS.
const NOBODY: &str = "http://127.0.0.1:9";

struct Kubectl<'a>(&'a Cluster);

impl Kubectl<'_> {
    /// Runs kubectl as the administrator; whether it succeeds, and all that it says.
    fn run(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let done = Command::new(self.0.kubectl_path())
            .arg("--kubeconfig")
            .arg(self.0.admin_kubeconfig_path())
            .args(arguments)
            .output()?;
        let said = [done.stdout, done.stderr].concat();
        Ok((done.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }

    fn must(&self, arguments: &[&str]) -> Result<()> {
        let (done, said) = self.run(arguments)?;
        ensure!(done, "{arguments:?}: {said}");
        Ok(())
    }

    /// Whether somebody of this group may delete a pod, admission included, without doing it.
    fn may_delete(&self, group: &str, namespace: &str, pod: &str) -> Result<(bool, String)> {
        let (of, to) = (format!("--as-group={group}"), format!("--namespace={namespace}"));
        self.run(&[
            "delete",
            "pod",
            pod,
            &to,
            &of,
            "--as=somebody",
            "--as-group=system:authenticated",
            "--dry-run=server",
        ])
    }
}

fn manifest(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../infra/kubernetes")
        .join(path);
    path.to_string_lossy().into_owned()
}

#[tokio::test]
async fn the_api_server_lets_containment_delete_only_what_carries_the_mark_o09() -> Result<()> {
    const OURS: &str = "day2:threat-containment";
    let state = tempfile::tempdir()?;
    let cluster = Cluster::start(ClusterOptions {
        state_dir: state.path().to_owned(),
        sts_base: NOBODY.to_owned(),
        eks_endpoint: NOBODY.to_owned(),
        region: "us-east-1".to_owned(),
        cluster_name: "prod-a".to_owned(),
    })
    .await?;
    let kubectl = Kubectl(&cluster);
    kubectl.must(&["create", "namespace", "shop"])?;
    for (namespace, pod, label) in [
        ("shop", "miner", "day2.dev/quarantine=f1"),
        ("shop", "neighbour", "app=shop"),
        ("kube-system", "marked", "day2.dev/quarantine=f1"),
    ] {
        wait_until(
            Duration::from_mins(1),
            "the account of the namespace is there",
            async || kubectl.must(&["get", "serviceaccount", "default", "--namespace", namespace]),
        )
        .await?;
        let labels = format!("--labels={label}");
        kubectl.must(&["run", pod, "--image=none", "--namespace", namespace, &labels])?;
    }
    kubectl.must(&["apply", "--filename", &manifest("threat-containment.yaml")])?;
    // Without the guard the role may delete any pod; so it is the guard that refuses below.
    wait_until(Duration::from_mins(1), "the role is in force", async || {
        let (may, said) = kubectl.may_delete(OURS, "kube-system", "marked")?;
        ensure!(may, "{said}");
        Ok(())
    })
    .await?;
    ensure!(kubectl.may_delete(OURS, "shop", "neighbour")?.0);

    kubectl.must(&["apply", "--filename", &manifest("guards/threat-containment.yaml")])?;
    wait_until(Duration::from_mins(1), "the guard is in force", async || {
        let (may, said) = kubectl.may_delete(OURS, "shop", "neighbour")?;
        ensure!(
            !may && said.contains("only a pod that carries the label day2.dev/quarantine"),
            "{said}"
        );
        Ok(())
    })
    .await?;
    let (may, said) = kubectl.may_delete(OURS, "kube-system", "marked")?;
    ensure!(
        !may && said.contains("no pod in a namespace that carries the cluster"),
        "{said}"
    );
    let (may, said) = kubectl.may_delete(OURS, "shop", "miner")?;
    ensure!(may, "the pod in quarantine: {said}");

    // Nobody else is touched.
    let (may, said) = kubectl.may_delete("system:masters", "shop", "neighbour")?;
    ensure!(may, "an administrator: {said}");
    cluster.stop();
    Ok(())
}
