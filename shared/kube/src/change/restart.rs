//! A rolling restart of a Deployment, once per occasion.

use jiff::Timestamp;
use serde_json::json;

use super::{At, Change, Decision, Step};
use crate::ClusterClient;
use crate::objects::DeploymentDetail;
use crate::rollout::Rollout;

/// Annotation of the pod template that `kubectl rollout restart` sets; people and tools look for it.
pub const RESTARTED_AT_ANNOTATION: &str = "kubectl.kubernetes.io/restartedAt";

/// Annotation of the pod template with the occasion of our last restart. It stands in the same template, so that no state
/// is possible in which the Deployment was restarted and does not say for what.
pub const RESTART_ANNOTATION: &str = "day2.dev/restart";

/// A restart that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart<'a> {
    /// Namespace of the Deployment.
    pub namespace: &'a str,
    /// Name of the Deployment.
    pub name: &'a str,
    /// The uid that was planned for; none accepts any.
    pub uid: Option<&'a str>,
    /// What it is for, for example the key of an alarm's change of state. One occasion restarts at most once, until another
    /// occasion or an undo of the rollout replaces the annotation; what must hold for longer belongs into the journal.
    pub occasion: &'a str,
    /// The moment that `kubectl.kubernetes.io/restartedAt` will say.
    pub at: Timestamp,
}

/// A restart that was begun. Whether it succeeded is said by [`Rollout`], once `observed_generation` has reached
/// `generation_after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restarted {
    /// Version of the spec before; none when an earlier call restarted it.
    pub generation_before: Option<i64>,
    /// Version of the spec with the new template or a later one; none when the change is known to have been made but the
    /// answer's body was lost.
    pub generation_after: Option<i64>,
}

impl ClusterClient {
    /// Restarts the pods of a Deployment by its own rollout, as `kubectl rollout restart` does.
    ///
    /// A Deployment that carries the same occasion is not touched. One that is paused, scaled to zero, being deleted or in
    /// the middle of a rollout is refused. With the strategy `Recreate` all pods end at once: that is for the caller to
    /// judge. Needs `get` and `patch` on `deployments`.
    pub async fn restart_deployment(&self, restart: &Restart<'_>, deadline: Timestamp) -> Change<Restarted> {
        let at = At::of::<DeploymentDetail>(Some(restart.namespace), restart.name);
        self.change(restart, &at, None, deadline).await
    }
}

impl Step for Restart<'_> {
    type Target = DeploymentDetail;
    type Made = Restarted;

    fn decide(&self, seen: &DeploymentDetail) -> Decision<Restarted> {
        let refuse = |why: &str| Decision::Refuse(why.to_owned());
        if self.occasion.is_empty() {
            return refuse("a restart needs an occasion, and none was given");
        }
        if self.uid.is_some_and(|planned| planned != seen.uid) {
            return refuse("it is another Deployment of the same name than the one that was planned for");
        }
        if self.shows(seen) {
            return Decision::Done(Restarted {
                generation_before: None,
                generation_after: Some(seen.generation),
            });
        }
        if seen.deleting_since.is_some() {
            return refuse("it is being deleted");
        }
        if seen.paused {
            return refuse("it is paused, and a restart would wait until somebody resumes it");
        }
        if seen.desired == 0 {
            return refuse("it is scaled to zero, there is nothing to restart");
        }
        if let Some(rollout) = Rollout::between_templates(seen) {
            return Decision::Refuse(format!("a rollout is under way: {rollout}"));
        }
        if seen.resource_version.is_empty() {
            return refuse("the API server does not say its version, so that nothing can be changed safely");
        }
        Decision::Patch(json!({
            "metadata": {"resourceVersion": seen.resource_version},
            "spec": {"template": {"metadata": {"annotations": {
                RESTARTED_AT_ANNOTATION: self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                RESTART_ANNOTATION: self.occasion,
            }}}},
        }))
    }

    fn made(&self, before: &DeploymentDetail, after: Option<&DeploymentDetail>) -> Restarted {
        Restarted {
            generation_before: Some(before.generation),
            generation_after: after.map(|after| after.generation),
        }
    }

    fn shows(&self, seen: &DeploymentDetail) -> bool {
        seen.template_annotations
            .get(RESTART_ANNOTATION)
            .map(String::as_str)
            == Some(self.occasion)
    }
}
