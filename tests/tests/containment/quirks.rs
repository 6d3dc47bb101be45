//! A cluster that refuses, throttles, forgets and is slow, pods that do not go, logs that are no text, and events that are none:
//! the containment comes to the same end, or says what is missing.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use day2_platform::cluster::LogInstance;
use day2_platform::faults::{Fault, Rule};
use day2_platform::sandbox::{Event, Outcome, Sandbox};
use day2_platform::world::miner::{DEPLOYMENT, NAMESPACE, SIBLING};
use serde_json::json;

use super::id;
use super::stand::{LONG, Mode, Stand, items, outcome_of};
use super::suspects::Run;

/// Peak memory of a run beside a mebibyte of event.
const MOST_MEMORY: u64 = 128 << 20;

/// Most that the settings let be captured of one log, and what is written into it.
const LOG_CAP: usize = 8 << 20;

/// What is no event of ours, or no event at all, is rejected in bounded time, changes nothing, and leaves the process at work.
pub(super) async fn what_is_no_event_is_rejected_and_the_next_one_is_served_e01(
    stand: &mut Stand,
) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let whole = stand.finding_document(&pod, &id(700)).await?;
    let text = whole.to_string();
    let doubled = text.replacen("\"detail\":", "\"detail\":{},\"detail\":", 1);
    ensure!(doubled != text, "no detail in {text}");
    let not_a_number = text.replacen("\"severity\":8.0", "\"severity\":NaN", 1);
    ensure!(not_a_number != text, "no severity in {text}");
    let lone = text.replacen("\"source\":\"aws.guardduty\"", "\"source\":\"\\ud800\"", 1);
    ensure!(lone != text, "no source in {text}");
    let deep = format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    let cases = [
        ("no JSON", "finding!".to_owned()),
        ("null", "null".to_owned()),
        ("a list", "[]".to_owned()),
        ("nothing", "{}".to_owned()),
        ("a mebibyte of brackets", "[".repeat(1 << 20)),
        ("deep", deep),
        ("a key twice", doubled),
        ("no number", not_a_number),
        ("half a character", lone),
        ("half an event", text[..text.len() / 2].to_owned()),
    ];
    let mark = stand.faults.mark();
    for (what, event) in cases {
        let begun = Instant::now();
        let outcome = sandbox.invoke(Event::new(event).time_left(LONG)).await?;
        ensure!(
            matches!(&outcome, Outcome::Error { kind, .. } if kind == "Permanent"),
            "{what}: {outcome:?}"
        );
        ensure!(
            begun.elapsed() < Duration::from_secs(10),
            "{what} took {:?}",
            begun.elapsed()
        );
    }
    stand.nothing_was_changed(mark)?;
    ensure!(stand.labelled().await?.is_empty(), "a pod is labelled");
    let answer = sandbox.invoke(Event::new(text).time_left(LONG)).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    stand.as_before().await
}

/// A finding of a mebibyte, with ten thousand entries that nobody reads.
pub(super) async fn a_finding_of_a_mebibyte_is_contained_in_bounded_memory_e02(
    stand: &mut Stand,
) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let pod = stand.miner.pod.clone();
    let mut whole = stand.finding_document(&pod, &id(701)).await?;
    let entry = |number: u32| json!({"processPath": format!("/tmp/.x/{number}"), "words": "w".repeat(61)});
    whole["detail"]["service"]["runtimeDetails"]["context"] =
        json!({"entries": (0..10_000).map(entry).collect::<Vec<_>>()});
    let event = whole.to_string();
    ensure!(event.len() >= 1_000_000, "only {} bytes", event.len());
    let answer = sandbox
        .invoke(Event::new(event).time_left(LONG))
        .await?
        .answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    ensure!(stand.labelled().await? == [pod.name.clone()], "not labelled");
    ensure!(
        answer.to_string().len() < 200_000,
        "the report grew with the event"
    );
    let peak = sandbox.peak_memory()?;
    eprintln!("a finding of a mebibyte: peak RSS {} MiB", peak >> 20);
    ensure!(peak < MOST_MEMORY, "{} MiB", peak >> 20);
    stand.as_before().await
}

