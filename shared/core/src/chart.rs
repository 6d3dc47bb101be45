//! Figures that a report carries as data; only the HTML page draws them.

use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Chart {
    /// Stages that follow each other, each keeping at most what the stage before kept.
    Waterfall(Waterfall),
    /// Independent bars, for example a histogram of join latencies.
    Bars(Bars),
}

/// Requested → launched → joined → Ready → scheduled, with the loss at each stage and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Waterfall {
    /// Heading of the figure.
    pub title: String,
    /// What is counted, for example `nodes`.
    pub unit: String,
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// One stage of a [`Waterfall`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Stage {
    /// Name of the stage.
    pub label: String,
    /// How many reached it; null when it could not be read, drawn as a gap and never as zero.
    pub count: Option<u64>,
    /// Why some did not, largest first.
    pub losses: Vec<Loss>,
}

/// Some that did not reach a stage, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Loss {
    /// How many.
    pub count: u64,
    /// The reason in words.
    pub reason: String,
}

/// Labelled bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
pub struct Bars {
    /// Heading of the figure.
    pub title: String,
    /// Unit of the values.
    pub unit: String,
    /// Label and value, in drawing order.
    pub bars: Vec<(String, f64)>,
}
