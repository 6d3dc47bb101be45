//! The objects of a world inside the cluster, in few words: a node of a node group, a workload, its budget.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::{Value, json};

/// A node as an EKS node group would bring it.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// Name of the Node, on EKS the private DNS name: `ip-10-0-1-23.ec2.internal`.
    pub name: String,
    /// EC2 instance, `i-…`; part of the provider id that leads from Node to instance.
    pub instance_id: String,
    /// Availability zone, `us-east-1a`; the region is the zone without its letter.
    pub zone: String,
    /// Managed node group.
    pub node_group: String,
    /// `m7g.2xlarge`.
    pub instance_type: String,
    /// `ON_DEMAND` or `SPOT`.
    pub capacity_type: String,
    /// Cores.
    pub cpu: u32,
    /// Memory in GiB.
    pub memory_gib: u32,
    /// Most pods.
    pub pods: u32,
    /// Labels beside those that EKS sets.
    pub labels: BTreeMap<String, String>,
    /// Annotations, for example of [`super::stages`].
    pub annotations: BTreeMap<String, String>,
    /// Key of a taint with the effect `NoSchedule`, as of a node whose network is not set up yet.
    pub taint: Option<String>,
}

impl NodeSpec {
    /// An on-demand `m7g.2xlarge` (8 cores, 32 GiB, 58 pods).
    pub fn new(
        name: impl Into<String>,
        instance_id: impl Into<String>,
        zone: &str,
        node_group: &str,
    ) -> Self {
        Self {
            name: name.into(),
            instance_id: instance_id.into(),
            zone: zone.to_owned(),
            node_group: node_group.to_owned(),
            instance_type: "m7g.2xlarge".to_owned(),
            capacity_type: "ON_DEMAND".to_owned(),
            cpu: 8,
            memory_gib: 32,
            pods: 58,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            taint: None,
        }
    }

    /// The Node object. Labels as on EKS (user guide, "Simplify node lifecycle with managed node groups") and as
    /// every cloud provider sets them (Kubernetes, "Well-Known Labels").
    ///
    /// # Errors
    ///
    /// Never for values of this type; the error is that of the JSON conversion.
    pub fn node(&self) -> Result<Node> {
        let region = self
            .zone
            .trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        let mut labels = BTreeMap::from(
            [
                ("kubernetes.io/hostname", self.name.as_str()),
                ("kubernetes.io/os", "linux"),
                ("kubernetes.io/arch", "arm64"),
                ("node.kubernetes.io/instance-type", &self.instance_type),
                ("topology.kubernetes.io/region", region),
                ("topology.kubernetes.io/zone", &self.zone),
                ("eks.amazonaws.com/nodegroup", &self.node_group),
                ("eks.amazonaws.com/capacityType", &self.capacity_type),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        labels.extend(self.labels.clone());
        // What a kubelet keeps for itself is left out of allocatable: little, and the same for all.
        let room = |cpu: String, memory: String| json!({"cpu": cpu, "memory": memory, "pods": self.pods.to_string(), "ephemeral-storage": "80Gi"});
        let allocatable = room(
            format!("{}m", (self.cpu * 1000).saturating_sub(90)),
            format!("{}Mi", (self.memory_gib * 1024).saturating_sub(1024)),
        );
        let taints: Vec<_> = self
            .taint
            .iter()
            .map(|key| json!({"key": key, "effect": "NoSchedule"}))
            .collect();
        serde_json::from_value(json!({
            "metadata": {"name": self.name, "labels": labels, "annotations": self.annotations},
            "spec": {"providerID": format!("aws:///{}/{}", self.zone, self.instance_id), "taints": taints},
            "status": {
                "capacity": room(self.cpu.to_string(), format!("{}Gi", self.memory_gib)),
                "allocatable": allocatable,
            },
        }))
        .context("node")
    }
}

/// A workload; also the pods of a budget.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Namespace, to be created with [`super::objects::ensure_namespace`].
    pub namespace: String,
    /// Name of the Deployment, and value of the label `app` of its pods.
    pub name: String,
    /// Wanted pods.
    pub replicas: u32,
    /// Annotations of the pods, for example of [`super::stages`].
    pub annotations: BTreeMap<String, String>,
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Requested thousandths of a core per pod.
    pub cpu_millis: u32,
    /// Whether pods go to as many zones as there are.
    pub spread_over_zones: bool,
}

impl Workload {
    /// `replicas` small pods anywhere.
    #[must_use]
    pub fn new(namespace: &str, name: &str, replicas: u32) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            replicas,
            annotations: BTreeMap::new(),
            node_selector: BTreeMap::new(),
            cpu_millis: 100,
            spread_over_zones: false,
        }
    }

    /// The Deployment object.
    ///
    /// # Errors
    ///
    /// Never for values of this type; the error is that of the JSON conversion.
    pub fn deployment(&self) -> Result<Deployment> {
        let labels = json!({"app": self.name});
        let spread = self.spread_over_zones.then(|| {
            json!([{
                "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels},
            }])
        });
        serde_json::from_value(json!({
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": self.annotations},
                    "spec": {
                        "nodeSelector": self.node_selector,
                        "topologySpreadConstraints": spread,
                        "containers": [{
                            "name": "main",
                            "image": format!("registry.example/{}:1.0.0", self.name),
                            "resources": {"requests": {"cpu": format!("{}m", self.cpu_millis), "memory": "64Mi"}},
                        }],
                    },
                },
            },
        }))
        .context("deployment")
    }

    /// The same with `changes` laid over it, as a merge patch (RFC 7386): objects are merged, lists are replaced.
    ///
    /// # Errors
    ///
    /// When the result is no Deployment.
    pub fn deployment_with(&self, changes: &Value) -> Result<Deployment> {
        let mut object = serde_json::to_value(self.deployment()?)?;
        lay_over(&mut object, changes);
        serde_json::from_value(object).context("deployment")
    }

    /// A budget that keeps at least `min_available` of these pods, a number or a percentage such as `100%`.
    ///
    /// # Errors
    ///
    /// Never for values of this type; the error is that of the JSON conversion.
    pub fn budget(&self, min_available: &str) -> Result<PodDisruptionBudget> {
        let least = min_available
            .parse::<u32>()
            .map_or_else(|_| json!(min_available), |number| json!(number));
        serde_json::from_value(json!({
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": self.name}}},
        }))
        .context("budget")
    }
}

