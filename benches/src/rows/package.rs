//! Row 8: how large what is deployed is.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::titled;
use crate::peers::Peers;
use crate::row::{Case, Goal, Metric, Row, Sample, Side};
use crate::{child, folders};

/// A package: bytes zipped and unpacked.
#[derive(Clone, Copy)]
struct Package {
    zipped: u64,
    unpacked: u64,
}

/// The row. Sizes do not change from round to round; the interval is empty.
///
/// # Errors
///
/// When a function is not built, or a library is not there.
pub fn row(peers: &Peers, _quick: bool) -> Result<Row> {
    let functions = functions(peers)?;
    let (typical, largest) = (
        functions
            .get(functions.len() / 2)
            .context("no function is built")?,
        functions.last().context("no function is built")?,
    );
    let shipped = for_arm64()?;
    let whole = python(peers, false)?;
    let slim = python(peers, true)?;
    let mut row = titled(8);
    for (label, function, limit) in [("typical", typical, 4.0), ("largest", largest, 6.0)] {
        let (name, ours) = function;
        row.cases.push(case(
            format!("{label} ({name}), zipped"),
            whole.zipped,
            ours.zipped,
            vec![
                times(5.0),
                Goal::AtMost {
                    metric: Metric::Size,
                    value: limit,
                },
            ],
        ));
        row.cases.push(case(
            format!("{label} ({name}), unpacked"),
            whole.unpacked,
            ours.unpacked,
            vec![times(5.0)],
        ));
        let shipped = shipped.iter().find(|(shipped, _)| shipped == name);
        if let Some((_, shipped)) = shipped {
            row.cases.push(case(
                format!("{label} ({name}), zipped, for arm64 as shipped"),
                whole.zipped,
                shipped.zipped,
                vec![
                    times(5.0),
                    Goal::AtMost {
                        metric: Metric::Size,
                        value: limit,
                    },
                ],
            ));
        }
    }
    // A program that boots like every function, asks AWS and a cluster once, and does nothing else: no package is smaller.
    let least = packed(peers, &[folders::built("first-call")?])?;
    row.cases.push(case(
        "the least (first-call), zipped".to_owned(),
        whole.zipped,
        least.zipped,
        Vec::new(),
    ));
    let (name, ours) = typical;
    let label = format!("typical ({name}), zipped, against the runtime's own boto3");
    row.cases.push(case(label, slim.zipped, ours.zipped, Vec::new()));
    row.notes = vec![
        format!("MB zipped and unpacked of each function, for x86-64: {}.", sizes(&functions)),
        if shipped.is_empty() {
            "For arm64, which is shipped, nothing was measured: run `make package` before.".to_owned()
        } else {
            format!("For arm64, as `make package` ships it: {}.", sizes(&shipped))
        },
        "The least is `first-call` of row 1: the boot of every function (runtime, settings, journal, publisher: DynamoDB, S3 and SNS), the \
         client of EKS, that of a cluster, and no check."
            .to_owned(),
        "The Python package is one handler with boto3, kubernetes and Powertools, without compiled byte code and without what \
         the runtime brings (awslambdaric). With the runtime's own boto3 it holds kubernetes and Powertools only; AWS advises \
         to bundle the SDK where its version matters."
            .to_owned(),
        "Page faults until the first answer stand in row 1.".to_owned(),
    ];
    Ok(row)
}

const fn times(times: f64) -> Goal {
    Goal::TimesLess {
        metric: Metric::Size,
        times,
    }
}

fn case(label: String, peer: u64, ours: u64, goals: Vec<Goal>) -> Case {
    let side = |name: &str, bytes: u64| {
        Side::new(name, move || {
            Ok(Sample {
                bytes: Some(bytes),
                answer: json!("a package"),
                ..Sample::default()
            })
        })
    };
    Case {
        label,
        peer: side("Python", peer),
        ours: side("Day2", ours),
        same: crate::run::equal,
        goals,
    }
}

