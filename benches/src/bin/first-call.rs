//! `first-call`: a function of one AWS call and one Kubernetes call, on the product's own legs.
//!
//! The real functions make more calls than one of each, and no two of them the same. So the cold start is measured with
//! this: logs, SDK configuration, settings, journal and publisher are made by `day2_aws` as for every function, and the
//! cluster is reached by `day2_kube`; only the check itself is missing.
//!
//! With the argument `--open-first` it calls AWS once during Init, so that its connection is open when the event comes.

#![forbid(unsafe_code)]

use aws_config::SdkConfig;
use day2_aws::app::{Edge, Parts};
use day2_aws::boot::{self, Environment};
use day2_aws::{Invocation, OpsError, Served};
use day2_benches::no_settings::Nothing;
use day2_core::settings::Settings;
use day2_core::trigger::{Trigger, classify};
use day2_kube::{ClusterClient, ClusterParams, ListQuery};
use serde_json::{Value, json};

struct FirstCall {
    settings: Settings<Nothing>,
    edge: Edge,
}

impl Served for FirstCall {
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        let (settings, edge) = Parts::load(aws, environment).await?.split();
        if std::env::args().any(|argument| argument == "--open-first") {
            let target = settings
                .targets
                .first()
                .and_then(|target| target.cluster.as_ref());
            let cluster = target.ok_or_else(|| OpsError::Event("the target has no cluster".to_owned()))?;
            aws_sdk_eks::Client::new(&edge.aws)
                .describe_cluster()
                .name(cluster.name.as_str())
                .send()
                .await
                .map_err(|why| OpsError::Event(why.to_string()))?;
        }
        Ok(Self { settings, edge })
    }

    async fn handle(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        let Trigger::Manual(manual) = classify(event) else {
            return Err(OpsError::Event("send {}".to_owned()));
        };
        let name = manual.targets.first().map_or("", String::as_str);
        let target = self
            .settings
            .target(name)
            .or_else(|| self.settings.targets.first());
        let target = target.ok_or_else(|| OpsError::Event("there is no target".to_owned()))?;
        let cluster = target.cluster.as_ref();
        let cluster = cluster.ok_or_else(|| OpsError::Event("the target has no cluster".to_owned()))?;
        let aws = boot::for_target(&self.edge.aws, target).await;
        let credentials = aws.credentials_provider();
        let credentials = credentials.ok_or_else(|| OpsError::Event("no credentials".to_owned()))?;
        let params = ClusterParams {
            name: cluster.name.as_str().to_owned(),
            region: target.region.as_str().to_owned(),
            partition: self.settings.deployment.partition,
            account_id: target.account_id.as_str().to_owned(),
            endpoint: cluster.endpoint.as_ref().map(|url| url.as_str().to_owned()),
        };
        let eks = aws_sdk_eks::Client::new(&aws);
        let clock: day2_kube::Clock = std::sync::Arc::new(boot::now);
        let client = ClusterClient::connect(&eks, credentials, &params, clock, invocation.deadline)
            .await
            .map_err(OpsError::Read)?;
        let nodes = client
            .list_nodes(&ListQuery::default(), invocation.deadline)
            .await
            .map_err(OpsError::Read)?;
        Ok(json!({
            "cluster": client.name(), "version": client.facts().version, "nodes": nodes.items().len(),
        }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_app::<FirstCall>("first-call")).await
}
