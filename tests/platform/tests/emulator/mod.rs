//! The AWS side of the platform, driven by the SDK crates the product uses: what the emulator must do, and that
//! the additions of `tests/platform/emulator/` reach the wire as the SDK expects them.
//!
//! All tests share one emulator, as the parts of a deployment share one account; names are their own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy knows only #[test] functions as tests; the helpers here are test code too"
)]

mod alarms;
mod announcements;
mod aurora;
mod backups;
mod capacity;
mod cluster;
mod compute;
mod databases;
mod evidence;
mod functions;
mod identity;
mod images;
mod metrics;
mod network;
mod node_groups;
mod sandboxes;
mod schedules;
mod security;
mod simulation;
mod snapshots;
mod storage;
mod terminations;

use std::fs::File;
use std::path::Path;

use day2_platform::aws::{Emulator, Options};
use day2_platform::ports::Port;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

static EMULATOR: OnceCell<Emulator> = OnceCell::const_new();

/// The shared emulator. It ends with this process: its keeper sees our end of the pipe close.
async fn emulator() -> &'static Emulator {
    EMULATOR
        .get_or_init(|| async {
            let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulator");
            std::fs::create_dir_all(&base).unwrap();
            remove_leftovers(&base);
            let state_dir = base.join(std::process::id().to_string());
            let lock = File::create(state_dir.with_extension("lock")).unwrap();
            lock.lock().unwrap();
            // Held as long as this process lives, so that another run does not take the folder for a leftover.
            std::mem::forget(lock);
            Emulator::start(Options {
                state_dir,
                port: Port::claim().unwrap(),
            })
            .await
            .unwrap()
        })
        .await
}

/// Removes the folders of earlier runs: statics are never dropped, so a run cannot remove its own.
fn remove_leftovers(base: &Path) {
    for entry in std::fs::read_dir(base).unwrap() {
        let path = entry.unwrap().path();
        // Everything of it may be gone already, when two runs start at the same moment.
        if path.extension().is_some_and(|extension| extension == "lock")
            && File::open(&path).is_ok_and(|lock| lock.try_lock().is_ok())
        {
            let _ = std::fs::remove_dir_all(path.with_extension(""));
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Makes a role that `service` may assume, with the given statements; gives its ARN.
async fn role(name: &str, service: &str, statements: &Value) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]});
    let api = emulator().await.api();
    let parameters = [
        ("RoleName", name),
        ("AssumeRolePolicyDocument", &trust.to_string()),
    ];
    api.query("iam", "2010-05-08", "CreateRole", &parameters)
        .await
        .unwrap();
    // IAM refuses a policy without statements.
    if statements.as_array().is_some_and(|all| !all.is_empty()) {
        allow(name, statements).await;
    }
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// Replaces the statements of a role.
async fn allow(role: &str, statements: &Value) {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let parameters = [
        ("RoleName", role),
        ("PolicyName", "all"),
        ("PolicyDocument", &policy),
    ];
    emulator()
        .await
        .api()
        .query("iam", "2010-05-08", "PutRolePolicy", &parameters)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_python_parts_pass_their_own_tests() {
    let python = emulator().await.python().program();
    let run = tokio::process::Command::new(python)
        .args([
            "-B",
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "emulator",
            "--top-level-directory",
            ".",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{told}");
    assert!(!told.contains("Ran 0 tests"), "{told}");
}

#[tokio::test]
async fn a_control_call_that_cannot_be_done_says_why() {
    let error = emulator()
        .await
        .control()
        .set_free_addresses("subnet-none", 3)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no subnet subnet-none"), "{error}");
}
