//! What the deployment is told about the world: the variables of Terraform.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::alarms::{PROVISIONING, connections_alarm};
use super::baseline::WINDOW;
use super::database::{READER, WRITER};
use super::miner::{DEPLOYMENT, NEIGHBOUR, role_arn};
use super::morning::{PLATFORM_TEAM, TEAM_LABEL};
use super::plan::{GROUP_LABEL, PAIR, Plan, SECOND, TARGET, WORKSPACES, ZONE, ZONES};
use super::workloads::{CLIENT, CONTROL_DEPLOYMENT, CONTROL_NAMESPACE, PROVISIONER};
use crate::aws::{ACCOUNT, REGION};

/// Addresses and ids that only a made world has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Facts {
    /// The apiserver.
    pub cluster_endpoint: String,
    /// The VPC.
    pub vpc: String,
    /// The endpoint that users see.
    pub probe_url: String,
}

impl Plan {
    /// The variables of `tests/platform/terraform` that the world decides. Who deploys adds endpoint, package folder
    /// and architecture.
    #[must_use]
    pub fn tfvars(&self, facts: &Facts) -> Value {
        json!({
            "zone": ZONE,
            "targets": [self.target(facts)],
            "calendar": self.calendar(),
            // The platform fires them itself; by the clock one might fire in the middle of a demo.
            "schedules_enabled": false,
            "reports_force_destroy": true,
            "report_retention_days": null,
            "journal_deletion_protection": false,
            "scale_window": {"targets": BTreeMap::from([(TARGET, self.scale_window(facts))])},
            "provisioning_latency": {
                "safety": safety(),
                "targets": BTreeMap::from([(TARGET, self.provisioning_latency())]),
            },
            "connection_exhaustion": {
                "safety": safety(),
                "targets": BTreeMap::from([(TARGET, connection_exhaustion())]),
            },
            // The one function that acts by itself here: a pod that mines is cut off within seconds, and its workload ends.
            "threat_containment": {
                "mode": "auto", "eradicate": "auto", "settle_seconds": 2,
                "workload": {"may_stop_healthy_replicas": true},
                "sessions": {"deny": true, "roles": [role_arn(DEPLOYMENT), role_arn(NEIGHBOUR)]},
                "targets": BTreeMap::from([(TARGET, json!({}))]),
            },
            "threat_release": {
                "safety": {"mode": "approve", "cool_down_minutes": 5},
                "targets": [TARGET],
            },
            "health_check": {"targets": BTreeMap::from([(TARGET, health_check(&facts.probe_url))])},
            // Whatever else may keep a copy does not, here.
            "backup_verification": {"targets": BTreeMap::from([(TARGET, json!({
                "database": {"backup_window": WINDOW},
                "not_checked": ["copies", "aws_backup", "velero", "dumps", "restore_proof"],
            }))])},
            "evidence_audit": {"targets": BTreeMap::from([(TARGET, json!({}))])},
            "doctor": {"not_checked": {"evidence-audit/EVA-802": "nothing was ever contained here"}},
        })
    }

    /// The plan of `provisioning-latency` for the target: only the group of the workspaces may be raised.
    #[must_use]
    pub fn provisioning_latency(&self) -> Value {
        json!({
            "alarms": [{"arn": alarm_arn(PROVISIONING)}],
            "node_group": self.workspace_group().name,
            "provisioner": {"namespace": CONTROL_NAMESPACE, "deployment": PROVISIONER, "may_restart": true},
            "workspace_namespaces": [WORKSPACES],
            "step": {"percent": 50, "max_nodes": 10},
            "workspaces_per_node": 1,
            "lease_minutes": 120,
            "limits": {"scale_down_minutes": 5},
            "quota": {"code": QUOTA_CODE, "vcpus_per_node": self.workspace_group().vcpus},
        })
    }

    /// The calendar: Monday to Friday, and today and tomorrow.
    #[must_use]
    pub fn calendar(&self) -> Value {
        let exceptions: Vec<Value> = self
            .worked_days_off()
            .iter()
            .map(|day| json!({"date": day, "runs": true, "why": "the local platform works when somebody starts it"}))
            .collect();
        json!({"working_days": ["mon", "tue", "wed", "thu", "fri"], "exceptions": exceptions})
    }

    /// The target.
    #[must_use]
    pub fn target(&self, facts: &Facts) -> Value {
        let groups: Vec<Value> = self
            .groups()
            .iter()
            .map(|group| {
                json!({
                    "name": group.name,
                    "auto_scaling_group": group.auto_scaling_group(),
                    "selector": BTreeMap::from([(GROUP_LABEL, group.name)]),
                })
            })
            .collect();
        json!({
            "name": TARGET,
            "cluster": {"name": TARGET, "endpoint": facts.cluster_endpoint},
            "database": {"engine": "aurora", "id": TARGET},
            "node_groups": groups,
            "vpc_id": facts.vpc,
        })
    }

