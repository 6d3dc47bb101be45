//! The cache and its lock, with a stand-in for `go`.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// A stand-in for `go` that leaves all programs in `$GOBIN`, as `go install tool` does.
fn fake_go(folder: &Path, script: &str) -> String {
    let path = folder.join("go");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

const WORKING: &str = r#"
    [ "$1" = version ] && exit 0
    echo "$$" >> "$0.runs"; sleep 0.3
    for name in server kube-apiserver kube-controller-manager kube-scheduler kubectl kwok; do echo "$name" > "$GOBIN/$name"; done"#;

#[test]
fn the_release_of_go_mod_is_stamped_into_the_programs() {
    assert_eq!(
        ldflags("v1.36.3"),
        "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
         -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
    );
    assert!(release().unwrap().starts_with("v1."));
    assert!(wanted_go().starts_with("1."));
}

#[tokio::test]
async fn two_that_ask_at_the_same_time_build_once_and_the_cache_serves_later_ones() {
    let cache = tempfile::tempdir().unwrap();
    let go = fake_go(cache.path(), WORKING);
    let (a, b) = tokio::join!(ensure_in(cache.path(), &go), ensure_in(cache.path(), &go));
    assert_eq!(a.unwrap().kubectl(), b.unwrap().kubectl());
    let third = ensure_in(cache.path(), "/nowhere/go").await.unwrap();
    assert!(third.complete());
    assert_eq!(
        std::fs::read_to_string(format!("{go}.runs"))
            .unwrap()
            .lines()
            .count(),
        1
    );
}

#[tokio::test]
async fn a_build_that_was_cut_short_is_started_over() {
    let cache = tempfile::tempdir().unwrap();
    let go = fake_go(cache.path(), WORKING);
    std::fs::create_dir_all(cache.path().join(folder_name())).unwrap();
    std::fs::create_dir_all(cache.path().join(format!("{}.building/bin", folder_name()))).unwrap();
    assert!(ensure_in(cache.path(), &go).await.unwrap().complete());
}

#[tokio::test]
async fn a_missing_go_is_named_with_the_way_to_get_it() {
    let cache = tempfile::tempdir().unwrap();
    let error = ensure_in(cache.path(), "/nowhere/go")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("https://go.dev/dl/") && error.contains(wanted_go()),
        "{error}"
    );
}

#[tokio::test]
async fn a_failing_build_shows_its_last_lines_and_leaves_nothing_that_looks_built() {
    let cache = tempfile::tempdir().unwrap();
    let go = fake_go(
        cache.path(),
        r#"[ "$1" = version ] && exit 0; echo "no space left on device"; exit 1"#,
    );
    let error = ensure_in(cache.path(), &go).await.unwrap_err().to_string();
    assert!(
        error.contains("status 1") && error.contains("no space left on device"),
        "{error}"
    );
    assert!(!cache.path().join(folder_name()).exists());
}
