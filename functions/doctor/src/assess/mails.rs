//! `DOC-031` and `DOC-032`: topics reach somebody, and a message comes through.

use day2_core::{Item, Verdict};

use super::{Tally, population};
use crate::facts::{Facts, Flight, KeyRefusal, Subscriber};

const REACH: (&str, &str) = ("DOC-031", "every topic reaches somebody");
const THROUGH: (&str, &str) = ("DOC-032", "a message comes through topic and key");

pub(super) fn reach_somebody(facts: &Facts) -> Item {
    let mut tally = Tally::default();
    for (topic, seen) in &facts.topics {
        let name = topic.rsplit(':').next().unwrap_or(topic);
        let subscribers = match seen {
            Ok(subscribers) => subscribers,
            Err(why) => {
                tally.unread(
                    name,
                    why,
                    "there is no such topic",
                    "run terraform apply, or name another topic",
                );
                continue;
            }
        };
        let pending: Vec<String> = subscribers
            .iter()
            .filter(|one| one.pending)
            .map(shortened)
            .collect();
        if subscribers.is_empty() {
            tally.bad(
                name,
                "nobody is subscribed",
                "add an address to email_subscriptions (for the alarms: operations.email_subscriptions), apply, and confirm it",
            );
        } else if !pending.is_empty() {
            tally.bad(
                name,
                format!(
                    "{} of {} subscriptions not confirmed: {}",
                    pending.len(),
                    subscribers.len(),
                    pending.join(", ")
                ),
                "let each follow the link of the mail \"Subscription Confirmation\"; it is good for two days, then subscribe again \
                 (terraform apply -replace of the subscription)",
            );
        } else {
            tally.good();
        }
    }
    tally.item(
        REACH,
        "topics",
        "let somebody be subscribed to each topic, and confirm it",
    )
}

/// `email s…@example.com`: enough to know who must act, in a report that others read.
fn shortened(one: &Subscriber) -> String {
    let short = match one.endpoint.split_once('@') {
        Some((local, host)) => {
            let first = local.chars().next().map(String::from).unwrap_or_default();
            format!("{first}…@{host}")
        }
        None => one.endpoint.rsplit(':').next().unwrap_or_default().to_owned(),
    };
    format!("{} {short}", one.protocol)
}

pub(super) fn come_through(facts: &Facts) -> Option<Item> {
    let (code, title) = THROUGH;
    let item = match facts.canary.as_ref()? {
        Ok(Flight::Arrived) => Item::judge(code, title, Verdict::Pass, population(1, 1), "the canary came through"),
        Ok(Flight::Lost(seconds)) => Item::judge(
            code,
            title,
            Verdict::Fail,
            population(1, 1),
            format!("the canary was published and did not come within {seconds} s"),
        )
        .subject(
            "canary",
            "lost between topic and queue; fix: run terraform apply, which puts the subscription and the policy of the queue back; \
             then see that the key is enabled (aws kms describe-key)",
        ),
        Ok(Flight::Refused(refusal, why)) => {
            let (says, fix) = refused(*refusal);
            Item::judge(
                code,
                title,
                Verdict::Fail,
                population(1, 1),
                format!("the canary could not be published: {why}"),
            )
            .subject("canary", format!("{says}; fix: {fix}"))
        }
        Err(why) => Item::unreadable(code, title, 1, why),
    };
    Some(item.remedy(
        "see that the topic's key is enabled and lets the functions use it (kms:GenerateDataKey, kms:Decrypt by SNS), that the canary's \
         queue is subscribed, and that its policy lets the topic send",
    ))
}

/// What is wrong with the key, and how the topic gets one that it can use.
const fn refused(refusal: KeyRefusal) -> (&'static str, &'static str) {
    match refusal {
        KeyRefusal::AccessDenied => (
            "the key of its topic may not be used, or is not there",
            "run terraform apply, which puts the policy of the key and the right of the role to use it back; then look for a Deny in \
             a service control policy",
        ),
        KeyRefusal::Disabled => (
            "the key of its topic is disabled",
            "aws kms enable-key --key-id KEY (the KmsMasterKeyId of aws sns get-topic-attributes for the topic)",
        ),
        KeyRefusal::InvalidState => (
            "the key of its topic is in a state in which it cannot be used",
            "see aws kms describe-key --key-id KEY (the KmsMasterKeyId of aws sns get-topic-attributes for the topic); where its \
             deletion is scheduled, aws kms cancel-key-deletion, then aws kms enable-key",
        ),
        KeyRefusal::NotFound => (
            "the key of its topic is not there",
            "run terraform apply, which gives the topic its key back",
        ),
        KeyRefusal::OptInRequired => (
            "the account may not use KMS",
            "see in the console of the account why it is not signed up for KMS",
        ),
    }
}
