//! Reports as they lie in the bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::aws::Emulator;

/// What a report says, as far as it is compared here.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// `PASS`, `FAIL` or `UNKNOWN`.
    pub status: String,
    /// The judged lines.
    pub items: Vec<Item>,
    /// What changed since the run before.
    #[serde(default)]
    pub changes: Changes,
}

/// One judged line.
#[derive(Debug, Clone, Deserialize)]
pub struct Item {
    /// For example `SCW-009`.
    pub code: String,
    /// What it says.
    pub title: String,
    /// `PASS`, `FAIL` or `UNKNOWN`.
    pub verdict: String,
    /// What was seen.
    #[serde(default)]
    pub seen: String,
    /// The team that hears of it.
    #[serde(default)]
    pub owner: Option<String>,
    /// What is wrong.
    #[serde(default)]
    pub subjects: Vec<Subject>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What about it.
    pub says: String,
}

/// Changes since the run before.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Changes {
    /// What that run had and this one has not.
    #[serde(default)]
    pub resolved: Vec<Complaint>,
}

/// One complaint.
#[derive(Debug, Clone, Deserialize)]
pub struct Complaint {
    /// Its code.
    pub code: String,
    /// Its subject.
    pub subject: String,
}

/// Code → names of the subjects.
pub type Named = BTreeMap<String, BTreeSet<String>>;

impl Report {
    /// The items of one verdict with the names of their subjects.
    #[must_use]
    pub fn named(&self, verdict: &str) -> Named {
        let mut named = Named::new();
        // A code has one item for each team that owns something.
        for item in self.items.iter().filter(|item| item.verdict == verdict) {
            let subjects = item.subjects.iter().map(|subject| subject.name.clone());
            named.entry(item.code.clone()).or_default().extend(subjects);
        }
        named
    }

    /// The resolved complaints by code.
    #[must_use]
    pub fn resolved(&self) -> Named {
        let mut named = Named::new();
        for complaint in &self.changes.resolved {
            named
                .entry(complaint.code.clone())
                .or_default()
                .insert(complaint.subject.clone());
        }
        named
    }
}

/// The report bucket, or the evidence's.
#[derive(Debug)]
pub struct Bucket {
    s3: aws_sdk_s3::Client,
    name: String,
}

impl Bucket {
    /// The bucket of this name.
    #[must_use]
    pub fn new(emulator: &Emulator, name: &str) -> Self {
        let config = aws_sdk_s3::config::Builder::from(&emulator.sdk_config())
            .force_path_style(true)
            .build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(config),
            name: name.to_owned(),
        }
    }

    /// The newest report of a task.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be read.
    pub async fn latest(&self, function: &str, target: &str, task: &str) -> Result<Report> {
        let prefix = format!("reports/{function}/{target}/{task}/");
        let keys = self.keys(&prefix).await?;
        let newest = keys
            .iter()
            .rfind(|key| Path::new(key).extension().is_some_and(|end| end == "json"))
            .with_context(|| format!("no report in {prefix}"))?;
        serde_json::from_slice(&self.get(newest).await?).with_context(|| format!("{newest} is no report"))
    }

    /// Copies all reports into a folder and gives the pages, oldest first. Links between them are relative.
    ///
    /// # Errors
    ///
    /// When an object cannot be read or a file not be written.
    pub async fn download(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let mut pages = Vec::new();
        for key in self.keys("reports/").await? {
            let path = folder.join(key.trim_start_matches("reports/"));
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)
                    .with_context(|| format!("cannot create {}", parent.display()))?;
            }
            std::fs::write(&path, self.get(&key).await?)
                .with_context(|| format!("cannot write {}", path.display()))?;
            if path.extension().is_some_and(|end| end == "html") {
                pages.push(path);
            }
        }
        Ok(pages)
    }

    /// The keys that begin so, sorted.
    ///
    /// # Errors
    ///
    /// When the bucket cannot be listed.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        let mut pages = self
            .s3
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.with_context(|| format!("list {}", self.name))?;
            keys.extend(
                page.contents()
                    .iter()
                    .filter_map(|object| object.key().map(str::to_owned)),
            );
        }
        keys.sort();
        Ok(keys)
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>> {
        let object = self.s3.get_object().bucket(&self.name).key(key).send().await;
        let object = object.with_context(|| format!("get {key}"))?;
        Ok(object.body.collect().await?.into_bytes().to_vec())
    }
}
