//! The program `platform` as a person uses it: two copies side by side, what `env` prints, and Ctrl-C.

mod reader;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_platform");
/// A first start builds the control plane; a warm one takes some seconds.
const LIMIT: Duration = Duration::from_mins(30);

/// A copy that is coming up in a folder of its own; dropping it asks it to end.
struct Copy(Child);

impl Copy {
    fn start(state: &Path) -> Result<Self> {
        let mut command = Command::new(PROGRAM);
        command.args(["up", "--empty", "--state"]).arg(state);
        Self::of(command)
    }

    /// By another command, which becomes the program.
    fn of(mut command: Command) -> Result<Self> {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        Ok(Self(child))
    }

    /// Reads what it says until it is up.
    fn ready(&mut self) -> Result<()> {
        let said = self.0.stdout.take().context("standard output")?;
        for line in BufReader::new(said).lines() {
            if line?.contains("in another shell") {
                return Ok(());
            }
        }
        anyhow::bail!("it ended before it was up")
    }

    /// Ctrl-C, and the status it ends with.
    fn interrupt(&mut self) -> Result<Option<i32>> {
        kill_process(Pid::from_child(&self.0), Signal::INT)?;
        Ok(self.0.wait()?.code())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Command lines of processes that name this folder.
fn processes_naming(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

fn environment(state: &Path) -> Result<String> {
    let told = Command::new(PROGRAM)
        .args(["env", "--state"])
        .arg(state)
        .output()?;
    ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    Ok(String::from_utf8(told.stdout)?)
}

/// `platform seed`: its status and what it complained of.
fn seed(state: &Path) -> Result<(bool, String)> {
    let told = Command::new(PROGRAM)
        .args(["seed", "--state"])
        .arg(state)
        .output()?;
    Ok((told.status.success(), String::from_utf8(told.stderr)?))
}

fn names_of_nodes(environment: &str) -> Result<Vec<String>> {
    let nodes = Command::new("sh")
        .args(["-c", "eval \"$0\"; kubectl get nodes --output=name"])
        .arg(environment)
        .output()?;
    ensure!(
        nodes.status.success(),
        "{}",
        String::from_utf8_lossy(&nodes.stderr)
    );
    let names = String::from_utf8(nodes.stdout)?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn the_world_is_made_in_the_first_and_not_in_the_second(
    folders: &[tempfile::TempDir; 2],
    told: &[String; 2],
) -> Result<()> {
    let [first, second] = folders;
    ensure!(names_of_nodes(&told[0])?.is_empty(), "`up --empty` is not empty");
    let (done, complaint) = seed(first.path())?;
    ensure!(done, "{complaint}");
    let nodes = names_of_nodes(&told[0])?;
    ensure!(nodes.len() >= 10, "seeded, and there are only {nodes:?}");
    ensure!(
        names_of_nodes(&told[1])?.is_empty(),
        "the other copy was seeded too"
    );

    let (again, complaint) = seed(first.path())?;
    ensure!(
        !again && complaint.contains("already"),
        "seeded twice: {complaint}"
    );
    let (nowhere, complaint) = seed(&second.path().join("nothing"))?;
    ensure!(
        !nowhere && complaint.contains("platform up"),
        "seeded nothing: {complaint}"
    );
    Ok(())
}

#[test]
fn two_copies_run_side_by_side_and_ctrl_c_leaves_nothing_of_either() -> Result<()> {
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    let begun = Instant::now();
    let mut copies = [Copy::start(folders[0].path())?, Copy::start(folders[1].path())?];
    for copy in &mut copies {
        copy.ready()?;
        ensure!(begun.elapsed() < LIMIT, "took {:?}", begun.elapsed());
    }

    let told = [environment(folders[0].path())?, environment(folders[1].path())?];
    for name in ["AWS_ENDPOINT_URL=", "KUBECONFIG=", "PATH=", "TF_VAR_endpoint="] {
        ensure!(told[0].contains(name), "no {name} in {}", told[0]);
    }
    ensure!(told[0] != told[1], "both print the same: {}", told[0]);
    let nodes = Command::new("sh")
        .args(["-c", "eval \"$0\"; kubectl get namespaces --output=name"])
        .arg(&told[0])
        .output()?;
    let listed = String::from_utf8_lossy(&nodes.stdout);
    ensure!(
        listed.contains("namespace/kube-system"),
        "{listed}{}",
        String::from_utf8_lossy(&nodes.stderr)
    );

    the_world_is_made_in_the_first_and_not_in_the_second(&folders, &told)?;

    for (copy, folder) in copies.iter_mut().zip(&folders) {
        ensure!(
            !processes_naming(folder.path()).is_empty(),
            "the test looks for the wrong processes"
        );
        ensure!(
            copy.interrupt()? == Some(130),
            "Ctrl-C ends it with another status than 130"
        );
    }
    let ended = Instant::now();
    for folder in &folders {
        while !processes_naming(folder.path()).is_empty() {
            let left = processes_naming(folder.path());
            ensure!(
                ended.elapsed() < Duration::from_secs(10),
                "still there: {left:#?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        ensure!(
            environment(folder.path()).is_err(),
            "env still speaks of a platform that is gone"
        );
    }
    Ok(())
}
