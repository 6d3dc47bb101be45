//! Amazon Resource Names.

use std::fmt;

use crate::names::Misfit;
pub use crate::region::{AccountId, Partition, Region};

/// An Amazon Resource Name, taken apart.
///
/// Region and account may be empty in an ARN (IAM, S3). The resource keeps its inner `:` and `/`; it may hold any
/// printable text, because alarm names do.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    partition: Partition,
    service: String,
    region: Option<Region>,
    account_id: Option<AccountId>,
    resource: String,
}

impl Arn {
    /// Longest accepted ARN in bytes; the longest that IAM accepts as a resource is 2,048 characters.
    pub const LONGEST: usize = 2_048;

    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Partition.
    #[must_use]
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// Service prefix, for example `sns`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Region, if the service's ARNs have one.
    #[must_use]
    pub const fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// Account, if the service's ARNs have one.
    #[must_use]
    pub const fn account_id(&self) -> Option<&AccountId> {
        self.account_id.as_ref()
    }

    /// All behind the account, for example `alarm:ServerCpuTooHigh`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

impl std::str::FromStr for Arn {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        let refused =
            |why: &str| Misfit::new(why, "write it as arn:partition:service:region:account:resource");
        if text.len() > Self::LONGEST {
            return Err(refused("is too long for an ARN"));
        }
        if text.chars().any(char::is_control) {
            return Err(refused("is not an ARN: it has control characters"));
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let (head, partition, service, region, account, resource) =
            (next(), next(), next(), next(), next(), next());
        if head != "arn" {
            return Err(refused("is not an ARN"));
        }
        let partition = Partition::of_word(partition)
            .ok_or_else(|| refused("names a partition other than aws, aws-us-gov and aws-cn"))?;
        if service.is_empty()
            || !service
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            return Err(refused(
                "is not an ARN: its service part is empty or not lower case",
            ));
        }
        let region: Option<Region> = (!region.is_empty()).then(|| region.parse()).transpose()?;
        let account_id: Option<AccountId> = (!account.is_empty() && account != "aws")
            .then(|| account.parse())
            .transpose()?;
        if resource.is_empty() {
            return Err(refused("is not an ARN: it names no resource"));
        }
        if let Some(region) = region.as_ref().filter(|region| region.partition() != partition) {
            return Err(Misfit::new(
                format!("mixes partition {partition} with region {region}"),
                format!("regions like {region} belong to partition {}", region.partition()),
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            partition,
            service: service.to_owned(),
            region,
            account_id,
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for Arn {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl serde::Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

crate::settings::mistakes::deserr_from_text!(Arn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_all_three_partitions_are_accepted_w27() {
        for (text, partition) in [
            ("arn:aws:sns:us-east-1:123456789012:reports", Partition::Aws),
            (
                "arn:aws-us-gov:sns:us-gov-west-1:123456789012:reports",
                Partition::AwsUsGov,
            ),
            ("arn:aws-cn:sns:cn-north-1:123456789012:reports", Partition::AwsCn),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!(
                (arn.partition(), arn.service(), arn.resource()),
                (partition, "sns", "reports")
            );
            assert_eq!(arn.region().map(Region::partition), Some(partition));
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn a_region_of_another_partition_is_refused_w27() {
        for mixed in [
            "arn:aws:sns:us-gov-west-1:123456789012:reports",
            "arn:aws:sns:cn-north-1:123456789012:reports",
            "arn:aws-cn:sns:us-east-1:123456789012:reports",
        ] {
            assert!(
                mixed
                    .parse::<Arn>()
                    .is_err_and(|m| m.why.contains("mixes partition")),
                "{mixed}"
            );
        }
    }

    #[test]
    fn an_arn_without_region_or_account_is_an_arn() {
        let role: Arn = "arn:aws:iam::123456789012:role/ops/day2".parse().unwrap();
        assert_eq!((role.region(), role.resource()), (None, "role/ops/day2"));
        let alarm: Arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:CPU: too high"
            .parse()
            .unwrap();
        assert_eq!(alarm.resource(), "alarm:CPU: too high");
        for bad in [
            "arn:aws",
            "arn:aws:sns:us-east-1:123456789012:",
            "ARN:aws:sns:::x",
            "arn:aws:sns:::a\nb",
            "",
        ] {
            assert!(bad.parse::<Arn>().is_err(), "{bad:?}");
        }
    }
}