fn lay_over(object: &mut Value, changes: &Value) {
    match (object.as_object_mut(), changes.as_object()) {
        (Some(fields), Some(changes)) => {
            for (name, change) in changes {
                lay_over(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        _ => object.clone_from(changes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_laid_over_a_deployment_and_its_neighbours_stay() {
        let changed = Workload::new("a", "web", 2)
            .deployment_with(&json!({"spec": {"template": {"spec": {"serviceAccountName": "web"}}}}))
            .unwrap();
        let spec = changed.spec.unwrap();
        assert_eq!(spec.replicas, Some(2));
        let pod = spec.template.spec.unwrap();
        assert_eq!(pod.service_account_name.as_deref(), Some("web"));
        assert_eq!(
            pod.containers[0].image.as_deref(),
            Some("registry.example/web:1.0.0")
        );
    }

    #[test]
    fn a_node_leads_to_its_instance_zone_and_group() {
        let node = NodeSpec::new("ip-10-0-1-23.ec2.internal", "i-0abc", "us-gov-west-1b", "workers")
            .node()
            .unwrap();
        assert_eq!(
            node.spec.clone().unwrap().provider_id.unwrap(),
            "aws:///us-gov-west-1b/i-0abc"
        );
        let labels = node.metadata.labels.unwrap();
        assert_eq!(labels["topology.kubernetes.io/region"], "us-gov-west-1");
        assert_eq!(labels["topology.kubernetes.io/zone"], "us-gov-west-1b");
        assert_eq!(labels["eks.amazonaws.com/nodegroup"], "workers");
        assert_eq!(node.status.unwrap().allocatable.unwrap()["cpu"].0, "7910m");
    }

    #[test]
    fn a_budget_is_a_number_or_a_percentage() {
        use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
        let least = |text: &str| {
            Workload::new("a", "web", 2)
                .budget(text)
                .unwrap()
                .spec
                .unwrap()
                .min_available
                .unwrap()
        };
        assert_eq!(least("2"), IntOrString::Int(2));
        assert_eq!(least("100%"), IntOrString::String("100%".to_owned()));
    }
}
