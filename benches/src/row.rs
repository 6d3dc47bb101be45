//! What a benchmark is: a row of the table, its cases, their two sides, and the goals.

use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One row of the table of `docs/performance.md`.
pub struct Row {
    /// Its number in the table.
    pub number: u32,
    /// What is measured, for example `cold start`.
    pub name: String,
    /// What users run today.
    pub against: String,
    /// The target in words.
    pub target: String,
    /// One or more measurements of it: delays, sizes, warm and cold.
    pub cases: Vec<Case>,
    /// What a reader must know: how it was measured, the physical bound, why a goal is missed.
    pub notes: Vec<String>,
}

/// Two sides that do the same work.
pub struct Case {
    /// What tells it from the other cases of its row, for example `delay 20 ms`.
    pub label: String,
    /// What users run today.
    pub peer: Side,
    /// Day2.
    pub ours: Side,
    /// Whether two answers are the same in all that matters; says in words what differs.
    pub same: fn(ours: &Value, peer: &Value) -> Result<()>,
    /// What is to be reached.
    pub goals: Vec<Goal>,
}

/// One side of a case.
pub struct Side {
    /// Its name in the table, for example `boto3 + kubernetes`.
    pub name: String,
    /// Does the work once, and says what it took.
    pub run: Box<dyn FnMut() -> Result<Sample>>,
}

impl Side {
    /// A side.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Result<Sample> + 'static) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }
}

/// What one run took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// From the start to the answer.
    pub wall: Duration,
    /// User and system time of the process and of all the children that it waited for.
    pub cpu: Duration,
    /// Largest resident set: of any one of these processes where they ended by themselves, of the function's alone in a sandbox. In
    /// bytes; none when it makes no sense.
    pub peak_rss_bytes: Option<u64>,
    /// Page faults until the answer, minor and major.
    pub page_faults: Option<u64>,
    /// Bytes of a file or folder, for sizes.
    pub bytes: Option<u64>,
    /// Processor time of the server that plays AWS and the cluster, which is in no other figure. In the kernel's ticks of 10 ms, so
    /// only the mean of many runs tells something.
    pub server: Option<Duration>,
    /// The answer, for the comparison.
    pub answer: Value,
}

/// What of a sample a goal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Wall time, in milliseconds.
    Wall,
    /// Processor time, in milliseconds.
    Cpu,
    /// Peak resident set, in MB (10⁶ bytes).
    Rss,
    /// Page faults.
    Faults,
    /// Size, in MB (10⁶ bytes).
    Size,
}

impl Metric {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Wall, Self::Cpu, Self::Rss, Self::Faults, Self::Size];

    /// Its value in a sample, if the sample has it and it is not zero throughout.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sizes and counts are far below 2^52")]
    pub fn of(self, sample: &Sample) -> Option<f64> {
        const MEGA: f64 = 1e6;
        match self {
            Self::Wall => Some(sample.wall.as_secs_f64() * 1e3).filter(|value| *value > 0.0),
            Self::Cpu => Some(sample.cpu.as_secs_f64() * 1e3).filter(|value| *value > 0.0),
            Self::Rss => sample.peak_rss_bytes.map(|bytes| bytes as f64 / MEGA),
            Self::Faults => sample.page_faults.map(|count| count as f64),
            Self::Size => sample.bytes.map(|bytes| bytes as f64 / MEGA),
        }
    }

    /// Its name in the table, with its unit.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Wall => "wall, ms",
            Self::Cpu => "CPU, ms",
            Self::Rss => "peak RSS, MB",
            Self::Faults => "page faults",
            Self::Size => "size, MB",
        }
    }
}

/// What is to be reached. A ratio is judged by the near end of its interval: luck does not meet a goal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Goal {
    /// The peer takes at least so many times what Day2 takes.
    TimesLess {
        /// Of what.
        metric: Metric,
        /// Peer divided by ours.
        times: f64,
    },
    /// Day2 takes at most so many times what the other side (a bound) takes.
    AtMostTimes {
        /// Of what.
        metric: Metric,
        /// Ours divided by the bound.
        times: f64,
    },
    /// Day2 takes at most this, in the unit of the metric.
    AtMost {
        /// Of what.
        metric: Metric,
        /// The limit.
        value: f64,
    },
}

impl Goal {
    /// A goal in words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::TimesLess { metric, times } => format!("{} ≥ {times}× less", metric.title()),
            Self::AtMostTimes { metric, times } => format!("{} ≤ {times}× of it", metric.title()),
            Self::AtMost { metric, value } => format!("{} ≤ {value}", metric.title()),
        }
    }
}
