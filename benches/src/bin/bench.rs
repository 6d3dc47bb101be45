//! `bench`: measures the rows, writes JSON, and renders the page.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use day2_aws::boot;
use day2_benches::page::{DATA, write_docs};
use day2_benches::peers::Peers;
use day2_benches::results::{Machine, Made, Results, RowResult, load, read, write};
use day2_benches::row::Row;
use day2_benches::{folders, page, rows, run};
use tokio::signal::unix::{SignalKind, signal};

/// Benchmarks side by side with what users run today.
#[derive(Debug, Parser)]
struct Arguments {
    /// Few rounds: shows that everything works, and roughly where it stands.
    #[arg(long)]
    quick: bool,
    /// Rows to measure, for example 1,6; all without it.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<u32>,
    /// Of these rows, only cases whose name holds one of these texts; the others stay as they were measured before.
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Pairs that are counted.
    #[arg(long)]
    rounds: Option<u32>,
    /// Then writes docs/performance.{json,md} and the chart.
    #[arg(long)]
    write_docs: bool,
    /// Measures nothing; writes docs/performance.{json,md} and the chart from what is in target/bench.
    #[arg(long)]
    render: bool,
}

/// Rounds of a quick run.
const QUICK: u32 = 3;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let results = folders::results()?;
    let rounds = arguments
        .rounds
        .unwrap_or(if arguments.quick { QUICK } else { run::FULL });
    ensure!(rounds > 0, "--rounds must be at least 1");
    let mut missing: Vec<RowResult> = Vec::new();
    if !arguments.render {
        let ended = ends_by_signal()?;
        let began = load();
        let peers = Peers::ready()?;
        let wanted = |number: u32| arguments.rows.is_empty() || arguments.rows.contains(&number);
        // Before anything is measured, so that what is missing is told at once.
        let versions = peers.versions((3..=5).any(wanted))?;
        for (number, make) in rows::ALL.iter().filter(|(number, _)| wanted(*number)) {
            let file = results.join(format!("row-{number}.json"));
            let made = make(&peers, arguments.quick);
            let done = match made.and_then(|row| measured(row, &arguments, rounds, &ended)) {
                Ok(done) => done,
                Err(why) if ended.load(Ordering::Relaxed) => {
                    return Err(why.context(format!("row {number}")));
                }
                // The others can be measured all the same. What was measured before stays where it is.
                Err(why) => {
                    let row = rows::not_measured(*number, &in_one_line(&why)).context("no such row")?;
                    say(&format!("\r{}  {why:#}\n\n", told(&row)));
                    missing.push(row);
                    continue;
                }
            };
            say(&format!("\r{}\n", told(&done)));
            let done = if arguments.cases.is_empty() {
                done
            } else {
                done.beside(read(&file).or_else(|_| known(*number))?)?
            };
            write(&file, &done)?;
        }
        write(&results.join("machine.json"), &Machine::here(began, versions))?;
    }
    if arguments.write_docs || arguments.render {
        ensure!(
            !arguments.quick,
            "the page is made of full rounds: leave out --quick"
        );
        let rows: Vec<RowResult> = rows::NUMBERS
            .map(|number| match missing.iter().find(|row| row.number == number) {
                Some(row) => Ok(row.clone()),
                None => read(&results.join(format!("row-{number}.json"))).or_else(|_| known(number)),
            })
            .into_iter()
            .collect::<Result<_>>()?;
        for row in &rows {
            ensure!(
                row.cases.is_empty() || row.rounds >= run::FULL,
                "row {} has {} rounds, and the page is made of {}: measure it again without --quick and --rounds",
                row.number,
                row.rounds,
                run::FULL
            );
        }
        let machine = match read(&results.join("machine.json")) {
            Ok(machine) => machine,
            Err(_) => read::<Results>(&folders::root().join(DATA))
                .map_or_else(|_| Machine::here(load(), Vec::new()), |page| page.machine),
        };
        write_docs(&folders::root(), &Results { machine, rows })?;
        say(&format!("wrote {} and {}\n", page::PAGE, page::CHART));
    }
    let missing: Vec<u32> = missing.iter().map(|row| row.number).collect();
    ensure!(
        missing.is_empty(),
        "not measured: rows {missing:?}; why is told above"
    );
    Ok(())
}

