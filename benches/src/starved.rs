//! A sandbox as small as Lambda's smallest: 128 MB and a share of one processor.
//!
//! Lambda gives processor time in proportion to memory; 1,769 MB is one virtual processor, so 128 MB is 7.2 % of one.
//! Source: AWS Lambda developer guide, "Configure Lambda function memory".

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The period of the quota, in µs: the kernel's default. Lambda's own is not documented.
const PERIOD_US: u64 = 100_000;

/// Control groups with a quota of processor time and a limit of memory.
pub struct Starved {
    groups: Vec<PathBuf>,
}

impl Starved {
    /// Makes the groups, in the hierarchy of version 2 or, where there is none, those of version 1.
    ///
    /// # Errors
    ///
    /// When control groups may not be made here (it takes root).
    pub fn new(percent: u64, bytes: u64) -> Result<Self> {
        let name = format!("day2-bench-{}", std::process::id());
        let base = Path::new("/sys/fs/cgroup");
        let quota = PERIOD_US * percent / 100;
        let settings: Vec<(PathBuf, Vec<(&str, String)>)> = if base.join("cgroup.controllers").is_file() {
            vec![(
                base.join(&name),
                vec![
                    ("cpu.max", format!("{quota} {PERIOD_US}")),
                    ("memory.max", bytes.to_string()),
                ],
            )]
        } else {
            vec![
                (
                    base.join("cpu").join(&name),
                    vec![
                        ("cpu.cfs_period_us", PERIOD_US.to_string()),
                        ("cpu.cfs_quota_us", quota.to_string()),
                    ],
                ),
                (
                    base.join("memory").join(&name),
                    vec![("memory.limit_in_bytes", bytes.to_string())],
                ),
            ]
        };
        let mut made = Self { groups: Vec::new() };
        for (folder, files) in settings {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make the control group {}", folder.display()))?;
            made.groups.push(folder.clone());
            for (file, value) in files {
                let path = folder.join(file);
                std::fs::write(&path, value).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        ensure!(!made.groups.is_empty(), "no control group");
        Ok(made)
    }

    /// A command that joins the groups before it becomes the program. The shell's own start is paid by both sides.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        let joins: Vec<String> = self
            .groups
            .iter()
            .map(|group| format!("echo $$ > '{}/cgroup.procs'", group.display()))
            .collect();
        command
            .arg("-c")
            .arg(format!("{} && exec \"$0\" \"$@\"", joins.join(" && ")))
            .arg(program);
        command
    }

    /// Lets a running process join the groups.
    ///
    /// # Errors
    ///
    /// When there is no such process, or it may not join.
    pub fn take(&self, process: u32) -> Result<()> {
        for group in &self.groups {
            let path = group.join("cgroup.procs");
            std::fs::write(&path, process.to_string())
                .with_context(|| format!("{} takes no process {process}", path.display()))?;
        }
        Ok(())
    }
}

impl Drop for Starved {
    fn drop(&mut self) {
        for group in &self.groups {
            // A group whose last process is just ending is busy for a moment; one left behind is empty and harmless.
            let _ = std::fs::remove_dir(group);
        }
    }
}
