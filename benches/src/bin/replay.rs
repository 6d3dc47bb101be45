//! `replay DELAY_MS`: plays AWS and a cluster until standard input closes.

#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::time::Duration;

use anyhow::{Context, Result};
use day2_benches::replay::serve;

fn main() -> Result<()> {
    let delay = std::env::args().nth(1).context("usage: replay DELAY_MS")?;
    let delay = Duration::from_millis(delay.parse().context("DELAY_MS is a number of milliseconds")?);
    std::thread::spawn(|| {
        // Whoever started this holds the other end.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    serve(
        delay,
        |place| say(&serde_json::to_string(place)?),
        |isolated| {
            if let Ok(line) = serde_json::to_string(isolated) {
                // Whoever does not listen any more ends this program soon.
                let _ = say(&line);
            }
        },
    )
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()?;
    Ok(())
}
