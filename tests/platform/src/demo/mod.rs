//! The demo: a morning on which ten things break, a scale-up before which three break, one that came up short, then two alarms
//! that are acted on, and a pod that mines. Every mail is compared with what was really broken, so the demo is a test as well.

mod acting;
mod console;
mod containing;
mod reporting;
mod stage;

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::deploy::reports::Named;
use crate::deploy::site;
use crate::platform::Platform;
use crate::world::plan::TARGET;

pub use console::Console;
pub use stage::{Delivery, Stage};

/// The zone that loses its NAT gateway.
const BROKEN_ZONE: &str = "us-east-1b";
/// The alarm that rings.
const RINGING: &str = "prod-a-coder-provisioner-queue";
/// How many workspace nodes do not come.
const SHORT: u32 = 12;
/// What Auto Scaling says when EC2 has none (Auto Scaling user guide, "Troubleshoot: instance launch failure").
const NO_CAPACITY: &str = "Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity \
                           available that matches your request. Launching EC2 instance failed.";

/// A part of the demo that can be played without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Act {
    /// Ten things are broken in the morning, each is reported once, and they are mended. It comes first: it wants a platform on
    /// which nothing else has happened, because what the other acts do counts as history in a morning.
    Report,
    /// Checks look at a scale-up, three things break, and are mended.
    Look,
    /// Two alarms are acted on, by approval, and taken back.
    Act,
    /// A pod mines: contained, audited, released.
    Contain,
}

impl Act {
    /// What it plays with. The sweeper comes with whatever changes something.
    const fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Report => &["health-check"],
            Self::Look => &["scale-window"],
            Self::Act => &["provisioning-latency", "connection-exhaustion", "lease-sweeper"],
            Self::Contain => &[
                "threat-containment",
                "threat-release",
                "evidence-audit",
                "lease-sweeper",
            ],
        }
    }
}

/// The functions of some acts, each once. `scale-window` stands on every stage.
fn functions_of(acts: &[Act]) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = acts.iter().flat_map(|act| act.functions()).copied().collect();
    all.push("scale-window");
    all.sort_unstable();
    all.dedup();
    all
}

/// Plays the demo, or only `acts` of it. With `keep` everything stays up at the end until the future is dropped.
///
/// # Errors
///
/// When a part does not work, or a mail does not name exactly what is broken.
pub async fn run(folder: &Path, acts: &[Act], keep: bool, console: &Console) -> Result<()> {
    let plays = |act: Act| acts.is_empty() || acts.contains(&act);
    console.step(
        "starting etcd, kube-apiserver, its controllers, KWOK nodes and the AWS emulator on loopback ports",
    );
    let platform = Platform::start(folder).await?;
    console.step("making the platform prod-a: network, node groups, Aurora, alarms, workloads");
    let world = platform.seed().await?;
    let deployment = if acts.is_empty() {
        console.step("deploying the functions with Terraform");
        platform.deploy(&world, console.progress()).await?
    } else {
        let only = functions_of(acts);
        console.step(&format!("deploying {} with Terraform", only.join(", ")));
        platform.deploy_only(&only, &world, console.progress()).await?
    };
    let mut stage = Stage::new(&platform, world, &deployment).await?;

    if plays(Act::Report) {
        reporting::morning_report(&mut stage, &deployment, console).await?;
    }
    if plays(Act::Look) {
        healthy_morning(&mut stage, console).await?;
        broken_morning(&mut stage, console).await?;
        short_scale_up(&mut stage, console).await?;
        by_hand(&stage, console).await?;
    }
    if plays(Act::Act) {
        acting::second_act(&mut stage, &deployment, console).await?;
    }
    if plays(Act::Contain) {
        containing::third_act(&mut stage, &deployment, console).await?;
    }

    show_pages(&stage, &folder.join("reports"), console).await?;
    if keep {
        console.step("everything stays up; in another shell:");
        console.note(&crate::platform::how_to_poke(folder));
        console.note("Ctrl-C ends it");
        std::future::pending::<()>().await;
    }
    console.step("removing the deployment with Terraform");
    drop(stage);
    deployment.destroy().await?;
    drop(platform);
    console.step("done: every process has ended");
    Ok(())
}

async fn healthy_morning(stage: &mut Stage<'_>, console: &Console) -> Result<()> {
    console.step("06:30 on a healthy morning: the Scheduler calls scale-window prescale");
    let seen = stage.fire("prescale").await?;
    console.mail(&seen.mail);
    seen.expect("PASS", &Named::new())?;
    console.good("nothing to complain about, and the mail says so");
    Ok(())
}

