//! What a function needs around it in AWS and in the cluster, made without Terraform: journal, bucket, topic, and a role
//! with the shipped permissions. `tests/tests/world.rs` proves the real deployment; this is for tests that need many
//! platforms' worth of runs in the time of one.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Launch;
use crate::aws::{ACCOUNT, Emulator, REGION};
use crate::cluster::Cluster;
use crate::deploy::{kubectl_apply, repository};
use crate::world::plan::ZONE;

const IAM: &str = "2010-05-08";

/// Journal table, report bucket and topic of a deployment.
#[derive(Debug, Clone)]
pub struct Ground {
    name: String,
    /// ARN of the topic of reports.
    pub topic_arn: String,
    /// Name of the report bucket.
    pub report_bucket: String,
    /// Name of the journal table.
    pub journal_table: String,
}

/// A function's role in AWS and in the cluster, with a session of it.
#[derive(Debug, Clone)]
pub struct Role {
    /// Name of the role.
    pub name: String,
    /// The session's credentials, as Lambda hands them to a function; good for an hour.
    pub credentials: Credentials,
}

impl Ground {
    /// Makes table, bucket and topic of the deployment `name`, in the shapes that `infra/` gives them.
    ///
    /// # Errors
    ///
    /// Names what was refused.
    pub async fn make(emulator: &Emulator, name: &str) -> Result<Self> {
        let aws = emulator.sdk_config();
        let (journal_table, report_bucket) = (format!("{name}-journal"), format!("{name}-reports"));
        make_table(&aws_sdk_dynamodb::Client::new(&aws), &journal_table).await?;
        aws_sdk_s3::Client::new(&aws)
            .create_bucket()
            .bucket(&report_bucket)
            .send()
            .await
            .with_context(|| format!("create the bucket {report_bucket}"))?;
        let topic = aws_sdk_sns::Client::new(&aws)
            .create_topic()
            .name(format!("{name}-reports"))
            .send()
            .await
            .context("create the topic")?;
        Ok(Self {
            name: name.to_owned(),
            topic_arn: topic.topic_arn().context("the topic has no ARN")?.to_owned(),
            report_bucket,
            journal_table,
        })
    }

    /// The part `deployment` of a function's settings.
    #[must_use]
    pub fn deployment(&self) -> Value {
        json!({
            "name": self.name, "zone": ZONE, "partition": "aws", "history_days": 14, "topic_arn": self.topic_arn,
            "report_bucket": self.report_bucket, "journal_table": self.journal_table,
        })
    }

