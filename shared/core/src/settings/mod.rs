//! Settings: one JSON document per function, written by Terraform, read at cold start.
//!
//! [`read`] reports **all** mistakes at once. A function declares its own part with
//!
//! ```
//! use day2_core::settings::{Checker, Mistakes, Percent, Validate};
//!
//! #[derive(deserr::Deserr)]
//! #[deserr(error = Mistakes, deny_unknown_fields)]
//! struct Limits {
//!     /// Optional fields have a default; a `null` counts as absent, as in Terraform.
//!     #[deserr(default = 30)]
//!     grace_minutes: u32,
//!     /// An `Option` needs the attribute too; without it the field is required.
//!     #[deserr(default)]
//!     connections_percent: Option<Percent>,
//! }
//!
//! impl Validate for Limits {
//!     fn validate(&self, at: &mut Checker<'_>) {
//!         at.require(self.grace_minutes <= 240, "grace_minutes", self.grace_minutes, "is more than 240", "write at most 240");
//!     }
//! }
//! ```
//!
//! Both container attributes are needed: `error` because the value types here report [`Mistakes`] only, and
//! `deny_unknown_fields` because a misspelt field would silently leave a default in force. Maps are [`Named`], never the
//! standard ones.

mod checker;
mod document;
mod labels;
pub(crate) mod mistakes;
mod named;
mod node;
mod purpose;
mod safety;
#[cfg(feature = "schemas")]
pub mod schema;
mod time;
mod values;
mod wording;

pub use checker::{Checker, Validate};
pub use document::{Deployment, Mail, Settings, read};
pub use labels::Labels;
pub use mistakes::{Mistake, Mistakes};
pub use named::Named;
pub use safety::Safety;
pub use time::{Day, DayName, LocalTime, Zone};
pub use values::{HttpsUrl, Percent};

#[cfg(test)]
mod tests;
