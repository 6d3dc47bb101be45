use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::names::DnsLabel;
use crate::testing::HOSTILE;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn target() -> DnsLabel {
    "prod-a".parse().unwrap()
}

fn capture() -> Capture {
    Capture::new(Case::new(&target(), "pod:0f3a#1"), at(0), "request-1")
}

fn stored(sequence: u32, bytes: &[u8]) -> Artefact {
    Artefact {
        sequence,
        key: capture().artefact_key(sequence, "log", 1),
        version_id: format!("v{sequence}"),
        sha256: Fingerprint::of(bytes),
        bytes: u64::try_from(bytes.len()).unwrap(),
        kind: "log".to_owned(),
        source: format!("container c{sequence}"),
        cut: None,
        captured_at: at(i64::from(sequence)),
    }
}

/// A draft with entries, a gap and an abandoned key.
fn draft(contents: &[Vec<u8>]) -> Draft {
    let mut draft = Draft::new(capture(), at(0), None);
    for content in contents {
        let sequence = draft.next_sequence();
        draft.store(stored(sequence, content));
    }
    draft.miss(
        "log",
        "container init, previous run",
        Gap::Absent,
        "it never ran before",
    );
    draft.abandon(&capture().artefact_key(1, "log", 2), "no answer");
    draft
}

fn sealed() -> Sealed {
    draft(&[b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]).seal(at(9))
}

/// The flaws of a manifest after `change`, written in its canonical form, as a careful forger would.
fn after(change: impl FnOnce(&mut Manifest)) -> Vec<Flaw> {
    let mut manifest = sealed().manifest;
    change(&mut manifest);
    verify(&manifest.to_bytes()).unwrap_err()
}

#[test]
fn a_sealed_manifest_is_read_back_as_it_was() {
    let sealed = sealed();
    assert_eq!(verify(&sealed.bytes), Ok(sealed.manifest.clone()));
    assert_eq!(Fingerprint::of(&sealed.bytes), sealed.sha256);
    assert!(sealed.manifest.complete, "what never was there is no gap");
    assert_eq!(sealed.manifest.entries.len(), 3);
}

#[test]
fn the_order_in_which_artefacts_arrive_does_not_matter() {
    let mut backwards = Draft::new(capture(), at(0), None);
    for _ in 0..3 {
        backwards.next_sequence();
    }
    backwards.miss(
        "log",
        "container init, previous run",
        Gap::Absent,
        "it never ran before",
    );
    backwards.abandon(&capture().artefact_key(1, "log", 2), "no answer");
    for (sequence, content) in [(3, b"c"), (1, b"a"), (2, b"b")] {
        backwards.store(stored(sequence, content));
    }
    assert_eq!(backwards.seal(at(9)), sealed());
}

#[test]
fn each_change_of_a_manifest_is_found_and_named() {
    assert_eq!(after(|it| it.entries[1].bytes = 2), [Flaw::Chain(3)]);
    assert_eq!(after(|it| it.entries[2].bytes = 2), [Flaw::Head]);
    assert_eq!(
        after(|it| drop(it.entries.remove(1))),
        [Flaw::Chain(3), Flaw::Head]
    );
    assert_eq!(after(|it| drop(it.entries.pop())), [Flaw::Head]);
    assert!(after(|it| it.entries.swap(0, 1)).contains(&Flaw::Order(1)));
    let twice = after(|it| it.entries.insert(1, it.entries[0].clone()));
    assert!(
        twice.contains(&Flaw::Order(1)) && twice.contains(&Flaw::Chain(1)),
        "{twice:?}"
    );
    assert_eq!(after(|it| it.started_at = at(1)), [Flaw::Chain(1)]);
    assert_eq!(after(|it| it.sealed_at = at(10)), [Flaw::Head]);
    assert_eq!(after(|it| it.missing.clear()), [Flaw::Head]);
    assert_eq!(after(|it| it.abandoned.clear()), [Flaw::Head]);
    assert!(after(|it| it.complete = false).contains(&Flaw::Complete));
    assert!(after(|it| it.missing[0].gap = Gap::Lost).contains(&Flaw::Complete));
    let elsewhere = after(|it| it.entries[0].key = "evidence/prod-b/x/y/0001-log".to_owned());
    assert!(
        elsewhere.iter().any(|flaw| matches!(flaw, Flaw::Foreign(_))),
        "{elsewhere:?}"
    );
    let link = ManifestLink {
        key: "evidence/prod-a/pod/x/manifest-1.json".to_owned(),
        version_id: "v".to_owned(),
        sha256: Fingerprint::of(b"x"),
    };
    assert_eq!(after(|it| it.previous = Some(link)), [Flaw::Chain(1)]);
}

