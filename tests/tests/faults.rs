//! The real binaries of `scale-window` and, where it has an end of its own, of `health-check` behind fronts that spoil their
//! calls: what they could not see they say, what they could see they still judge, and they are done in time. One seeded
//! platform for all claims, without Terraform, which `world.rs` proves.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use day2_platform::deploy::reports::{Named, Report};
use day2_platform::faults::{Fault, Faults, Front, Gate, Mark, Rule, Upstream};
use day2_platform::platform::Platform;
use day2_platform::sandbox::{Event, Ground, Launch, Outcome, Role, Sandbox};
use day2_platform::wait::wait_until;
use day2_platform::world::World;
use day2_platform::world::plan::TARGET;
use serde_json::{Value, json};

use crate::chain::longest;

const FUNCTION: &str = "scale-window";
/// Its task `triage` has less time than its run.
const HEALTH_CHECK: &str = "health-check";
/// Exchanges that may wait for each other (decision 20): three reads, report, mail, record, the end of the turn at the index
/// page, and one to spare.
const MOST: usize = 8;
/// For what comes at once unless the machine is busy.
const SOON: Duration = Duration::from_mins(1);

/// A seeded platform, with fronts before AWS and the cluster.
struct Stand {
    faults: Faults,
    launch: Launch,
    triage: Launch,
    _fronts: [Front; 2],
    _world: World,
    _platform: Platform,
    _folder: tempfile::TempDir,
}

impl Stand {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let platform = Platform::start(&folder.path().join("platform")).await?;
        let world = platform.seed().await?;
        let ground = Ground::make(&platform.emulator, "day2").await?;
        let cluster_of_it = (&platform.cluster, TARGET);
        let Role { credentials, .. } = ground.role(&platform.emulator, cluster_of_it, FUNCTION).await?;
        let faults = Faults::new();
        let aws = faults.before(Upstream::aws(&platform.emulator)).await?;
        let cluster = faults.before(Upstream::cluster(&platform.cluster)?).await?;
        let settings = world.document(&ground.deployment(), &world.scale_window(), cluster.endpoint());
        let launch = Launch::new(
            FUNCTION,
            folder.path().join("sandboxes"),
            &credentials,
            aws.endpoint(),
        )?
        .settings(&settings);
        let Role { credentials, .. } = ground
            .role(&platform.emulator, cluster_of_it, HEALTH_CHECK)
            .await?;
        let plan = json!({"targets": {TARGET: {"alarms": {"prefix": format!("{TARGET}-")}}}});
        let settings = world.document(&ground.deployment(), &plan, cluster.endpoint());
        let triage = Launch::new(
            HEALTH_CHECK,
            folder.path().join("triage"),
            &credentials,
            aws.endpoint(),
        )?
        .settings(&settings);
        Ok(Self {
            faults,
            launch,
            triage,
            _fronts: [aws, cluster],
            _world: world,
            _platform: platform,
            _folder: folder,
        })
    }

    /// One run by hand under these rules, which are gone afterwards; with the calls of it.
    async fn under(&self, rules: Vec<Rule>, sandbox: &mut Sandbox, event: Event) -> Result<(Report, Mark)> {
        let mark = self.faults.mark();
        for rule in rules {
            self.faults.add(rule);
        }
        let outcome = sandbox.invoke(event).await;
        self.faults.clear();
        Ok((report(&outcome?.answer()?)?, mark))
    }

    /// How often an action was asked for since the mark, and how many of these calls met a fault.
    fn asked(&self, mark: Mark, action: &str) -> (usize, usize) {
        let mut calls = self.faults.since(mark);
        calls.retain(|call| call.action() == action);
        let met = calls.iter().filter(|call| call.fault.is_some()).count();
        (calls.len(), met)
    }
}

fn by_hand() -> Event {
    Event::new(json!({"task": "prescale", "targets": [TARGET]}).to_string())
}

