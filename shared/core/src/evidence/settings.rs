//! Where evidence goes.

use deserr::Deserr;

use crate::arn::Arn;
use crate::names::BucketName;
use crate::settings::{Checker, Mistakes, Validate};

/// The bucket of evidence and its key, made by `infra/evidence`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct EvidenceBucket {
    /// The bucket: versioned, with Object Lock.
    pub bucket: BucketName,
    /// The KMS key that every object is encrypted with; the key itself, not an alias, which could be moved.
    pub key_arn: Arn,
}

impl Validate for EvidenceBucket {
    fn validate(&self, at: &mut Checker<'_>) {
        at.require(
            self.key_arn.service() == "kms" && self.key_arn.resource().starts_with("key/"),
            "key_arn",
            &self.key_arn,
            "is not the ARN of a KMS key",
            "write arn:…:kms:REGION:ACCOUNT:key/ID, the output key_arn of infra/evidence",
        );
    }
}
