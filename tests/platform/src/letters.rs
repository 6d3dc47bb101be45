//! The post of the local platform: what a topic mails to addresses, into a folder, a file for each mail. The emulator mails
//! nobody, so a queue beside each address is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::aws::Emulator;
use crate::deploy::mailbox::{Mail, Mailbox};

/// How often it is looked for new topics and new mails.
const LOOK: Duration = Duration::from_secs(1);

/// Reads the mails of all topics that somebody deploys.
#[derive(Debug)]
pub struct Letters {
    sns: aws_sdk_sns::Client,
    folder: PathBuf,
    /// By the topic's ARN.
    boxes: BTreeMap<String, Mailbox>,
    delivered: usize,
}

impl Letters {
    /// Puts mails into this folder, which it makes: `0001.txt` and so on, in the order in which they come.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn into(folder: &Path, emulator: &Emulator) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self {
            sns: aws_sdk_sns::Client::new(&emulator.sdk_config()),
            folder: folder.to_owned(),
            boxes: BTreeMap::new(),
            delivered: 0,
        })
    }

    /// Delivers for ever, and tells of each mail and where it lies. What cannot be read now is tried again.
    pub async fn deliver(mut self, emulator: &Emulator, tell: impl Fn(&Mail, &Path)) {
        loop {
            tokio::time::sleep(LOOK).await;
            let _ = self.watch(emulator).await;
            let _ = self.collect(&tell).await;
        }
    }

    /// Puts a box beside the address of every new topic, and forgets that of a topic which is gone.
    async fn watch(&mut self, emulator: &Emulator) -> Result<()> {
        let listed = self.sns.list_topics().send().await?;
        let all: Vec<&str> = listed
            .topics()
            .iter()
            .filter_map(|topic| topic.topic_arn())
            .collect();
        self.boxes.retain(|arn, _| all.contains(&arn.as_str()));
        for arn in all {
            if !self.boxes.contains_key(arn) && self.mails_to_people(arn).await? {
                let topic = arn.rsplit(':').next().unwrap_or_default();
                let made = Mailbox::called(&format!("platform-post-of-{topic}"), emulator, arn).await?;
                self.boxes.insert(arn.to_owned(), made);
            }
        }
        Ok(())
    }

    async fn mails_to_people(&self, topic: &str) -> Result<bool> {
        let listed = self
            .sns
            .list_subscriptions_by_topic()
            .topic_arn(topic)
            .send()
            .await?;
        Ok(listed
            .subscriptions()
            .iter()
            .any(|one| one.protocol() == Some("email")))
    }

    async fn collect(&mut self, tell: &impl Fn(&Mail, &Path)) -> Result<()> {
        for from in self.boxes.values() {
            while let Some(mail) = from.take(Duration::ZERO).await? {
                self.delivered += 1;
                let path = self.folder.join(format!("{:04}.txt", self.delivered));
                // Whole or not there at all, for who reads it meanwhile.
                let written = path.with_extension("new");
                std::fs::write(&written, format!("Subject: {}\n\n{}\n", mail.subject, mail.body))?;
                std::fs::rename(&written, &path)?;
                tell(&mail, &path);
            }
        }
        Ok(())
    }
}
