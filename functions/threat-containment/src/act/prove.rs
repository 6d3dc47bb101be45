//! Whether the pod is really cut off: the judgement is `day2_kube::quarantine`, this reads what it is made of.

use day2_core::containment::Containment;
use day2_core::names::{DnsLabel, DnsName};
use day2_core::{Cause, Observed, Unreadable};
use day2_kube::ClusterClient;
use day2_kube::objects::{Node, PodDetail};
use day2_kube::quarantine::{Enforcer, Isolation, Observation, RunsOn};
use jiff::Timestamp;

use crate::settings::PolicyAgent;

/// Looks at the pod and at all that bears on its isolation.
///
/// # Errors
///
/// When the pod itself could not be read, or is not there any more. What else could not be read is a reason within the
/// verdict.
pub async fn prove(
    cluster: &ClusterClient,
    pod: &PodDetail,
    node: Option<&Node>,
    agent: PolicyAgent,
    deadline: Timestamp,
) -> Observed<Isolation> {
    let operation = "get pods";
    let unfit = |_| {
        Unreadable::new(
            operation,
            pod.name.as_str(),
            Cause::Other,
            "its names are not fit for a path",
        )
    };
    let namespace: DnsLabel = pod.namespace.parse().map_err(unfit)?;
    let name: DnsName = pod.name.parse().map_err(unfit)?;
    let value = Containment::label_value(&pod.uid);
    let (now, policies, application, higher, endpoints, enforcer) = futures::join!(
        cluster.get_pod_detail(&namespace, &name, deadline),
        cluster.list_network_policies(&namespace, deadline),
        cluster.list_application_network_policies(&namespace, deadline),
        cluster.list_higher_policies(deadline),
        cluster.list_policy_endpoints(&namespace, deadline),
        enforcer(cluster, agent, deadline),
    );
    let now = now?.filter(|now| now.uid == pod.uid).ok_or_else(|| {
        Unreadable::new(
            operation,
            pod.name.as_str(),
            Cause::NotFound,
            "the pod is not there any more",
        )
    })?;
    let policies = policies.and_then(day2_kube::Listed::complete);
    let application = application.and_then(|all| all.map(day2_kube::Listed::complete).transpose());
    let endpoints = endpoints.and_then(|all| all.map(day2_kube::Listed::complete).transpose());
    Ok(Isolation::of(&Observation {
        pod: &now,
        value: &value,
        policies: &policies,
        application_policies: &application,
        higher: &higher,
        endpoints: &endpoints,
        enforcer: &enforcer,
        runs_on: RunsOn::of(&now, node),
    }))
}

async fn enforcer(cluster: &ClusterClient, agent: PolicyAgent, deadline: Timestamp) -> Enforcer {
    match agent {
        PolicyAgent::Detect => Enforcer::VpcCni(cluster.get_node_agent(deadline).await),
        PolicyAgent::Declared => Enforcer::Declared("the agent that the settings declare".to_owned()),
        PolicyAgent::AutoMode => Enforcer::AutoMode,
        PolicyAgent::None => Enforcer::VpcCni(Ok(None)),
    }
}