/// Whether somebody has asked for the end, by SIGTERM or Ctrl-C. The run in progress goes to its end then, and what was started for
/// the row is ended as after a failure; the second signal ends at once.
fn ends_by_signal() -> Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&ended);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            // Where no handler can be set, a signal ends the process as it always did.
            let kinds = [SignalKind::terminate(), SignalKind::interrupt()];
            let [Ok(mut terminate), Ok(mut interrupt)] = kinds.map(signal) else {
                return;
            };
            for status in [None, Some(1)] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                told.store(true, Ordering::Relaxed);
                if let Some(status) = status {
                    std::process::exit(status);
                }
                say("ends after the run in progress; once more ends at once\n");
            }
        });
    });
    Ok(ended)
}

/// Today, and the commit of this checkout; none where there is no git.
fn made() -> Option<Made> {
    let said = Command::new("git")
        .args(["describe", "--always", "--abbrev=7", "--dirty", "--exclude=*"])
        .current_dir(folders::root())
        .output()
        .ok()
        .filter(|said| said.status.success())?;
    Some(Made {
        day: boot::now().strftime("%Y-%m-%d").to_string(),
        commit: String::from_utf8_lossy(&said.stdout).trim().to_owned(),
    })
}

/// Measures a row, or the cases of it that were asked for.
fn measured(mut row: Row, arguments: &Arguments, rounds: u32, ended: &AtomicBool) -> Result<RowResult> {
    let texts = &arguments.cases;
    if !texts.is_empty() {
        let wanted = |label: &str| texts.iter().any(|text| label.contains(text.as_str()));
        row.cases.retain(|case| wanted(&case.label));
        ensure!(!row.cases.is_empty(), "none of its cases is named like {texts:?}");
    }
    let mut done = run::row(row, rounds, &mut |row, case, round, rounds| {
        ensure!(!ended.load(Ordering::Relaxed), "ended by a signal");
        progress(row, case, round, rounds);
        Ok(())
    })?;
    let made = made();
    for case in &mut done.cases {
        case.made.clone_from(&made);
    }
    Ok(done)
}

/// A row as it stands on the page already, or as one that was not measured.
fn known(number: u32) -> Result<RowResult> {
    let before: Option<Results> = read(&folders::root().join(DATA)).ok();
    let row = before.and_then(|page| page.rows.into_iter().find(|row| row.number == number));
    let why = "`make bench` has not measured it on this tree";
    row.map_or_else(|| rows::not_measured(number, why).context("no such row"), Ok)
}

/// Why a row could not be measured, for a cell of a table.
fn in_one_line(why: &anyhow::Error) -> String {
    let whole = format!("{why:#}");
    let first = whole.lines().next().unwrap_or_default();
    first.replace('|', "/").chars().take(200).collect()
}

fn progress(row: u32, case: &str, round: u32, rounds: u32) {
    if std::io::stderr().is_terminal() {
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[Krow {row}, {case}: {round} of {rounds}"
        );
    } else if round == 0 {
        let _ = writeln!(std::io::stderr(), "row {row}, {case}");
    }
}

fn told(row: &RowResult) -> String {
    let mut text = format!("row {}: {} against {}\n", row.number, row.name, row.against);
    if let Some(why) = &row.not_measured {
        let _ = writeln!(text, "  not measured: {why}");
    }
    for case in &row.cases {
        let _ = writeln!(text, "  {}", case.label);
        for one in &case.measured {
            let _ = writeln!(
                text,
                "    {:<13} {:>10} {:>10}   {}x ({} to {})",
                one.metric.title(),
                page::figure(one.peer.median),
                page::figure(one.ours.median),
                page::figure(one.ratio.median),
                page::figure(one.ratio.low),
                page::figure(one.ratio.high),
            );
        }
        for goal in &case.goals {
            let _ = writeln!(
                text,
                "    {} {}",
                if goal.met { "met   " } else { "MISSED" },
                goal.goal.words()
            );
        }
    }
    text
}

fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
