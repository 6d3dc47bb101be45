//! A small cluster in the words of the API, read as the function reads a real one.

use day2_core::settings::Settings;
use day2_core::{Item, Verdict};
use day2_kube::objects::Kind;
use day2_kube::{Folded, Listed, Reduce};
use day2_probe::Seen;
use day2_reads::addons::Addon;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Task;
use crate::assess::{Judged, Scene, assess};
use crate::facts::Facts;
use crate::facts::aws::AwsFacts;
use crate::facts::aws_changes::{About, Change, Source};
use crate::facts::changes::Changes;
use crate::facts::cluster::ClusterFacts;
use crate::facts::database::DatabaseFacts;
use crate::facts::eks::EksFacts;
use crate::facts::inside::Inside;
use crate::facts::namespaces::{Namespace, Namespaces};
use crate::facts::stored::{Stored, StoredCertificate};
use crate::reduce::jobs::EachJob;
use crate::reduce::mesh::Wish;
use crate::reduce::nodes::EachNode;
use crate::reduce::notices::EachNotice;
use crate::reduce::pods::PodRules;
use crate::reduce::storage::EachStored;
use crate::reduce::traces::{Look, Since};
use crate::reduce::workloads::EachWorkload;
use crate::settings::HealthCheckSettings;

/// 06:00 in New York on a Friday in November.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T11:00:00Z".parse().unwrap()
}

/// So many minutes ago, in words of the API.
pub(crate) fn ago(minutes: i64) -> String {
    Timestamp::from_second(now().as_second() - minutes * 60)
        .unwrap()
        .to_string()
}

/// How soon the API server answers.
const LATENCY: std::time::Duration = std::time::Duration::from_millis(40);

/// A cluster, list by list.
#[derive(Clone)]
pub(crate) struct World {
    lists: Value,
    plan: Value,
    task: Task,
    before: Option<crate::counted::Before>,
    addons: Vec<Addon>,
    groups: Value,
    aws: AwsFacts,
    stored: Vec<StoredCertificate>,
    readyz: day2_core::Observed<day2_kube::Readyz>,
}

impl World {
    /// Two Ready nodes, a Deployment with its two pods, and `DNS`.
    pub(crate) fn well() -> Self {
        let web = |number: usize| pod(&format!("web-5f-{number}"), "shop", &format!("n{number}"), "web");
        let dns = |number: usize| {
            pod(
                &format!("coredns-5f-{number}"),
                "kube-system",
                &format!("n{number}"),
                "coredns",
            )
        };
        Self {
            lists: json!({
                "namespaces": [{"metadata": {"name": "shop"}}, {"metadata": {"name": "kube-system"}}],
                "nodes": [node("n1"), node("n2")],
                "pods": [web(1), web(2), dns(1), dns(2)],
                "deployments": [deployment("shop", "web", 2), deployment("kube-system", "coredns", 2)],
            }),
            plan: json!({}),
            task: Task::Morning,
            before: None,
            addons: Vec::new(),
            groups: json!([]),
            aws: AwsFacts::default(),
            stored: Vec::new(),
            readyz: Ok(day2_kube::Readyz {
                ready: true,
                failed: vec![],
                latency: LATENCY,
            }),
        }
    }

    /// With another answer of the API server to `/readyz`.
    pub(crate) fn answering(mut self, readyz: day2_core::Observed<day2_kube::Readyz>) -> Self {
        self.readyz = readyz;
        self
    }

    /// With a declared Secret of the namespace `shop`.
    pub(crate) fn stored(mut self, name: &str, found: day2_core::Observed<Stored>) -> Self {
        self.stored.push(StoredCertificate {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            found,
        });
        self
    }

    /// With one more object in a list.
    pub(crate) fn with(mut self, list: &str, object: Value) -> Self {
        if self.lists[list].is_null() {
            self.lists[list] = json!([]);
        }
        self.lists[list].as_array_mut().unwrap().push(object);
        self
    }

    /// With a list replaced; a text is the reason why it cannot be read.
    pub(crate) fn of(mut self, list: &str, objects: Value) -> Self {
        self.lists[list] = objects;
        self
    }

    /// With one field of one object replaced.
    pub(crate) fn set(mut self, list: &str, index: usize, pointer: &str, value: Value) -> Self {
        let object = &mut self.lists[list][index];
        put(object, pointer, value);
        self
    }

    /// With a part of the plan.
    pub(crate) fn plan(mut self, part: &str, value: Value) -> Self {
        self.plan[part] = value;
        self
    }

    /// After a run that left these numbers, so many minutes ago.
    pub(crate) fn after(mut self, minutes: i64, counters: &[(&str, i64)]) -> Self {
        self.before = Some(crate::counted::Before {
            at: ago(minutes).parse().unwrap(),
            counters: counters
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        });
        self
    }

