//! What makes two containments the same, and what a release may undo.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn contained(uid: &str, generation: u32, state: ContainmentState) -> Containment {
    Containment {
        id: Containment::id_of("prod-a", uid, generation),
        target: "prod-a".to_owned(),
        pod: ContainedPod {
            uid: uid.to_owned(),
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            node: None,
            owner: None,
        },
        generation,
        finding: "123456789012/us-east-1/f1".to_owned(),
        finding_type: "CryptoCurrency:Runtime/BitcoinTool.B!DNS".to_owned(),
        opened_at: at("2026-03-06T11:00:00Z"),
        request_id: "r".to_owned(),
        measures: Vec::new(),
        evidence: Vec::new(),
        state,
        released_at: (state == ContainmentState::Released).then(|| at("2026-03-06T12:00:00Z")),
        noted: 0,
        joined: Vec::new(),
        version: 0,
    }
}

fn label(state: MeasureState) -> Taken {
    Taken {
        resource: "pod shop/web-1".to_owned(),
        measure: Measure::Label {
            value: "u".to_owned(),
        },
        before: "no label".to_owned(),
        after: "labelled".to_owned(),
        undo: "remove the label".to_owned(),
        state,
        says: String::new(),
        changed_at: None,
    }
}

#[test]
fn one_pod_has_one_containment_until_it_is_released_d03_d04() {
    use ContainmentState::{Open, Released};
    assert_eq!(generation_of(&[], "u"), (1, None));
    let open = [contained("u", 1, Open), contained("other", 7, Open)];
    assert_eq!(generation_of(&open, "u"), (1, Some(&open[0])));
    let released = [contained("u", 1, Released)];
    assert_eq!(generation_of(&released, "u"), (2, None));
    let again = [contained("u", 1, Released), contained("u", 2, Open)];
    assert_eq!(generation_of(&again, "u"), (2, Some(&again[1])));
    assert_ne!(again[0].id, again[1].id);
    assert_eq!(Containment::target_in(&again[0].id), Some("prod-a"));
}

#[test]
fn what_guardduty_saw_before_a_release_contains_nothing_again_and_what_it_saw_after_does_d04() {
    use ContainmentState::{Open, Released};
    let released = [contained("u", 1, Released)];
    for (seen, settled) in [
        (Some("2026-03-06T11:59:59Z"), true),
        (Some("2026-03-06T12:00:00Z"), true),
        (Some("2026-03-06T12:00:01Z"), false),
        (None, true),
    ] {
        assert_eq!(is_settled(&released, "u", seen.map(at)), settled, "{seen:?}");
    }
    assert!(!is_settled(&[contained("u", 1, Open)], "u", None));
    assert!(!is_settled(&released, "v", None));
}

#[test]
fn a_second_delivery_keeps_the_value_before_the_first_and_undone_stays_undone_d12() {
    let mut one = contained("u", 1, ContainmentState::Open);
    assert!(one.remember(label(MeasureState::Pending)));
    let mut later = label(MeasureState::Pending);
    later.before = "labelled by us a moment ago".to_owned();
    assert!(!one.remember(later));
    assert_eq!(one.measures[0].before, "no label");
    one.mark(
        "pod shop/web-1",
        MeasureState::Active,
        "added",
        at("2026-03-06T11:00:01Z"),
    );
    assert_eq!(one.in_force().count(), 1);
    one.mark(
        "pod shop/web-1",
        MeasureState::Undone,
        "removed",
        at("2026-03-06T12:00:00Z"),
    );
    one.mark(
        "pod shop/web-1",
        MeasureState::Active,
        "late",
        at("2026-03-06T12:00:01Z"),
    );
    assert_eq!(
        (one.measures[0].state, one.in_force().count()),
        (MeasureState::Undone, 0)
    );
}

#[test]
fn only_what_we_made_is_ever_undone_and_the_newest_first_k25() {
    let mut one = contained("u", 1, ContainmentState::Open);
    for (resource, state) in [
        ("pod", MeasureState::Active),
        ("node", MeasureState::Theirs),
        ("policy", MeasureState::Pending),
        ("group", MeasureState::Failed),
    ] {
        one.measures.push(Taken {
            resource: resource.to_owned(),
            ..label(state)
        });
    }
    let open: Vec<&str> = one.in_force().map(|taken| &*taken.resource).collect();
    assert_eq!(open, ["policy", "pod"]);
}

#[test]
fn what_is_taken_over_is_in_force_here_and_what_was_undone_here_stays_undone() {
    for (mine, after) in [
        (None, MeasureState::Active),
        (Some(MeasureState::Theirs), MeasureState::Active),
        (Some(MeasureState::Failed), MeasureState::Active),
        (Some(MeasureState::Pending), MeasureState::Pending),
        (Some(MeasureState::Undone), MeasureState::Undone),
    ] {
        let mut one = contained("u", 1, ContainmentState::Open);
        one.measures.extend(mine.map(label));
        one.take_over(
            &label(MeasureState::Active),
            "prod-a.1",
            at("2026-03-06T12:00:00Z"),
        );
        one.take_over(
            &label(MeasureState::Active),
            "prod-a.1",
            at("2026-03-06T12:00:09Z"),
        );
        let states: Vec<MeasureState> = one.measures.iter().map(|taken| taken.state).collect();
        assert_eq!(states, [after], "{mine:?}");
    }
}

#[test]
fn a_label_value_is_one_whatever_the_uid_is_e13() {
    let uid = "0f4f3f7e-9d34-4c3b-9a51-7d7b7f0a1c2d";
    assert_eq!(Containment::label_value(uid), uid);
    let long = "x".repeat(64);
    for hostile in ["", "a b", "-a", "a-", "../../etc", "a\nb", &long] {
        let value = Containment::label_value(hostile);
        assert!(
            value.len() == 32 && value.chars().all(|c| c.is_ascii_hexdigit()),
            "{hostile:?}"
        );
    }
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let mut one = contained("u", 1, ContainmentState::Open);
    one.measures.push(label(MeasureState::Pending));
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Containment>(&text).unwrap(), one);
    // A record of an earlier version has fewer fields.
    let old = text
        .replace(r#","evidence":[]"#, "")
        .replace(r#","owner":null"#, "");
    assert_eq!(serde_json::from_str::<Containment>(&old).unwrap(), one);
}