    /// The plan of `scale-window` for the target.
    #[must_use]
    pub fn scale_window(&self, facts: &Facts) -> Value {
        let control: Vec<Value> = self
            .groups()
            .iter()
            .filter(|group| !group.scales)
            .map(|group| json!({"node_group": group.name, "min_ready": group.before}))
            .collect();
        let groups: Vec<Value> = self
            .scaling_groups()
            .map(|group| {
                json!({
                    "node_group": group.name, "before": group.before, "peak": group.peak, "after": group.after,
                    "min": group.min, "max": group.max, "vcpus_per_node": group.vcpus,
                })
            })
            .collect();
        let actions: Vec<Value> = self
            .actions()
            .iter()
            .map(|action| {
                json!({"node_group": action.group, "name": action.name, "at": action.clock(), "desired": action.desired})
            })
            .collect();
        let scaling: Vec<&str> = self.scaling_groups().map(|group| group.name).collect();
        json!({
            "control": {
                "groups": control,
                "workloads": [
                    {"namespace": CONTROL_NAMESPACE, "deployment": CONTROL_DEPLOYMENT, "min_nodes": 2, "min_zones": 2},
                ],
            },
            "groups": groups,
            "scheduled_actions": actions,
            "probes": [{
                "name": "coder",
                "url": facts.probe_url,
                "json": [{"pointer": "/healthy", "equals": "true"}],
            }],
            "nat_zones": ZONES,
            "alarms": {"prefix": format!("{TARGET}-"), "expected_at_least": super::alarms::count()},
            "quotas": [{"service": "ec2", "code": QUOTA_CODE, "node_groups": scaling}],
            "cost": {"currency": "USD", "per_hour": {"m7g.2xlarge": 0.3264, "c7g.xlarge": 0.145}},
            "workspace_namespaces": [WORKSPACES],
            // Nodes are Ready when a move returns: a second look need not wait for them. All nodes became Ready when the world was
            // seeded, whenever their instances were launched, so that only launches of this hour are part of a story.
            "limits": {"second_look_seconds": 2, "window_minutes": 60},
        })
    }

    /// The settings document of a function, as `infra/settings.tf` makes it.
    #[must_use]
    pub fn document(&self, facts: &Facts, deployment: &Value, function: &Value) -> Value {
        let mut target = self.target(facts);
        if let Some(target) = target.as_object_mut() {
            target.insert("account_id".to_owned(), json!(crate::aws::ACCOUNT));
            target.insert("region".to_owned(), json!(crate::aws::REGION));
        }
        json!({"deployment": deployment, "calendar": self.calendar(), "targets": [target], "function": function})
    }

    /// The part `function` of the settings of `scale-window`, as `infra/fn_scale_window.tf` makes it: what a probe
    /// expects is text for Terraform and a JSON value for the function.
    #[must_use]
    pub fn scale_window_settings(&self, facts: &Facts) -> Value {
        let mut plan = self.scale_window(facts);
        let probes = plan.get_mut("probes").and_then(Value::as_array_mut);
        for probe in probes.into_iter().flatten() {
            let assertions = probe.get_mut("json").and_then(Value::as_array_mut);
            for expected in assertions
                .into_iter()
                .flatten()
                .filter_map(|one| one.get_mut("equals"))
            {
                if let Some(value) = expected.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                    *expected = value;
                }
            }
        }
        json!({"targets": BTreeMap::from([(TARGET, plan)])})
    }
}

/// Adds a second target, the cluster [`SECOND`], and the pair [`PAIR`] that it makes with the first: believed at once, and with less to
/// carry than the smaller side has.
pub(super) fn add_pair(variables: &mut Value, endpoint: &str) {
    let second = json!({"name": SECOND, "cluster": {"name": SECOND, "endpoint": endpoint}});
    if let Some(targets) = variables["targets"].as_array_mut() {
        targets.push(second);
    }
    let side = |target: &str| json!({"target": target, "min_ready_nodes": 2});
    let pair = json!({
        "primary": side(TARGET), "secondary": side(SECOND),
        "detection": {"good_probes": 1, "agreeing_looks": 1, "max_latency_ms": 60_000},
        "capacity": {"peak": {"cpu_cores": 1, "memory_gib": 1, "pods": 2}},
        "not_checked": ["groups", "queue"],
    });
    variables["ha_status"] = json!({"pairs": BTreeMap::from([(PAIR, pair)])});
}

/// The safety belts of the functions that act. A plan waits for somebody.
fn safety() -> Value {
    json!({"mode": "approve", "cool_down_minutes": 5})
}

/// The plan of `health-check` for the target: nothing is granted any time, because nothing here is old.
fn health_check(probe_url: &str) -> Value {
    json!({
        "not_checked": ["alarms"],
        "ownership": {"label": TEAM_LABEL, "platform": PLATFORM_TEAM},
        "nodes": {"join_minutes": 0},
        "workloads": {"grace_minutes": 0, "hpa_minutes": 0},
        "storage": {"pending_minutes": 0, "attach_minutes": 0},
        "probes": [{"name": "coder", "url": probe_url}],
    })
}

/// The policy of `connection-exhaustion` for the target.
fn connection_exhaustion() -> Value {
    let alarms = [WRITER, READER].map(|instance| alarm_arn(&connections_alarm(instance)));
    json!({
        "alarm_arns": alarms,
        "clients": [{
            "name": "coder-api", "namespace": CONTROL_NAMESPACE, "deployment": CLIENT, "pool_size": 400,
        }],
        "acu": {"may_raise": true, "max_ceiling": 32},
    })
}

fn alarm_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
}

/// Running on-demand standard instances, in vCPUs.
pub(super) const QUOTA_CODE: &str = "L-1216C47A";