/// The cluster refuses the token once, throttles, resets, and forgets a list in the middle: the pod is contained in one delivery.
pub(super) async fn a_cluster_that_stumbles_does_not_keep_a_pod_from_being_contained_k01_k03_k07_k08(
    stand: &mut Stand,
) -> Result<()> {
    let mut number = 710;
    let expired = || Fault::named("Expired", 410, "the provided continue parameter is too old");
    let refused = || Fault::named("Unauthorized", 401, "the token is too old");
    // The pods of all namespaces; those of one namespace are another list.
    let (list, all) = ("kubernetes:list pods", "*");
    for (what, rules) in [
        (
            "a token that is refused once",
            vec![Rule::new("kubernetes:get pods", refused()).nth(1)],
        ),
        (
            "a label that is throttled",
            vec![Rule::new("kubernetes:patch pods", Fault::Throttle).nth(1)],
        ),
        (
            "a read that is throttled",
            vec![Rule::new("kubernetes:get pods", Fault::Throttle).nth(1)],
        ),
        (
            "a page that breaks",
            vec![Rule::new(list, Fault::Truncate(2_000)).on(all).nth(1)],
        ),
        (
            "a connection that is reset",
            vec![Rule::new(list, Fault::Reset).on(all).nth(1)],
        ),
        // The second page is asked for with a token that is too old: the list begins again, and nothing is read twice.
        (
            "a list that is forgotten",
            vec![
                Rule::new(list, Fault::LoopToken).on(all).nth(1),
                Rule::new(list, expired()).on(all).nth(2),
            ],
        ),
    ] {
        number += 1;
        let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
        let pod = stand.miner.pod.clone();
        let event = stand.finding(&pod, &id(number)).await?;
        let mark = stand.faults.mark();
        for rule in rules {
            stand.faults.add(rule);
        }
        let answer = sandbox.invoke(event).await?.answer()?;
        let calls = stand.faults.since(mark);
        ensure!(
            calls.iter().any(|call| call.fault.is_some()),
            "{what}: nothing went wrong"
        );
        ensure!(outcome_of(&answer) == "applied", "{what}: {answer:#}");
        ensure!(
            stand.labelled().await? == [pod.name.clone()],
            "{what}: not labelled"
        );
        ensure!(
            stand.accepted(mark, "kubernetes:create networkpolicies") == 1,
            "{what}"
        );
        let siblings = items(&answer, "THR-006").with_context(|| format!("{what}: no siblings"))?;
        let named = siblings["subjects"].as_array().map_or(0, Vec::len);
        // Two of its Deployment, and the one of the same image.
        ensure!(
            named == 3 && siblings.to_string().contains(SIBLING),
            "{what}: {siblings:#}"
        );
        stand.as_before().await?;
    }
    Ok(())
}

/// What the cluster denies for good, or forgets again and again, is named, and is not taken for "nobody" (K02, K08).
pub(super) async fn what_the_cluster_never_shows_is_unknown_and_named_k02_k08(
    stand: &mut Stand,
) -> Result<()> {
    let list = "kubernetes:list pods";
    let expired = Fault::named("Expired", 410, "the provided continue parameter is too old");
    let denied = Fault::named("Forbidden", 403, "pods is forbidden: cannot list");
    for (number, fault) in [(730, denied), (731, expired)] {
        let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
        let pod = stand.miner.pod.clone();
        let event = stand.finding(&pod, &id(number)).await?;
        stand.faults.add(Rule::new(list, fault));
        let answer = sandbox.invoke(event).await?.answer()?;
        ensure!(
            stand.labelled().await? == [pod.name.clone()],
            "not isolated: {answer:#}"
        );
        let siblings = items(&answer, "THR-006").context("no siblings")?;
        ensure!(siblings["verdict"] == "UNKNOWN", "{siblings:#}");
        ensure!(siblings.to_string().contains("list pods"), "{siblings:#}");
        stand.as_before().await?;
    }
    // A token that is refused twice is no token: nothing is changed, and the cluster is named.
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let event = stand.finding(&stand.miner.pod.clone(), &id(732)).await?;
    let mark = stand.faults.mark();
    stand.faults.add(Rule::new(
        "kubernetes:*",
        Fault::named("Unauthorized", 401, "who are you"),
    ));
    let outcome = sandbox.invoke(event).await?;
    let says = format!("{outcome:?}");
    ensure!(says.contains("get pods"), "{says}");
    stand.nothing_was_changed(mark)?;
    stand.as_before().await
}

