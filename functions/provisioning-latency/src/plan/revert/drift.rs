//! Is the size still ours, and how far down may it go?

use day2_aws::Inquiry;
use day2_core::action::Lease;
use day2_core::action::guard::{Guard, Refusal};
use day2_reads::scaling_activities::Activity;
use day2_reads::scaling_groups::Group;
use jiff::Timestamp;

use super::super::held::may_be_made;
use super::super::words::{count, whole};
use super::{Verdict, unread};
use crate::change::{Change, Raise};
use crate::facts::Facts;

/// The size that is never gone below: the one before, the minimum, and what another raise of ours still holds.
pub(super) fn floor(inquiry: &Inquiry<'_>, group: &Group, raise: &Raise) -> Result<i64, Box<Verdict>> {
    let resource = Change::resource_of_group(&group.name);
    let own = inquiry.lease.map(|lease| lease.id.as_str());
    let mut floor = raise.baseline.max(group.min);
    for other in inquiry
        .standing
        .leases_on(&resource)
        .filter(|lease| Some(lease.id.as_str()) != own)
    {
        let held = Change::raise_of(other).ok_or_else(|| {
            Box::new(Verdict::Refuse(Refusal::new(
                Guard::Unreadable,
                format!("lease {} on the same group is not understood", other.id),
                "end that one by hand first",
            )))
        })?;
        if !may_be_made(other, &held, group) {
            continue;
        }
        if held.to >= raise.to {
            let ends = other.expires_at.map_or_else(
                || "when it is ended".to_owned(),
                |at| format!("at {}", at.strftime("%H:%M UTC")),
            );
            return Err(Box::new(Verdict::Leave(format!(
                "a later raise to {} includes this one and is taken back {ends}, down to {} (lease {})",
                count(held.to, "node"),
                held.baseline,
                other.id
            ))));
        }
        floor = floor.max(held.to);
    }
    Ok(floor)
}

/// Whether somebody else has set the size since. A smaller size is ours as far as we have terminated nodes ourselves, as an
/// attempt that was cut short has; a maximum that was lowered explains it too.
pub(super) fn drifted(facts: &Facts, group: &Group, raise: &Raise, lease: Option<&Lease>) -> Option<Verdict> {
    let expected = raise.to.min(group.max);
    let missing = expected - group.desired;
    let drift = |what: &str| {
        Some(Verdict::Leave(format!(
            "the size is no longer the {expected} that was set: {what} it to {}, and whoever did decides now",
            group.desired
        )))
    };
    if missing == 0 {
        return None;
    }
    if missing < 0 {
        return drift("somebody raised");
    }
    let since = lease.map_or(Timestamp::UNIX_EPOCH, |lease| lease.created_at);
    let by_request = match &facts.group.activities {
        Ok(activities) => whole(
            activities
                .iter()
                .filter(|one| one.started_at >= since && is_by_request(one))
                .count(),
        ),
        Err(why) => return Some(unread(why)),
    };
    if by_request >= missing {
        return None;
    }
    drift("somebody or a schedule lowered")
}

/// `Terminating EC2 instance: i-…`, because `… was taken out of service in response to a user request`, which is what
/// `TerminateInstanceInAutoScalingGroup` leaves behind; a change of the desired capacity says `a user request update of
/// AutoScalingGroup constraints` or `a scheduled action` instead (source: AWS re:Post, "Why did my Auto Scaling group scale
/// down?", and the example of API `TerminateInstanceInAutoScalingGroup`).
fn is_by_request(activity: &Activity) -> bool {
    activity.description.starts_with("Terminating")
        && activity.message.contains("in response to a user request")
        && activity.status != "Failed"
}
