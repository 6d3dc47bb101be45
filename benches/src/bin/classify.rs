//! `classify EVENTS REPETITIONS`: classifies the sample events again and again, and says what was decided and what
//! processor time the loop took, without the start of the process.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use day2_benches::events::{decide, decisions, samples};
use serde_json::json;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: classify EVENTS REPETITIONS";
    let events = samples(Path::new(&arguments.next().context(usage)?))?;
    let repetitions: u32 = arguments.next().context(usage)?.parse().context(usage)?;
    let decisions = decisions(&events);
    let began = processor_nanoseconds()?;
    for _ in 0..repetitions {
        for (_, event) in &events {
            black_box(decide(black_box(event)));
        }
    }
    let took = processor_nanoseconds()?.saturating_sub(began);
    let said = json!({"decisions": decisions, "repetitions": repetitions, "nanoseconds": took});
    std::io::stdout().write_all(said.to_string().as_bytes())?;
    Ok(())
}

/// Time that this thread, the only one, was on a processor: the first number of `/proc/self/schedstat`
/// (kernel documentation, "Scheduler Statistics").
fn processor_nanoseconds() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    text.split(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .context("/proc/self/schedstat")
}