    /// With an EKS add-on in this status. What else EKS says could not be read.
    pub(crate) fn addon(mut self, name: &str, status: &str) -> Self {
        self.addons.push(Addon {
            name: name.to_owned(),
            status: status.to_owned(),
            version: None,
            issues: Vec::new(),
            modified_at: None,
        });
        self
    }

    /// With what EKS says of the cluster, and of what it manages there.
    pub(crate) fn eks(mut self, eks: EksFacts) -> Self {
        self.aws.eks = Some(eks);
        self
    }

    /// With a declared node group, whose nodes carry the label `group`.
    pub(crate) fn group(mut self, name: &str, scaling_group: &str) -> Self {
        let group = json!({"name": name, "auto_scaling_group": scaling_group, "selector": {"group": name}});
        self.groups.as_array_mut().unwrap().push(group);
        self
    }

    /// With these changes of one source of AWS: minutes ago, what, and what happened to it; a `FAILED` before it is a failure.
    pub(crate) fn aws_changes(mut self, about: About, changes: &[(i64, &str, &str)]) -> Self {
        let one = |(minutes, what, says): &(i64, &str, &str)| Change {
            at: ago(*minutes).parse().unwrap(),
            what: (*what).to_owned(),
            says: says.trim_start_matches("FAILED ").to_owned(),
            failed: says.starts_with("FAILED "),
        };
        let source = Source {
            name: format!("changes of {about:?}"),
            about,
            changes: Ok(changes.iter().map(one).collect()),
        };
        self.aws.changes.get_or_insert_default().sources.push(source);
        self
    }

    /// With a source of changes of AWS that may not be read.
    pub(crate) fn aws_changes_denied(mut self, name: &str, action: &str) -> Self {
        let why = day2_core::Unreadable::new(action, "prod-a", day2_core::Cause::Denied, "");
        let source = Source {
            name: name.to_owned(),
            about: About::Platform,
            changes: Err(why),
        };
        self.aws.changes.get_or_insert_default().sources.push(source);
        self
    }

    /// With this database.
    pub(crate) fn database(mut self, database: DatabaseFacts) -> Self {
        self.aws.database = Some(database);
        self
    }

    /// With a declared endpoint and what came back from it.
    pub(crate) fn endpoint(mut self, name: &str, url: &str, seen: Seen) -> Self {
        if self.plan["probes"].is_null() {
            self.plan["probes"] = json!([]);
        }
        let probe = json!({"name": name, "url": url});
        self.plan["probes"].as_array_mut().unwrap().push(probe);
        self.aws.endpoints.get_or_insert_default().push(seen);
        self
    }

    /// What EKS says, where there are add-ons.
    fn aws(&self) -> AwsFacts {
        let unread = || day2_core::Unreadable::new("eks", "prod-a", day2_core::Cause::TimedOut, "");
        let addons = self
            .addons
            .iter()
            .map(|addon| (addon.name.clone(), Ok(addon.clone())));
        let eks = (!self.addons.is_empty()).then(|| EksFacts {
            cluster: Err(unread()),
            addons: Ok(addons.collect()),
            node_groups: Err(unread()),
            insights: Err(unread()),
        });
        AwsFacts {
            eks: eks.or_else(|| self.aws.eks.clone()),
            ..self.aws.clone()
        }
    }

    /// In an incident.
    pub(crate) const fn triage(mut self) -> Self {
        self.task = Task::Triage;
        self
    }

    fn list(&self, name: &str) -> Result<Vec<Value>, day2_core::Unreadable> {
        match &self.lists[name] {
            Value::Array(objects) => Ok(objects.clone()),
            Value::String(why) => Err(day2_core::Unreadable::new(
                format!("list {name}"),
                "prod-a",
                day2_core::Cause::Denied,
                why.clone(),
            )),
            _ => Ok(Vec::new()),
        }
    }

    /// What a list holds, as the API gives it; of one that cannot be read nothing.
    pub(crate) fn objects_of(&self, name: &str) -> Vec<Value> {
        self.list(name).unwrap_or_default()
    }

    fn objects<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, day2_core::Unreadable> {
        let all = self.list(name)?;
        Ok(all
            .into_iter()
            .map(|one| serde_json::from_value(one).unwrap())
            .collect())
    }

    fn fold<K: Kind, R: Reduce<K::Object>>(
        &self,
        reduce: &R,
    ) -> Result<Folded<R::Sum>, day2_core::Unreadable> {
        let objects: Vec<K::Object> = self.objects(K::PLURAL)?;
        let read = objects.len();
        let mut sum = reduce.empty();
        // Two pages, so that joining them is part of every test.
        let mut objects = objects.into_iter();
        for page in [read / 2, read - read / 2] {
            let mut of_page = reduce.empty();
            for object in objects.by_ref().take(page) {
                reduce.take(&mut of_page, object);
            }
            reduce.join(&mut sum, of_page);
        }
        Ok(Folded {
            sum,
            read,
            shortfall: None,
        })
    }

