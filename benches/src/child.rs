//! Programs as children, with what they used: `wait4(2)` tells the processor time of a child and of all the children that
//! it waited for itself, and the largest resident set among them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wait4::Wait4 as _;

use crate::row::Sample;

/// Runs a command to its end and reads its standard output, which it must have written before it ends: one JSON value, or
/// text (as a JSON string). What it writes to standard error is shown when it fails. Its memory is told as no less than what this
/// process has, which is some 12 MB; see [`end`].
///
/// # Errors
///
/// When it cannot be started or fails.
pub fn run(command: &mut Command) -> Result<Sample> {
    let name = command.get_program().to_string_lossy().into_owned();
    let errors = tempfile::tempfile().context("a file for what the program complains of")?;
    let complaints = errors.try_clone()?;
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let mut output = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut output)?;
    }
    let used = child.wait4().with_context(|| format!("cannot wait for {name}"))?;
    let wall = began.elapsed();
    if !used.status.success() {
        bail!("{name} ended with {}: {}", used.status, tail(complaints)?);
    }
    let text = String::from_utf8_lossy(&output).into_owned();
    Ok(Sample {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak_rss_bytes: Some(used.rusage.maxrss),
        answer: serde_json::from_str(text.trim()).unwrap_or(Value::String(text)),
        ..Sample::default()
    })
}

fn tail(mut file: File) -> Result<String> {
    use std::io::{Seek as _, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let from = bytes.len().saturating_sub(2_000);
    Ok(String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned())
}

/// What the kernel says of a living process (proc(5), `/proc/pid/stat`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time, in the kernel's ticks of 10 ms.
    pub cpu: Duration,
    /// Page faults, minor and major.
    pub page_faults: u64,
}

/// Reads what a living process has used until now.
///
/// # Errors
///
/// When there is no such process.
pub fn usage(pid: u32) -> Result<Usage> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(Path::new(&path)).with_context(|| format!("cannot read {path}"))?;
    parse_stat(&text).with_context(|| format!("{path} is not as proc(5) says"))
}

fn parse_stat(text: &str) -> Option<Usage> {
    /// `USER_HZ` is 100 on every Linux that the project runs on.
    const TICK_MS: u64 = 10;
    // The name of the program stands in parentheses and may hold anything; after it comes field 3.
    let (_, rest) = text.rsplit_once(')')?;
    let field = |number: usize| rest.split_whitespace().nth(number - 3)?.parse::<u64>().ok();
    Some(Usage {
        cpu: Duration::from_millis((field(14)? + field(15)?) * TICK_MS),
        page_faults: field(10)? + field(12)?,
    })
}

/// Ends a child by SIGKILL and tells what it had used: processor time and peak resident set.
///
/// What `wait4` tells of the memory is at least what this process had when it started the child, because the child was a copy of it
/// until it became the program. The peak of the program itself stands in `VmHWM` (proc(5), `/proc/pid/status`) as long as it lives.
///
/// # Errors
///
/// When it cannot be waited for.
pub fn end(mut child: Child) -> Result<(Duration, u64)> {
    let own = peak(child.id());
    // One that is gone already cannot be killed; waiting tells all the same.
    let _ = child.kill();
    let used = child.wait4().context("cannot wait for the child")?;
    Ok((
        used.rusage.utime + used.rusage.stime,
        own.unwrap_or(used.rusage.maxrss),
    ))
}

/// Peak resident set of a living process, in bytes.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_and_memory_of_a_program_and_its_children_are_counted() {
        let mut busy = Command::new("python3");
        busy.args([
            "-c",
            "import subprocess; subprocess.run(['python3', '-c', 'b = b\"x\" * 200_000_000']); print('{\"a\": 1}')",
        ]);
        let sample = run(&mut busy).unwrap();
        assert!(sample.cpu >= Duration::from_millis(5), "{sample:?}");
        assert!(sample.peak_rss_bytes.unwrap() > 150_000_000, "{sample:?}");
        assert_eq!(sample.answer, serde_json::json!({"a": 1}));
    }

    #[test]
    fn the_memory_of_a_living_program_is_its_own_and_not_that_of_who_started_it() {
        let ballast = vec![1_u8; 64 * 1024 * 1024];
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        // It is a copy of this process until it has become the program.
        let is_itself = |status: String| status.starts_with("Name:\tsleep\n");
        let ends = Instant::now() + Duration::from_secs(10);
        while !std::fs::read_to_string(format!("/proc/{}/status", child.id())).is_ok_and(is_itself) {
            assert!(Instant::now() < ends, "it does not become `sleep`");
            std::thread::yield_now();
        }
        let (_, peak) = end(child).unwrap();
        assert!(peak < 32 * 1024 * 1024, "{peak}");
        assert!(std::hint::black_box(&ballast).len() > 32 * 1024 * 1024);
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_its_words() {
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo broken >&2; exit 3"]);
        assert!(run(&mut failing).unwrap_err().to_string().contains("broken"));
    }

    #[test]
    fn a_line_of_proc_is_read_whatever_the_program_is_called() {
        let line = "12 (a) b (c)) S 1 2 3 4 5 6 700 8 9 10 11 12 13 14";
        let seen = parse_stat(line).unwrap();
        assert_eq!(
            seen,
            Usage {
                cpu: Duration::from_millis(230),
                page_faults: 709
            }
        );
        assert!(usage(std::process::id()).unwrap().page_faults > 0);
    }
}