/// A pod that a finalizer holds is deleted once, is said to be held, and keeps its finalizer.
pub(super) async fn a_pod_that_a_finalizer_holds_is_named_and_not_stripped_k13(
    stand: &mut Stand,
) -> Result<()> {
    const FINALIZER: &str = "shop.example/drain";
    let suspect = stand.suspect(740, Run::Alone).await?;
    let path = format!(r#"{{"metadata":{{"finalizers":["{FINALIZER}"]}}}}"#);
    let name = suspect.pod.name.as_str();
    stand
        .kubectl(&["patch", "pod", "-n", NAMESPACE, name, "--type=merge", "-p", &path])
        .await?;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::End)).await?;
    let event = stand.finding(&suspect.pod, &id(740)).await?;
    let mark = stand.faults.mark();
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    ensure!(
        stand.accepted(mark, "kubernetes:delete pods") == 1,
        "not deleted once"
    );
    ensure!(
        answer
            .to_string()
            .contains(&format!("held by the finalizers {FINALIZER}")),
        "{answer:#}"
    );
    let still = items(&answer, "THR-008").context("no look for the end")?;
    ensure!(still["verdict"] == "FAIL", "it is said to be gone: {still:#}");
    let seen = stand
        .kubectl(&["get", "pod", "-n", NAMESPACE, name, "-o", "json"])
        .await?;
    ensure!(
        seen["metadata"]["finalizers"] == json!([FINALIZER])
            && !seen["metadata"]["deletionTimestamp"].is_null(),
        "{}",
        seen["metadata"]
    );
    let stripped = r#"{"metadata":{"finalizers":null}}"#;
    stand
        .kubectl(&[
            "patch",
            "pod",
            "-n",
            NAMESPACE,
            name,
            "--type=merge",
            "-p",
            stripped,
        ])
        .await?;
    stand.nodes_as_before().await?;
    stand.as_before().await
}

/// A log with bytes that are no text and a line without an end: stored as it is up to the cap, cut and said to be cut.
pub(super) async fn a_log_that_is_no_text_is_stored_as_bytes_and_cut_at_its_cap_k28(
    stand: &mut Stand,
) -> Result<()> {
    let odd: &[u8] = &[b'<', 0xff, 0xfe, 0x00, 0xc3, 0x28, b'>'];
    let endless = vec![b'm'; LOG_CAP + (1 << 20)];
    stand.platform.cluster.pod_logs().add(
        DEPLOYMENT,
        LogInstance::Current,
        day2_platform::clock::now(),
        &[odd, &endless],
    )?;
    let pod = stand.miner.pod.clone();
    let event = stand.finding(&pod, &id(750)).await?;
    let mut sandbox = Sandbox::start(&stand.launch(Mode::Auto)).await?;
    let answer = sandbox.invoke(event).await?.answer()?;
    ensure!(outcome_of(&answer) == "applied", "{answer:#}");
    let evidence = stand.evidence(&pod.uid).await?;
    let logs: Vec<&(String, Vec<u8>)> = evidence.iter().filter(|(key, _)| key.contains("-log")).collect();
    let holds = |bytes: &[u8]| bytes.windows(odd.len()).any(|part| part == odd);
    ensure!(
        logs.iter().any(|(_, bytes)| holds(bytes)),
        "bytes of the log were changed"
    );
    let largest = logs
        .iter()
        .map(|(_, bytes)| bytes.len())
        .max()
        .unwrap_or_default();
    ensure!(
        largest > LOG_CAP / 2 && largest <= LOG_CAP,
        "{largest} bytes of a log"
    );
    let told = items(&answer, "THR-004").context("no word of the evidence")?;
    ensure!(told.to_string().contains("cut"), "{told:#}");
    stand.as_before().await
}