    /// Makes the role of a function: the actions of its `permissions.json`; an access entry for the EKS cluster
    /// `eks_cluster` and the shipped `ClusterRole`, where it has one. Gives a session of it.
    ///
    /// Own resources are filled in as Terraform does; those of targets are not narrowed down.
    ///
    /// # Errors
    ///
    /// Names what was refused.
    pub async fn role(&self, emulator: &Emulator, cluster: (&Cluster, &str), function: &str) -> Result<Role> {
        let name = format!("{}-{function}", self.name);
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        let api = emulator.api();
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ]});
        let trust = trust.to_string();
        let role = [
            ("RoleName", name.as_str()),
            ("AssumeRolePolicyDocument", trust.as_str()),
        ];
        api.query("iam", IAM, "CreateRole", &role).await?;
        let policy = self.permissions(&repository(), function)?.to_string();
        let policy = [
            ("RoleName", name.as_str()),
            ("PolicyName", "permissions"),
            ("PolicyDocument", policy.as_str()),
        ];
        api.query("iam", IAM, "PutRolePolicy", &policy).await?;

        let (cluster, eks_cluster) = cluster;
        let manifest = repository().join(format!("infra/kubernetes/{function}.yaml"));
        if manifest.is_file() {
            enter(emulator, eks_cluster, &arn, function).await?;
            kubectl_apply(cluster, &manifest).await?;
        }
        let credentials = session(emulator, &arn, function).await?;
        Ok(Role { name, credentials })
    }

    /// Makes the role that a target has in its own account: the function's account may take it, it may read and change everything
    /// in AWS, and in each of the EKS clusters `eks_clusters` it has the group of the function. Gives its ARN.
    ///
    /// # Errors
    ///
    /// Names what was refused.
    pub async fn role_of_target(
        &self,
        emulator: &Emulator,
        eks_clusters: &[&str],
        function: &str,
    ) -> Result<String> {
        // The end of a role's name tells the function whose own role it is; this one is nobody's.
        let name = format!("{}-{function}.target", self.name);
        let statement = |members: Value| json!({"Version": "2012-10-17", "Statement": [members]}).to_string();
        let account = format!("arn:aws:iam::{ACCOUNT}:root");
        let trust =
            statement(json!({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}));
        let policy = statement(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        let api = emulator.api();
        let role = [("RoleName", name.as_str()), ("AssumeRolePolicyDocument", &trust)];
        api.query("iam", IAM, "CreateRole", &role).await?;
        let everything = [
            ("RoleName", name.as_str()),
            ("PolicyName", "everything"),
            ("PolicyDocument", &policy),
        ];
        api.query("iam", IAM, "PutRolePolicy", &everything).await?;
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        for eks_cluster in eks_clusters {
            enter(emulator, eks_cluster, &arn, function).await?;
        }
        Ok(arn)
    }

    /// Gives a function its settings as an object of the report bucket, as `infra/settings.tf` does where they are too large
    /// for the environment.
    ///
    /// # Errors
    ///
    /// When the object is not taken.
    pub async fn settings_in_bucket(
        &self,
        emulator: &Emulator,
        launch: Launch,
        document: &Value,
    ) -> Result<Launch> {
        let text = document.to_string();
        let mut sha256 = String::new();
        for byte in Sha256::digest(&text) {
            let _ = write!(sha256, "{byte:02x}");
        }
        let key = format!("settings/{}/{sha256}.json", launch.function);
        aws_sdk_s3::Client::new(&emulator.sdk_config())
            .put_object()
            .bucket(&self.report_bucket)
            .key(&key)
            .body(text.into_bytes().into())
            .send()
            .await
            .with_context(|| format!("put {key}"))?;
        Ok(launch
            .variable("DAY2_SETTINGS", &format!("s3://{}/{key}", self.report_bucket))
            .variable("DAY2_SETTINGS_SHA256", &sha256))
    }

    /// The policy of a function, with values for its placeholders.
    fn permissions(&self, root: &Path, function: &str) -> Result<Value> {
        let path = root.join(format!("functions/{function}/permissions.json"));
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let document: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        let statements = document
            .get("Statement")
            .with_context(|| format!("{} has no Statement", path.display()))?;
        let own = [
            (
                "journal_table_arn",
                format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}", self.journal_table),
            ),
            (
                "report_bucket_arn",
                format!("arn:aws:s3:::{}", self.report_bucket),
            ),
            ("topic_arns", self.topic_arn.clone()),
        ];
        let filled: Value = serde_json::from_str(&filled(&statements.to_string(), &own))?;
        Ok(json!({"Version": "2012-10-17", "Statement": filled}))
    }
}

/// Lets a role into an EKS cluster, in the group of a function.
async fn enter(emulator: &Emulator, eks_cluster: &str, arn: &str, function: &str) -> Result<()> {
    aws_sdk_eks::Client::new(&emulator.sdk_config())
        .create_access_entry()
        .cluster_name(eks_cluster)
        .principal_arn(arn)
        .kubernetes_groups(format!("day2:{function}"))
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the access entry of {arn}"))
}

/// A session of a role, made by the account's root as the service Lambda makes one.
async fn session(emulator: &Emulator, arn: &str, name: &str) -> Result<Credentials> {
    let made = aws_sdk_sts::Client::new(&emulator.sdk_config())
        .assume_role()
        .role_arn(arn)
        .role_session_name(name)
        .send()
        .await
        .with_context(|| format!("assume {arn}"))?;
    let made = made.credentials().context("no credentials")?;
    Ok(Credentials::new(
        made.access_key_id(),
        made.secret_access_key(),
        Some(made.session_token().to_owned()),
        None,
        "sandbox",
    ))
}

/// Fills `${name}`; a name without a value stands for every resource.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut parts = text.split("${");
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        made.push_str(value.map_or("*", |(_, value)| value.as_str()));
        made.push_str(rest);
    }
    made
}

/// The journal: `infra/journal.tf`.
async fn make_table(dynamodb: &aws_sdk_dynamodb::Client, name: &str) -> Result<()> {
    let mut table = dynamodb
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    for (attribute, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let key = KeySchemaElement::builder()
            .attribute_name(attribute)
            .key_type(kind);
        let text = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S);
        table = table
            .key_schema(key.build()?)
            .attribute_definitions(text.build()?);
    }
    table
        .send()
        .await
        .map(drop)
        .with_context(|| format!("create the table {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_resources_are_filled_in_and_those_of_targets_are_not_narrowed_down() {
        let values = [("bucket_arn", "arn:aws:s3:::b".to_owned())];
        assert_eq!(
            filled("[\"${bucket_arn}/reports/*\",\"${cluster_arns}\"]", &values),
            "[\"arn:aws:s3:::b/reports/*\",\"*\"]"
        );
    }
}
