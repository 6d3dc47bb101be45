//! `DOC-033`: alarms may be published to their topic: its policy and its key let them in. That CloudWatch could not publish stands
//! in the history of an alarm, and is told to nobody.

use std::collections::BTreeSet;

use day2_core::Cause;
use day2_core::arn::{AccountId, Arn, Region};

use super::policy::{Answer, Policy, Request};
use super::{IfAny, Tally};
use crate::facts::{AlarmTopic, Facts, TopicKey};
use crate::settings::DoctorSettings;

const LET_IN: (&str, &str) = ("DOC-033", "alarms may be published to their topic");

/// Who publishes for an alarm, in every partition.
const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

/// What a service does with the key of a topic that it publishes to. Source: SNS Developer Guide, "Key management", section "Enable
/// compatibility between event sources from AWS services and encrypted topics".
const OF_KMS: [&str; 2] = ["Decrypt", "GenerateDataKey"];

const POLICY_BACK: &str = "run terraform apply, which puts the policy of the topic back; a topic of your own \
                           (operations.topic_arn) must let cloudwatch.amazonaws.com publish";
const KEY_POLICY_BACK: &str = "run terraform apply, which puts the policy of the key back; the key of a topic of your own \
                               must let cloudwatch.amazonaws.com use kms:Decrypt and kms:GenerateDataKey*";
const KEY_BACK: &str = "run terraform apply, which gives the topic its key back; encrypt a topic of your own with a key of \
                        yours that lets cloudwatch.amazonaws.com in";

/// The line. `None` where the topic belongs to another account or region, and is not looked at.
pub(super) fn lets_alarms_in(facts: &Facts, settings: &DoctorSettings) -> Option<IfAny> {
    if settings.operations_topic_arn.is_none() {
        return Some((LET_IN.0, None));
    }
    let topic = settings.alarm_topic()?;
    let mut tally = Tally::default();
    match &facts.alarm_topic {
        None => {}
        // DOC-031 tells of one that is not there.
        Some(Err(why)) => tally.unknown(topic.resource(), why.to_string()),
        Some(Ok(seen)) => {
            let mut gate = Gate::new(topic, settings);
            gate.look(seen);
            gate.into_tally(&mut tally);
        }
    }
    let item = tally.item(
        LET_IN,
        "topics",
        "nobody hears of an alarm that may not be published: let the policy of the topic and that of its key let \
         cloudwatch.amazonaws.com in, and keep the key enabled",
    );
    Some((LET_IN.0, Some(item)))
}

/// What stands in the way of alarms to their topic.
struct Gate<'a> {
    topic: &'a Arn,
    account: &'a str,
    /// Names and ARNs of the alarms.
    alarms: Vec<(&'a str, String)>,
    /// What refuses, with its fix.
    wrong: Vec<(String, String)>,
    /// What may refuse.
    open: Vec<String>,
}

impl<'a> Gate<'a> {
    fn new(topic: &'a Arn, settings: &'a DoctorSettings) -> Self {
        // Both stand in the ARN of every topic; settings without them are refused.
        let account = topic.account_id().map(AccountId::as_str).unwrap_or_default();
        let region = topic.region().map(Region::as_str).unwrap_or_default();
        let names = settings.health_alarms();
        let arn = |name: &str| {
            format!(
                "arn:{}:cloudwatch:{region}:{account}:alarm:{name}",
                topic.partition()
            )
        };
        Self {
            topic,
            account,
            alarms: names.map(|name| (name.as_str(), arn(name))).collect(),
            wrong: Vec::new(),
            open: Vec::new(),
        }
    }

