//! What no test can show, with the reason: data, so that a reader finds all of it in one place.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The file, from the root of the checkout.
pub const FILE: &str = "tests/rights.yaml";

/// A reason is a sentence; shorter ones explain nothing.
const SHORTEST_REASON: usize = 30;

/// The exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    /// Allowed by the function's files, and no test can have it used.
    pub unused: Vec<Exception>,
    /// Used in tests, and allowed by something else than the function's files.
    pub beyond: Vec<Exception>,
}

/// One right of some functions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The right, as the comparison names it.
    pub right: String,
    /// The functions that it is about.
    pub functions: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Exception {
    pub(super) fn is_of(&self, function: &str, right: &str) -> bool {
        self.right == right && self.functions.iter().any(|name| name == function)
    }
}

impl Exceptions {
    /// The exceptions of the checkout at `root`.
    ///
    /// # Errors
    ///
    /// When the file is not there, has another shape, or an exception has no functions or no reason.
    pub fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        Self::of(&text).with_context(|| format!("{FILE} is no list of exceptions"))
    }

    pub(super) fn of(text: &str) -> Result<Self> {
        let all: Self = serde_yaml_ng::from_str(text)?;
        for one in all.unused.iter().chain(&all.beyond) {
            ensure!(!one.functions.is_empty(), "{} names no function", one.right);
            ensure!(
                one.reason.len() >= SHORTEST_REASON,
                "{} of {} has no reason",
                one.right,
                one.functions.join(", ")
            );
        }
        Ok(all)
    }
}