fn report(answer: &Value) -> Result<Report> {
    let report = answer
        .pointer("/reports/0")
        .with_context(|| format!("no report in {answer}"))?;
    Ok(serde_json::from_value(report.clone())?)
}

/// Exactly these items are unknown, and every other one is as good as without the fault.
fn only_unknown(report: &Report, codes: &[&str]) -> Result<()> {
    let unknown: Vec<String> = report.named("UNKNOWN").into_keys().collect();
    ensure!(
        unknown == codes,
        "unknown are {unknown:?}, not {codes:?}: {:#?}",
        report.items
    );
    let failed = report.named("FAIL");
    ensure!(
        failed == Named::new(),
        "failed are {failed:?}: {:#?}",
        report.items
    );
    ensure!(report.status == "UNKNOWN", "{}", report.status);
    let passed = report.items.iter().filter(|item| item.verdict == "PASS").count();
    ensure!(passed >= 10, "only {passed} items passed: {:#?}", report.items);
    Ok(())
}

fn seen<'a>(report: &'a Report, code: &str) -> Result<&'a str> {
    let item = report.items.iter().find(|item| item.code == code);
    Ok(&item.with_context(|| format!("no {code}"))?.seen)
}

#[tokio::test]
async fn a_run_through_every_fault_says_what_it_did_not_see_and_ends_in_time() -> Result<()> {
    let stand = Stand::new().await?;
    let mut sandbox = Sandbox::start(&stand.launch).await?;
    let (healthy, mark) = stand.under(Vec::new(), &mut sandbox, by_hand()).await?;
    ensure!(healthy.status == "PASS", "{:#?}", healthy.items);
    ensure!(healthy.items.len() >= 15, "only {} items", healthy.items.len());
    let through = |service: &str| {
        stand
            .faults
            .since(mark)
            .iter()
            .any(|call| call.call.service == service)
    };
    ensure!(
        through("autoscaling") && through("kubernetes"),
        "calls go past the fronts"
    );

    a_run_takes_its_slowest_chain_and_not_the_sum(&stand, &mut sandbox).await?;
    three_throttles_and_then_good_is_good_w01(&stand, &mut sandbox).await?;
    throttled_for_ever_is_said_w02(&stand, &mut sandbox).await?;
    what_never_answers_is_said_within_the_deadline_w03_k10(&stand, &mut sandbox).await?;
    half_an_answer_is_not_an_empty_list_w04(&stand, &mut sandbox).await?;
    a_token_that_comes_again_is_named_w05(&stand, &mut sandbox).await?;
    a_broken_connection_of_the_cluster_is_tried_again_k07(&stand, &mut sandbox).await?;
    a_triage_does_not_wait_for_the_end_of_its_time_k10(&stand).await?;
    one_of_two_sandboxes_publishes_and_the_other_takes_over_d02_d14(&stand, &mut sandbox).await
}

async fn a_run_takes_its_slowest_chain_and_not_the_sum(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    let delay = Duration::from_millis(150);
    let begun = Instant::now();
    let slow = vec![Rule::new("*", Fault::Delay(delay))];
    let (report, mark) = stand.under(slow, sandbox, by_hand()).await?;
    let (took, exchanges) = (begun.elapsed(), stand.faults.since(mark));
    let calls = exchanges.len();
    ensure!(report.status == "PASS", "{:#?}", report.items);
    ensure!(calls >= 15, "only {calls} calls: nothing is shown by them");
    let sum = delay * u32::try_from(calls)?;
    let last = exchanges.iter().max_by_key(|call| call.answered);
    let chain = longest(&exchanges, last.context("no calls")?);
    eprintln!(
        "{calls} calls, {:.2} s one after another; took {:.2} s for {chain} that waited for each other",
        sum.as_secs_f64(),
        took.as_secs_f64()
    );
    ensure!(
        chain <= MOST,
        "{chain} exchanges waited for each other: {exchanges:#?}"
    );
    ensure!(took > delay * 3, "no delay is felt: {took:?}");
    ensure!(
        chain * 2 < calls,
        "{chain} of {calls} calls waited for each other"
    );
    Ok(())
}

