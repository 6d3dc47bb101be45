//! The logs of calls of every platform, kept for a comparison over all tests.
//!
//! A platform's log is a link into the folder, made before the first call. So it is whole however the platform ends, a kill
//! included, and it stays when the folder of the platform is removed.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

use super::{Rights, actions};
use crate::{aws, cluster};

/// The variable that names the folder. Without it nothing is kept.
const FOLDER: &str = "DAY2_RECORDS";
/// Groups of functions in a cluster begin with it (`infra/modules/ops-function/access.tf`).
const GROUP: &str = "day2:";

/// Whose log it is; the beginning of a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The AWS emulator.
    Aws,
    /// An API server.
    Kubernetes,
}

impl Of {
    const fn word(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Kubernetes => "kubernetes",
        }
    }
}

/// Keeps what will be written to `log`, where somebody asked for it. To be called before anybody writes.
///
/// # Errors
///
/// When the folder or the link cannot be made: the comparison would lack calls, and would say that nobody made them.
pub(crate) fn keep(of: Of, log: &Path) -> Result<()> {
    match std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        Some(folder) => keep_in(Path::new(&folder), of, log)
            .with_context(|| format!("cannot keep {} in {FOLDER}", log.display())),
        None => Ok(()),
    }
}

pub(super) fn keep_in(folder: &Path, of: Of, log: &Path) -> Result<()> {
    let folder = std::path::absolute(folder)?;
    std::fs::create_dir_all(&folder)?;
    if let Ok(kept) = std::fs::read_link(log)
        && kept.parent() == Some(&folder)
        && kept.exists()
    {
        // Started again in the same place.
        return Ok(());
    }
    if let Some(own) = log.parent() {
        std::fs::create_dir_all(own)?;
    }
    match std::fs::remove_file(log) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => symlink(claim(&folder, of)?, log)?,
    }
    Ok(())
}

/// A file of this name that nobody else has, be it in another process.
fn claim(folder: &Path, of: Of) -> Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{}-{number}.jsonl", of.word(), std::process::id()));
        match File::create_new(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What functions did, by the records of all platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many logs were read.
    pub files: usize,
    /// Rights that were used: the call was let through, whatever came of it.
    pub used: Rights,
    /// Rights that were needed, also by calls that were refused.
    pub asked: Rights,
}

/// Reads every log in a folder, as far as functions of `granted` made the calls.
///
/// # Errors
///
/// When a log cannot be read or holds what is no call.
pub fn read(folder: &Path, granted: &Rights) -> Result<Seen> {
    let mut seen = Seen::default();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with(Of::Aws.word()) {
            for call in aws::Recorder::new(path).calls()? {
                seen.add_aws(granted, &call);
            }
        } else if name.starts_with(Of::Kubernetes.word()) {
            let log = cluster::recorder::Recorder::new(path);
            for call in log.calls_since(cluster::recorder::Mark::default())? {
                seen.add_kubernetes(granted, &call);
            }
        } else {
            continue;
        }
        seen.files += 1;
    }
    Ok(seen)
}

impl Seen {
    pub(super) fn add_aws(&mut self, granted: &Rights, call: &aws::Call) {
        // Roles are named after deployment and function. What is done with the role of a target is not the function's own.
        let of_role = |name: &&String| {
            let role = call.role().unwrap_or_default();
            role.strip_suffix(name.as_str())
                .is_some_and(|deployment| deployment.ends_with('-'))
        };
        if let Some(function) = granted.keys().find(of_role) {
            let refused = matches!(call.status, 401 | 403) || call.error.starts_with("AccessDenied");
            self.add(function, actions::of_aws(call), !refused);
        }
    }

    pub(super) fn add_kubernetes(&mut self, granted: &Rights, call: &cluster::recorder::Call) {
        // An administrator who acts as one of the group is no function.
        if !call.user.contains(":assumed-role/") {
            return;
        }
        let of_group = |name: &&String| {
            let groups = call.groups.iter();
            groups
                .filter_map(|group| group.strip_prefix(GROUP))
                .any(|group| group == name.as_str())
        };
        if let Some(function) = granted.keys().find(of_group) {
            self.add(
                function,
                actions::of_kubernetes(call),
                !matches!(call.status, 401 | 403),
            );
        }
    }

    fn add(&mut self, function: &str, rights: impl IntoIterator<Item = String>, let_through: bool) {
        for right in rights {
            if let_through {
                let used = self.used.entry(function.to_owned()).or_default();
                used.insert(right.clone());
            }
            self.asked.entry(function.to_owned()).or_default().insert(right);
        }
    }
}