/// `watchdog 4.57/9.94, …`
fn sizes(packages: &[(String, Package)]) -> String {
    let each = packages.iter().map(|(name, package)| {
        format!(
            "{name} {:.2}/{:.2}",
            megabytes(package.zipped),
            megabytes(package.unpacked)
        )
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What is shipped, where `make package` has made it: it is built for another machine, and takes as long as all the rest.
fn for_arm64() -> Result<Vec<(String, Package)>> {
    let folder = folders::root().join("target/lambda");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let path = entry?.path();
        let Some(name) = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".zip"))
        else {
            continue;
        };
        all.push((name.to_owned(), zipped(&path)?));
    }
    all.sort_by_key(|(_, package)| package.zipped);
    Ok(all)
}

/// The size of a package, and of the executable in it.
fn zipped(package: &Path) -> Result<Package> {
    const PROGRAM: &str =
        "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).getinfo('bootstrap').file_size)";
    let mut command = Command::new("python3");
    command.arg("-c").arg(PROGRAM).arg(package);
    let unpacked = child::run(&mut command)?.answer;
    Ok(Package {
        zipped: std::fs::metadata(package)?.len(),
        unpacked: unpacked.as_u64().context("no size")?,
    })
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The functions that were built together with this program, smallest first.
fn functions(peers: &Peers) -> Result<Vec<(String, Package)>> {
    let mut all = Vec::new();
    for folder in std::fs::read_dir(folders::root().join("functions"))? {
        let name = folder?.file_name().to_string_lossy().into_owned();
        let Ok(binary) = folders::built(&name) else {
            continue;
        };
        all.push((name, packed(peers, &[binary])?));
    }
    all.sort_by_key(|(_, package)| package.zipped);
    Ok(all)
}

/// The Python package; `slim` leaves out what the runtime has.
fn python(peers: &Peers, slim: bool) -> Result<Package> {
    let libraries = peers.libraries()?;
    let not_in_it = [
        "pip",
        "setuptools",
        "wheel",
        "awslambdaric",
        "runtime_client",
        "snapshot_restore_py",
        "simplejson",
        "_distutils_hack",
    ];
    let of_runtime = [
        "boto3",
        "botocore",
        "s3transfer",
        "jmespath",
        "dateutil",
        "six",
        "urllib3",
    ];
    let mut parts: Vec<PathBuf> = vec![
        folders::peers().join("first_call.py"),
        folders::peers().join("eks_token.py"),
    ];
    for entry in std::fs::read_dir(&libraries)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is = |list: &[&str]| list.iter().any(|one| name.to_lowercase().starts_with(one));
        if !(is(&not_in_it) || slim && is(&of_runtime)) && name != "__pycache__" {
            parts.push(libraries.join(name));
        }
    }
    packed(peers, &parts)
}

/// Zips files and folders as `zip -9` does, by Python's library, which is there on every machine that has the peers.
fn packed(peers: &Peers, parts: &[PathBuf]) -> Result<Package> {
    const PROGRAM: &str = r"
import json, os, sys, tempfile, zipfile
unpacked = 0
with tempfile.NamedTemporaryFile(suffix='.zip') as out:
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for part in sys.argv[1:]:
            files = [part] if os.path.isfile(part) else [
                os.path.join(folder, name) for folder, _, names in os.walk(part) for name in names]
            for file in files:
                if '__pycache__' not in file:
                    package.write(file, os.path.relpath(file, os.path.dirname(part)))
                    unpacked += os.path.getsize(file)
    print(json.dumps({'zipped': os.path.getsize(out.name), 'unpacked': unpacked}))
";
    let mut command = Command::new(peers.python());
    command.arg("-c").arg(PROGRAM).args(parts);
    let said: Value = child::run(&mut command)?.answer;
    let size = |key: &str| said[key].as_u64().with_context(|| format!("no {key}"));
    let package = Package {
        zipped: size("zipped")?,
        unpacked: size("unpacked")?,
    };
    ensure!(
        package.zipped > 0 && parts.iter().all(|part| Path::new(part).exists()),
        "an empty package"
    );
    Ok(package)
}
