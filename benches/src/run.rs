//! Rounds: both sides in turn, the same answer in each.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::results::{CaseResult, Measured, RowResult, verdicts};
use crate::row::{Case, Metric, Row, Sample};

/// Least rounds that a table is made of.
pub const FULL: u32 = 15;

/// Called before every run: row, case, round (0 is the one that is not counted), rounds. An error ends the measurement.
pub type Progress<'a> = &'a mut dyn FnMut(u32, &str, u32, u32) -> Result<()>;

/// Measures a row.
///
/// # Errors
///
/// When a side fails or the answers differ: then there is nothing to compare. When `progress` says so.
pub fn row(mut row: Row, rounds: u32, progress: Progress<'_>) -> Result<RowResult> {
    let mut cases = Vec::new();
    for case in &mut row.cases {
        let done = measure(row.number, case, rounds, progress)
            .with_context(|| format!("row {}, {}, {}", row.number, row.name, case.label))?;
        cases.push(done);
    }
    Ok(RowResult {
        number: row.number,
        name: row.name,
        against: row.against,
        target: row.target,
        rounds,
        cases,
        notes: row.notes,
        not_measured: None,
    })
}

fn measure(number: u32, case: &mut Case, rounds: u32, progress: Progress<'_>) -> Result<CaseResult> {
    progress(number, &case.label, 0, rounds)?;
    // The first run of each fills caches of the file system; it is compared and not counted.
    pair(case, false)?;
    let mut peer = Vec::new();
    let mut ours = Vec::new();
    for round in 1..=rounds {
        progress(number, &case.label, round, rounds)?;
        let (theirs, own) = pair(case, round % 2 == 0)?;
        peer.push(theirs);
        ours.push(own);
    }
    let measured: Vec<Measured> = Metric::ALL
        .into_iter()
        .filter_map(|metric| {
            let (theirs, own) = values(metric, &peer, &ours);
            Measured::of(metric, &theirs, &own)
        })
        .collect();
    Ok(CaseResult {
        label: case.label.clone(),
        made: None,
        peer: case.peer.name.clone(),
        ours: case.ours.name.clone(),
        server_ms: server(&peer).zip(server(&ours)).map(<[f64; 2]>::from),
        goals: verdicts(&case.goals, &measured),
        measured,
    })
}

/// Each side once; their order changes, so that neither always meets what the other leaves behind.
fn pair(case: &mut Case, ours_first: bool) -> Result<(Sample, Sample)> {
    let (peer, ours) = if ours_first {
        let ours = (case.ours.run)().with_context(|| case.ours.name.clone())?;
        ((case.peer.run)().with_context(|| case.peer.name.clone())?, ours)
    } else {
        let peer = (case.peer.run)().with_context(|| case.peer.name.clone())?;
        (peer, (case.ours.run)().with_context(|| case.ours.name.clone())?)
    };
    (case.same)(&ours.answer, &peer.answer).context("the two sides do not give the same answer")?;
    Ok((peer, ours))
}

/// The values of the rounds in which both sides have one: processor time may be less than the kernel's tick.
fn values(metric: Metric, peer: &[Sample], ours: &[Sample]) -> (Vec<f64>, Vec<f64>) {
    let rounds = peer.iter().zip(ours);
    rounds
        .filter_map(|(theirs, own)| metric.of(theirs).zip(metric.of(own)))
        .unzip()
}

/// What the server used in the mean of the runs.
fn server(samples: &[Sample]) -> Option<f64> {
    let all: Option<Duration> = samples.iter().map(|sample| sample.server).sum();
    let runs = u32::try_from(samples.len()).ok().filter(|runs| *runs > 0)?;
    Some(all?.as_secs_f64() * 1e3 / f64::from(runs))
}

/// The comparison for answers that must be equal in every field.
///
/// # Errors
///
/// When they differ.
pub fn equal(ours: &serde_json::Value, peer: &serde_json::Value) -> Result<()> {
    ensure!(!ours.is_null(), "there is no answer");
    ensure!(ours == peer, "ours: {}\npeer: {}", shown(ours), shown(peer));
    Ok(())
}

