//! What Auto Scaling says of a launch that came to nothing: the cause, and the type and zone where it names them.

use day2_reads::launch_failures::LaunchFailure;
use day2_reads::scaling_activities::Activity;

/// The cause of a failed launch, in words.
pub(crate) fn cause(one: &Activity) -> &'static str {
    match one.failure() {
        LaunchFailure::NoCapacity => "no capacity",
        LaunchFailure::NoSpotCapacity => "no spot capacity",
        LaunchFailure::Quota => "quota",
        LaunchFailure::NoAddresses => "no free addresses",
        LaunchFailure::Template => "launch template",
        LaunchFailure::Image => "image",
        LaunchFailure::Permission => "permission",
        LaunchFailure::Other => "other cause",
    }
}

/// ` (m7g.2xlarge in us-east-1b)`, as far as the launch names them; empty when it names neither. The zones and types after
/// the first are those that EC2 recommends instead.
pub(crate) fn place(one: &Activity) -> String {
    let named = |is: fn(&str) -> bool| words(&one.message).find(|word| is(word));
    let zone = one.zone.as_deref().or_else(|| named(is_zone));
    match (named(is_instance_type), zone) {
        (Some(kind), Some(zone)) => format!(" ({kind} in {zone})"),
        (Some(kind), None) => format!(" ({kind})"),
        (None, Some(zone)) => format!(" ({zone})"),
        (None, None) => String::new(),
    }
}

fn words(message: &str) -> impl Iterator<Item = &str> {
    message
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
        .map(|word| word.trim_matches('.'))
}

/// `us-east-1a`, `us-gov-west-1b`, `us-west-2-lax-1a`.
fn is_zone(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let place = parts.len() >= 3
        && parts.iter().all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    let end = parts.last().is_some_and(|last| {
        let letter = last.trim_start_matches(|c: char| c.is_ascii_digit());
        letter.len() == 1 && letter.len() < last.len()
    });
    place && end
}

/// `m7g.2xlarge`, `u-6tb1.metal`: a family with a generation, and a size.
fn is_instance_type(word: &str) -> bool {
    let Some((family, size)) = word.split_once('.') else {
        return false;
    };
    let lower = |part: &str| {
        part.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let sized = ["nano", "micro", "small", "medium"].contains(&size)
        || size.ends_with("large")
        || size.starts_with("metal");
    sized
        && lower(family)
        && lower(size)
        && family.starts_with(|c: char| c.is_ascii_lowercase())
        && family.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(message: &str, zone: Option<&str>) -> Activity {
        Activity {
            group: "g".into(),
            status: "Failed".into(),
            description: "Launching a new EC2 instance".into(),
            message: message.into(),
            started_at: "2026-11-20T11:45:00Z".parse().unwrap(),
            zone: zone.map(str::to_owned),
        }
    }

    #[test]
    fn a_launch_is_told_with_the_type_and_zone_that_it_was_refused_and_not_with_those_recommended() {
        const REFUSED: &str = "We currently do not have sufficient m7g.2xlarge capacity in the Availability Zone you requested \
            (us-east-1b). Our system will be working on provisioning additional capacity. You can currently get m7g.2xlarge \
            capacity by not specifying an Availability Zone in your request or choosing us-east-1a, us-east-1c. Launching EC2 \
            instance failed.";
        const SPOT: &str = "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity available.";
        for (message, zone, place_named) in [
            (REFUSED, None, " (m7g.2xlarge in us-east-1b)"),
            (REFUSED, Some("us-east-1d"), " (m7g.2xlarge in us-east-1d)"),
            (SPOT, None, ""),
            (SPOT, Some("us-gov-west-1a"), " (us-gov-west-1a)"),
            ("No u-6tb1.metal for you.", None, " (u-6tb1.metal)"),
            ("See https://docs.aws.amazon.com/a-b-c/x.html", None, ""),
        ] {
            assert_eq!(place(&failed(message, zone)), place_named, "{message}");
        }
    }

    #[test]
    fn each_cause_of_the_runbook_has_its_name() {
        for (message, named) in [
            ("InsufficientInstanceCapacity", "no capacity"),
            (
                "UnfulfillableCapacity - Unable to fulfill capacity",
                "no capacity",
            ),
            (
                "MaxSpotInstanceCountExceeded - Max spot instance count exceeded",
                "quota",
            ),
            ("VcpuLimitExceeded", "quota"),
            (
                "The AMI ID 'ami-1' does not exist (InvalidAMIID.NotFound)",
                "image",
            ),
            ("The launch template does not exist", "launch template"),
            ("something new", "other cause"),
        ] {
            assert_eq!(cause(&failed(message, None)), named, "{message}");
        }
    }

    #[test]
    fn a_termination_and_a_launch_that_worked_are_no_failed_launches() {
        let mut one = failed("", None);
        assert!(one.is_failed_launch());
        "Cancelled".clone_into(&mut one.status);
        assert!(one.is_failed_launch());
        "Successful".clone_into(&mut one.status);
        assert!(!one.is_failed_launch());
        "Failed".clone_into(&mut one.status);
        "Terminating EC2 instance: i-1".clone_into(&mut one.description);
        assert!(!one.is_failed_launch());
    }
}
