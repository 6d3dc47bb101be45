//! Partitions, regions and account ids, and how they belong together (`cases.md` W27).

use std::fmt;

use crate::names::{Misfit, text_type};

/// An AWS partition that Day2 supports: separate accounts, credentials, endpoints and ARN prefixes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    deserr::Deserr,
)]
#[deserr(error = crate::settings::Mistakes)]
pub enum Partition {
    /// Commercial regions.
    #[serde(rename = "aws")]
    #[deserr(rename = "aws")]
    Aws,
    /// AWS GovCloud (US).
    #[serde(rename = "aws-us-gov")]
    #[deserr(rename = "aws-us-gov")]
    AwsUsGov,
    /// China regions.
    #[serde(rename = "aws-cn")]
    #[deserr(rename = "aws-cn")]
    AwsCn,
}

impl Partition {
    /// All supported partitions.
    pub const ALL: [Self; 3] = [Self::Aws, Self::AwsUsGov, Self::AwsCn];

    /// The word in the second part of an ARN.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsCn => "aws-cn",
        }
    }

    /// Suffix of the service endpoints, without a leading dot.
    #[must_use]
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
        }
    }

    /// Host of the management console.
    #[must_use]
    pub const fn console_host(self) -> &'static str {
        match self {
            Self::Aws => "console.aws.amazon.com",
            Self::AwsUsGov => "console.amazonaws-us-gov.com",
            Self::AwsCn => "console.amazonaws.cn",
        }
    }

    /// The partition that an ARN names.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|partition| partition.as_str() == word)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_type!(
    /// Id of an AWS account: 12 digits.
    AccountId,
    account_id
);

fn account_id(text: &str) -> Result<(), Misfit> {
    let fits = text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not an account id",
            "write the 12 digits in quotes, with leading zeros, for example \"012345678901\"",
        )
    })
}

text_type!(
    /// Code of an AWS region in one of the supported partitions, for example `us-east-1`.
    ///
    /// The form is checked, not a list: regions are added every year. Isolated and sovereign partitions are refused,
    /// because nothing of Day2 was ever run there.
    Region,
    region
);

impl Region {
    /// The partition that the code belongs to.
    #[must_use]
    pub fn partition(&self) -> Partition {
        if self.starts_with("cn-") {
            Partition::AwsCn
        } else if self.starts_with("us-gov-") {
            Partition::AwsUsGov
        } else {
            Partition::Aws
        }
    }
}

fn region(text: &str) -> Result<(), Misfit> {
    let parts: Vec<&str> = text.split('-').collect();
    let lower = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    let number = |part: &str| matches!(part.len(), 1 | 2) && part.chars().all(|c| c.is_ascii_digit());
    let fits = match parts.as_slice() {
        [area, middle @ .., last] => {
            area.len() == 2
                && lower(area)
                && matches!(middle.len(), 1 | 2)
                && middle.iter().all(|part| lower(part))
                && number(last)
        }
        _ => false,
    };
    if !fits {
        let way_out = if text.chars().last().is_some_and(|c| c.is_ascii_lowercase()) && text.len() > 4 {
            "write the region, not the zone, for example us-east-1"
        } else {
            "write the code of a region, for example us-east-1, us-gov-west-1 or cn-north-1"
        };
        return Err(Misfit::new("is not a region", way_out));
    }
    let other = ["us-iso-", "us-isob-", "us-isof-", "eu-isoe-"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    if other {
        return Err(Misfit::new(
            "is in a partition that is not supported",
            "use a region of the partitions aws, aws-us-gov or aws-cn",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_accounts_are_checked_by_form() {
        for good in [
            "us-east-1",
            "ap-southeast-4",
            "us-gov-west-1",
            "cn-northwest-1",
            "il-central-1",
            "mx-central-1",
        ] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in [
            "us-east-1a",
            "US-EAST-1",
            "",
            "east",
            "us--1",
            "us-east-",
            "us-iso-east-1",
            "a/../b",
            "global",
        ] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
        assert!(
            "us-east-1a"
                .parse::<Region>()
                .is_err_and(|m| m.way_out.contains("not the zone"))
        );
        for bad in ["12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢", ""] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
