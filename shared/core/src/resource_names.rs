//! Names and ids that AWS gives or lets one choose, checked by the form that its pages document.

use crate::names::{Misfit, is_label, text_type};

text_type!(
    /// Name of an EKS cluster: letters, digits, `-` and `_`, beginning with a letter or digit, at most 100 characters.
    /// Source: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>.
    ClusterName,
    cluster_name
);

text_type!(
    /// Identifier of an RDS instance or Aurora cluster: letters, digits and `-`, beginning with a letter, at most 63
    /// characters, no `--` and no `-` at the end.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html>.
    DatabaseId,
    database_id
);

text_type!(
    /// Name that AWS lets one choose rather freely (Auto Scaling group, node group): 1 to 255 printable characters
    /// without `/`, `:` and blanks at the ends.
    ResourceName,
    resource_name
);

text_type!(
    /// Id of a VPC: `vpc-` and 8 or 17 hexadecimal digits.
    VpcId,
    vpc_id
);

text_type!(
    /// Name of a general purpose S3 bucket.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
    BucketName,
    bucket_name
);

text_type!(
    /// Name of a DynamoDB table: 3 to 255 letters, digits, `_`, `-`, `.`.
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>.
    TableName,
    table_name
);

fn cluster_name(text: &str) -> Result<(), Misfit> {
    let fits = text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a cluster name",
            "write the name from `aws eks list-clusters`: at most 100 letters, digits, - and _",
        )
    })
}

fn database_id(text: &str) -> Result<(), Misfit> {
    let fits = text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            if text.is_empty() { "is empty" } else { "is not a database identifier" },
            "write the cluster or instance identifier: at most 63 letters, digits and -, beginning with a letter",
        )
    })
}

fn resource_name(text: &str) -> Result<(), Misfit> {
    let fits = !text.is_empty()
        && text.chars().count() <= 255
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || matches!(c, '/' | ':'));
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            if text.is_empty() {
                "is empty"
            } else {
                "is not a resource name"
            },
            "write the name as AWS shows it: 1 to 255 printable characters without / and :",
        )
    })
}

fn vpc_id(text: &str) -> Result<(), Misfit> {
    let digits = text.strip_prefix("vpc-").unwrap_or_default();
    let fits = matches!(digits.len(), 8 | 17)
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a VPC id",
            "write vpc- and 17 hexadecimal digits, as in `aws ec2 describe-vpcs`",
        )
    })
}

fn bucket_name(text: &str) -> Result<(), Misfit> {
    let fits = (3..=63).contains(&text.len())
        && text.split('.').all(is_label)
        && text.parse::<std::net::Ipv4Addr>().is_err();
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a bucket name",
            "write the bare name: 3 to 63 characters of a-z, 0-9, - and .",
        )
    })
}

fn table_name(text: &str) -> Result<(), Misfit> {
    let fits = (3..=255).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    fits.then_some(()).ok_or_else(|| {
        Misfit::new(
            "is not a table name",
            "write the bare name: 3 to 255 letters, digits, _, - and .",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_names_are_accepted() {
        assert!("Prod_A-1".parse::<ClusterName>().is_ok());
        assert!("prod-aurora".parse::<DatabaseId>().is_ok());
        assert!("eks-general-20260101 blue".parse::<ResourceName>().is_ok());
        assert!("vpc-0123456789abcdef0".parse::<VpcId>().is_ok());
        assert!("day2.reports-1".parse::<BucketName>().is_ok());
        assert!("day2-journal".parse::<TableName>().is_ok());
    }

    #[test]
    fn wrong_names_say_what_to_write() {
        assert!(
            "".parse::<DatabaseId>()
                .is_err_and(|m| m.why == "is empty" && m.way_out.contains("identifier"))
        );
        for (wrong, bad) in [("1.2.3.4", "bucket"), ("Reports", "bucket"), ("ab", "bucket")] {
            assert!(wrong.parse::<BucketName>().is_err(), "{wrong} is no {bad}");
        }
        assert!("vpc-123".parse::<VpcId>().is_err());
        assert!("prod/a".parse::<ClusterName>().is_err());
    }
}
