//! The rows of the table, one module each. A new row is a module with `pub fn row(peers, quick) -> Result<Row>`, a line in
//! [`ALL`] and one in [`TITLES`].

pub mod checklist;
pub mod classify;
pub mod cold;
pub mod containment;
pub mod package;
pub mod scan;
pub mod script;

use anyhow::Result;

use crate::peers::Peers;
use crate::results::RowResult;
use crate::row::Row;

/// Makes a row: sets up what it needs. `quick` may leave out the largest cases.
pub type Make = fn(peers: &Peers, quick: bool) -> Result<Row>;

/// The rows that can be measured.
pub const ALL: &[(u32, Make)] = &[
    (1, cold::row),
    (2, cold::starved_row),
    (3, scan::row),
    (4, script::row),
    (5, checklist::row),
    (6, containment::row),
    (7, classify::row),
    (8, package::row),
];

/// The numbers of all rows of the page.
pub const NUMBERS: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// Number, name, peer and target of every row.
pub const TITLES: [(u32, &str, &str, &str); 8] = [
    (
        1,
        "cold start",
        "Python handler",
        "wall ≥ 20× less at delay 0, CPU ≥ 20×",
    ),
    (2, "cold start, starved", "Python handler", "completes; ≥ 20×"),
    (
        3,
        "health scan, memory and CPU",
        "Python client; kubectl + jq",
        "RSS ≥ 10× and ≥ 30× less, CPU ≥ 50×; ours ≤ 40 MB at both sizes; wall ≤ 1.3× of fetching alone",
    ),
    (4, "S4's morning script", "kubectl + jq", "total CPU ≥ 20× less"),
    (
        5,
        "S0's morning checklist",
        "the CLI lines one after another; boto3",
        "wall ≥ 8× and ≥ 4× less; ≤ 1.3× of the critical path",
    ),
    (
        6,
        "finding to isolated pod",
        "Python handler with Powertools idempotency",
        "cold ≥ 5×, storm CPU ≥ 20×, warm ≤ 1.3× of the bound",
    ),
    (
        7,
        "classify and key",
        "Powertools data classes",
        "≥ 50× events per core-second",
    ),
    (
        8,
        "package size",
        "Python zip with its libraries",
        "≥ 5× smaller; ≤ 4 MB zipped for a typical function, ≤ 6 MB for the largest",
    ),
];

/// A row that has no measurement, and why.
#[must_use]
pub fn not_measured(number: u32, why: &str) -> Option<RowResult> {
    let (number, name, against, target) = TITLES.into_iter().find(|row| row.0 == number)?;
    Some(RowResult {
        number,
        name: name.to_owned(),
        against: against.to_owned(),
        target: target.to_owned(),
        rounds: 0,
        cases: Vec::new(),
        notes: Vec::new(),
        not_measured: Some(why.to_owned()),
    })
}

/// A row with its title and nothing else.
#[must_use]
pub fn titled(number: u32) -> Row {
    let (number, name, against, target) = TITLES
        .into_iter()
        .find(|row| row.0 == number)
        .unwrap_or((number, "", "", ""));
    Row {
        number,
        name: name.to_owned(),
        against: against.to_owned(),
        target: target.to_owned(),
        cases: Vec::new(),
        notes: Vec::new(),
    }
}
