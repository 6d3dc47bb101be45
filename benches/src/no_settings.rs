//! The settings of functions that are made for measuring.

use day2_core::settings::{Checker, Mistakes, Validate};
use deserr::Deserr;

/// No settings of its own: a part of the document that is not empty is refused.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checker<'_>) {}
}