    fn whole<K: Kind>(&self) -> Result<Listed<K::Object>, day2_core::Unreadable> {
        self.objects(K::PLURAL).map(Listed::whole)
    }

    /// A kind that the cluster serves only where the world has a list of it.
    fn served<K: Kind>(&self) -> Result<Option<Listed<K::Object>>, day2_core::Unreadable> {
        if self.lists[K::PLURAL].is_null() {
            return Ok(None);
        }
        self.whole::<K>().map(Some)
    }

    pub(crate) fn settings(&self) -> Settings<HealthCheckSettings> {
        let document = json!({
            "deployment": {"name": "day2", "zone": "America/New_York", "partition": "aws",
                           "topic_arn": "arn:aws:sns:us-east-1:123456789012:day2-reports",
                           "report_bucket": "day2-reports", "journal_table": "day2-journal"},
            "targets": [{"name": "prod-a", "account_id": "123456789012", "region": "us-east-1",
                         "cluster": {"name": "prod-a"}, "node_groups": self.groups}],
            "function": {"targets": {"prod-a": self.plan}}
        });
        day2_core::settings::read(&document.to_string()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// What the function says of it.
    pub(crate) fn items(&self) -> Vec<Item> {
        self.judged().items
    }

    /// The same, with the codes of what does not exist.
    pub(crate) fn judged(&self) -> Judged {
        use day2_kube::objects as k;
        let settings = self.settings();
        let plan = &settings.function.targets["prod-a"];
        let label = plan.ownership.label.clone();
        let namespaces = self.objects::<k::Namespace>("namespaces").map(|all| {
            let read = |one: k::Namespace| {
                let team = label.as_ref().and_then(|label| one.labels.get(label)).cloned();
                (
                    one.name,
                    Namespace {
                        team,
                        mesh: Wish::of_namespace(&one.labels),
                    },
                )
            };
            all.into_iter().map(read).collect::<Namespaces>()
        });
        let target = settings.target("prod-a").unwrap();
        let nodes = self.fold::<k::NodeHealth, _>(&EachNode(&target.node_groups));
        let rules = PodRules::new(
            plan,
            nodes.as_ref().ok().map(|nodes| nodes.sum.as_slice()),
            namespaces.as_ref().ok(),
            self.before.as_ref(),
            now(),
        );
        let each = EachWorkload(&plan.cluster.system_namespaces);
        let jobs = self.fold::<k::Job, _>(&EachJob(rules.restarts_since));
        let mut pods = self.fold::<k::PodHealth, _>(&rules);
        if let (Ok(pods), Ok(jobs)) = (&mut pods, &jobs) {
            let made_by = &jobs.sum.cron_jobs;
            pods.sum
                .adopt(|namespace, job| made_by.get(&(namespace.to_owned(), job.to_owned())).cloned());
        }
        let daemon_sets = self.objects::<k::DaemonSet>("daemonsets").map(|sets| Folded {
            sum: each.daemon_sets(&sets),
            read: sets.len(),
            shortfall: None,
        });
        let at = now() - jiff::SignedDuration::from_hours(1);
        let [templates, objects, workloads] =
            [Look::Templates, Look::Objects, Look::Workloads].map(|look| Since { at, look });
        let changes = (self.task == Task::Triage).then(|| Changes {
            since: at,
            replica_sets: self.fold::<k::ReplicaSets, _>(&templates),
            revisions: self.fold::<k::ControllerRevisions, _>(&templates),
            deployments: self.fold::<k::DeploymentTraces, _>(&workloads),
            stateful_sets: self.fold::<k::StatefulSetTraces, _>(&workloads),
            daemon_sets: self.fold::<k::DaemonSetTraces, _>(&workloads),
            config_maps: self.fold::<k::ConfigMaps, _>(&objects),
        });
        let inside = Inside {
            nodes: Some(nodes.clone()),
            node_claims: Some(self.served::<k::NodeClaim>()),
            node_pools: Some(self.served::<k::NodePoolRoom>()),
            pods: Some(pods),
            deployments: Some(self.fold::<k::DeploymentDetail, _>(&each)),
            stateful_sets: Some(self.fold::<k::StatefulSets, _>(&each)),
            daemon_sets: Some(daemon_sets),
            jobs: Some(jobs),
            cron_jobs: Some(self.whole::<k::CronJob>()),
            autoscalers: Some(self.whole::<k::HorizontalPodAutoscaler>()),
            budgets: Some(self.whole::<k::PodDisruptionBudget>()),
            warnings: Some(self.fold::<k::Notice, _>(&EachNotice)),
            claims: Some(self.fold::<k::VolumeClaim, _>(&EachStored)),
            volumes: Some(self.fold::<k::Volume, _>(&EachStored)),
            attachments: Some(self.fold::<k::VolumeAttachment, _>(&EachStored)),
            classes: Some(self.whole::<k::StorageClass>()),
            quotas: Some(self.whole::<k::ResourceQuota>()),
            scaled_objects: Some(self.served::<k::ScaledObject>()),
            certificates: Some(self.served::<k::Certificate>()),
            stored: (!self.stored.is_empty()).then(|| self.stored.clone()),
        };
        let cluster = ClusterFacts {
            readyz: self.readyz.clone(),
            version: Ok(day2_kube::Version {
                git_version: "v1.33.5-eks-113cf36".to_owned(),
                latency: LATENCY,
            }),
        };
        let facts = Facts {
            namespaces: namespaces.clone(),
            cluster: Some(cluster),
            inside,
            changes,
            aws: self.aws(),
        };
        let scene = Scene {
            plan,
            target,
            task: self.task,
            zone: settings.deployment.zone.rules(),
            now: now(),
        };
        assess(&facts, &scene)
    }

    /// Every complaint: code, name and words.
    pub(crate) fn complaints(&self) -> Vec<(String, String, String)> {
        let bad = self
            .items()
            .into_iter()
            .filter(|item| item.verdict() != Verdict::Pass);
        bad.flat_map(|item| {
            let code = item.code.clone();
            if item.subjects.is_empty() {
                return vec![(code, String::new(), item.seen)];
            }
            let each = item.subjects.into_iter();
            each.map(|subject| (code.clone(), subject.name, subject.says))
                .collect()
        })
        .collect()
    }

    /// The complaints as `code name`.
    pub(crate) fn named(&self) -> Vec<String> {
        self.complaints()
            .into_iter()
            .map(|(code, name, _)| format!("{code} {name}"))
            .collect()
    }

    /// The only complaint there is.
    pub(crate) fn only(&self) -> (String, String, String) {
        let mut all = self.complaints();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// The item of this code.
    pub(crate) fn item(&self, code: &str) -> Item {
        let items = self.items();
        let found = items.iter().find(|item| item.code == code);
        found.unwrap_or_else(|| panic!("no {code} in {items:#?}")).clone()
    }

    /// Nothing is wrong with it.
    #[track_caller]
    pub(crate) fn is_well(&self, why: &str) {
        assert_eq!(self.complaints(), [], "{why}");
    }
}

/// Puts a value at a pointer, and makes the objects on the way.
pub(crate) fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    for key in pointer.split('/').skip(1) {
        at = match key.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[key],
        };
    }
    *at = value;
}

/// A Ready node of four cores that joined a day ago.
pub(crate) fn node(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "creationTimestamp": ago(1440), "labels": {"topology.kubernetes.io/zone": "us-east-1a"}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "58"},
            "nodeInfo": {"kubeletVersion": "v1.33.5-eks-113cf36"},
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(1430)},
                           {"type": "MemoryPressure", "status": "False"}, {"type": "DiskPressure", "status": "False"}]
        }
    })
}