async fn three_throttles_and_then_good_is_good_w01(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    let actions = [
        "autoscaling:DescribeAutoScalingGroups",
        "cloudwatch:DescribeAlarms",
        "ec2:DescribeSubnets",
        "rds:DescribeDBClusters",
        "dynamodb:Query",
        "s3:PutObject",
        "sns:Publish",
    ];
    let rules = actions
        .map(|action| Rule::new(action, Fault::Throttle).times(3))
        .to_vec();
    let (report, mark) = stand.under(rules, sandbox, by_hand()).await?;
    ensure!(report.status == "PASS", "{:#?}", report.items);
    for action in actions {
        let (asked, met) = stand.asked(mark, action);
        ensure!(asked > 3 && met == 3, "{action}: {met} of {asked} were throttled");
    }
    Ok(())
}

async fn throttled_for_ever_is_said_w02(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    let rules = vec![Rule::new("ec2:DescribeNatGateways", Fault::Throttle)];
    let (report, mark) = stand.under(rules, sandbox, by_hand()).await?;
    only_unknown(&report, &["SCW-009", "SCW-010"])?;
    let told = seen(&report, "SCW-009")?;
    ensure!(
        told.contains("ec2:DescribeNatGateways") && told.contains("throttled"),
        "{told}"
    );
    ensure!(
        stand.asked(mark, "ec2:DescribeNatGateways").0 == 4,
        "not four attempts"
    );
    Ok(())
}

async fn what_never_answers_is_said_within_the_deadline_w03_k10(
    stand: &Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    let rules = vec![Rule::new("ec2:DescribeNatGateways", Fault::Hang)];
    // Shorter than what the SDK alone would wait for its four attempts.
    let event = by_hand().time_left(Duration::from_secs(16));
    let (report, _) = stand.under(rules, sandbox, event).await?;
    only_unknown(&report, &["SCW-009", "SCW-010"])?;
    let told = seen(&report, "SCW-009")?;
    ensure!(told.contains("ec2:DescribeNatGateways"), "{told}");

    let rules = vec![Rule::new("kubernetes:list pods", Fault::Hang)];
    let event = by_hand().time_left(Duration::from_secs(16));
    let (report, mark) = stand.under(rules, sandbox, event).await?;
    ensure!(
        report.status == "UNKNOWN",
        "{}: {:#?}",
        report.status,
        report.items
    );
    ensure!(
        stand.asked(mark, "kubernetes:list pods").1 > 0,
        "no list of pods hung"
    );
    ensure!(report.named("FAIL") == Named::new(), "{:?}", report.named("FAIL"));
    Ok(())
}

/// Who asks in an incident has the answer within a minute, although the function would have three.
async fn a_triage_does_not_wait_for_the_end_of_its_time_k10(stand: &Stand) -> Result<()> {
    let mut sandbox = Sandbox::start(&stand.triage).await?;
    let rules = vec![Rule::new("kubernetes:list persistentvolumeclaims", Fault::Hang)];
    let event = Event::new(json!({"task": "triage", "targets": [TARGET]}).to_string());
    let begun = Instant::now();
    let (report, _) = stand
        .under(rules, &mut sandbox, event.time_left(Duration::from_mins(3)))
        .await?;
    let took = begun.elapsed();
    // It reads for fifty seconds; the rest is for a machine that does other things, too.
    ensure!(took < Duration::from_secs(100), "it took {took:?}");
    ensure!(report.status != "PASS", "{:#?}", report.items);
    ensure!(
        report.named("UNKNOWN").contains_key("HLT-141"),
        "{:?}",
        report.named("UNKNOWN")
    );
    let passed = report.items.iter().filter(|item| item.verdict == "PASS").count();
    ensure!(passed >= 10, "only {passed} items passed: {:#?}", report.items);
    Ok(())
}

