//! Reads the world. No opinions: what could not be read stays as the reason why.

pub mod guardduty;
pub mod node;
pub mod pod;
pub mod workload;

use std::sync::{Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use day2_core::Observed;
use day2_core::target::Target;
use day2_kube::ClusterClient;
use day2_reads::clusters;
use day2_reads::times::Times;

/// The clients of one target.
#[derive(Debug)]
pub struct Clients {
    /// Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// GuardDuty.
    pub guardduty: aws_sdk_guardduty::Client,
    /// IAM, made when it is first asked: nothing on the way to an isolated pod needs it.
    iam: OnceLock<aws_sdk_iam::Client>,
    aws: SdkConfig,
    /// Signs the cluster's token.
    pub credentials: Option<SharedCredentialsProvider>,
    /// The cluster, once it was described: seconds count, and a warm sandbox need not ask again.
    cluster: Mutex<Option<ClusterClient>>,
    /// The detector, once it was listed.
    detector: Mutex<Option<String>>,
}

impl Clients {
    /// Clients over one configuration; makes no call.
    #[must_use]
    pub fn new(aws: &SdkConfig) -> Self {
        Self {
            autoscaling: aws_sdk_autoscaling::Client::new(aws),
            eks: aws_sdk_eks::Client::new(aws),
            guardduty: aws_sdk_guardduty::Client::new(aws),
            iam: OnceLock::new(),
            aws: aws.clone(),
            credentials: aws.credentials_provider(),
            cluster: Mutex::new(None),
            detector: Mutex::new(None),
        }
    }

    /// A client that may talk to the target's cluster.
    ///
    /// # Errors
    ///
    /// As [`clusters::connect`].
    pub async fn cluster(&self, target: &Target, times: &Times) -> Observed<ClusterClient> {
        let known = self
            .cluster
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = clusters::connect(&self.eks, self.credentials.clone(), target, times).await?;
        *self.cluster.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
        Ok(made)
    }

    /// IAM of the target's partition. It has one endpoint for all regions, which the SDK knows (IAM user guide, "IAM and AWS
    /// STS quotas" and AWS General Reference, "IAM endpoints").
    pub fn iam(&self) -> &aws_sdk_iam::Client {
        self.iam.get_or_init(|| aws_sdk_iam::Client::new(&self.aws))
    }

    /// Forgets the cluster: it did not answer, and may have another address or authority by now.
    pub fn forget_cluster(&self) {
        *self.cluster.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn known_detector(&self) -> Option<String> {
        self.detector
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn keep_detector(&self, id: &str) {
        *self.detector.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_owned());
    }
}
