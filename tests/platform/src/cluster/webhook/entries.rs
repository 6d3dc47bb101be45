//! The access entries of the EKS cluster: what somebody deployed is what grants.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_credential_types::Credentials;
use aws_sdk_eks::config::retry::RetryConfig;
use aws_sdk_eks::config::timeout::TimeoutConfig;
use aws_sdk_eks::config::{BehaviorVersion, Region};
use tokio::sync::Mutex;

use super::identity::Identity;

/// How long an answer of EKS is believed.
const FRESH: Duration = Duration::from_secs(2);
/// Longest time for one call.
const CALL_LIMIT: Duration = Duration::from_secs(20);
/// The emulator's root user, who may read everything.
const ROOT: &str = "test";

/// User name and groups of one access entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Empty when the entry leaves it to EKS.
    pub(crate) username: String,
    pub(crate) groups: Vec<String>,
}

/// Reads entries of one cluster, with a short memory.
pub(crate) struct Entries {
    eks: aws_sdk_eks::Client,
    cluster: String,
    /// Found entries only: one that is created now must count now.
    seen: Mutex<HashMap<String, (Instant, Entry)>>,
}

impl Entries {
    pub(crate) fn new(endpoint: &str, region: &str, cluster: &str) -> Self {
        let config = aws_sdk_eks::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new(ROOT, ROOT, None, None, "local platform"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_LIMIT).build())
            .build();
        Self {
            eks: aws_sdk_eks::Client::from_conf(config),
            cluster: cluster.to_owned(),
            seen: Mutex::default(),
        }
    }

    /// The entry meant for this caller, if there is one.
    pub(crate) async fn of(&self, caller: &Identity) -> Result<Option<Entry>> {
        // Held over the calls: many requests of one caller at once become one question.
        let mut seen = self.seen.lock().await;
        seen.retain(|_, (at, _)| at.elapsed() < FRESH);
        if let Some((_, entry)) = seen.get(&caller.principal()) {
            return Ok(Some(entry.clone()));
        }
        let entry = self.read(caller).await?;
        if let Some(entry) = &entry {
            seen.insert(caller.principal(), (Instant::now(), entry.clone()));
        }
        Ok(entry)
    }

    async fn read(&self, caller: &Identity) -> Result<Option<Entry>> {
        let mut pages = self
            .eks
            .list_access_entries()
            .cluster_name(&self.cluster)
            .into_paginator()
            .items()
            .send();
        let principal = loop {
            match pages.next().await {
                Some(Ok(principal)) if caller.is_principal(&principal) => break principal,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    return Err(error).with_context(|| format!("eks:ListAccessEntries of {}", self.cluster));
                }
                None => return Ok(None),
            }
        };
        let answer = self
            .eks
            .describe_access_entry()
            .cluster_name(&self.cluster)
            .principal_arn(&principal)
            .send()
            .await;
        let answer = answer.with_context(|| format!("eks:DescribeAccessEntry of {principal}"))?;
        Ok(answer.access_entry().map(|entry| Entry {
            username: entry.username().unwrap_or_default().to_owned(),
            groups: entry.kubernetes_groups().to_vec(),
        }))
    }
}
