//! A call by hand without a finding: is what is contained still cut off? Reads only.

use day2_aws::Invocation;
use day2_aws::error::OpsError;
use day2_aws::journal::Claim;
use day2_core::Observed;
use day2_core::action::{Mode, Outcome};
use day2_core::containment::Containment;
use day2_core::target::Target;
use day2_core::trigger::Finding;
use day2_kube::quarantine::Isolation;
use futures::future::join_all;
use serde_json::Value;

use super::ThreatContainment;
use super::case::{Case, Road};
use super::tell::{Ending, How, answered};
use crate::act::prove;
use crate::gather::node;
use crate::report as items;

impl ThreatContainment {
    /// Proves every open containment of a target again.
    pub(super) async fn review(&self, target: &Target, invocation: &Invocation) -> Result<Value, OpsError> {
        let nobody = Finding {
            id: String::new(),
            kind: String::new(),
            severity: 0.0,
            account: target.account_id.clone(),
            region: target.region.clone(),
            cluster_arn: None,
            workload: None,
            instance: None,
            sample: false,
            archived: false,
            count: None,
            updated_at: None,
        };
        let case = self.case(target, Mode::Observe, Road::Manual, nobody, invocation)?;
        case.has_time()?;
        let run = case.run(None, self.zone());
        let held = match self.claim(&case, &run).await? {
            Claim::Ours(held) => held,
            other => return answered(&case, &run, other),
        };
        let done = Box::pin(self.reviewed(&case, &run, &held)).await;
        self.given_back(&case, &held, done).await
    }

    async fn reviewed(
        &self,
        case: &Case<'_>,
        run: &day2_core::report::Run,
        held: &day2_aws::journal::Held,
    ) -> Result<Value, OpsError> {
        let known = self.edge.journal.containments(case.target.name.as_str()).await?;
        let open: Vec<&Containment> = known.iter().filter(|one| one.is_open()).collect();
        let proofs = join_all(open.iter().map(|one| self.proven(case, one))).await;
        let items = items::review(open.iter().copied().zip(&proofs));
        let says = format!("{} containments are open", open.len());
        let ending = Ending::of(Outcome::NothingToDo, says, items);
        self.publish(case, run, held, ending, How::Mail).await
    }

    async fn proven(&self, case: &Case<'_>, one: &Containment) -> Observed<Option<Isolation>> {
        let ctx = self.ctx(case.target).await;
        let times = case.times();
        let cluster = ctx.cluster(case.target, &times).await?;
        let unfit = |_| {
            day2_core::Unreadable::new(
                "get pods",
                one.pod.full_name(),
                day2_core::Cause::Other,
                "its names are not fit for a path",
            )
        };
        let namespace: day2_core::names::DnsLabel = one.pod.namespace.parse().map_err(unfit)?;
        let name: day2_core::names::DnsName = one.pod.name.parse().map_err(unfit)?;
        let pod = cluster.get_pod_detail(&namespace, &name, times.deadline).await?;
        let Some(pod) = pod.filter(|pod| pod.uid == one.pod.uid) else {
            return Ok(None);
        };
        let nodes = node::nodes(&cluster, &times).await;
        let of_pod = nodes
            .as_ref()
            .ok()
            .and_then(|nodes| nodes.iter().find(|node| Some(&node.name) == pod.node.as_ref()));
        let proving = prove::prove(&cluster, &pod, of_pod, case.platform.policy_agent, times.deadline);
        Box::pin(proving).await.map(Some)
    }
}