async fn broken_morning(stage: &mut Stage<'_>, console: &Console) -> Result<()> {
    console.step("breaking three things");
    let gateway = stage.world.delete_nat_gateway(BROKEN_ZONE).await?;
    console.note(&format!("deleted the NAT gateway {gateway} of {BROKEN_ZONE}"));
    let (node, workspace) = stage.world.cordon_protected_node().await?;
    console.note(&format!(
        "cordoned {node}, where a PodDisruptionBudget keeps the pod of {workspace}"
    ));
    stage
        .world
        .set_alarm(
            RINGING,
            "ALARM",
            "Threshold Crossed: 63 queued jobs, more than 50 for 3 minutes",
        )
        .await?;
    console.note(&format!("set the alarm {RINGING} to ALARM"));
    console.step("the Scheduler calls scale-window prescale");
    let seen = stage.fire("prescale").await?;
    console.mail(&seen.mail);
    let broken = named(&[("SCW-009", BROKEN_ZONE), ("SCW-105", &node), ("SCW-007", RINGING)]);
    seen.expect("FAIL", &broken)?;
    console.good("the mail names these three and nothing else as failed");

    console.step("mending them");
    stage.world.restore_nat_gateway(BROKEN_ZONE).await?;
    stage.world.uncordon_protected_node().await?;
    stage
        .world
        .set_alarm(RINGING, "OK", "all datapoints are below the threshold")
        .await?;
    let seen = stage.fire("prescale").await?;
    console.mail(&seen.mail);
    seen.expect("PASS", &Named::new())?;
    seen.expect_resolved(&broken)?;
    console.good("all three are resolved");
    Ok(())
}

async fn short_scale_up(stage: &mut Stage<'_>, console: &Console) -> Result<()> {
    console.step(&format!(
        "06:45: the scale-up to 50 workspace nodes comes up {SHORT} short"
    ));
    stage.world.scale_up_short(SHORT, NO_CAPACITY).await?;
    console.step("07:00: the Scheduler calls scale-window postscale");
    let seen = stage.fire("postscale").await?;
    console.mail(&seen.mail);
    let short = named(&[("SCW-016", "workspace"), ("SCW-101", "workspace")]);
    seen.expect("FAIL", &short)?;
    console.good("the mail names the short group, how many are missing, and why");

    console.step("capacity is back, the missing nodes come");
    stage.world.complete_scale_up().await?;
    let seen = stage.fire("postscale").await?;
    console.mail(&seen.mail);
    seen.expect("PASS", &Named::new())?;
    seen.expect_resolved(&short)?;
    console.good("resolved");
    Ok(())
}

/// Copies the pages of this demo into a folder and says where they lie, in the order of the runs.
async fn show_pages(stage: &Stage<'_>, folder: &Path, console: &Console) -> Result<()> {
    let folder = std::path::absolute(folder)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| {
            format!(
                "cannot remove the pages of an earlier demo in {}",
                folder.display()
            )
        })?;
    }
    let mut pages = stage.bucket.download(&folder).await?;
    ensure!(!pages.is_empty(), "no page was stored");
    let index = folder.join(site::INDEX);
    ensure!(pages.contains(&index), "there is no index page among {pages:?}");
    pages.retain(|page| *page != index);
    site::leads_to_the_newest(&index, &pages)?;
    // The name begins with the time of the run.
    pages.sort_by_key(|page| page.file_name().map(std::ffi::OsStr::to_os_string));
    console.step("the reports as pages that link to each other; open the first in a browser:");
    console.note(&index.display().to_string());
    for page in pages {
        console.note(&page.display().to_string());
    }
    Ok(())
}

async fn by_hand(stage: &Stage<'_>, console: &Console) -> Result<()> {
    let line = stage.invocation(r#"{"task":"postscale"}"#);
    console.step("and once by hand:");
    console.note(line.line());
    let answer = stage.invoke(&line).await?;
    let mail = stage.mailbox.next(stage::MAIL_LIMIT).await?;
    console.note(&format!("answers {answer}"));
    console.note(&format!("and mails \"{}\"", mail.subject));
    ensure!(
        mail.subject.contains("PASS") && mail.subject.contains(TARGET),
        "the mail says {}",
        mail.subject
    );
    Ok(())
}

fn named(pairs: &[(&str, &str)]) -> Named {
    let mut all = Named::new();
    for (code, subject) in pairs {
        all.entry((*code).to_owned())
            .or_default()
            .insert((*subject).to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy;

    #[test]
    fn an_act_alone_is_played_with_its_own_functions_and_all_of_them_exist() {
        assert_eq!(functions_of(&[Act::Look]), ["scale-window"]);
        let known = deploy::functions().unwrap();
        for act in [Act::Report, Act::Look, Act::Act, Act::Contain] {
            for name in functions_of(&[act, act]) {
                assert!(known.iter().any(|one| one == name), "{name}");
            }
        }
    }
}
