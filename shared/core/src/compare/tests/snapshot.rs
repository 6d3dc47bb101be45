use super::*;

#[test]
fn a_snapshot_stays_below_the_limit_of_a_record_and_counts_the_rest() {
    let long = "n".repeat(250);
    let names: Vec<String> = (0..1_000).map(|n| format!("{n:05}-{long}€")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let items = || {
        (0..20)
            .map(|n| item(&format!("X-{n:03}"), Fail, WHOLE, &names))
            .collect::<Vec<_>>()
    };
    let snapshot = Snapshot::of(&Report::new(run(0), items(), Vec::new()));
    let bytes = serde_json::to_vec(&snapshot).unwrap().len();
    assert!(
        bytes <= MAX_SNAPSHOT_BYTES && snapshot.open.len() >= 200,
        "{bytes} {}",
        snapshot.open.len()
    );
    assert!(snapshot.open.iter().all(|c| c.since.is_some()));
    let kept = snapshot.open.iter().filter(|c| c.code == "X-000").count();
    assert_eq!(snapshot.unlisted["X-000"], 1_000 - u64::try_from(kept).unwrap());

    // The same complaints are neither new nor resolved the next day, listed or not.
    let changes = compare(Some(&snapshot), &Report::new(run(1), items(), Vec::new()));
    assert_eq!(
        (changes.new.len(), changes.resolved.len(), changes.still.len()),
        (0, 0, 20_000)
    );
    let dated = changes.still.iter().filter(|c| c.since.is_some()).count();
    assert_eq!(
        dated,
        snapshot.open.len(),
        "of those that were only counted nobody knows since when"
    );
    // A name before the last kept one is certainly new.
    let other = vec![item("X-000", Fail, WHOLE, &["00000-a"])];
    assert_eq!(
        compare(Some(&snapshot), &Report::new(run(1), other, Vec::new()))
            .new
            .len(),
        1
    );
    // Once all pass, the counted ones are resolved too.
    let clean: Vec<Item> = (0..20)
        .map(|n| item(&format!("X-{n:03}"), Pass, WHOLE, &[]))
        .collect();
    let changes = compare(Some(&snapshot), &Report::new(run(1), clean, Vec::new()));
    let resolved = u64::try_from(changes.resolved.len()).unwrap() + changes.resolved_unlisted;
    assert_eq!(resolved, 20_000);
}

#[test]
fn an_item_keeps_at_most_two_hundred_names() {
    let names: Vec<String> = (0..300).map(|n| format!("{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let snapshot = Snapshot::of(&Report::new(
        run(0),
        vec![item("A", Fail, WHOLE, &names)],
        Vec::new(),
    ));
    assert_eq!(
        (snapshot.open.len(), snapshot.unlisted["A"]),
        (MAX_SUBJECTS_PER_ITEM, 100)
    );
}

#[test]
fn endless_names_are_remembered_apart() {
    let names = ["a".repeat(5_000) + "1", "a".repeat(5_000) + "2"];
    let reports = days([
        vec![item("A", Fail, WHOLE, &[&names[0], &names[1]])],
        vec![item("A", Fail, WHOLE, &[&names[1]])],
    ]);
    let changes = &reports[1].changes;
    assert_eq!(
        (changes.new.len(), changes.still.len(), changes.resolved.len()),
        (0, 1, 1)
    );
}

#[test]
fn a_name_that_was_only_counted_does_not_say_since_when_also_once_it_is_listed() {
    let names: Vec<String> = (0..300).map(|n| format!("{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reports = days([
        vec![item("A", Fail, WHOLE, &names)],
        vec![item("A", Fail, WHOLE, &["000", "250"])],
        vec![item("A", Pass, WHOLE, &[])],
    ]);
    let since = |complaints: &[Complaint]| {
        complaints
            .iter()
            .map(|c| (c.subject.clone(), c.since))
            .collect::<Vec<_>>()
    };
    let expected = vec![
        ("000".to_owned(), Some(reports[0].run.started_at)),
        ("250".to_owned(), None),
    ];
    assert_eq!(since(&reports[1].changes.still), expected);
    assert_eq!(since(&reports[2].changes.resolved), expected);
}

#[test]
fn a_snapshot_of_an_older_version_does_not_say_since_when_and_nobody_guesses() {
    let old = r#"{"at":"2026-03-05T12:00:02Z","status":"FAIL",
        "open":[{"code":"A","verdict":"FAIL","title":"title","subject":"x","unseen":1},{"code":"A","verdict":"FAIL","title":"title","subject":"y"}]}"#;
    let old: Snapshot = serde_json::from_str(old).unwrap();
    let next = Report::new(run(0), vec![item("A", Fail, WHOLE, &["x", "z"])], Vec::new());
    let next = next.compared_with(Some(&old));
    assert_eq!(told(&next), "FAIL z | FAIL x | FAIL y");
    assert_eq!(
        (next.changes.still[0].since, next.changes.resolved[0].since),
        (None, None)
    );
    assert_eq!(next.changes.new[0].since, Some(next.run.started_at));
    let kept = serde_json::to_value(Snapshot::of(&next)).unwrap();
    let since = |index: usize| kept["open"][index].get("since").is_some();
    assert_eq!((since(0), since(1)), (false, true), "{kept:#}");
}

#[test]
fn a_snapshot_survives_the_journal() {
    let snapshot = Snapshot::of(&sample::failing());
    let json = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
}