async fn half_an_answer_is_not_an_empty_list_w04(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    for fault in [Fault::Truncate(40), Fault::Html] {
        let rules = vec![Rule::new("cloudwatch:DescribeAlarms", fault.clone())];
        let (report, mark) = stand.under(rules, sandbox, by_hand()).await?;
        only_unknown(&report, &["SCW-007", "SCW-008"]).with_context(|| format!("{fault:?}"))?;
        ensure!(
            stand.asked(mark, "cloudwatch:DescribeAlarms").1 > 0,
            "{fault:?} met no call"
        );
    }
    Ok(())
}

async fn a_token_that_comes_again_is_named_w05(stand: &Stand, sandbox: &mut Sandbox) -> Result<()> {
    let rules = vec![
        Rule::new("cloudwatch:DescribeAlarms", Fault::LoopToken),
        Rule::new("ec2:DescribeNatGateways", Fault::LoopToken),
    ];
    let (report, mark) = stand.under(rules, sandbox, by_hand()).await?;
    only_unknown(&report, &["SCW-007", "SCW-008", "SCW-009", "SCW-010"])?;
    for code in ["SCW-007", "SCW-009"] {
        let told = seen(&report, code)?;
        ensure!(told.contains("same page token"), "{code}: {told}");
    }
    ensure!(
        stand.asked(mark, "cloudwatch:DescribeAlarms").0 == 2,
        "it went on reading"
    );
    Ok(())
}

async fn a_broken_connection_of_the_cluster_is_tried_again_k07(
    stand: &Stand,
    sandbox: &mut Sandbox,
) -> Result<()> {
    let rules = vec![
        Rule::new("kubernetes:list pods", Fault::Reset).times(1),
        Rule::new("kubernetes:list nodes", Fault::Truncate(1_000)).times(1),
    ];
    let (report, mark) = stand.under(rules, sandbox, by_hand()).await?;
    ensure!(report.status == "PASS", "{:#?}", report.items);
    for action in ["kubernetes:list pods", "kubernetes:list nodes"] {
        ensure!(stand.asked(mark, action).1 == 1, "{action} met no fault");
    }
    Ok(())
}

/// The first is killed with its mail written and not sent. The second is refused while the first's lease runs, and then
/// sends the one mail there is.
async fn one_of_two_sandboxes_publishes_and_the_other_takes_over_d02_d14(
    stand: &Stand,
    first: &mut Sandbox,
) -> Result<()> {
    let mark = stand.faults.mark();
    let gate = Gate::new();
    let rule = stand
        .faults
        .add(Rule::new("sns:Publish", Fault::HoldBefore(gate.clone())));
    let at = day2_platform::clock::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let event = json!({"task": "prescale", "target": TARGET, "scheduled_at": at}).to_string();
    let event = || Event::new(event.clone()).time_left(Duration::from_secs(20));

    let mut second = Sandbox::start(&stand.launch).await?;
    let pending = first.send(event())?;
    gate.reached(SOON).await?;
    let refused = second.invoke(event()).await?.error()?;
    ensure!(refused.contains("in progress elsewhere"), "{refused}");
    first.kill()?;
    ensure!(
        first.outcome(pending).await? == Outcome::Died(137),
        "the first was not held"
    );
    stand.faults.remove(rule);

    let published = wait_until(SOON, "the lease of the dead sandbox ends", async || {
        second.invoke(event()).await?.answer()
    })
    .await?;
    ensure!(report(&published)?.status == "PASS", "{published}");
    let again = second.invoke(event()).await?.answer()?;
    ensure!(
        again.pointer("/outcome") == Some(&json!("already_published")),
        "{again}"
    );
    let mails = stand.faults.writes_since(mark);
    let mails = mails.iter().filter(|call| call.action() == "sns:Publish").count();
    ensure!(mails == 1, "{mails} mails were sent");
    Ok(())
}
