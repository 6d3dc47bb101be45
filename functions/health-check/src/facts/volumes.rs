//! What is read for the group `volumes`.

use day2_reads::metric::Points;

/// One volume by the claim that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// Namespace of the claim.
    pub namespace: String,
    /// Name of the claim.
    pub claim: String,
    /// Bytes in use, by hour, over the last day.
    pub used: Points,
    /// Bytes that fit, by hour.
    pub capacity: Points,
}
