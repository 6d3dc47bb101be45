//! The clock of the platform, which is no product: its world lies around the real present.

use jiff::Timestamp;

/// The present moment.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the platform's world is derived from the real present"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}
