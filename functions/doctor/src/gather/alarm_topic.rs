//! The topic of alarms: its policy, and its key with the policy of that.

use day2_aws::error::unreadable;
use day2_core::Observed;
use day2_reads::keys;
use day2_reads::times::Times;

use super::lacks;
use crate::facts::{AlarmTopic, TopicKey};
use crate::settings::DoctorSettings;

const ATTRIBUTES: &str = "sns:GetTopicAttributes";
const KEY_POLICY: &str = "kms:GetKeyPolicy";

/// The only name that the policy of a key has. Source: API `GetKeyPolicy`.
const POLICY_NAME: &str = "default";

/// The key that AWS manages for SNS, by the alias under which it is chosen.
const MANAGED_BY_AWS: &str = "alias/aws/sns";

/// Looks at the topic of alarms, if it belongs to this account and region.
pub(super) async fn look(
    sns: &aws_sdk_sns::Client,
    kms: &aws_sdk_kms::Client,
    settings: &DoctorSettings,
    times: &Times,
) -> Option<Observed<AlarmTopic>> {
    let topic = settings.alarm_topic()?.as_str();
    let (policy, key_id) = match times.within(ATTRIBUTES, topic, attributes(sns, topic)).await {
        Ok(read) => read,
        Err(why) => return Some(Err(why)),
    };
    let key = match key_id {
        Some(id) => Some(key(kms, &id, times).await),
        None => None,
    };
    Some(Ok(AlarmTopic { policy, key }))
}

/// The policy, and the id, alias or ARN of the key: as it was set.
async fn attributes(client: &aws_sdk_sns::Client, topic: &str) -> Observed<(String, Option<String>)> {
    let answer = client
        .get_topic_attributes()
        .topic_arn(topic)
        .send()
        .await
        .map_err(|error| unreadable(ATTRIBUTES, topic, &error))?;
    let attribute = |name: &str| {
        let value = answer.attributes()?.get(name)?;
        (!value.is_empty()).then(|| value.clone())
    };
    let policy = attribute("Policy").ok_or_else(|| lacks(ATTRIBUTES, topic, "Policy"))?;
    Ok((policy, attribute("KmsMasterKeyId")))
}

async fn key(client: &aws_sdk_kms::Client, id: &str, times: &Times) -> Observed<TopicKey> {
    // An alias may stand alone or at the end of its ARN.
    if id.rsplit(':').next() == Some(MANAGED_BY_AWS) {
        return Ok(TopicKey::ManagedByAws);
    }
    let key = keys::describe(client, times, id).await?;
    if key.managed_by_aws {
        return Ok(TopicKey::ManagedByAws);
    }
    let policy = times
        .within(KEY_POLICY, &key.arn, policy_of(client, &key.arn))
        .await;
    Ok(TopicKey::Customer {
        arn: key.arn,
        state: key.state,
        policy,
    })
}

/// Unlike `DescribeKey` it takes no alias.
async fn policy_of(client: &aws_sdk_kms::Client, arn: &str) -> Observed<String> {
    let answer = client
        .get_key_policy()
        .key_id(arn)
        .policy_name(POLICY_NAME)
        .send()
        .await
        .map_err(|error| unreadable(KEY_POLICY, arn, &error))?;
    let policy = answer.policy().ok_or_else(|| lacks(KEY_POLICY, arn, "Policy"))?;
    Ok(policy.to_owned())
}
