//! Rows 1 and 2: from the start of the process to the answer of a function that asks AWS once and the cluster once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::titled;
use crate::peers::Peers;
use crate::replay::{Replay, same_cluster};
use crate::row::{Case, Goal, Metric, Row, Side};
use crate::runtime_api::RuntimeApi;
use crate::sandbox::{Launch, cold, first_event};
use crate::starved::Starved;
use crate::{child, folders, run};

/// The event: a call by hand of the default task.
const EVENT: &[u8] = b"{}";

/// Row 1.
///
/// # Errors
///
/// When a program is missing or cannot be started.
pub fn row(peers: &Peers, _quick: bool) -> Result<Row> {
    let api = Rc::new(RuntimeApi::start()?);
    let mut row = titled(1);
    for (delay, goals) in [
        (0, vec![times(Metric::Wall, 20.0), times(Metric::Cpu, 20.0)]),
        (20, vec![times(Metric::Cpu, 20.0)]),
        (50, vec![times(Metric::Cpu, 20.0)]),
    ] {
        let replay = Rc::new(Replay::start(Duration::from_millis(delay))?);
        row.cases.push(case(
            format!("delay {delay} ms"),
            peers,
            &api,
            &replay,
            None,
            goals,
        )?);
    }
    row.notes = vec![
        "Both find their event waiting, call `eks:DescribeCluster`, sign a token without a network call, list the nodes over \
         TLS that trusts the cluster's authority only, and answer. Day2's side is `first-call`: the product's own boot \
         (settings, journal, publisher) and cluster client without a check behind them, because the real functions make \
         more calls than one of each; row 6 starts a real one."
            .to_owned(),
        "With a delay per exchange the wall time of both grows by the same two waits, so the ratio of wall times falls \
         towards one: there the network decides, and only the processor time is a goal."
            .to_owned(),
        "Python runs with its byte code compiled and its files in the page cache. The server that plays AWS and the cluster is a \
         process of its own; what it uses is told apart."
            .to_owned(),
    ];
    Ok(row)
}

/// Memory of the starved sandbox, in bytes.
const MEMORY: u64 = 128 << 20;
/// Its share of one processor, in percent.
const PROCESSOR: u64 = 7;

/// Row 2.
///
/// # Errors
///
/// As [`row`]; when control groups may not be made.
pub fn starved_row(peers: &Peers, _quick: bool) -> Result<Row> {
    let api = Rc::new(RuntimeApi::start()?);
    let starved = Rc::new(Starved::new(PROCESSOR, MEMORY)?);
    let replay = Rc::new(Replay::start(Duration::ZERO)?);
    let mut row = titled(2);
    let goals = vec![times(Metric::Wall, 20.0), times(Metric::Cpu, 20.0)];
    row.cases.push(case(
        "delay 0 ms".to_owned(),
        peers,
        &api,
        &replay,
        Some(&starved),
        goals,
    )?);
    row.cases.push(opened(&api, &starved, &replay)?);
    row.cases.push(handshake(&starved, &replay)?);
    row.notes = vec![
        format!(
        "A control group with {PROCESSOR} % of one processor (quota per 100 ms) and {} MB, as Lambda's smallest \
             sandbox has after Init; real Init runs with the full processor for up to ten seconds, so this is harder than Lambda.",
        MEMORY >> 20
    ),
        "First event after Init: the process starts with the full processor, as in Lambda's Init, and joins the control group when it \
         asks for its first event; the clock runs from the event to the answer. Once as the functions are, and once after a call of \
         AWS during Init, so that this connection is open. The processor time is that of the whole life."
            .to_owned(),
        "The first TLS handshake of a process pays for seeding aws-lc's random generator. `first-handshake` makes one and nothing \
         else; it is built with the jitter of the processor as a source of entropy (what the crate does by itself) and without \
         (what is shipped, decision 19). Its peak RSS is that of `bench`, which starts it."
            .to_owned(),
    ];
    Ok(row)
}

/// What a connection is worth that Init opens, where only Init has the full processor.
fn opened(api: &Rc<RuntimeApi>, starved: &Rc<Starved>, replay: &Rc<Replay>) -> Result<Case> {
    let side = |name: &'static str, arguments: &[&str]| -> Result<Side> {
        let (api, starved, replay) = (Rc::clone(api), Rc::clone(starved), Rc::clone(replay));
        let launch = Launch {
            program: folders::built("first-call")?,
            arguments: arguments.iter().map(Into::into).collect(),
            folder: folders::root(),
            variables: variables(&replay),
            starved: None,
        };
        Ok(Side::new(name, move || {
            replay.beside(|| first_event(&api, &launch, &starved, EVENT))
        }))
    };
    Ok(Case {
        label: "first event after Init".to_owned(),
        peer: side("no connection is open", &[])?,
        ours: side("Init called AWS once", &["--open-first"])?,
        same: run::equal,
        goals: Vec::new(),
    })
}

fn variables(replay: &Replay) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = replay.variables().into_iter().collect();
    variables.insert(
        "DAY2_SETTINGS".to_owned(),
        replay.settings(&json!({})).to_string(),
    );
    variables.insert("CLUSTER_NAME".to_owned(), crate::replay::CLUSTER.to_owned());
    variables
}

/// The first TLS handshake of a process, as the crate is by itself and as it is shipped.
fn handshake(starved: &Rc<Starved>, replay: &Rc<Replay>) -> Result<Case> {
    let side = |name: &'static str, program: PathBuf| {
        let (starved, replay) = (Rc::clone(starved), Rc::clone(replay));
        Side::new(name, move || {
            let address = replay.place().endpoint.trim_start_matches("https://");
            replay.beside(|| child::run(starved.command(&program).arg(address).arg(replay.bundle())))
        })
    };
    Ok(Case {
        label: "first TLS handshake".to_owned(),
        peer: side(
            "with jitter entropy",
            folders::built("../with-jitter/release/first-handshake")?,
        ),
        ours: side("without", folders::built("first-handshake")?),
        same: run::equal,
        goals: vec![times(Metric::Cpu, 1.0)],
    })
}

const fn times(metric: Metric, times: f64) -> Goal {
    Goal::TimesLess { metric, times }
}

fn case(
    label: String,
    peers: &Peers,
    api: &Rc<RuntimeApi>,
    replay: &Rc<Replay>,
    starved: Option<&Rc<Starved>>,
    goals: Vec<Goal>,
) -> Result<Case> {
    let variables = variables(replay);
    let ours = Launch {
        program: folders::built("first-call")?,
        arguments: Vec::new(),
        folder: folders::root(),
        variables: variables.clone(),
        starved: starved.cloned(),
    };
    let theirs = Launch {
        program: peers.python(),
        arguments: ["-m", "awslambdaric", "first_call.handler"]
            .map(Into::into)
            .into(),
        folder: folders::peers(),
        variables,
        starved: starved.cloned(),
    };
    let (api_ours, api_peer, own, other) = (
        Rc::clone(api),
        Rc::clone(api),
        Rc::clone(replay),
        Rc::clone(replay),
    );
    Ok(Case {
        label,
        peer: Side::new("Python", move || other.beside(|| cold(&api_peer, &theirs, EVENT))),
        ours: Side::new("Day2", move || own.beside(|| cold(&api_ours, &ours, EVENT))),
        same: same_cluster,
        goals,
    })
}
