//! What an answer must hold to be believed.
//!
//! A service of a JSON or CBOR protocol whose body was lost answers an empty document with status 200, which the SDK
//! reads as an output without lists. Taken for "there are none", it would make a check pass (`cases.md` W04).

use day2_core::{Cause, Observed, Unreadable};

/// The list of an answer, or that it is not there.
pub(crate) fn listed<'a, T>(
    action: &str,
    resource: &str,
    member: &str,
    list: Option<&'a [T]>,
) -> Observed<&'a [T]> {
    list.ok_or_else(|| lacks(action, resource, member))
}

/// An answer without something that the API always gives.
pub(crate) fn lacks(action: &str, resource: &str, member: &str) -> Unreadable {
    Unreadable::new(
        action,
        resource,
        Cause::Malformed,
        format!("the answer holds no {member}"),
    )
}
