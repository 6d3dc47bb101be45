//! What stands around the pod: events, policies, endpoints, and the rights of its account.

use day2_core::Observed;
use day2_core::evidence::{Cut, Gap};
use day2_core::names::DnsLabel;
use day2_kube::objects::{Binding, PodDetail};
use day2_kube::{KindAt, Listed};
use futures::future::join_all;
use serde_json::{Value, json};

use super::Collector;

/// Most objects of one kind; what is more is said to be missing.
const MOST: usize = 40;

impl Collector<'_> {
    pub(super) async fn events(&self, namespace: &DnsLabel, uid: &DnsLabel) {
        let source = format!("events of {namespace}");
        match self.cluster.list_events_of(namespace, uid, self.deadline).await {
            Ok(listed) => {
                let short = listed.shortfall().is_some();
                let events: Vec<Value> = listed
                    .items()
                    .iter()
                    .map(|event| {
                        json!({
                            "kind": event.kind, "reason": event.reason, "message": event.message,
                            "source": event.source, "count": event.count,
                            "first_at": event.first_at, "last_at": event.last_at,
                        })
                    })
                    .collect();
                let cut = short.then_some(Cut::Broken);
                self.save(
                    "events",
                    &source,
                    Value::Array(events).to_string().into_bytes(),
                    cut,
                )
                .await;
            }
            Err(why) => self
                .evidence
                .missed("events", &source, Gap::Lost, &why.to_string()),
        }
    }

    pub(super) async fn policies(&self, namespace: &DnsLabel) {
        let (policies, endpoints) = futures::join!(
            self.cluster.list_network_policies(namespace, self.deadline),
            self.cluster.list_policy_endpoints(namespace, self.deadline),
        );
        let policies = policies.map(|listed| listed.into_parts().0.into_iter().map(|one| one.name).collect());
        let endpoints = endpoints.map(|listed| {
            let all = listed.map(|listed| listed.into_parts().0).unwrap_or_default();
            all.into_iter().map(|one| one.name).collect()
        });
        futures::join!(
            self.named(
                "network-policy",
                ("networking.k8s.io", "v1", "networkpolicies"),
                Some(namespace),
                policies
            ),
            self.named(
                "policy-endpoint",
                ("networking.k8s.aws", "v1alpha1", "policyendpoints"),
                Some(namespace),
                endpoints
            ),
        );
    }

    pub(super) async fn endpoints(&self, namespace: &DnsLabel, pod: &PodDetail) {
        let slices = self
            .cluster
            .list_endpoint_slices(namespace, &pod.uid, self.deadline)
            .await;
        let names = slices.map(|listed| listed.into_parts().0.into_iter().map(|one| one.name).collect());
        self.named(
            "endpoint-slice",
            ("discovery.k8s.io", "v1", "endpointslices"),
            Some(namespace),
            names,
        )
        .await;
    }

    /// Their names may hold what no path takes (`system:…`), so they are written as they were listed.
    pub(super) async fn bindings(&self, namespace: &DnsLabel, pod: &PodDetail) {
        let account = pod.service_account.as_str();
        let (roles, cluster_roles) = futures::join!(
            self.cluster.list_role_bindings(namespace, account, self.deadline),
            self.cluster
                .list_cluster_role_bindings(namespace, account, self.deadline),
        );
        futures::join!(
            self.rights("role-bindings", roles),
            self.rights("cluster-role-bindings", cluster_roles)
        );
    }

    async fn rights(&self, kind: &str, listed: Observed<Listed<Binding>>) {
        let source = "bindings that name the service account";
        let listed = match listed {
            Ok(listed) => listed,
            Err(why) => {
                self.evidence.missed(kind, source, Gap::Lost, &why.to_string());
                return;
            }
        };
        let short = listed.shortfall().is_some();
        let all: Vec<Value> = listed
            .items()
            .iter()
            .map(|binding| {
                let subjects: Vec<Value> = binding
                    .subjects
                    .iter()
                    .map(|one| json!({"kind": one.kind, "name": one.name, "namespace": one.namespace}))
                    .collect();
                json!({
                    "namespace": binding.namespace, "name": binding.name, "role_kind": binding.role_kind,
                    "role": binding.role, "subjects": subjects,
                })
            })
            .collect();
        let bytes = Value::Array(all).to_string().into_bytes();
        self.save(kind, source, bytes, short.then_some(Cut::Broken)).await;
    }

    /// Whole objects by their names.
    pub(super) async fn named(
        &self,
        kind: &str,
        (group, version, plural): (&str, &str, &str),
        namespace: Option<&DnsLabel>,
        names: Observed<Vec<String>>,
    ) {
        let (at, names) = match (KindAt::new(group, version, plural), names) {
            (Ok(at), Ok(names)) => (at, names),
            (Err(refused), _) => {
                self.evidence
                    .missed(kind, plural, Gap::Lost, &refused.to_string());
                return;
            }
            (_, Err(why)) => {
                self.evidence.missed(kind, plural, Gap::Lost, &why.to_string());
                return;
            }
        };
        let namespace = namespace.map(DnsLabel::as_str);
        join_all(
            names
                .iter()
                .take(MOST)
                .map(|name| self.object(kind, &at, namespace, name)),
        )
        .await;
        if names.len() > MOST {
            let why = format!("only the first {MOST} of {} are captured", names.len());
            self.evidence.missed(kind, plural, Gap::Lost, &why);
        }
    }
}