/// A Ready pod of a Deployment, an hour old.
pub(crate) fn pod(name: &str, namespace: &str, on: &str, deployment: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": ago(60),
                     "labels": {"pod-template-hash": "5f"},
                     "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{deployment}-5f"), "controller": true}]},
        "spec": {"nodeName": on, "containers": [{"name": "app", "image": "registry/app:1", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"},
                           {"type": "Ready", "status": "True", "lastTransitionTime": ago(58)}],
            "containerStatuses": [{"name": "app", "ready": true, "started": true, "restartCount": 0, "state": {"running": {"startedAt": ago(59)}}}]}
    })
}

/// The same pod, not Ready for half an hour, its container in this state.
pub(crate) fn sick(name: &str, state: &Value) -> Value {
    let mut pod = pod(name, "shop", "n1", "sick");
    put(
        &mut pod,
        "/status/conditions/2",
        json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(30)}),
    );
    put(&mut pod, "/status/containerStatuses/0/ready", json!(false));
    put(&mut pod, "/status/containerStatuses/0/state", state.clone());
    pod
}

/// A Deployment with all its pods.
pub(crate) fn deployment(namespace: &str, name: &str, replicas: i64) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "generation": 3},
        "spec": {"replicas": replicas},
        "status": {"replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas,
                   "availableReplicas": replicas, "observedGeneration": 3,
                   "conditions": [{"type": "Available", "status": "True"}, {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}
    })
}
