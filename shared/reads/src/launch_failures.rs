//! Why Auto Scaling's launches come to nothing, by the words of their activities.

use crate::scaling_activities::Activity;

/// The cause of a launch that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaunchFailure {
    /// AWS has no capacity of this type in the zone.
    NoCapacity,
    /// There is no Spot capacity of this type in the zone, or none at this price.
    NoSpotCapacity,
    /// A quota of the account is used up.
    Quota,
    /// The subnet has no free addresses.
    NoAddresses,
    /// The launch template, or what it names: security group, key pair.
    Template,
    /// The image that it names.
    Image,
    /// Auto Scaling may not.
    Permission,
    /// Anything else.
    Other,
}

/// What a message may hold; the first of them that it holds tells the cause. EC2's codes come first, because the words around one name
/// much that is not the cause ("Could not launch Spot Instances."); then words, because many activities carry no code. Sources:
/// *Amazon EC2 Developer Guide*, "Error codes for the Amazon EC2 API"; *Amazon EC2 Auto Scaling User Guide*, "Troubleshoot:
/// instance launch failures".
const SIGNS: [(&str, LaunchFailure); 30] = [
    ("InsufficientInstanceCapacity", LaunchFailure::NoCapacity),
    ("InsufficientHostCapacity", LaunchFailure::NoCapacity),
    ("InsufficientReservedInstanceCapacity", LaunchFailure::NoCapacity),
    ("UnfulfillableCapacity", LaunchFailure::NoCapacity),
    ("SpotMaxPriceTooLow", LaunchFailure::NoSpotCapacity),
    ("VcpuLimitExceeded", LaunchFailure::Quota),
    ("InstanceLimitExceeded", LaunchFailure::Quota),
    ("MaxSpotInstanceCountExceeded", LaunchFailure::Quota),
    // Throttled, which passes by itself; no quota that is used up.
    ("RequestLimitExceeded", LaunchFailure::Other),
    ("InsufficientFreeAddresses", LaunchFailure::NoAddresses),
    ("UnauthorizedOperation", LaunchFailure::Permission),
    ("Client.Unauthorized", LaunchFailure::Permission),
    ("AccessDenied", LaunchFailure::Permission),
    ("InvalidAMI", LaunchFailure::Image),
    ("LaunchTemplate", LaunchFailure::Template),
    ("not authorized", LaunchFailure::Permission),
    ("sufficient capacity", LaunchFailure::NoCapacity),
    // "We currently do not have sufficient m7g.2xlarge capacity in the Availability Zone you requested".
    ("do not have sufficient", LaunchFailure::NoCapacity),
    ("no Spot capacity", LaunchFailure::NoSpotCapacity),
    ("Spot request price", LaunchFailure::NoSpotCapacity),
    ("Request limit exceeded", LaunchFailure::Other),
    ("hrottl", LaunchFailure::Other),
    ("limit", LaunchFailure::Quota),
    ("quota", LaunchFailure::Quota),
    ("free addresses", LaunchFailure::NoAddresses),
    ("launch template", LaunchFailure::Template),
    ("security group", LaunchFailure::Template),
    ("key pair", LaunchFailure::Template),
    ("AMI", LaunchFailure::Image),
    ("image id", LaunchFailure::Image),
];

impl Activity {
    /// Why it came to nothing, as far as its message tells.
    #[must_use]
    pub fn failure(&self) -> LaunchFailure {
        let found = SIGNS.iter().find(|(sign, _)| self.message.contains(sign));
        found.map_or(LaunchFailure::Other, |(_, failure)| *failure)
    }
}

#[cfg(test)]
mod tests {
    use super::LaunchFailure::*;
    use super::*;

    #[test]
    fn each_cause_is_told_by_its_code_and_by_its_words_w16() {
        for (message, expected) in [
            ("InsufficientInstanceCapacity", NoCapacity),
            (
                "We currently do not have sufficient m7g.2xlarge capacity in the Availability Zone you requested (us-east-1b). \
                 Our system will be working on provisioning additional capacity.",
                NoCapacity,
            ),
            ("InsufficientHostCapacity", NoCapacity),
            ("InsufficientReservedInstanceCapacity", NoCapacity),
            ("UnfulfillableCapacity - Unable to fulfill capacity", NoCapacity),
            (
                "There is no Spot capacity available that matches your request.",
                NoSpotCapacity,
            ),
            (
                "Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.02.",
                NoSpotCapacity,
            ),
            ("InstanceLimitExceeded", Quota),
            (
                "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket.",
                Quota,
            ),
            ("You have reached your instance limit", Quota),
            ("The quota of this type is used up", Quota),
            ("RequestLimitExceeded: Request limit exceeded.", Other),
            ("Request limit exceeded. Launching EC2 instance failed.", Other),
            ("Throttling: Rate exceeded", Other),
            ("InsufficientFreeAddressesInSubnet", NoAddresses),
            (
                "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances.",
                NoAddresses,
            ),
            ("InvalidLaunchTemplateId.NotFound", Template),
            ("The launch template does not exist", Template),
            ("The security group 'sg-1' does not exist", Template),
            ("The key pair 'k' does not exist", Template),
            ("The AMI ID 'ami-1' does not exist (InvalidAMIID.NotFound)", Image),
            ("The image id '[ami-1]' does not exist", Image),
            (
                "You must use a valid fully-formed launch template. You are not authorized to perform this operation. Encoded \
                 authorization failure message: AMISpotlimit",
                Permission,
            ),
            ("AccessDenied", Permission),
            ("Client.UnauthorizedOperation", Permission),
            ("something new", Other),
            ("", Other),
        ] {
            assert_eq!(failed(message).failure(), expected, "{message}");
        }
    }

    #[test]
    fn a_spot_launch_fails_for_the_cause_that_it_names() {
        for (cause, expected) in [
            (
                "InsufficientInstanceCapacity - There is no Spot capacity available.",
                NoCapacity,
            ),
            ("UnfulfillableCapacity - Unable to fulfill capacity", NoCapacity),
            (
                "MaxSpotInstanceCountExceeded - Max spot instance count exceeded",
                Quota,
            ),
            (
                "SpotMaxPriceTooLow - Your Spot request price is too low",
                NoSpotCapacity,
            ),
            ("RequestLimitExceeded - Request limit exceeded.", Other),
            ("InsufficientFreeAddressesInSubnet - no room", NoAddresses),
            ("InvalidAMIID.NotFound - no such image", Image),
            ("UnauthorizedOperation - You may not", Permission),
            ("Something new", Other),
        ] {
            let message = format!("Could not launch Spot Instances. {cause} Launching EC2 instance failed.");
            assert_eq!(failed(&message).failure(), expected, "{message}");
        }
    }

    fn failed(message: &str) -> Activity {
        Activity {
            group: "g".to_owned(),
            status: "Failed".to_owned(),
            description: "Launching a new EC2 instance".to_owned(),
            message: message.to_owned(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            zone: None,
        }
    }
}
