//! That children work, are watched, and never outlive their owner.

use anyhow::ensure;

use super::*;

/// Set in the second process of [`a_killed_owner_takes_its_children_along`]: the folder to work in.
const OWNER_OF: &str = "DAY2_TEST_OWNER_OF";
const SOON: Duration = Duration::from_secs(10);

fn shell(folder: &Path, script: &str) -> Spec {
    // The folder's name appears in the command line, which makes the children recognisable.
    Spec::new("child", "/bin/sh", folder.join("child.log")).args(["-c", script, &folder.to_string_lossy()])
}

/// Processes whose command line names `folder`. Zombies have no command line.
fn remaining(folder: &Path) -> Vec<String> {
    let list = Command::new("ps")
        .args(["-A", "-ww", "-o", "pid=,args="])
        .output()
        .unwrap();
    let marker = folder.to_string_lossy().into_owned();
    String::from_utf8_lossy(&list.stdout)
        .lines()
        .filter(|line| line.contains(&marker))
        .map(str::to_owned)
        .collect()
}

async fn all_gone(folder: &Path) {
    wait_until(SOON, "no process remains", async || {
        let left = remaining(folder);
        anyhow::ensure!(left.is_empty(), "{left:#?}");
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_child_that_ends_at_once_is_reported_with_its_status_and_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(folder.path(), "echo first; echo the port is taken >&2; exit 7")
        .start()
        .unwrap();
    let error = child
        .ready(SOON, async || bail!("connection refused"))
        .await
        .unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("child ended with status 7"), "{text}");
    assert!(text.ends_with("first\n  the port is taken"), "{text}");
}

#[tokio::test]
async fn a_program_that_does_not_exist_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Spec::new("nobody", "/nowhere/nobody", folder.path().join("log"))
        .start()
        .unwrap();
    assert_eq!(child.finished(SOON).await.unwrap(), 127);
    assert!(child.tail().contains("/nowhere/nobody"), "{}", child.tail());
}

#[tokio::test]
async fn a_child_that_never_answers_is_reported_with_the_last_reason_and_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(folder.path(), "echo still loading; sleep 60; true")
        .start()
        .unwrap();
    wait_until(SOON, "it has spoken", async || {
        ensure!(child.tail().contains("still loading"), "{}", child.tail());
        Ok(())
    })
    .await
    .unwrap();
    let error = child
        .ready(Duration::from_millis(500), async || bail!("connection refused"))
        .await
        .unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("until child answers: connection refused"), "{text}");
    assert!(text.ends_with("still loading"), "{text}");
}

#[tokio::test]
async fn success_is_told_apart_from_failure() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        shell(folder.path(), "exit 0")
            .start()
            .unwrap()
            .finished(SOON)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        shell(folder.path(), "exit 3")
            .start()
            .unwrap()
            .finished(SOON)
            .await
            .unwrap(),
        3
    );
    assert_eq!(
        shell(folder.path(), "kill -KILL $$")
            .start()
            .unwrap()
            .finished(SOON)
            .await
            .unwrap(),
        137
    );
}

#[tokio::test]
async fn dropping_ends_the_child_and_its_own_children_even_deaf_ones() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"trap "" TERM; sh -c 'trap "" TERM; sleep 60; true' "$0" & touch "$0/up"; sleep 60; true"#;
    let child = shell(folder.path(), script).start().unwrap();
    wait_until(SOON, "it is up", async || {
        Ok(std::fs::metadata(folder.path().join("up"))?)
    })
    .await
    .unwrap();
    assert!(
        remaining(folder.path()).len() >= 3,
        "the test must be able to fail"
    );
    drop(child);
    all_gone(folder.path()).await;
}

#[tokio::test]
async fn grace_lets_a_child_finish_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        r#"trap 'sleep 0.3; touch "$0/saved"; exit 0' TERM; touch "$0/up"; while :; do sleep 0.05; done"#;
    let child = shell(folder.path(), script)
        .grace(Duration::from_secs(5))
        .start()
        .unwrap();
    wait_until(SOON, "it is up", async || {
        Ok(std::fs::metadata(folder.path().join("up"))?)
    })
    .await
    .unwrap();
    drop(child);
    assert!(folder.path().join("saved").exists());
}

#[tokio::test]
async fn what_a_child_leaves_behind_when_it_ends_by_itself_ends_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(folder.path(), r#"sh -c 'sleep 60; true' "$0" & exit 0"#)
        .start()
        .unwrap();
    assert_eq!(child.finished(SOON).await.unwrap(), 0);
    all_gone(folder.path()).await;
}

/// Runs this very test again in a second process, which owns the children, and kills that one.
#[tokio::test]
async fn a_killed_owner_takes_its_children_along() {
    if let Some(folder) = std::env::var_os(OWNER_OF) {
        let folder = PathBuf::from(folder);
        let script = r#"trap "" TERM; touch "$0/$1"; sleep 60; true"#;
        let _children: Vec<Process> = ["a", "b"]
            .map(|n| shell(&folder, script).arg(n).start().unwrap())
            .into();
        std::future::pending::<()>().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "process::tests::a_killed_owner_takes_its_children_along",
        ])
        .env(OWNER_OF, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    for name in ["a", "b"] {
        wait_until(SOON, "the children are up", async || {
            Ok(std::fs::metadata(folder.path().join(name))?)
        })
        .await
        .unwrap();
    }
    assert!(
        remaining(folder.path()).len() >= 2,
        "the test must be able to fail"
    );
    owner.kill().unwrap();
    owner.wait().unwrap();
    all_gone(folder.path()).await;
}

#[tokio::test]
async fn a_clean_environment_keeps_the_persons_settings_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = shell(folder.path(), "env")
        .clean_env()
        .env("ONLY", "this")
        .start()
        .unwrap();
    assert_eq!(child.finished(SOON).await.unwrap(), 0);
    let seen = std::fs::read_to_string(child.log()).unwrap();
    assert!(seen.contains("ONLY=this"), "{seen}");
    let known = ["ONLY", "PATH", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];
    let strangers: Vec<&str> = seen
        .lines()
        .filter(|l| !known.contains(&l.split('=').next().unwrap()))
        .collect();
    assert_eq!(strangers, [""; 0]);
}
