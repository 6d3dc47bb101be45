//! Least privilege from what was really done: the calls that functions made on the platforms of all tests, against what their
//! files allow.
//!
//! Every platform leaves its logs of calls in the folder that `DAY2_RECORDS` names ([`records`]). A call becomes the right that
//! it needs ([`actions`]), and the union is compared with `permissions.json` (without `implied`) and `rbac.yaml` ([`granted`]):
//! a right that nobody used is one too many, a call that no file allows is a right too few. What no test can show stands with
//! its reason in a file of exceptions ([`exceptions`]).

pub mod actions;
pub mod exceptions;
pub mod granted;
pub mod records;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Result, ensure};

use exceptions::{Exception, Exceptions};
use records::Seen;

/// Rights by function: IAM actions (`eks:DescribeCluster`), and what is asked of a cluster (`patch apps/deployments/scale`).
pub type Rights = BTreeMap<String, BTreeSet<String>>;

/// One function's rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// What its files allow.
    pub allowed: usize,
    /// What of it some call used.
    pub used: usize,
    /// What of it no call used, with the reason of its exception.
    pub excepted: BTreeMap<String, String>,
    /// What of it no call used.
    pub unused: Vec<String>,
    /// What a call needed and no file allows.
    pub not_allowed: Vec<String>,
}

/// What files allow against what was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Every function.
    pub functions: BTreeMap<String, Function>,
    /// Exceptions that nobody needs, in words.
    pub needless: Vec<String>,
}

/// Compares the records in a folder with the functions of the checkout at `root`.
///
/// # Errors
///
/// When a file cannot be read, or when the folder has no record: nothing is proven then.
pub fn compare_records(folder: &Path, root: &Path) -> Result<Comparison> {
    let granted = granted::read(root)?;
    let exceptions = Exceptions::read(root)?;
    let seen = records::read(folder, &granted)?;
    ensure!(
        seen.files > 0 && !seen.used.is_empty(),
        "{} holds no call of a function in {} files; run the tests and the demo with DAY2_RECORDS set to it",
        folder.display(),
        seen.files
    );
    Ok(compare(&granted, &seen, &exceptions))
}

/// Compares. Pure.
#[must_use]
pub fn compare(granted: &Rights, seen: &Seen, exceptions: &Exceptions) -> Comparison {
    let unused = beyond(granted, &seen.used);
    let not_allowed = beyond(&seen.asked, granted);
    let functions = granted.iter().map(|(name, allowed)| {
        let (not_used, not_granted) = (of(&unused, name), of(&not_allowed, name));
        let mut function = Function {
            allowed: allowed.len(),
            used: allowed.len() - not_used.len(),
            ..Function::default()
        };
        function.unused = sorted_out(name, not_used, &exceptions.unused, &mut function.excepted);
        function.not_allowed = sorted_out(name, not_granted, &exceptions.beyond, &mut function.excepted);
        (name.clone(), function)
    });
    let mut needless = needless(&exceptions.unused, &unused);
    needless.extend(self::needless(&exceptions.beyond, &not_allowed));
    Comparison {
        functions: functions.collect(),
        needless,
    }
}

/// What `more` has of each function and `less` has not.
fn beyond(more: &Rights, less: &Rights) -> Rights {
    let rest = more.iter().map(|(name, rights)| {
        let rest = rights.difference(of(less, name)).cloned().collect();
        (name.clone(), rest)
    });
    rest.collect()
}

fn of<'a>(rights: &'a Rights, function: &str) -> &'a BTreeSet<String> {
    static NONE: BTreeSet<String> = BTreeSet::new();
    rights.get(function).unwrap_or(&NONE)
}

/// Those of `rights` that have no exception; the others with their reasons go into `excepted`.
fn sorted_out(
    function: &str,
    rights: &BTreeSet<String>,
    exceptions: &[Exception],
    excepted: &mut BTreeMap<String, String>,
) -> Vec<String> {
    let mut rest = Vec::new();
    for right in rights {
        match exceptions.iter().find(|one| one.is_of(function, right)) {
            Some(one) => {
                excepted.insert(right.clone(), one.reason.clone());
            }
            None => rest.push(right.clone()),
        }
    }
    rest
}

/// The exceptions from a list of what would be wrong without them.
fn needless(exceptions: &[Exception], wrong: &Rights) -> Vec<String> {
    let pairs = exceptions
        .iter()
        .flat_map(|one| one.functions.iter().map(move |name| (name, &one.right)));
    pairs
        .filter(|(name, right)| !of(wrong, name).contains(*right))
        .map(|(name, right)| {
            format!(
                "{name} needs no exception for {right}: take it out of {}",
                exceptions::FILE
            )
        })
        .collect()
}

impl Comparison {
    /// Everything that is wrong, each with the name of the function and of the right.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (name, function) in &self.functions {
            let unused = function.unused.iter();
            all.extend(unused.map(|right| format!("{name} may {right}, and nothing used that")));
            let called = function.not_allowed.iter();
            all.extend(called.map(|right| format!("{name} called {right}, which its files do not allow")));
        }
        all.extend(self.needless.iter().cloned());
        all
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24}{:>8}{:>8}{:>10}{:>8}{:>13}",
            "function", "allowed", "used", "excepted", "unused", "not allowed"
        )?;
        for (name, function) in &self.functions {
            writeln!(
                f,
                "{name:<24}{:>8}{:>8}{:>10}{:>8}{:>13}",
                function.allowed,
                function.used,
                function.excepted.len(),
                function.unused.len(),
                function.not_allowed.len()
            )?;
        }
        for (name, function) in &self.functions {
            for (right, reason) in &function.excepted {
                writeln!(f, "excepted: {name} {right}: {reason}")?;
            }
        }
        Ok(())
    }
}
