//! Every kind of controller that a pod may have: read up to its top, and ended as that kind is ended, or left with the reason.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use day2_platform::sandbox::Sandbox;
use day2_platform::wait::wait_until;
use day2_platform::world::miner::{NAMESPACE, PodId};
use serde_json::{Value, json};

use super::id;
use super::stand::{Mode, Stand, outcome_of};
use super::suspects::container;

const SOON: Duration = Duration::from_mins(1);

pub(super) async fn each_kind_of_owner_is_ended_in_its_own_way_k14(stand: &mut Stand) -> Result<()> {
    stand.as_before().await?;
    stand.define_rollouts().await?;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
    for (number, kind) in (70_000..).zip(["StatefulSet", "ReplicaSet", "CronJob", "Rollout"]) {
        let name = format!("owned-{number}");
        let pod = stand.owned_by(kind, &name, number).await.context(kind)?;
        let event = stand.finding(&pod, &id(number)).await?;
        let answer = sandbox.invoke(event).await?.answer()?;
        ensure!(outcome_of(&answer) == "applied", "{kind}: {answer:#}");
        ensure!(
            stand.labelled().await?.contains(&pod.name) || !stand.lives(&pod).await?,
            "{kind}: the pod is neither isolated nor ended"
        );
        match kind {
            "StatefulSet" | "ReplicaSet" => {
                let seen = stand
                    .kubectl(&["get", kind, "-n", NAMESPACE, &name, "-o", "json"])
                    .await?;
                ensure!(seen["spec"]["replicas"] == 0, "{kind}: {:#}", seen["spec"]);
            }
            // A Job would start another pod, and the CronJob another Job: the pod ends, and the mail says what is left to do.
            "CronJob" => {
                wait_until(SOON, "the pod of the Job ends", async || {
                    ensure!(!stand.lives(&pod).await?, "it lives");
                    Ok(())
                })
                .await?;
                ensure!(answer.to_string().contains("suspend it"), "{answer:#}");
            }
            _ => {
                ensure!(stand.lives(&pod).await?, "{kind}: the pod was ended");
                let left = &answer["reports"][0]["action"]["plan"]["skips"];
                ensure!(left.to_string().contains("kind Rollout"), "{left:#}");
            }
        }
    }
    stand.as_before().await
}

impl Stand {
    /// A pod that mines below a controller of this kind.
    async fn owned_by(&self, kind: &str, name: &str, number: u32) -> Result<PodId> {
        let labels = json!({"app": name});
        let template = json!({
            // A Job's pod would be done before anybody looks.
            "metadata": {"labels": labels, "annotations": {"day2.test/complete-after": "1h"}},
            "spec": {"nodeName": self.miner.pod.node, "containers": [container(number)]},
        });
        let object = |api: &str, kind: &str, spec: Value| json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec});
        let selected = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
        let mut of_job = template.clone();
        of_job["spec"]["restartPolicy"] = json!("Never");
        match kind {
            "StatefulSet" => {
                let mut spec = selected;
                spec["serviceName"] = json!(name);
                self.apply(&object("apps/v1", kind, spec)).await?;
            }
            "CronJob" => {
                let of_cron = json!({"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": of_job}}});
                let owner = self.apply(&object("batch/v1", kind, of_cron)).await?;
                let mut job = object("batch/v1", "Job", json!({"template": of_job}));
                job["metadata"]["ownerReferences"] = owner_of(&owner);
                self.apply(&job).await?;
            }
            "Rollout" => {
                let owner = self
                    .apply(&object("argoproj.io/v1alpha1", kind, json!({})))
                    .await?;
                let mut set = object("apps/v1", "ReplicaSet", selected);
                set["metadata"]["ownerReferences"] = owner_of(&owner);
                self.apply(&set).await?;
            }
            _ => {
                self.apply(&object("apps/v1", kind, selected)).await?;
            }
        }
        Ok(self.running(name, 1).await?.remove(0))
    }

    /// The kind `Rollout` of Argo, as far as an owner is read: no controller of it runs.
    async fn define_rollouts(&self) -> Result<()> {
        self.apply(&json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "rollouts.argoproj.io"},
            "spec": {
                "group": "argoproj.io", "scope": "Namespaced",
                "names": {"kind": "Rollout", "listKind": "RolloutList", "plural": "rollouts", "singular": "rollout"},
                "versions": [{
                    "name": "v1alpha1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                }],
            },
        }))
        .await?;
        wait_until(SOON, "rollouts are served", async || {
            self.kubectl(&["get", "rollouts", "-n", NAMESPACE, "-o", "json"])
                .await
                .map(drop)
        })
        .await
    }

    /// Makes an object, and gives it as it then is.
    async fn apply(&self, object: &Value) -> Result<Value> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(object.to_string().as_bytes())?;
        let path = file.path().to_string_lossy().into_owned();
        self.kubectl(&["apply", "-f", &path, "-o", "json"]).await
    }
}

/// The reference to a controller.
fn owner_of(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!([{
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": metadata["name"], "uid": metadata["uid"],
        "controller": true,
    }])
}