#[test]
fn a_manifest_of_another_form_or_none_is_refused() {
    for (bytes, what) in [
        (&b""[..], "empty"),
        (b"{", "not JSON"),
        (b"{}", "not of the form"),
        (br#"{"schema":"day2.evidence/2"}"#, "day2.evidence/2"),
    ] {
        let flaws = verify(bytes).unwrap_err();
        assert!(flaws[0].to_string().contains(what), "{flaws:?}");
    }
    let mut spaced = sealed().bytes;
    spaced.push(b'\n');
    assert_eq!(verify(&spaced).unwrap_err(), [Flaw::Rewritten]);
    let text = String::from_utf8(sealed().bytes).unwrap();
    let twice = text.replacen("\"abandoned\"", "\"complete\":true,\"abandoned\"", 1);
    assert_eq!(verify(twice.as_bytes()).unwrap_err(), [Flaw::Rewritten]);
    let mut more: Value = serde_json::from_str(&text).unwrap();
    more["note"] = "x".into();
    assert!(matches!(
        verify(more.to_string().as_bytes()).unwrap_err()[..],
        [Flaw::Unreadable(_)]
    ));
}

#[test]
fn a_capture_that_ran_out_of_time_or_lost_something_is_not_complete_k30() {
    for cut in [Cut::Time, Cut::Broken] {
        let mut draft = Draft::new(capture(), at(0), None);
        let sequence = draft.next_sequence();
        draft.store(Artefact {
            cut: Some(cut),
            ..stored(sequence, b"a")
        });
        assert!(!draft.seal(at(1)).manifest.complete, "{cut:?}");
    }
    let mut capped = Draft::new(capture(), at(0), None);
    let sequence = capped.next_sequence();
    capped.store(Artefact {
        cut: Some(Cut::Bytes),
        ..stored(sequence, b"a")
    });
    assert!(
        capped.clone().seal(at(1)).manifest.complete,
        "a cap is a choice of the deployment"
    );
    capped.miss("log", "container web", Gap::Lost, "timed out");
    assert!(!capped.seal(at(1)).manifest.complete);
}

#[test]
fn hostile_texts_stay_within_their_component_of_a_key_e14() {
    for hostile in HOSTILE.into_iter().chain([
        "",
        ".",
        "..",
        "/",
        "a/b",
        "evidence/prod-b",
        "_2f",
        &"x".repeat(5_000),
    ]) {
        let case = Case::new(&target(), hostile);
        let key = Capture::new(case.clone(), at(0), hostile).artefact_key(1, hostile, 1);
        assert!(key.starts_with("evidence/prod-a/") && key.len() < 400, "{key}");
        let place = Place::parse(&target(), &key).unwrap();
        assert_eq!(
            format!("{}{}/", Place::prefix(&target()), place.case),
            case.prefix()
        );
        assert!(!place.is_manifest(), "{key}");
        for part in key.split('/') {
            assert!(!matches!(part, "" | "." | ".."), "{key}");
        }
    }
}

#[test]
fn a_key_of_another_target_or_depth_is_not_one_of_ours() {
    let key = capture().manifest_key(1);
    assert!(Place::parse(&target(), &key).unwrap().is_manifest());
    assert!(Place::parse(&"prod".parse().unwrap(), &key).is_none());
    for other in [
        "evidence/prod-a/x",
        "evidence/prod-a/x/y",
        "evidence/prod-a/x/y/z/more",
        "evidence/prod-a//y/z",
        "x",
    ] {
        assert!(Place::parse(&target(), other).is_none(), "{other}");
    }
}

#[test]
fn a_redelivery_of_the_same_request_gets_a_folder_of_its_own_d12() {
    let case = || Case::new(&target(), "pod:0f3a#1");
    let first = Capture::new(case(), at(0), "request-1");
    let again = Capture::new(case(), at(61), "request-1");
    let other = Capture::new(case(), at(0), "request-2");
    assert!(
        first.id() < again.id(),
        "newest last: {} {}",
        first.id(),
        again.id()
    );
    assert_ne!(first.prefix(), again.prefix());
    assert_ne!(first.prefix(), other.prefix());
}

#[test]
fn a_fingerprint_is_the_known_one_and_reads_only_its_own_form() {
    // FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Fingerprint::of(b"abc").to_string(), abc);
    assert_eq!(Fingerprint::parse(abc), Some(Fingerprint::of(b"abc")));
    for wrong in [
        &abc[1..],
        &abc.to_uppercase(),
        &abc.replace('b', "g"),
        "",
        &format!("{abc}0"),
    ] {
        assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
    }
}

fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..6)
}

proptest! {
    #[test]
    fn any_changed_byte_of_a_manifest_is_found(contents in contents(), place in any::<prop::sample::Index>(), mask in 1_u8..) {
        let mut bytes = draft(&contents).seal(at(9)).bytes;
        let index = place.index(bytes.len());
        bytes[index] ^= mask;
        prop_assert!(verify(&bytes).is_err());
    }

    #[test]
    fn any_removed_inserted_or_moved_entry_is_found(
        contents in contents(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), how in 0..3,
    ) {
        let mut manifest = draft(&contents).seal(at(9)).manifest;
        let from = from.index(manifest.entries.len());
        let to = to.index(manifest.entries.len());
        match how {
            0 => drop(manifest.entries.remove(from)),
            1 => {
                let copy = manifest.entries[from].clone();
                manifest.entries.insert(to, copy);
            }
            _ => {
                prop_assume!(from != to);
                manifest.entries.swap(from, to);
            }
        }
        prop_assert!(verify(&manifest.to_bytes()).is_err());
    }

    #[test]
    fn different_texts_never_share_a_component_e14(one in ".{0,200}", other in ".{0,200}") {
        prop_assert_eq!(component(&one) == component(&other), one == other);
    }

    #[test]
    fn a_component_is_safe_and_short_whatever_the_text_e14(text in any::<String>()) {
        let component = component(&text);
        prop_assert!(component.len() <= 100 && !component.is_empty() && !component.starts_with('.'));
        prop_assert!(component.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)), "{}", component);
    }
}