fn shown(value: &serde_json::Value) -> String {
    let text = value.to_string();
    text.chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Goal, Side};
    use serde_json::json;
    use std::cell::RefCell;
    use std::rc::Rc;

    fn sample(ms: u64, answer: u64) -> Sample {
        Sample {
            wall: Duration::from_millis(ms),
            cpu: Duration::from_millis(ms),
            answer: json!({"answer": answer}),
            ..Sample::default()
        }
    }

    fn case(
        peer: impl FnMut() -> Result<Sample> + 'static,
        ours: impl FnMut() -> Result<Sample> + 'static,
    ) -> Row {
        Row {
            number: 9,
            name: "nine".to_owned(),
            against: "them".to_owned(),
            target: "less".to_owned(),
            cases: vec![Case {
                label: "only".to_owned(),
                peer: Side::new("peer", peer),
                ours: Side::new("ours", ours),
                same: equal,
                goals: vec![Goal::TimesLess {
                    metric: Metric::Cpu,
                    times: 3.0,
                }],
            }],
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_sides_take_turns_in_changing_order_and_the_first_pair_is_not_counted() {
        let order = Rc::new(RefCell::new(String::new()));
        let (a, b) = (Rc::clone(&order), Rc::clone(&order));
        let made = case(
            move || {
                a.borrow_mut().push('p');
                Ok(sample(80, 1))
            },
            move || {
                b.borrow_mut().push('o');
                Ok(sample(20, 1))
            },
        );
        let done = row(made, 3, &mut |_, _, _, _| Ok(())).unwrap();
        assert_eq!(*order.borrow(), "popooppo");
        let wall = &done.cases[0].measured[0];
        assert_eq!(
            (wall.peer.median, wall.ours.median, wall.ratio.median),
            (80.0, 20.0, 4.0)
        );
        assert!(done.cases[0].goals[0].met);
    }

    #[test]
    fn sides_with_different_answers_are_not_compared() {
        let made = case(|| Ok(sample(80, 1)), || Ok(sample(20, 2)));
        let why = format!("{:#}", row(made, 1, &mut |_, _, _, _| Ok(())).unwrap_err());
        assert!(why.contains("the same answer"), "{why}");
    }

    #[test]
    fn what_the_server_used_is_told_in_the_mean_of_the_runs_and_only_where_it_was_read() {
        for (ticks, told) in [([1, 0, 2], Some([10.0, 10.0])), ([0, 0, 0], Some([0.0, 0.0]))] {
            let side = move || {
                // The first run is not counted.
                let mut ticks = std::iter::once(1_000).chain(ticks);
                move || {
                    Ok(Sample {
                        server: ticks.next().map(|ticks| Duration::from_millis(ticks * 10)),
                        ..sample(10, 1)
                    })
                }
            };
            let done = row(case(side(), side()), 3, &mut |_, _, _, _| Ok(())).unwrap();
            assert_eq!(done.cases[0].server_ms, told);
        }
        let one_side = case(
            || Ok(sample(10, 1)),
            || {
                Ok(Sample {
                    server: Some(Duration::ZERO),
                    ..sample(10, 1)
                })
            },
        );
        assert_eq!(
            row(one_side, 1, &mut |_, _, _, _| Ok(())).unwrap().cases[0].server_ms,
            None
        );
    }

    #[test]
    fn a_measurement_that_is_ended_is_no_result() {
        let mut left = 2;
        let mut progress = |_: u32, _: &str, _: u32, _: u32| {
            left -= 1;
            ensure!(left > 0, "ended from outside");
            Ok(())
        };
        let made = case(|| Ok(sample(80, 1)), || Ok(sample(20, 1)));
        let why = format!("{:#}", row(made, 3, &mut progress).unwrap_err());
        assert!(why.ends_with("ended from outside"), "{why}");
    }

    #[test]
    fn a_goal_that_only_the_median_reaches_is_missed() {
        let mut peer = [100, 20, 100, 20, 100].into_iter().cycle();
        let made = case(move || Ok(sample(peer.next().unwrap(), 1)), || Ok(sample(10, 1)));
        let done = row(made, 5, &mut |_, _, _, _| Ok(())).unwrap();
        assert!(!done.cases[0].goals[0].met, "{:?}", done.cases[0]);
    }
}