    fn look(&mut self, seen: &AlarmTopic) {
        if self.alarms.is_empty() {
            self.open.push("the settings name no alarm".to_owned());
        }
        let topic = self.topic.as_str();
        // A key of conditions that SNS knows beside those of every request, and that the policy of a new topic uses.
        let of_sns = ("aws:sourceowner", self.account);
        let publish = ["sns:Publish".to_owned()];
        self.ask("its policy", (&seen.policy, POLICY_BACK), &publish, topic, of_sns);
        match &seen.key {
            None => {}
            Some(Err(why)) if why.cause == Cause::NotFound => {
                let says = format!("its key {} does not exist", why.resource);
                self.wrong.push((says, KEY_BACK.to_owned()));
            }
            Some(Err(why)) => self.open.push(why.to_string()),
            Some(Ok(TopicKey::ManagedByAws)) => {
                let says = "its key is alias/aws/sns, which lets no service publish and cannot be changed";
                self.wrong.push((says.to_owned(), KEY_BACK.to_owned()));
            }
            Some(Ok(TopicKey::Customer { arn, state, policy })) => {
                if state != "Enabled" {
                    let fix = format!(
                        "aws kms enable-key --key-id {arn}; where its deletion is scheduled, aws kms cancel-key-deletion comes first"
                    );
                    self.wrong.push((format!("its key {arn} is {state}"), fix));
                }
                let of_kms = ("kms:encryptioncontext:aws:sns:topicarn", topic);
                let actions = OF_KMS.map(|operation| format!("kms:{operation}"));
                match policy {
                    Err(why) => self.open.push(why.to_string()),
                    Ok(policy) => {
                        let whose = "the policy of its key";
                        self.ask(whose, (policy, KEY_POLICY_BACK), &actions, arn, of_kms);
                    }
                }
            }
        }
    }

    /// Asks one policy for every alarm. `special` is a key of conditions that only its service knows.
    fn ask(
        &mut self,
        whose: &str,
        (policy, fix): (&str, &str),
        actions: &[String],
        resource: &str,
        special: (&str, &str),
    ) {
        let policy = match Policy::read(policy) {
            Ok(policy) => policy,
            Err(why) => {
                self.open.push(format!("{whose} {why}"));
                return;
            }
        };
        let (mut refused, mut open) = (Vec::new(), Vec::new());
        for (name, arn) in &self.alarms {
            let keys = [
                ("aws:securetransport", "true"),
                ("aws:sourceaccount", self.account),
                ("aws:sourcearn", arn.as_str()),
                // By these a guard rail lets services through (IAM User Guide, "AWS global condition context keys").
                ("aws:principalisawsservice", "true"),
                ("aws:principalservicename", CLOUDWATCH),
                special,
            ];
            for action in actions {
                let request = Request {
                    service: CLOUDWATCH,
                    action,
                    resource,
                    keys: &keys,
                };
                match policy.answer(&request) {
                    Answer::Allowed => {}
                    Answer::Refused(why) => refused.push((*name, action.as_str(), why)),
                    Answer::Open(why) => open.push((*name, action.as_str(), why)),
                }
            }
        }
        let all = self.alarms.len();
        if let Some((alarms, action, why)) = shortened(&refused, all) {
            let says = format!("{whose} does not let {CLOUDWATCH} call {action} for {alarms}: {why}");
            self.wrong.push((says, fix.to_owned()));
        } else if let Some((alarms, action, why)) = shortened(&open, all) {
            self.open.push(format!(
                "whether {whose} lets {CLOUDWATCH} call {action} for {alarms} is not known: {why}"
            ));
        }
    }

    fn into_tally(self, tally: &mut Tally) {
        let name = self.topic.resource();
        if !self.wrong.is_empty() {
            let (says, fixes): (Vec<String>, Vec<String>) = self.wrong.into_iter().unzip();
            tally.bad(name, says.join(", and "), &fixes.join("; then "));
        } else if !self.open.is_empty() {
            tally.unknown(name, self.open.join(", and "));
        } else {
            tally.good();
        }
    }
}

/// How many of the alarms with the name of the first, and action and reason of that one.
fn shortened<'a>(found: &'a [(&str, &'a str, String)], all: usize) -> Option<(String, &'a str, &'a str)> {
    let (first, action, why) = found.first()?;
    let alarms = found.iter().map(|(name, ..)| name).collect::<BTreeSet<_>>().len();
    Some((
        format!("{alarms} of {all} alarms ({first})"),
        *action,
        why.as_str(),
    ))
}
